#include "uicc/access.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::uicc;

namespace {
struct Known : Verifier {
    std::set<uint8_t> references;
    Known(std::initializer_list<uint8_t> r) : references(r) {}
    bool satisfied(uint8_t r) const override { return references.contains(r); }
};
const Attempt kRead{Access::read, 0x00, 0xB0, 0, 0}, kUpdate{Access::update, 0x00, 0xD6, 0, 0},
    kDeactivate{Access::deactivate, 0x00, 0x04, 0, 0}, kActivate{Access::activate, 0x00, 0x44, 0, 0},
    kIncrease{Access::none, 0x80, 0x32, 0, 0};
bool can(const char* record, const Attempt& a, const Known& known) {
    return allowed(*from_hex(record), a, known);
}
} // namespace

// The rules are those of the annex of the interoperable format, which real profiles carry.
TEST_CASE("rule 1: read always, update with PIN1, activate and deactivate with ADM1") {
    const char* rule = "8001019000 800102A406830101950108 800158A40683010A950108 FFFF";
    CHECK(can(rule, kRead, {}));
    CHECK_FALSE(can(rule, kUpdate, {}));
    CHECK_FALSE(can(rule, kUpdate, {0x0A}));
    CHECK(can(rule, kUpdate, {0x01}));
    CHECK(can(rule, kDeactivate, {0x0A}));
    CHECK(can(rule, kActivate, {0x0A}));
    CHECK_FALSE(can(rule, kActivate, {0x01}));
    CHECK_FALSE(can(rule, kIncrease, {0x01, 0x0A}));
}

TEST_CASE("rule 7 names INCREASE by its instruction; rule 12 forbids all but reading") {
    const char* rule7 = "800103A406830101950108 800158A40683010A950108 840132A406830101950108";
    CHECK(can(rule7, kIncrease, {0x01}));
    CHECK_FALSE(can(rule7, kIncrease, {0x0A}));
    const char* rule12 = "800101A406830101950108 80015A9700";
    CHECK(can(rule12, kRead, {0x01}));
    CHECK_FALSE(can(rule12, kUpdate, {0x01, 0x0A, 0x81}));
}

TEST_CASE("conditions combined: one of them, all of them, none of them") {
    const char* one = "800102A010A406830101950108A406830181950108"; // as in the TS.48 profiles
    CHECK(can(one, kUpdate, {0x01}));
    CHECK(can(one, kUpdate, {0x81}));
    CHECK_FALSE(can(one, kUpdate, {0x0A}));
    const char* all = "800102AF10A406830101950108A406830181950108";
    CHECK_FALSE(can(all, kUpdate, {0x01}));
    CHECK(can(all, kUpdate, {0x01, 0x81}));
    const char* not_one = "800102A708A406830101950108";
    CHECK(can(not_one, kUpdate, {}));
    CHECK_FALSE(can(not_one, kUpdate, {0x01}));
    CHECK(can("800102A7029700", kUpdate, {}));
    // Two conditions behind one access mode: both
    CHECK_FALSE(can("800102A406830101950108A406830181950108", kUpdate, {0x01}));
    CHECK(can("800102A406830101950108A406830181950108", kUpdate, {0x01, 0x81}));
    // Nested: PIN1 and (PIN2 or ADM1)
    const char* nested = "800102AF1AA406830101950108A010A406830181950108A40683010A950108";
    CHECK(can(nested, kUpdate, {0x01, 0x0A}));
    CHECK_FALSE(can(nested, kUpdate, {0x0A, 0x81}));
}

TEST_CASE("rules by other octets of the command header") {
    CHECK(can("8502D644 9000", kUpdate, {}) == false); // 85: INS and P2
    CHECK(can("8502D600 9000", kUpdate, {}));
    CHECK(can("8C0200D6 9000", kUpdate, {})); // CLA and INS
    CHECK_FALSE(can("8C0280D6 9000", kUpdate, {}));
    CHECK(can("8402B0D6 9000", kUpdate, {})); // two instructions
    CHECK_FALSE(can("8503D600D6 9000", kUpdate, {}));
}

TEST_CASE("what is not known or not readable never allows") {
    CHECK_FALSE(can("", kRead, {0x01}));
    CHECK_FALSE(can("FFFFFFFF", kRead, {0x01}));
    CHECK_FALSE(can("800101", kRead, {0x01}));                      // no condition
    CHECK_FALSE(can("800101 B406830101950108", kRead, {0x01}));     // secure messaging
    CHECK_FALSE(can("800101 A708B406830101950108", kRead, {0x01})); // and not the contrary of it
    CHECK_FALSE(can("800101 A0 0A B406830101950108 9700", kRead, {0x01}));
    CHECK(can("800101 A0 0A B406830101950108 9000", kRead, {}));
    CHECK_FALSE(can("800101 A403830101", kRead, {0x01}));       // usage left out
    CHECK_FALSE(can("800101 A406830101950180", kRead, {0x01})); // another usage
    CHECK_FALSE(can("800101 A406830101", kRead, {0x01}));       // cut
    CHECK_FALSE(can("800101 900100", kRead, {0x01}));
    CHECK_FALSE(can("9C0101 9000", kRead, {0x01}));
    CHECK_FALSE(can("800181 9000", kRead, {0x01})); // b8: another meaning
    CHECK_FALSE(can("9000 8001019000", kRead, {})); // condition without an access mode
    std::string deep = "9000";
    for (int i = 0; i < 12; ++i) {
        const auto n = static_cast<uint8_t>(deep.size() / 2);
        deep = "A0" + hex(Bytes(&n, 1)) + deep;
    }
    CHECK_FALSE(can(("800101" + deep).c_str(), kRead, {}));
}
