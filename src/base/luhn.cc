#include "base/luhn.h"

namespace halyard {

char luhn_digit(std::string_view digits) {
    unsigned sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
        unsigned d = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
        if (i % 2 == 0) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return static_cast<char>('0' + (10 - sum % 10) % 10);
}

} // namespace halyard
