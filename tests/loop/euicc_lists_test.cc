// What the card tells: profile lists by every criterion and tag, nickname, notifications, addresses,
// connectivity, and what it says of an IPA of its own. SGP.22 §5.7, SGP.32 §5.9
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// Everything that StoreMetadata can bring and a list can show, in the order of its tags.
const char* const kIcon = "930101 9404DEADBEEF";
const char* const kConfiguration = "B609 3007 80020470 81016E";
const char* const kOwner = "B705 800300F110";
const char* const kVendor = "BF220B 3009 800388370C A1020500"; // 2.999.12, a NULL
const char* const kMarks = "9F7B01FF 9F6701FF";

OwnedBytes list(const OwnedBytes& criterion, const OwnedBytes& tags) {
    return tlv(0xBF2D, {tlv(0xA0, {criterion}), tlv(0x5C, {tags})});
}
// The content of the first ProfileInfo of an answer.
std::string only(Bytes answer) { return hex(part(whole_part(answer, 0), 0)); }
} // namespace

TEST_CASE("GetProfilesInfo: each tag alone shows its object, or nothing (SGP.32 §5.9.14, SGP.22 §5.7.15)") {
    Bench b;
    const Iccid i = iccid(iccid_text(1));
    HandServer s(b);
    s.configure_isdp = *from_hex("BF2408 B806 800488370A01"); // 2.999.10.1
    s.open();
    const OwnedBytes metadata = metadata_of(i,
                                            joined({*from_hex(kIcon),
                                                    *from_hex(kConfiguration),
                                                    *from_hex(kOwner),
                                                    *from_hex(kVendor),
                                                    *from_hex(kMarks)}));
    REQUIRE(read_installation(b, s.load(s.bind(sample(1), metadata))).success);
    CHECK(hex(b.es10(joined({*from_hex("BF290F 5A0A"), i, *from_hex("90014E")}))) == "BF2903800100");
    const std::string aid = "4F10A0000005591010FFFFFFFF8900001100"; // the first behind the bootstrap's
    const struct {
        const char* tag;
        std::string object;
    } rows[] = {{"5A", "5A0A" + hex(i)},
                {"4F", aid},
                {"9F70", "9F700100"},
                {"90", "90014E"},
                {"91", "910850726F7669646572"},
                {"92", "920750726F66696C65"},
                {"93", "930101"},
                {"94", "9404DEADBEEF"},
                {"95", "950102"},
                {"B6", "B60930078002047081016E"},
                {"B7", "B705800300F110"},
                {"B8", "B806800488370A01"},
                {"99", ""}, // no rules
                {"BF22", "BF220B3009800388370CA1020500"},
                {"9F7B", "9F7B01FF"},
                {"9F26", ""}, // FALSE is the DEFAULT
                {"9F67", "9F6701FF"},
                {"BF23", ""},   // not stored
                {"DF8101", ""}, // nobody's
                {"", ""}};
    for (const auto& row : rows) {
        CAPTURE(row.tag);
        CHECK(only(b.es10(list(tlv(0x5A, {i}), *from_hex(row.tag)))) == row.object);
    }
    // In the order of the type, whatever the order asked for
    CHECK(only(b.es10(list(tlv(0x5A, {i}), *from_hex("9F67 BF22 95 DF8101 5A")))) ==
          "5A0A" + hex(i) + "950102BF220B3009800388370CA10205009F6701FF");
    // Without a list: 5A 4F 9F70 91 92 95 9F7B 9F26 9F67
    CHECK(only(b.es10(tlv(0xBF2D, {tlv(0xA0, {tlv(0x5A, {i})})}))) ==
          "5A0A" + hex(i) + aid + "9F700100910850726F7669646572920750726F66696C659501029F7B01FF9F6701FF");
}

TEST_CASE("GetProfilesInfo: policy rules and the fallback attribute are shown where they are") {
    Bench b;
    const Iccid one = b.add_profile(1, joined({kPpr2, kFallbackAllowed}));
    CHECK(b.order({set_fallback(one)}).results == "8D0100");
    CHECK(only(b.es10(list(tlv(0x5A, {one}), *from_hex("99 9F26")))) == "990205209F2601FF");
}

