// What a card is sent that is no command, or a broken one: the status words and codes it answers, and that
// nothing comes of it. SGP.22 §5.7.2, ISO/IEC 7816-4
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
constexpr const char* kSelect = "00A4040010A0000005591010FFFFFFFF890000010000";

// A command in blocks of `size` octets, as an IPA sends it; the last answer in hex, without its data.
std::string told(Bench& b, Bytes command, size_t size = 255) {
    OwnedBytes answer;
    for (size_t block = 0; !command.empty(); ++block) {
        const Bytes now = command.first(std::min(size, command.size()));
        command = command.subspan(now.size());
        OwnedBytes a{
            0x80, 0xE2, static_cast<uint8_t>(command.empty() ? 0x91 : 0x11), static_cast<uint8_t>(block)};
        a.push_back(static_cast<uint8_t>(now.size()));
        append(a, now);
        if (command.empty()) a.push_back(0x00);
        answer = b.card.card->transmit(a);
    }
    return hex(Bytes(answer).last(2));
}
// Every function of the ISD-R with a request that it takes, some of it nested.
struct Sample {
    const char* function;
    OwnedBytes command;
};
std::vector<Sample> samples(Bench& b) {
    const Iccid i = iccid(iccid_text(1));
    const OwnedBytes by = tlv(0xA0, {tlv(0x5A, {i})}), flag = *from_hex("8101FF");
    return {{"GetProfilesInfo", tlv(0xBF2D, {by, tlv(0x5C, {*from_hex("5A9F70")})})},
            {"SetNickname", tlv(0xBF29, {tlv(0x5A, {i}), tlv(0x90, {bytes_of("n")})})},
            {"EnableProfile", tlv(0xBF31, {by, flag})},
            {"DisableProfile", tlv(0xBF32, {by, flag})},
            {"DeleteProfile", tlv(0xBF33, {tlv(0x5A, {i})})},
            {"eUICCMemoryReset", *from_hex("BF340482020780")},
            {"GetEID", *from_hex("BF3E035C015A")},
            {"SetDefaultDpAddress", *from_hex("BF3F058003612E62")},
            {"ListNotification", *from_hex("BF280481020780")},
            {"RetrieveNotificationsList", *from_hex("BF2B05A003800101")},
            {"RemoveNotificationFromList", *from_hex("BF3003800101")},
            {"LoadCRL", *from_hex("BF3504A0023000")},
            {"CancelSession", *from_hex("BF41088003010203810101")},
            {"IpaeActivation", *from_hex("BF420480020780")},
            {"LoadEuiccPackage", b.eim.sign(b.eim.to_sign(psmo({enable(i)})))},
            {"GetEimConfigurationData", *from_hex("BF5505A003800165")},
            {"GetCerts", tlv(0xBF56, {tlv(0x80, {b.card.identity.keys.front().ci_key_id})})},
            {"AddInitialEim", tlv(0xBF57, {tlv(0xA0, {b.eim.configuration()})})},
            {"ProfileRollback", *from_hex("BF58038001FF")},
            {"ConfigureImmediateProfileEnabling", *from_hex("BF59028000")},
            {"ImmediateEnable", *from_hex("BF5A038001FF")},
            {"EnableEmergencyProfile", *from_hex("BF5B038001FF")},
            {"DisableEmergencyProfile", *from_hex("BF5C038001FF")},
            {"ExecuteFallbackMechanism", *from_hex("BF5D038001FF")},
            {"ReturnFromFallback", *from_hex("BF5E038001FF")},
            {"eUICCMemoryReset of IoT", *from_hex("BF640482020780")},
            {"SetDefaultDpAddress of IoT", *from_hex("BF65058003612E62")}};
}
// A card with something to lose.
Bench& full(Bench& b) {
    b.add_profile(1, joined({kNotify, kFallbackAllowed}));
    b.order({kGetRat});
    REQUIRE(apdu(b, kSelect).ends_with("9000"));
    return b;
}
} // namespace

TEST_CASE("a command that is cut at any octet is 6A80, whichever function it is of, and changes nothing") {
    Bench b;
    for (const Sample& sample : samples(full(b))) {
        CAPTURE(sample.function);
        const OwnedBytes before = b.state_octets();
        for (size_t n = 1; n < sample.command.size(); ++n) {
            const std::string word = told(b, Bytes(sample.command).first(n));
            // A tag alone may be that of a unit of a bound package, which has no session: 6985.
            CHECK((word == "6A80" || (n == 1 && word == "6985")));
        }
        CHECK(b.state_octets() == before);
    }
}

TEST_CASE(
    "with something behind it, a command is 6A80; of indefinite length, or with five octets of it, too") {
    Bench b;
    for (const Sample& sample : samples(full(b))) {
        CAPTURE(sample.function);
        const OwnedBytes before = b.state_octets();
        CHECK(told(b, joined({sample.command, *from_hex("00")})) == "6A80");
        const auto whole = asn1::read_tlv(sample.command);
        REQUIRE(whole);
        const Bytes tag = Bytes(sample.command).first(2);
        CHECK(told(b, joined({tag, *from_hex("80"), whole->content, *from_hex("0000")})) == "6A80");
        CHECK(told(b, joined({tag, *from_hex("8500000000"), *from_hex("03"), whole->content})) == "6A80");
        CHECK(told(b, joined({tag, *from_hex("84FFFFFFFF"), whole->content})) == "6A80");
        CHECK(b.state_octets() == before);
    }
}

