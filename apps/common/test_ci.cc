#include "apps/common/test_ci.h"
#include <algorithm>

namespace halyard::app {
namespace {
// Subject key identifiers of the CIs of SGP.26: NIST P-256 and brainpoolP256r1.
constexpr const char* kPublished[] = {"F54172BDF98A95D65CBEB88A38A1C11D800A85C3",
                                      "C0BC70BA36929D43B467FF57570530E57AB8FCD8"};

// organizationalUnitName, as UTF8String or PrintableString.
bool names_unit(Bytes subject, std::string_view unit) {
    for (const uint8_t string : {uint8_t{0x0C}, uint8_t{0x13}}) {
        OwnedBytes attribute{0x06, 0x03, 0x55, 0x04, 0x0B, string, static_cast<uint8_t>(unit.size())};
        append(attribute, bytes_of(unit));
        if (std::search(subject.begin(), subject.end(), attribute.begin(), attribute.end()) != subject.end())
            return true;
    }
    return false;
}
} // namespace

bool is_test_ci(const crypto::Certificate& ci) {
    const std::string id = ci.subject_key_id ? hex(*ci.subject_key_id) : "";
    return std::any_of(
               std::begin(kPublished), std::end(kPublished), [&](const char* k) { return id == k; }) ||
           names_unit(ci.subject, kTestUnit);
}

Ok check_ci_for(bool lab, const crypto::Certificate& ci) {
    return lab || !is_test_ci(ci) ? Ok{} : fail(Errc::rejected, "ci: a test CI, see --lab");
}

} // namespace halyard::app
