// What a package may do, and what each operation answers. SGP.32 §3.4, §3.5, §5.9.11, §5.9.16
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
const OwnedBytes kUnsetFallback{0xA9, 0x00}, kListEim{0xAB, 0x00}, kUnknown{0xB1, 0x00};
Iccid unknown() { return iccid(iccid_text(777)); }
} // namespace

TEST_CASE("enable: each code, the switch after the result, its notifications in order") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify), two = b.add_profile(2, kNotify),
                emergency = b.add_profile(3, kEmergency);
    CHECK(b.order({enable(unknown())}).results == "830101");
    CHECK(b.order({enable(b.bootstrap())}).results == "830102");
    CHECK(b.order({enable(emergency)}).results == "830103");
    CHECK(b.order({enable(one), enable(two)}).results == "83010083017F"); // one enable a package
    CHECK(b.enabled_iccid() == to_text(one));                             // what was done stands
    CHECK(b.order({enable(two)}).results == "830100");
    CHECK(events(b) == std::vector<std::string>{
                           "enable " + to_text(one), "disable " + to_text(one), "enable " + to_text(two)});
    uint64_t last = 0;
    for (const auto& n : b.state().notifications) CHECK(n.seq > std::exchange(last, n.seq));
}

TEST_CASE("PPR1 protects against disabling and against replacing, PPR2 against deletion") {
    Bench b;
    const Iccid tied = b.add_profile(1, kPpr1), kept = b.add_profile(2, kPpr2), plain = b.add_profile(3);
    CHECK(b.order({enable(tied)}).results == "830100");
    CHECK(b.order({enable(plain)}).results == "830103");
    CHECK(b.order({disable(tied)}).results == "840103");
    CHECK(b.order({remove(kept)}).results == "850103");
    CHECK(b.order({remove(plain)}).results == "850100");
    CHECK(b.enabled_iccid() == to_text(tied));
    CHECK(b.state().profiles.size() == 3);
}

TEST_CASE("disable and delete: each code, and what a later operation sees of an earlier one") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify), two = b.add_profile(2, kNotify);
    CHECK(b.order({disable(unknown())}).results == "840101");
    CHECK(b.order({disable(one)}).results == "840102");
    CHECK(b.order({remove(unknown())}).results == "850101");
    CHECK(b.order({remove(b.bootstrap())}).results == "850102");
    // Marked to be enabled counts as enabled; a second disable, or one behind an enable, is undefinedError.
    CHECK(b.order({enable(one), remove(one)}).results == "830100850102");
    CHECK(b.order({enable(two), disable(two)}).results == "83010084017F");
    CHECK(b.order({disable(two), disable(two)}).results == "84010084017F");
    CHECK(b.enabled_iccid().empty());
    // A disable in front of an enable is fine.
    CHECK(b.order({enable(one)}).results == "830100");
    CHECK(b.order({disable(one), enable(two)}).results == "840100830100");
    CHECK(b.enabled_iccid() == to_text(two));
    // What leaves service in this package can be deleted by it, once: disabled, enabled, deleted in this
    // order.
    CHECK(b.es10(*from_hex("BF2B00")).size() > 4);
    const size_t before = b.state().notifications.size();
    CHECK(b.order({enable(one), remove(two), remove(two)}).results == "830100850100850101");
    CHECK(b.state().find(two) == nullptr);
    auto added = events(b);
    added.erase(added.begin(), added.begin() + static_cast<std::ptrdiff_t>(before));
    CHECK(added == std::vector<std::string>{
                       "disable " + to_text(two), "enable " + to_text(one), "delete " + to_text(two)});
}

TEST_CASE("when an operation fails, the rest is not executed and what came before stands") {
    Bench b;
    const Iccid one = b.add_profile(1), two = b.add_profile(2);
    CHECK(b.order({remove(one), disable(unknown()), remove(two)}).results == "850100840101");
    CHECK(b.state().find(one) == nullptr);
    CHECK(b.state().find(two) != nullptr);
    // An operation the card does not know, or that is damaged, ends with processingTerminated 2.
    CHECK(b.order({kGetRat, kUnknown, remove(two)}).results == "A600020102");
    CHECK(b.order({kGetRat, *from_hex("A5035A0189"), remove(two)}).results == "A600020102");
    CHECK(b.order({kGetRat, *from_hex("A57F")}).results == "A600020102");
    CHECK(b.state().find(two) != nullptr);
    CHECK(b.order({}).results.empty());
    CHECK(b.state().eims.front().counter == 10); // each of them was accepted
}

