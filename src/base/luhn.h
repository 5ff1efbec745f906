#pragma once
#include <string_view>

namespace halyard {
/// The digit that ends a number such as an ICCID, over the decimal digits in front of it. ISO/IEC 7812-1
/// annex B, ITU-T E.118
char luhn_digit(std::string_view digits);
} // namespace halyard
