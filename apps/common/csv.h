#pragma once
// Comma-separated values, RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes.
#include "base/result.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::app {

struct CsvRecord {
    std::vector<std::string> fields;
    size_t line = 0; // of its beginning, from 1
};
/// All records; empty lines between them are left out, a byte order mark in front as well. Error: bad_value
/// at "quotes", with the line as detail, where quotes do not pair or text follows a closing one.
Result<std::vector<CsvRecord>> read_csv(std::string_view text);

/// The same, one record after the other; `text` must outlive it.
class CsvReader {
  public:
    explicit CsvReader(std::string_view text);
    /// nullopt at the end. After an error there is nothing more.
    Result<std::optional<CsvRecord>> next();

  private:
    std::string_view text_;
    size_t at_ = 0, line_ = 1;
};

} // namespace halyard::app
