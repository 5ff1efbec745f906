// The files that are mounted and the profile they belong to, when that goes and comes back in between.
#include "euicc/image_octets.h"
#include "euicc/testing.h"

using namespace halyard;
using namespace halyard::euicc;

namespace {
// ES10c.DisableProfile and DeleteProfile. SGP.22 §5.7.17, §5.7.18
void remove(Bare& b, const Iccid& i) {
    for (const std::string& command : {"BF3211A00C5A0A" + hex(i) + "810100", "BF330C5A0A" + hex(i)}) {
        const auto answer = b.card->isdr().handle(*from_hex(command));
        REQUIRE(answer);
        REQUIRE(hex(*answer).ends_with("800100"));
    }
}
unsigned adm_attempts(const Bare& b, const Iccid& i) {
    const auto image = decode_image(b.memory.content.images.at(b.card->isdr().state().find(i)->number));
    REQUIRE(image);
    for (const profile::Pin& p : image->pins)
        if (p.reference == 0x0A) return p.attempts & 0x0Fu;
    return 0;
}
} // namespace

TEST_CASE("when a profile is deleted and its ICCID installed anew before a reset, the old files do not get "
          "into it") {
    Bare b;
    const Iccid i = b.add(1, true);
    CHECK(b("00A4000C023F00") == "9000");
    CHECK(b("0020000A083131313131313131") == "63C9");
    remove(b, i);
    CHECK(b("0020000A083131313131313131") == "6581"); // nowhere to keep the attempt
    b.put(1, true);
    CHECK(adm_attempts(b, i) == 10);
    CHECK(b("0020000A083131313131313131") == "6581");
    CHECK(adm_attempts(b, i) == 10);
    CHECK(b.card->wants_reset()); // another profile, though its ICCID is the same
    REQUIRE(b.card->reset());
    CHECK_FALSE(b.card->wants_reset());
    CHECK(b("0020000A083131313131313131") == "63C9");
    CHECK(adm_attempts(b, i) == 9);
}
