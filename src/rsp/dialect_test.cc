// Every form of an older edition, worked out by hand from the tag tables of v1.0 and v1.2: to v1.2 and back.
#include "rsp/dialect_testing.h"
#include "rsp/registry.h"

using namespace halyard;
using namespace halyard::rsp;
using enum Edition;
using enum Path;

namespace {
struct Row {
    const char* name;
    Path path;
    Edition edition;
    const char *theirs, *ours;
    std::optional<Edition> seen{};
    std::optional<Edition> known{};
};
const Row kRows[] = {
    // ---- ESipa, IPA to eIM
    {"poll with rPLMN", esipa_request, v1_0, "BF4F17" EID "810362F210", "BF4F17" EID "820362F210", v1_0},
    {"poll after a change",
     esipa_request,
     v1_0,
     "BF4F19" EID "8000 810362F210",
     "BF4F19" EID "8000 820362F210",
     v1_0},
    // BF50 { 30 { BF51 32, BF2B { A0 { 24 } } } }: A0 18 = 26, BF2B 1A = 29; 32 + 29 = 61
    {"result with notifications",
     esipa_request,
     v1_0,
     "BF503F 303D" RESULT "BF2B1A A018" OTHER,
     "BF503C 303A" RESULT "A018" OTHER,
     v1_0},
    {"result with none",
     esipa_request,
     v1_0,
     "BF5027 3025" RESULT "BF2B02 A000",
     "BF5024 3022" RESULT "A000",
     v1_0},
    {"package refused", esipa_request, v1_0, "BF5003 020102", "BF5005 A003 020102", std::nullopt},
    {"package refused, with the EID",
     esipa_request,
     v1_1,
     "BF5015" EID "020102",
     "BF5017" EID "A003 020102",
     v1_1},
    {"data refused", esipa_request, v1_0, "BF5006 BF5203 810105", "BF5008 BF5205 A103 020105", v1_0},
    // A0 { 80 address 3, 84 token 3, certificates 8 } = 14; BF2B 29 behind
    {"data: address, token, certificates, notifications",
     esipa_request,
     v1_0,
     "BF5030 BF522D A02B 800161 840101" CERTIFICATES "BF2B1A A018" OTHER,
     "BF502D BF522A A028 A018" OTHER "810161 840101" CERTIFICATES,
     v1_0},
    // the elements: bare 8, in BF51 11
    {"data: results",
     esipa_request,
     v1_0,
     "BF5015 BF5212 A010 840101 BF2B0A A208" UNSIGNED_BARE,
     "BF5015 BF5212 A010 A20B" UNSIGNED "840101",
     v1_0},
    // A3 { A0 { 24 } 26, A1 { 8 + 29 = 37 } 39 } = 65; 67; BF2B 70
    {"data: both lists",
     esipa_request,
     v1_0,
     "BF504B BF5248 A046 BF2B43 A341 A018" OTHER "A125" UNSIGNED_BARE RESULT_BARE,
     // A0 26, A2 { 11 + 32 = 43 } 45: 71
     "BF504C BF5249 A047 A018" OTHER "A22B" UNSIGNED RESULT,
     v1_0},
    {"download failed, nothing more is known",
     esipa_request,
     v1_0,
     "BF500B BF5408 820401020304 3000",
     "BF500E BF540B 820401020304 3003 80017F",
     v1_0},
    {"download failed, with the server's answer",
     esipa_request,
     v1_0,
     "BF5009 BF5406 3004 8002A1B2",
     "BF500C BF5409 3007 80017F 0402A1B2",
     v1_0},
    {"download failed, an answer of one octet from one known to speak v1.0",
     esipa_request,
     v1_0,
     "BF5008 BF5405 3003 800168",
     "BF500B BF5408 3006 80017F 040168",
     std::nullopt,
     v1_0},
    // A1 { BF51 32 } = 34
    {"result in a notification", esipa_request, v1_0, "BF3D22 A120" RESULT, "BF3D23 BF5020" RESULT, v1_0},
    {"refusal in a notification",
     esipa_request,
     v1_1,
     "BF3D18 BF5015" EID "020101",
     "BF3D1A BF5017" EID "A003 020101",
     v1_1},
    {"transferred: result with notifications",
     esipa_request,
     v1_0,
     "BF4E3F 303D" RESULT "BF2B1A A018" OTHER,
     "BF4E3C 303A" RESULT "A018" OTHER,
     v1_0},
    {"transferred: data refused",
     esipa_request,
     v1_0,
     "BF4E06 BF5203 81017F",
     "BF4E08 BF5205 A103 02017F",
     v1_0},
    // ---- ESipa, eIM to IPA
    {"nothing to acknowledge", esipa_answer, v1_0, "BF5000", "BF5002 3000", v1_0},
    // tagList 80 BF2B A5: no criterion asks for both lists
    {"data request: both lists",
     esipa_answer,
     v1_0,
     "BF4F09 BF5206 5C04 80BF2BA5",
     "BF4F09 BF5206 5C04 81A0A2A5",
     v1_0},
    {"data request: one notification",
     esipa_answer,
     v1_0,
     "BF4F0C BF5209 5C02BF2B A103 800105",
     "BF4F0B BF5208 5C01A0 A103 800105",
     v1_0},
    {"data request: results",
     esipa_answer,
     v1_0,
     "BF4F10 BF520D 5C03BF2B84 0402F541 A102 8200",
     "BF4F0B BF5208 5C02A284 0402F541",
     v1_0},
    {"transferred data request", esipa_answer, v1_0, "BF4E06 BF5203 5C0180", "BF4E06 BF5203 5C0181", v1_0},
    // ---- ES10b
    // bits 0, 3 and 4: 10011 and three unused; 0, 5 and 6: 1000011 and one unused
    {"memory reset", es10_command, v1_0, "BF3404 82020398", "BF6404 82020186", v1_0},
    {"memory reset of profiles", es10_command, v1_0, "BF3404 820206C0", "BF6404 820206C0", v1_0},
    {"enable using default SM-DP+", es10_command, v1_0, "BF5A00", "BF5A03 8001FF", v1_0},
    {"memory reset, result",
     es10_answer,
     v1_0,
     "BF3409 020100 810101 820100",
     "BF6409 800100 810101 820100",
     v1_0},
    {"stored results", es10_answer, v1_0, "BF2B0A A208" UNSIGNED_BARE, "BF2B0D A20B" UNSIGNED, v1_0},
    {"stored results, none", es10_answer, v1_0, "BF2B02 A200", "BF2B02 A200", std::nullopt},
};

} // namespace