TEST_CASE("GetProfilesInfo: by ISD-P AID, ICCID and class; what cannot be read is incorrectInputValues") {
    Bench b;
    const Iccid one = b.add_profile(1), test = b.add_profile(2, *from_hex("950100"));
    const auto found = [&](const OwnedBytes& criterion) {
        return hex(b.es10(list(criterion, *from_hex("5A"))));
    };
    const std::string boot = "E30C5A0A" + hex(b.bootstrap()), first = "E30C5A0A" + hex(one),
                      second = "E30C5A0A" + hex(test), none = "BF2D02A000";
    const OwnedBytes aid = owned(euicc::isdp_aid(b.state().find(one)->number));
    CHECK(found(tlv(0x4F, {aid})) == "BF2D10A00E" + first);
    CHECK(found(tlv(0x4F, {Bytes(aid).first(15)})) == none); // an AID is whole
    CHECK(found(tlv(0x4F, {OwnedBytes(16, 0xA0)})) == none);
    CHECK(found(tlv(0x5A, {test})) == "BF2D10A00E" + second);
    CHECK(found(tlv(0x5A, {iccid(iccid_text(77))})) == none);
    CHECK(found(*from_hex("950102")) == "BF2D10A00E" + first);
    CHECK(found(*from_hex("950101")) == "BF2D10A00E" + boot);
    CHECK(found(*from_hex("950100")) == "BF2D10A00E" + second);
    CHECK(found(*from_hex("950107")) == none);
    CHECK(hex(b.es10(*from_hex("BF2D025C00"))) == "BF2D08A006E300E300E300"); // three profiles, nothing asked
    const std::string refused = "BF2D03810101";
    for (const char* request : {"BF2D04 A002 8000",                   // no such criterion
                                "BF2D02 A000",                        // none
                                "BF2D04 A002 4F00",                   // AID without octets
                                "BF2D0D A00B 5A09890101000000000000", // ICCID of nine octets
                                "BF2D03 5C019F",                      // a tag cut short
                                "BF2D04 5C02DF81",
                                "BF2D03 5C055A"}) { // a list cut short
        CAPTURE(request);
        CHECK(hex(b.es10(*from_hex(request))) == refused);
    }
    // In a package the same, and it ends there. SGP.32 §3.4
    CHECK(b.order({*from_hex("BF2D04 A002 8000"), kGetRat}).results == refused);
}

TEST_CASE("SetNickname: up to 64 octets, none takes it away, and only of a profile that is there (SGP.22 "
          "§5.7.21)") {
    Bench b;
    const Iccid one = b.add_profile(1);
    const auto set = [&](const Iccid& i, size_t length) {
        return hex(b.es10(tlv(0xBF29, {tlv(0x5A, {i}), tlv(0x90, {OwnedBytes(length, 'n')})})));
    };
    const auto shown = [&] { return only(b.es10(list(tlv(0x5A, {one}), *from_hex("90")))); };
    CHECK(set(one, 64) == "BF2903800100");
    CHECK(shown() == "9040" + hex(OwnedBytes(64, 'n')));
    CHECK(set(iccid(iccid_text(7)), 1) == "BF2903800101"); // iccidNotFound
    CHECK(set(one, 65).empty());                           // 6A80
    CHECK(shown().size() == 2 * 66);
    REQUIRE(b.card.card->reset());
    CHECK(shown().size() == 2 * 66);
    CHECK(set(one, 0) == "BF2903800100");
    CHECK(shown().empty());
}

TEST_CASE("the default SM-DP+ address: 255 octets are kept, more is undefinedError, none clears it (SGP.32 "
          "§5.9.25)") {
    Bench b;
    const auto addresses = [&] { return hex(b.es10(*from_hex("BF3C00"))); };
    const std::string unset = addresses();
    for (const uint32_t function : {0xBF3Fu, 0xBF65u}) {
        const auto set = [&](size_t n) {
            return hex(b.es10(tlv(function, {tlv(0x80, {OwnedBytes(n, 'a')})}))).substr(4);
        };
        CHECK(set(255) == "03800100");
        const std::string longest = addresses();
        CHECK(longest.find("8081FF6161") != std::string::npos);
        CHECK(set(256) == "0380017F");
        CHECK(addresses() == longest);
        CHECK(set(0) == "03800100");
        CHECK(addresses() == unset);
    }
}

