#pragma once
// Comma-separated values, RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes.
#include "base/result.h"
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

} // namespace halyard::app