TEST_CASE(
    "listProfileInfo: states, criteria, tag list; 11 behind a change; too long a list ends the package") {
    Bench b;
    const Iccid one = b.add_profile(1);
    // BF2D { A0 { E3 { 5A iccid, 9F70 state } … } }
    const auto ask = tlv(0xBF2D, {tlv(0x5C, {*from_hex("5A9F70")})});
    const std::string boot = "5A0A" + hex(b.bootstrap()), first = "5A0A" + hex(one);
    CHECK(b.order({ask}).results == "BF2D26A024E310" + boot + "9F700101E310" + first + "9F700100");
    const auto by_iccid = tlv(0xBF2D, {tlv(0xA0, {tlv(0x5A, {one})}), tlv(0x5C, {*from_hex("9F70")})});
    CHECK(b.order({by_iccid}).results == "BF2D08A006E3049F700100");
    const auto nobody = tlv(0xBF2D, {tlv(0xA0, {tlv(0x5A, {unknown()})})});
    CHECK(b.order({nobody}).results == "BF2D02A000");
    const auto by_class = tlv(0xBF2D, {tlv(0xA0, {*from_hex("950101")}), tlv(0x5C, {*from_hex("5A")})});
    CHECK(b.order({by_class}).results == "BF2D10A00EE30C" + boot);                  // provisioning
    CHECK(b.order({*from_hex("BF2D035C019F"), kGetRat}).results == "BF2D03810101"); // a tag cut short
    CHECK(b.order({enable(one), ask, kGetRat}).results == "830100BF2D0381010B");
    CHECK(b.order({disable(one), ask}).results == "840100BF2D0381010B");
    CHECK(b.order({remove(one), ask}).results == "850100BF2D0381010B");
    CHECK(b.order({ask, enable(b.bootstrap())}).results == "BF2D14A012E310" + boot + "9F700100830100");
    b.card.identity.max_result = 20;
    CHECK(b.order({kGetRat, ask, kGetRat}).results == "A600020101"); // resultSizeOverflow
}

TEST_CASE("the fallback attribute: allowed by the owner, moved, never taken from an enabled profile") {
    Bench b;
    const Iccid one = b.add_profile(1, kFallbackAllowed), two = b.add_profile(2, kFallbackAllowed),
                plain = b.add_profile(3);
    CHECK(b.order({kUnsetFallback}).results == "8E0102");
    CHECK(b.order({set_fallback(unknown())}).results == "8D0101");
    CHECK(b.order({set_fallback(plain)}).results == "8D0102");
    CHECK(b.order({set_fallback(one), set_fallback(one), set_fallback(two)}).results == "8D01008D01008D0100");
    CHECK_FALSE(b.state().find(one)->fallback);
    CHECK(b.state().find(two)->fallback);
    // Fallback: from the bootstrap profile to `two`, where the way back is kept.
    CHECK(hex(b.es10(*from_hex("BF5E038001FF"))) == "BF5E03800106");
    CHECK(hex(b.es10(*from_hex("BF5D038001FF"))) == "BF5D03800100");
    CHECK(b.enabled_iccid() == to_text(two));
    CHECK(hex(b.es10(*from_hex("BF5D038001FF"))) == "BF5D03800102");
    CHECK(b.order({set_fallback(one)}).results == "8D0103");
    CHECK(b.order({kUnsetFallback}).results == "8E0103");
    CHECK(b.order({remove(b.bootstrap())}).results == "850115"); // returnFallbackProfile 21
    CHECK(hex(b.es10(*from_hex("BF5E038001FF"))) == "BF5E03800100");
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    // A switch that an eIM orders forgets the way back, for later operations of the same package too.
    CHECK(hex(b.es10(*from_hex("BF5D038001FF"))) == "BF5D03800100");
    CHECK(b.order({enable(one), remove(b.bootstrap())}).results == "830100850100");
    CHECK(hex(b.es10(*from_hex("BF5E038001FF"))) == "BF5E03800106");
    CHECK(b.order({kUnsetFallback, kUnsetFallback}).results == "8E01008E0102");
    CHECK(hex(b.es10(*from_hex("BF5D038001FF"))) == "BF5D03800106"); // nobody has it
    b.card.identity.fallback_supported = false;
    CHECK(b.order({set_fallback(two)}).results == "020102");
}

