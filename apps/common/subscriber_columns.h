#pragma once
// Rows of subscriber data: what their columns mean. docs/profiles.md "Many at once"
#include "base/secret.h"
#include "profile/package.h"
#include <map>
#include <string>

namespace halyard::app {

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
    /// "ki" is there as "k", too.
    bool has(std::string_view column) const;
    /// One row as what to personalise with. nullopt: `error` tells why.
    std::optional<profile::Personal>
    row(const std::vector<std::string>& fields, bool any_check_digit, RowError& error) const;

  private:
    bool put(const std::string& column, const std::string& value, profile::Personal&, RowError&) const;
    std::vector<std::string> names_;
    std::map<std::string, profile::FilePlace> files_;
};

/// What personalise() could not do, under the name of the column that wanted it.
RowError row_error(RowError at, const Error& why);

} // namespace halyard::app
