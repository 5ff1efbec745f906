#include "pki/eid.h"

namespace halyard::pki {

Result<Eid> make_eid(std::string_view prefix, uint64_t number) {
    const std::string digits = std::to_string(number);
    if (prefix.empty() || prefix.size() + digits.size() > 30) return fail(Errc::bad_length, "eidPrefix");
    std::string all(prefix);
    all.append(30 - prefix.size() - digits.size(), '0');
    all += digits + "00";
    return with_check_digits(TRY(eid_from_text(all, "eidPrefix")));
}

EidFacts describe(const Eid& eid) {
    const std::string text = to_text(eid);
    EidFacts out{.check_digits = text.substr(30), .right_digits = to_text(with_check_digits(eid)).substr(30)};
    out.itu_e118 = text.starts_with("89");
    if (out.itu_e118) {
        out.country = text.substr(2, 3);
        out.issuer = text.substr(5, 3);
    }
    return out;
}

} // namespace halyard::pki