TEST_CASE("when a message of an older edition comes, it gets the v1.2 form, says whose it is, and goes back "
          "as it came") {
    for (const Row& row : kRows) {
        CAPTURE(row.name);
        const OwnedBytes theirs = octets(row.theirs), ours = octets(row.ours);
        Room room(theirs.size()), back_room(ours.size());
        const auto read = to_v12(row.path, theirs, row.known, room);
        REQUIRE_MESSAGE(read, where(read.error()));
        CHECK(hex(read->message) == hex(ours));
        CHECK(shown(read->seen) == shown(row.seen));
        const auto back = from_v12(row.path, ours, row.edition, back_room);
        REQUIRE_MESSAGE(back, where(back.error()));
        CHECK(hex(*back) == hex(theirs));
    }
}

TEST_CASE("when an older form is translated, a v1.2 reader takes it strictly") {
    for (const Row& row : kRows) {
        CAPTURE(row.name);
        const OwnedBytes ours = octets(row.ours);
        CHECK(recognise(ours, {.strict = true}).message);
    }
}

TEST_CASE(
    "when a message is cut, changed or meets too small a buffer, nothing breaks and the refusal has a name") {
    for (const Row& row : kRows) {
        CAPTURE(row.name);
        const OwnedBytes theirs = octets(row.theirs), ours = octets(row.ours);
        for (size_t n = 0; n < theirs.size(); ++n) {
            Room room(theirs.size());
            const auto cut = to_v12(row.path, Bytes(theirs).first(n), row.known, room);
            REQUIRE_FALSE(cut);
            CHECK_FALSE(where(cut.error()).empty());
            for (int value = 0; value < 256; value += 3) {
                OwnedBytes damaged = theirs;
                damaged[n] = static_cast<uint8_t>(value);
                const auto read = to_v12(row.path, damaged, row.known, room);
                CHECK((read || !where(read.error()).empty()));
                if (!read) CHECK(read.error().code != Errc::no_space);
            }
            OwnedBytes little(n);
            const auto small = to_v12(row.path, theirs, row.known, little);
            if (!small) CHECK(small.error().code == Errc::no_space);
        }
        for (size_t n = 0; n < ours.size(); ++n) {
            Room room(ours.size());
            CHECK_FALSE(from_v12(row.path, Bytes(ours).first(n), row.edition, room));
            for (int value = 0; value < 256; value += 3) {
                OwnedBytes damaged = ours;
                damaged[n] = static_cast<uint8_t>(value);
                for (const Edition e : {v1_0, v1_1, v1_2})
                    if (const auto r = from_v12(row.path, damaged, e, room); !r)
                        CHECK(r.error().code != Errc::no_space);
            }
        }
    }
}
