#pragma once
// Batch personalisation: one package a row of a CSV file.
#include "base/secret.h"
#include "profile/package.h"
#include <map>
#include <set>
#include <string>

namespace halyard::cli {

struct BatchArguments {
    std::string file, csv, out, report;
    bool strict = false, overwrite = false, any_check_digit = false, json = false, quiet = false;
};

/// A row that could not be used: where and why, without the value.
struct RowError {
    size_t row = 0, line = 0; // rows from 1, the header not counted
    std::string column, reason;
};

/// Columns of the header row and what they mean, tied to one template.
class Columns {
  public:
    /// Errors name the column in `problem`.
    Ok read(const std::vector<std::string>& header, Bytes package, std::string& problem);
    size_t count() const { return names_.size(); }
    /// One row as what to personalise with. nullopt: `error` tells why.
    std::optional<profile::Personal>
    row(const std::vector<std::string>& fields, bool any_check_digit, RowError& error) const;

  private:
    bool put(const std::string& column, const std::string& value, profile::Personal&, RowError&) const;
    std::vector<std::string> names_;
    std::map<std::string, profile::FilePlace> files_;
};

/// Runs the batch; the exit status.
int personalise_batch(const BatchArguments&);

} // namespace halyard::cli