TEST_CASE("when the last TLV inside breaks off or is of indefinite length, nothing is done") {
    Bench b;
    for (const Sample& sample : samples(full(b))) {
        CAPTURE(sample.function);
        const OwnedBytes before = b.state_octets();
        const auto whole = asn1::read_tlv(sample.command);
        REQUIRE(whole);
        const Bytes first = Bytes(whole->content).first(1);
        const auto tag = static_cast<uint32_t>(sample.command[0] << 8 | sample.command[1]);
        for (const char* broken : {"7F", "80", "8400000000FF", "820001"}) {
            const OwnedBytes answer = b.es10(tlv(tag, {first, *from_hex(broken)}));
            // Refused by status word, or in the function's own terms: an error of some kind, never 00.
            const std::string said = hex(answer);
            CHECK((said.empty() || (!said.ends_with("800100") && !said.starts_with("BF51A0"))));
        }
        CHECK(b.state_octets() == before);
    }
}

TEST_CASE("components that a later edition may have added are passed over") {
    Bench b;
    const Iccid one = full(b).add_profile(2);
    const OwnedBytes later = *from_hex("9F5A01AA");
    CHECK(told(b, tlv(0xBF29, {tlv(0x5A, {one}), tlv(0x90, {bytes_of("n")}), later})) == "9000");
    CHECK(b.state().find(one)->nickname == "n");
    CHECK(told(b, tlv(0xBF3E, {*from_hex("5C015A"), later})) == "9000");
    CHECK(told(b, tlv(0xBF2D, {tlv(0x5C, {*from_hex("5A")}), later})) == "9000");
    CHECK(told(b, tlv(0xBF30, {*from_hex("800177"), later})) == "9000");
    // Not in front of what must come: an unknown component there is a missing one.
    CHECK(told(b, tlv(0xBF29, {later, tlv(0x5A, {one}), tlv(0x90, {bytes_of("m")})})) == "6A80");
    CHECK(b.state().find(one)->nickname == "n");
}

TEST_CASE("tags of no function are 6A88, units of a bound package without a session 6985") {
    Bench b;
    full(b);
    for (const char* tag :
         {"BF2300", "BF2A00", "BF44", "BF4E", "BF52", "BF53", "BF60", "BF7000", "30", "E3", "5A"}) {
        CAPTURE(tag);
        OwnedBytes command = *from_hex(tag);
        if (command.back() != 0) command.push_back(0);
        CHECK(told(b, command) == "6A88");
    }
    for (const char* unit : {"BF3600", "8600", "8700", "8800", "A000", "A100", "A200", "A300"})
        CHECK(told(b, *from_hex(unit)) == "6985");
}

TEST_CASE("STORE DATA: class, parameters, blocks out of order, begun anew, on other channels, and too many") {
    Bench b;
    full(b);
    struct Row {
        const char *command, *answer;
    };
    const Row rows[] = {{"00E2910006BF3E035C015A", "6E00"}, // APPEND RECORD, which there is not
                        {"84E2910006BF3E035C015A", "6882"}, // secure messaging
                        {"80E2900006BF3E035C015A", "6A86"}, // P1
                        {"80E2910106BF3E035C015A", "6A86"}, // begins with block 1
                        {"80E29100", "6A80"},               // no octet
                        {"80E2910000", "6A80"},
                        {"80E2910007BF3E035C015A", "6700"},   // Lc says more
                        {"80E2910005BF3E035C015A00", "6700"}, // and less
                        {"80E291000000065A", "6700"},         // extended length
                        {"80E2110003BF3E03", "9000"},
                        {"80E21102035C015A", "6A86"}, // block 1 is left out, and that ends it
                        {"80E29101035C015A", "6A86"},
                        {"80E2110003BF3E03", "9000"},
                        {"80E2110003BF3E03", "9000"}, // begun anew
                        {"80E29101035C015A", "6115"},
                        {"83E2910006BF3E035C015A", "6881"}, // channels that are not open
                        {"CFE2910006BF3E035C015A", "6881"},
                        {"0070000001", "019000"},
                        {"81E2910006BF3E035C015A", "6985"}, // the ISD-R is not selected there
                        {"01A4040C10A0000005591010FFFFFFFF8900000100", "9000"},
                        {"80E2110003BF3E03", "9000"}, // two chains side by side
                        {"81E2110002BF43", "9000"},
                        {"80E29101035C015A", "6115"},
                        {"81E291010100", "6105"},
                        {"80E2110003BF3E03", "9000"},
                        {"80F2000C", "9000"}, // STATUS in between ends it
                        {"80E29101035C015A", "6A86"}};
    for (const Row& row : rows) {
        CAPTURE(row.command);
        CHECK(apdu(b, row.command) == row.answer);
    }
    // 256 blocks are a chain; the next number is 00, which begins another one.
    const std::string full_block = "FF" + hex(OwnedBytes(255, 0xAA));
    for (unsigned n = 0; n < 256; ++n) {
        const auto block = static_cast<uint8_t>(n);
        CHECK(apdu(b, ("80E211" + hex(Bytes(&block, 1)) + full_block).c_str()) == "9000");
    }
    CHECK(apdu(b, "80E2910006BF3E035C015A") == "6115");
}