TEST_CASE("the default SM-DP+ address is set and cleared by an eIM") {
    Bench b;
    CHECK(b.order({*from_hex("BF65058003612E62")}).results == "BF6503800100");
    CHECK(hex(b.es10(*from_hex("BF3C00"))).starts_with("BF3C168003612E62810F"));
    CHECK(b.order({*from_hex("BF65028000")}).results == "BF6503800100");
    CHECK(hex(b.es10(*from_hex("BF3C00"))).starts_with("BF3C11810F"));
    const OwnedBytes address(300, 'a');
    CHECK(b.order({tlv(0xBF65, {tlv(0x80, {address})}), kGetRat}).results == "BF650380017F");
}

TEST_CASE("addEim: each code; a token is drawn once and never again") {
    Bench b;
    HandEim other{.id = "other",
                  .key = *crypto::PrivateKey::generate(crypto::Curve::p256, b.world.random),
                  .counter = 0,
                  .eid = b.eim.eid};
    const auto add = [&](Bytes more = {}, Bytes last = {}) {
        OwnedBytes e = other.configuration(more, last);
        e[0] = 0xA8;
        return b.configure({e}).results;
    };
    CHECK(b.configure({tlv(0xA8, {tlv(0x80, {bytes_of("x")}), *from_hex("830100")})}).results ==
          "A803020107"); // no public key
    OwnedBytes same_id = b.eim.configuration();
    same_id[0] = 0xA8;
    CHECK(b.configure({same_id}).results == "A803020102");
    CHECK(add({}, tlv(0x88, {OwnedBytes(20, 0xEE)})) == "A803020103"); // ciPKUnknown
    CHECK(add(*from_hex("840107")) == "A803020105");                   // a token of its own choice
    other.counter = 8'388'608;
    CHECK(add() == "A803020106");
    other.counter = 8'388'607;
    CHECK(add(*from_hex("8401FF")) == "A803840101");
    CHECK(b.configure({tlv(0xA9, {*from_hex("80056F74686572")})}).results == "890100");
    other.counter = 0;
    CHECK(add(*from_hex("8401FF")) == "A803840102");
    b.card.identity.max_eims = 2;
    other.id = "third";
    CHECK(add() == "A803020101"); // insufficientMemory
    CHECK(b.configure({kListEim}).results == "AB10A00E3003800165"
                                             "3007"
                                             "80056F74686572");
}

TEST_CASE("when an eIM is removed and added again, what it signed in its former life is refused") {
    Bench b(crypto::Curve::p256, *from_hex("8401FF"));
    HandEim other{.id = "other",
                  .key = *crypto::PrivateKey::generate(crypto::Curve::p256, b.world.random),
                  .token = 2,
                  .counter = 0,
                  .eid = b.eim.eid};
    OwnedBytes add = other.configuration(*from_hex("8401FF"));
    add[0] = 0xA8;
    CHECK(b.configure({add}).results == "A803840102");
    const OwnedBytes old = other.package(psmo({kListProfiles}));
    CHECK(b.configure({tlv(0xA9, {*from_hex("80056F74686572")}), add}).results == "890100A803840103");
    CHECK(read_answer(b.es10(old)).tag == 0xA2);
    other.token = 3;
    CHECK(read_answer(b.es10(other.package(psmo({kListProfiles})))).tag == 0xA0);
}

TEST_CASE("when an eIM deletes itself, its result is signed as before; AddInitialEim opens again") {
    Bench b(crypto::Curve::p256, *from_hex("8401FF"));
    const OwnedBytes initial = tlv(0xBF57, {tlv(0xA0, {b.eim.configuration(*from_hex("8401FF"))})});
    CHECK(hex(b.es10(initial)) == "BF5703810102");                              // associatedEimAlreadyExists
    CHECK(b.configure({tlv(0xA9, {*from_hex("80016E")})}).results == "890101"); // eimNotFound
    const auto last = b.configure({tlv(0xA9, {*from_hex("800165")}), kListEim});
    CHECK(last.results == "890102AB02A000"); // lastEimDeleted is no failure
    CHECK(b.state().eims.empty());
    CHECK(b.state().results.size() == 2); // still to be delivered
    CHECK(read_answer(b.es10(b.eim.package(psmo({kListProfiles})))).tag == 0xA2);
    CHECK(hex(b.es10(initial)) == "BF5705A003840102"); // not the token of the former life
}