TEST_CASE("notifications: one for each address that is told of the event; listed, retrieved, removed (SGP.22 "
          "§3.5)") {
    Bench b;
    // "n" hears of enable, disable and delete, "m" of disable only.
    const OwnedBytes both = *from_hex("B612 3007 80020470 81016E 3007 80020520 81016D");
    const Iccid one = b.add_profile(1, both), two = b.add_profile(2);
    CHECK(b.order({enable(one)}).results == "830100");
    CHECK(b.order({enable(two), remove(one)}).results == "830100850100");
    const auto rows = [&](const char* request) { return hex(b.es10(*from_hex(request))); };
    const uint64_t n = b.state().notifications.front().seq;
    const auto row = [&](uint64_t seq, const char* event, const char* address) {
        return hex(tlv(0xBF2F,
                       {integer(0x80, static_cast<int64_t>(seq)),
                        tlv(0x81, {*from_hex(event)}),
                        tlv(0x0C, {bytes_of(address)}),
                        tlv(0x5A, {one})}));
    };
    // The result of the second package has a number of its own in between.
    const std::string enabled = row(n, "0640", "n"),
                      disabled = row(n + 2, "0520", "n") + row(n + 3, "0520", "m"),
                      deleted = row(n + 4, "0410", "n");
    CHECK(rows("BF2800").substr(10) == enabled + disabled + deleted);
    CHECK(rows("BF280481020520").substr(10) == disabled);
    CHECK(rows("BF280481020450").substr(10) == enabled + deleted); // either of two
    CHECK(rows("BF280481020780") == "BF2802A000");
    CHECK(rows("BF2803810100") == "BF2802A000");
    const auto retrieved = [&](const OwnedBytes& criterion) {
        return part(b.es10(tlv(0xBF2B, {tlv(0xA0, {criterion})})), 0);
    };
    const OwnedBytes by_event = retrieved(*from_hex("81020410"));
    CHECK(hex(by_event) == hex(b.state().notifications.back().der));
    CHECK(hex(whole_part(by_event, 0)) == deleted);
    CHECK(crypto::verify(b.card_key(), {whole_part(by_event, 0)}, part(by_event, 1)));
    const auto number = [](uint64_t seq) { return integer(0x80, static_cast<int64_t>(seq)); };
    CHECK(hex(retrieved(number(n + 3))) == hex(b.state().notifications[2].der));
    CHECK(retrieved(number(n + 40)).empty());
    CHECK(hex(b.es10(tlv(0xBF30, {number(n + 3)}))) == "BF3003800100");
    CHECK(hex(b.es10(tlv(0xBF30, {number(n + 3)}))) == "BF3003800101");
    CHECK(retrieved(number(n + 3)).empty());
    CHECK(rows("BF280481020520").find(row(n + 3, "0520", "m")) == std::string::npos);
}

TEST_CASE("GetConnectivityParameters: of the enabled profile's header, else parametersNotAvailable (SGP.32 "
          "§5.9.24)") {
    Bench b;
    CHECK(hex(b.es10(*from_hex("BF5F00"))) == "BF5F03810101"); // the bootstrap profile has none
    // 87 connectivityParameters is the header's last component: bearer 35, access point 47 "iot"
    const OwnedBytes package = sample(1), parameters = *from_hex("8709 350103 4704 03696F74");
    const auto header = asn1::read_tlv(package);
    REQUIRE(header);
    const OwnedBytes with = joined({tlv(0xA0, {header->content, parameters}), header->rest});
    const Iccid i = iccid(iccid_text(1));
    REQUIRE(b.card.card->isdr().preload(with, metadata_of(i), false));
    CHECK(hex(b.es10(*from_hex("BF5F00"))) == "BF5F03810101"); // not enabled yet
    CHECK(b.order({enable(i)}).results == "830100");
    CHECK(hex(b.es10(*from_hex("BF5F00"))) == "BF5F0DA00B8109350103470403696F74");
}

TEST_CASE("without an IPAe: not announced, not activated, and the IPA of the device goes on (SGP.32 §3.8, "
          "§5.9.2)") {
    Bench b;
    const std::string fci = apdu(b, "00A4040010A0000005591010FFFFFFFF890000010000");
    CHECK(fci.find("E10480020640") != std::string::npos); // enabledProfile alone
    const OwnedBytes info = b.es10(*from_hex("BF2200"));
    CHECK(hex(info).find("900100") != std::string::npos); // ipaMode ipad
    const OwnedBytes before = b.state_octets();
    CHECK(hex(b.es10(*from_hex("BF420480020780"))) == "BF4203800101"); // activateIpae
    CHECK(hex(b.es10(*from_hex("BF4203800100"))) == "BF4203800101");   // no option
    CHECK(b.state_octets() == before);
    CHECK(b.order({kGetRat}).results == "A600");
}

TEST_CASE("functions without arguments skip what a later edition adds, and refuse what is no TLV") {
    Bench b;
    for (const char* tag : {"BF20", "BF22", "BF2E", "BF3C", "BF43", "BF5F"}) {
        CAPTURE(tag);
        const std::string plain = hex(b.es10(*from_hex(std::string(tag) + "00")));
        CHECK(plain.starts_with(tag));
        CHECK(hex(b.es10(*from_hex(std::string(tag) + "038F0101"))).size() == plain.size());
        CHECK(b.es10(*from_hex(std::string(tag) + "028F01")).empty());
        CHECK(b.es10(*from_hex(std::string(tag) + "048F800000")).empty()); // indefinite
    }
}