TEST_CASE("server certificates of every other role are refused, at either place (SGP.22 §4.5.2.2)") {
    Bench b;
    auto& random = b.world.random;
    const auto& pki = b.world.pki;
    const auto minted = [&](rsp::Role role) {
        auto request = pki.request(role, kSmdpAddress);
        request.registered_id = "2.999.10";
        if (role == rsp::Role::dp_tls || role == rsp::Role::ds_tls) request.dns_names = {kSmdpAddress};
        return *pki::mint(request, pki.ci, random);
    };
    const auto auth = minted(rsp::Role::dp_auth), pb = minted(rsp::Role::dp_pb),
               dp_tls = minted(rsp::Role::dp_tls), ds_auth = minted(rsp::Role::ds_auth),
               ds_tls = minted(rsp::Role::ds_tls);
    const auto euicc = pki.euicc(*eid_from_text("89049032123451234512345678901235"), random);
    constexpr int kTaken = -1, kCertificate = 1, kCi = 7;
    const struct {
        const char* role;
        const pki::Credential* credential;
        int authenticate, prepare; // the codes in AuthenticateServer and PrepareDownload
    } rows[] = {{"DPauth", &auth, kTaken, kCertificate},
                {"DPpb", &pb, kCertificate, kTaken},
                {"DPtls", &dp_tls, kCertificate, kCertificate},
                {"DSauth", &ds_auth, kTaken, kCertificate}, // to be asked for events
                {"DStls", &ds_tls, kCertificate, kCertificate},
                {"EUM", &pki.eum, kCertificate, kCertificate},
                {"CI", &pki.ci, kCi, kCertificate}, // names no issuer
                {"eIM", &pki.eim, kCertificate, kCertificate},
                {"eUICC", &euicc, kCi, kCertificate}}; // not under a CI of the card
    for (const auto& row : rows) {
        CAPTURE(row.role);
        HandServer first(b);
        first.auth = row.credential;
        CHECK(session_error(first.authenticate()) == row.authenticate);
        HandServer second(b);
        REQUIRE(session_error(second.authenticate()) == kTaken);
        second.pb = row.credential;
        CHECK(session_error(second.prepare()) == row.prepare);
    }
}

TEST_CASE(
    "a key on a curve that RSP does not know is unsupportedCurve, once its CI is known (SGP.22 §5.7.13)") {
    Bench b;
    World foreign(97);
    const auto on_other_curve = [&](const loop::Pki& pki, rsp::Role role, const pki::Credential& key) {
        auto request = pki.request(role, kSmdpAddress);
        request.registered_id = "2.999.10";
        const auto other = crypto::ForeignKey::generate("secp384r1");
        REQUIRE(other);
        return pki::Credential{key.key.clone(), *pki::certify(request, *other, pki.ci, b.world.random)};
    };
    const auto auth = on_other_curve(b.world.pki, rsp::Role::dp_auth, b.world.pki.dp_auth);
    const auto unknown = on_other_curve(foreign.pki, rsp::Role::dp_auth, b.world.pki.dp_auth);
    const auto pb = on_other_curve(b.world.pki, rsp::Role::dp_pb, b.world.pki.dp_pb);
    HandServer s(b);
    s.auth = &auth;
    CHECK(session_error(s.authenticate()) == 3);
    s.auth = &unknown;
    CHECK(session_error(s.authenticate()) == 7);
    HandServer t(b);
    REQUIRE(session_error(t.authenticate()) == -1);
    t.pb = &pb;
    CHECK(session_error(t.prepare()) == 3);
}

TEST_CASE("what is no certificate where one is expected: refused by code, as the whole message by 6A80") {
    Bench b;
    full(b);
    HandServer s(b);
    REQUIRE(session_error(s.authenticate()) == -1);
    // serverSigned1, signature, CI, then 30 … and ctxParams1
    const OwnedBytes old = s.authenticate_command;
    const auto with = [&](const OwnedBytes& certificate) {
        (void)part(b.es10(*from_hex("BF2E00")), 0);
        return b.es10(tlv(
            0xBF38,
            {whole_part(old, 0), whole_part(old, 1), whole_part(old, 2), certificate, whole_part(old, 4)}));
    };
    CHECK(session_error(with(*from_hex("3000"))) == 1);
    CHECK(session_error(with(*from_hex("3003020101"))) == 1);
    OwnedBytes cut = whole_part(old, 3);
    cut.resize(cut.size() - 1);
    CHECK(with(cut).empty()); // and everything behind it is out of place
    CHECK(with({}).empty());
    CHECK(with(*from_hex("0400")).empty());
}
