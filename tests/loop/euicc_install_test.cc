// Bound profile packages before the card: installed, or refused with a reason. SGP.22 §5.5, §5.7.6, SGP.32
// §5.9.15
#include "profile/package.h"
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
OwnedBytes with_key(size_t (*octet)(size_t)) {
    profile::Personal personal;
    personal.k.emplace();
    personal.opc.emplace();
    for (size_t n = 0; n < 16; ++n) personal.k->writable()[n] = static_cast<uint8_t>(octet(n));
    const auto package = profile::personalise(sample(1), personal);
    REQUIRE(package);
    return owned(package->reveal());
}
} // namespace

TEST_CASE("when a package is whole, it is installed disabled, reported in order, and readable when enabled") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        for (const bool own_keys : {false, true}) {
            Bench b(curve);
            HandServer s(b);
            s.replace_keys = own_keys;
            s.open();
            const Iccid i = iccid(iccid_text(1));
            const auto units = s.bind(sample(1), metadata_of(i, kNotifyInstall));
            const auto done = read_installation(b, s.load(units));
            CHECK(done.success);
            CHECK(done.transaction_id == s.transaction_id);
            CHECK(done.iccid == i);
            CHECK(hex(done.sima_response) == "3007A0053003800100");
            const auto* p = b.state().find(i);
            REQUIRE(p);
            CHECK_FALSE(p->enabled);
            // The result first, then what the metadata ask for, with rising numbers.
            const auto& n = b.state().notifications;
            REQUIRE(n.size() == 2);
            CHECK(n[0].seq == done.sequence);
            CHECK(n[1].seq == done.sequence + 1);
            CHECK(hex(n[0].der).starts_with("BF37"));

            CHECK(b.order({enable(i)}).results == "830100");
            CHECK(b.card.card->wants_reset());
            REQUIRE(b.card.card->reset());
            CHECK(b.card.card_iccid() == to_text(i));
            CHECK(apdu(b, "00A4000C023F00") == "9000");
            CHECK(apdu(b, "00A4040C07A0000000871002") == "9000");
            CHECK(apdu(b, "00A4000C026F07") == "9000");
            CHECK(apdu(b, "00B00000FF") == "6C09");
            // 001010000000042: parity nibble, then the digits in pairs
            CHECK(apdu(b, "00B0000009") == "080910100000000024"
                                           "9000");
        }
    }
}

TEST_CASE("when segments are small, the package is the same") {
    Bench b;
    HandServer s(b);
    s.segment_size = 61;
    s.open();
    CHECK(read_installation(b, s.load(s.bind(sample(1), metadata_of(iccid(iccid_text(1)))))).success);
}

TEST_CASE("what a bound package may be refused for, each with its reason and the command it fell in") {
    Bench b;
    const Iccid i = iccid(iccid_text(1));
    const OwnedBytes package = sample(1);
    const Memory before{b};
    struct Refused {
        int command, reason;
    };
    const auto try_with = [&](auto&& change, Bytes data, Bytes metadata) {
        HandServer s(b);
        s.open();
        change(s);
        const auto r = read_installation(b, s.load(s.bind(data, metadata)));
        CHECK(before.as_before());
        return Refused{r.command, r.reason};
    };
    const auto is = [](Refused r, int command, int reason) {
        CAPTURE(r.command);
        CAPTURE(r.reason);
        CHECK((r.command == command && r.reason == reason));
    };
    const OwnedBytes metadata = metadata_of(i);
    const auto nothing = [](HandServer&) {};
    is(try_with([](HandServer& s) { s.remote_operation = 2; }, package, metadata), 0, 5);
    is(try_with([](HandServer& s) { s.transaction_id2 = OwnedBytes(16, 3); }, package, metadata), 0, 3);
    is(try_with([](HandServer& s) { s.control_reference[2] = 0x89; }, package, metadata), 0, 4);
    is(try_with([](HandServer& s) { s.control_reference[5] = 0x20; }, package, metadata), 0, 4);
    is(try_with([](HandServer& s) { s.damage_smdp_sign = true; }, package, metadata), 0, 2);
    // dpOid 2.999.11 is not below 2.999.10
    const OwnedBytes foreign_oid = *from_hex("BF2407B805800388370B");
    is(try_with([&](HandServer& s) { s.configure_isdp = foreign_oid; }, package, metadata), 1, 1);
    is(try_with([](HandServer& s) { s.configure_isdp = {0xBF, 0x25, 0x00}; }, package, metadata), 1, 1);
    is(try_with(nothing, package, *from_hex("BF2503800101")), 2, 1);
    is(try_with(nothing, package, metadata_of(b.bootstrap())), 2, 9);
    is(try_with(nothing, package, metadata_of(i, *from_hex("99020640"))), 2, 15);
    is(try_with(nothing, package, metadata_of(i, *from_hex("99020520"))), 2, 15);
    is(try_with(nothing, package, metadata_of(iccid(iccid_text(2)))), 5, 13); // another ICCID
    // profileOwner 262 42 and a profile of 001 01
    is(try_with(nothing, package, metadata_of(i, *from_hex("B705800362F224"))), 5, 13);
    // A test profile with a key of its own
    const OwnedBytes secret = with_key([](size_t) { return size_t{0x5A}; });
    is(try_with(nothing, secret, metadata_of(i, *from_hex("950100"))), 5, 14);
    is(try_with(nothing, Bytes(package).first(package.size() - 1), metadata), 5, 12);
    is(try_with(nothing, Bytes(package).subspan(1), metadata), 5, 12);
    is(try_with(nothing, joined({package, package}), metadata), 5, 12);
    CHECK(install(b, 1, *from_hex("B705800300F110")).success); // the owner's own network
}