TEST_CASE("AddInitialEim: each code, all entries or none") {
    Bench b;
    const OwnedBytes gone = tlv(0xA9, {*from_hex("800165")});
    CHECK(b.configure({gone}).results == "890102");
    HandEim two{.id = "two", .key = b.eim.key.clone(), .counter = 0};
    const auto initial = [&](std::initializer_list<Bytes> entries) {
        return hex(b.es10(tlv(0xBF57, {tlv(0xA0, entries)})));
    };
    const OwnedBytes good = b.eim.configuration(*from_hex("8401FF"));
    CHECK(initial({}) == "BF5703810107");
    CHECK(initial({good, good}) == "BF5703810107");
    CHECK(initial({good, tlv(0x30, {*from_hex("80016E830100")})}) == "BF5703810107"); // no key
    CHECK(initial({good, two.configuration(*from_hex("840100"))}) == "BF5703810105");
    CHECK(initial({good, two.configuration({}, tlv(0x88, {OwnedBytes(20, 1)}))}) == "BF5703810103");
    two.counter = 9'000'000;
    CHECK(initial({good, two.configuration()}) == "BF5703810106");
    b.card.identity.max_eims = 1;
    two.counter = 0;
    CHECK(initial({good, two.configuration()}) == "BF5703810101");
    CHECK(b.state().eims.empty());
    b.card.identity.max_eims = 2;
    const std::string ok = initial({good, two.configuration()});
    CHECK(ok.starts_with("BF5707A0058401"));
    CHECK(ok.ends_with("0500"));
    CHECK(b.state().eims.size() == 2);
}

TEST_CASE("updateEim: each code; a new key counts from the next package on") {
    Bench b;
    const auto update = [&](std::initializer_list<Bytes> fields) {
        return b.configure({tlv(0xAA, fields)}).results;
    };
    const OwnedBytes me = *from_hex("800165");
    CHECK(update({*from_hex("80016E83017F")}) == "8A0101"); // eimNotFound
    CHECK(update({me}) == "8A0107");                        // nothing to update
    CHECK(update({me, *from_hex("8401FF")}) == "8A0107");   // the token is not for this
    CHECK(update({me, *from_hex("830100")}) == "8A0107");   // lower, under the same key
    CHECK(update({me, *from_hex("830400800000")}) == "8A0106");
    CHECK(update({me, tlv(0x88, {OwnedBytes(20, 1)})}) == "8A0103");
    CHECK(update({me, *from_hex("83017F")}) == "8A0100");
    CHECK(b.state().eims.front().counter == 127);
    b.eim.counter = 127;
    // A new key with a lower counter
    HandEim fresh{.id = "e",
                  .key = *crypto::PrivateKey::generate(crypto::Curve::p256, b.world.random),
                  .counter = 0,
                  .eid = b.eim.eid};
    OwnedBytes rotate = fresh.configuration();
    rotate[0] = 0xAA;
    CHECK(b.configure({rotate, kListEim}).results == "8A0100AB07A0053003800165");
    CHECK(read_answer(b.es10(b.eim.package(psmo({kListProfiles})))).tag == 0xA2); // the old key
    CHECK(read_answer(b.es10(fresh.package(psmo({kListProfiles})))).tag == 0xA0);
}

TEST_CASE("a result is kept until its number is removed, and found by number or as a result") {
    Bench b;
    const auto first = b.order({kListProfiles}), second = b.order({kGetRat});
    REQUIRE(first.sequence);
    CHECK(*second.sequence == *first.sequence + 1);
    const auto inner = [](Bytes answer) { return hex(part(answer, 0)); };
    const OwnedBytes results = *from_hex("BF2B04A0028200");
    CHECK(inner(b.es10(results)) == hex(first.der) + hex(second.der));
    CHECK(hex(whole_part(b.es10(results), 0)).starts_with("A2"));
    const auto by_number = [&](int64_t n) { return b.es10(tlv(0xBF2B, {tlv(0xA0, {integer(0x80, n)})})); };
    CHECK(inner(by_number(*second.sequence)) == hex(second.der));
    CHECK(hex(b.es10(*from_hex("BF2B00"))) == "BF2B02A000"); // without criteria: notifications only
    REQUIRE(b.card.card->reset());
    CHECK(inner(b.es10(results)) == hex(first.der) + hex(second.der)); // a reset changes nothing
    const auto sent = [&](int64_t n) { return hex(b.es10(tlv(0xBF30, {integer(0x80, n)}))); };
    CHECK(sent(*first.sequence) == "BF3003800100");
    CHECK(sent(*first.sequence) == "BF3003800101"); // nothingToDelete
    CHECK(inner(b.es10(results)) == hex(second.der));
    CHECK(sent(*second.sequence) == "BF3003800100");
    CHECK(hex(b.es10(results)) == "BF2B02A200");
    CHECK(hex(by_number(*second.sequence)) == "BF2B02A000");
    CHECK(*b.order({kGetRat}).sequence == *second.sequence + 1); // numbers never return
}