TEST_CASE("when a test profile has a published key, it is installed") {
    Bench b;
    const auto package = with_key([](size_t n) { return n; }); // 00 01 … 0F
    HandServer s(b);
    s.open();
    CHECK(
        read_installation(b, s.load(s.bind(package, metadata_of(iccid(iccid_text(1)), *from_hex("950100")))))
            .success);
    // Field-loaded, which memory reset tells from pre-loaded.
    CHECK(hex(b.es10(*from_hex("BF640482020640"))) == "BF6403800100");
    CHECK(b.state().profiles.size() == 1);
}

TEST_CASE("during a download: cancelled, a new challenge, no second PrepareDownload, other commands served") {
    Bench b;
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    const Memory before{b};
    const auto begun = [&](size_t units_loaded) {
        HandServer s(b);
        s.open();
        auto units = s.bind(package, metadata);
        units.resize(units_loaded);
        CHECK(s.load(units).empty());
        return s;
    };
    auto cancelled = begun(5);
    CHECK(hex(b.es10(tlv(0xBF41, {tlv(0x80, {cancelled.transaction_id}), *from_hex("810105")})))
              .starts_with("BF41"));
    CHECK(b.state().notifications.empty());
    CHECK(before.as_before());

    auto interrupted = begun(5);
    CHECK(part(b.es10(*from_hex("BF2E00")), 0).size() == 16);
    REQUIRE(b.state().notifications.size() == 1);
    CHECK(read_installation(b, b.state().notifications.back().der).reason == 11);
    CHECK(before.as_before());

    HandServer s(b);
    s.open();
    const auto units = s.bind(package, metadata);
    OwnedBytes last;
    for (const auto& u : units) {
        CHECK(hex(b.es10(*from_hex("BF2000"))).starts_with("BF20")); // EUICCInfo1
        const auto answer = b.card.card->isdr().handle(u);
        REQUIRE(answer);
        last = *answer;
        if (last.empty()) CHECK(session_error(s.prepare()) == 4);
    }
    CHECK(read_installation(b, last).success);
}

TEST_CASE("when a unit comes without a session, the card answers 6985") {
    Bench b;
    for (const char* unit : {"BF3600", "A000", "A100", "8600", "8800"}) {
        const auto answer = b.card.card->isdr().handle(*from_hex(unit));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::rejected);
    }
}

TEST_CASE("ImmediateEnable: only when configured, for what was just installed, from the SM-DP+ named") {
    const OwnedBytes now = *from_hex("BF5A038001FF");
    const OwnedBytes configured = *from_hex("A7028000");
    Bench b;
    CHECK(hex(b.es10(now)) == "BF5A03800101");                     // not available
    CHECK(hex(b.es10(*from_hex("BF59028000"))) == "BF5903800102"); // an eIM is associated
    CHECK(b.order({configured}).results == "870100");
    CHECK(hex(b.es10(now)) == "BF5A03800104"); // nothing just installed
    CHECK(install(b, 1).success);
    CHECK(hex(b.es10(now)) == "BF5A03800100");
    CHECK(b.enabled_iccid() == iccid_text(1));
    CHECK(hex(b.es10(now)) == "BF5A03800104"); // used
    CHECK(install(b, 2).success);
    REQUIRE(b.card.card->reset());
    CHECK(hex(b.es10(now)) == "BF5A03800104"); // a reset ends the context
    // Another SM-DP+ by OID 2.999.11, then by name
    CHECK(b.order({*from_hex("A7078000810388370B")}).results == "870100");
    CHECK(install(b, 3).success);
    CHECK(hex(b.es10(now)) == "BF5A03800101");
    CHECK(
        b.order({tlv(0xA7, {*from_hex("8000810388370A"), tlv(0x82, {bytes_of("other.example")})})}).results ==
        "870100");
    CHECK(install(b, 4).success);
    CHECK(hex(b.es10(now)) == "BF5A03800101");
    CHECK(b.order({tlv(0xA7, {*from_hex("8000"), tlv(0x82, {bytes_of("SMDP.loop.test")})})}).results ==
          "870100");
    CHECK(hex(b.es10(now)) == "BF5A03800100"); // the case of a name does not matter
    CHECK(b.enabled_iccid() == iccid_text(4));
    CHECK(b.order({*from_hex("A700")}).results == "870100"); // off
    CHECK(hex(b.es10(now)) == "BF5A03800101");
}
