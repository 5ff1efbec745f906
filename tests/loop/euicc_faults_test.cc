// Bound profile packages that are cut, changed, repeated or too large, and stores that fail. SGP.22 §2.5,
// §5.7.6
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

TEST_CASE("when power goes behind any unit, memory is as before and the same keys serve the next attempt") {
    Bench b;
    const Iccid i = iccid(iccid_text(1));
    const OwnedBytes package = sample(1), metadata = metadata_of(i, kNotifyInstall);
    HandServer s(b);
    s.segment_size = 200;
    s.open();
    const OwnedBytes otpk = s.card_otpk;
    const size_t count = s.bind(package, metadata).size();
    REQUIRE(count > 10);
    const Memory before{b};
    // 0: BF36 with BF23, 1: A0, 2: the header of A1, 3: the metadata
    for (size_t n = 0; n < count; ++n) {
        CAPTURE(n);
        auto next = n ? repeat(s) : std::move(s);
        CHECK(next.card_otpk == otpk);
        next.segment_size = 200;
        auto units = next.bind(package, metadata);
        units.resize(n);
        CHECK(next.load(units).empty());
        const size_t waiting = b.state().notifications.size();
        REQUIRE(b.card.card->reset());
        CHECK(before.as_before());
        if (n >= 4) {
            REQUIRE(b.state().notifications.size() == waiting + 1);
            const auto result = read_installation(b, b.state().notifications.back().der);
            CHECK(result.reason == 11); // installFailedDueToInterruption
            CHECK(result.iccid == i);
            CHECK(result.transaction_id == next.transaction_id);
        } else {
            CHECK(b.state().notifications.size() == waiting); // nobody knows yet what it would have been
        }
        s.one_time = next.one_time.clone();
        s.card_otpk = next.card_otpk;
    }
    auto last = repeat(s);
    CHECK(read_installation(b, last.load(last.bind(package, metadata))).success);
    // The pair is spent now.
    HandServer after(b);
    after.offered_otpk = otpk;
    after.open();
    CHECK(after.card_otpk != otpk);
}

TEST_CASE("when the process of the card dies during a download, the result is there when it comes back") {
    Bench b;
    const Iccid i = iccid(iccid_text(1));
    HandServer s(b);
    s.open();
    auto units = s.bind(sample(1), metadata_of(i));
    units.pop_back();
    const Memory before{b};
    CHECK(s.load(units).empty());
    CHECK(b.state().notifications.empty());
    b.card.card.reset(); // nothing said good-bye
    auto woken = euicc::Card::open(b.card.identity, b.card.memory, b.world.random);
    REQUIRE(woken);
    b.card.card = std::move(*woken);
    CHECK(before.as_before());
    REQUIRE(b.state().notifications.size() == 1);
    const auto result = read_installation(b, b.state().notifications.front().der);
    CHECK(result.reason == 11);
    CHECK(result.iccid == i);
    CHECK(result.transaction_id == s.transaction_id);
    REQUIRE(b.card.card->reset());
    CHECK(b.state().notifications.size() == 1); // once
    CHECK(install(b, 1).success);
}

TEST_CASE("when the MAC of any segment is wrong, the package ends there and its key is not used again") {
    Bench b;
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    const Memory before{b};
    for (const bool own_keys : {false, true}) {
        for (size_t n = 1;; ++n) {
            CAPTURE(n);
            HandServer s(b);
            s.replace_keys = own_keys;
            s.segment_size = 900;
            s.open();
            auto units = s.bind(package, metadata);
            if (n >= units.size()) break;
            const bool keys = own_keys && units[n][0] == 0xA2;
            const int command = units[n][0] == 0xA0 ? 1 : units[n][0] == 0x88 ? 2 : keys ? 4 : 5;
            if (units[n].size() < 8) continue; // the header of A1 or A3
            units[n].back() ^= 0x01;
            const auto result = read_installation(b, s.load(units));
            CHECK(result.reason == 8); // scp03tSecurityError
            CHECK(result.command == command);
            CHECK(before.as_before());
            HandServer after(b);
            after.offered_otpk = s.card_otpk;
            after.open();
            CHECK(after.card_otpk != s.card_otpk);
        }
    }
    CHECK(install(b, 1).success);
}

TEST_CASE("when bits of a bound package are flipped, it is not installed: all headers, and samples") {
    Bench b;
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    const Memory before{b};
    size_t tried = 0;
    const auto attempt = [&](size_t unit, size_t bit) {
        HandServer s(b);
        s.segment_size = 900;
        s.open();
        auto units = s.bind(package, metadata);
        units[unit] = flipped(units[unit], bit);
        bool installed = false;
        for (const auto& u : units) { // an LPA that goes on whatever the card says
            const auto answer = b.card.card->isdr().handle(u);
            installed |= answer && !answer->empty() && read_installation(b, *answer).success;
        }
        ++tried;
        CAPTURE(unit);
        CAPTURE(bit);
        CHECK_FALSE(installed);
        CHECK(b.state().profiles.size() == before.profiles);
    };
    HandServer shape(b);
    shape.segment_size = 900;
    shape.open();
    const auto units = shape.bind(package, metadata);
    for (size_t u = 0; u < units.size(); ++u) {
        const size_t header = std::min<size_t>(units[u].size(), u ? 4 : 12) * 8;
        for (size_t bit = 0; bit < header; ++bit) attempt(u, bit);
        for (size_t bit = header; bit < units[u].size() * 8; bit += u ? 211 : 37) attempt(u, bit);
    }
    CHECK(tried > 300);
    REQUIRE(b.card.card->reset());
    CHECK(before.as_before());
    CHECK(install(b, 1).success);
}

TEST_CASE("when segments are swapped, left out or repeated, the MAC chain breaks") {
    Bench b;
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    const Memory before{b};
    const auto with = [&](auto&& change) {
        HandServer s(b);
        s.segment_size = 500;
        s.open();
        auto units = s.bind(package, metadata);
        change(units);
        return read_installation(b, s.load(units));
    };
    using Units = std::vector<OwnedBytes>;
    CHECK(with([](Units& u) { std::swap(u[6], u[7]); }).reason == 8);
    CHECK(with([](Units& u) { u.erase(u.begin() + 7); }).reason == 8);
    CHECK(with([](Units& u) { u.insert(u.begin() + 7, u[6]); }).reason == 8);
    CHECK(with([](Units& u) { std::swap(u[1], u[2]); }).reason == 7); // A1 in front of A0
    CHECK(with([](Units& u) { u.erase(u.begin() + 1); }).reason == 7);
    // Octets behind the end that BF36 announced, and an A3 that announces another end
    CHECK(with([](Units& u) { u[1].insert(u[1].end(), 70'000, 0); }).reason == 7);
    CHECK(with([](Units& u) {
              for (auto& one : u)
                  if (one[0] == 0xA3) one.back() ^= 0x01;
          }).reason == 7);
    CHECK(before.as_before());
}

TEST_CASE("when a package that was installed is sent again, in its session or another, it is refused") {
    Bench b;
    HandServer s(b);
    s.open();
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    const auto units = s.bind(package, metadata);
    CHECK(read_installation(b, s.load(units)).success);
    const auto again = b.card.card->isdr().handle(units[0]);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::rejected); // 6985: no session
    CHECK(b.order({remove(iccid(iccid_text(1)))}).results == "850100");
    // A new session with another, then with the same transactionId: the one-time key is another one.
    HandServer other(b);
    other.open();
    CHECK(read_installation(b, other.load(units)).reason == 3);
    HandServer same_id(b);
    same_id.transaction_id = s.transaction_id;
    same_id.offered_otpk = s.card_otpk;
    same_id.open();
    CHECK(read_installation(b, same_id.load(units)).reason == 2);
    CHECK(b.state().profiles.size() == 1);
}

TEST_CASE("when memory does not suffice, the result says so, memory is as before, and room helps") {
    Bench b;
    const auto used = b.state().used_memory();
    const OwnedBytes package = sample(1), metadata = metadata_of(iccid(iccid_text(1)));
    HandServer s(b);
    s.open();
    for (const uint32_t room : {0u, 100u, 1500u}) {
        CAPTURE(room);
        b.card.identity.memory = static_cast<uint32_t>(used) + room;
        const Memory before{b};
        auto next = room ? repeat(s) : std::move(s);
        const auto result = read_installation(b, next.load(next.bind(package, metadata)));
        CHECK(result.reason == 10); // installFailedDueToInsufficientMemoryForProfile
        CHECK(result.command == 5);
        CHECK_FALSE(result.sima_response.empty());
        CHECK(before.as_before());
        s.one_time = next.one_time.clone();
        s.card_otpk = next.card_otpk;
    }
    b.card.identity.memory = 1024 * 1024;
    auto last = repeat(s);
    CHECK(last.card_otpk == s.card_otpk); // the fault was a passing one
    CHECK(read_installation(b, last.load(last.bind(package, metadata))).success);
}

TEST_CASE("when writing fails at any point of a download, the profile is there whole or not at all") {
    for (int writes = 0; writes < 3; ++writes) {
        CAPTURE(writes);
        Bench b;
        const Iccid i = iccid(iccid_text(1));
        const OwnedBytes package = sample(1), metadata = metadata_of(i, kNotifyInstall);
        HandServer s(b);
        s.open();
        const Memory before{b};
        b.card.memory.fail_after = writes;
        const auto result = read_installation(b, s.load(s.bind(package, metadata)));
        b.card.memory.fail_after = -1;
        CHECK(result.success == (writes == 2));
        // What a card finds that starts from the disk
        const auto stored = euicc::decode_state(b.card.memory.content.state);
        REQUIRE(stored);
        CHECK((stored->find(i) != nullptr) == result.success);
        CHECK(stored->notifications.size() == (result.success ? 2 : 0));
        REQUIRE(b.card.card->reset());
        if (result.success) continue;
        CHECK(before.as_before());
        // Once the metadata were on the disk, the SM-DP+ is told.
        REQUIRE(b.state().notifications.size() == static_cast<size_t>(writes));
        for (const auto& n : b.state().notifications) CHECK(read_installation(b, n.der).reason == 11);
        auto next = repeat(s);
        CHECK(next.card_otpk == s.card_otpk);
        CHECK(read_installation(b, next.load(next.bind(package, metadata))).success);
    }
}

TEST_CASE("when nobody is left on the ISD-R, or it is selected anew, a download is interrupted") {
    const char* const kSelect = "01A4040C10A0000005591010FFFFFFFF8900000100";
    for (const char* leave :
         {"0070800100", "01A4000C023F00", "01A4040C10A0000005591010FFFFFFFF8900000200", kSelect}) {
        CAPTURE(leave);
        Bench b;
        CHECK(apdu(b, "0070000001") == "019000");
        CHECK(apdu(b, kSelect) == "9000");
        HandServer s(b);
        s.open();
        const Memory before{b};
        auto units = s.bind(sample(1), metadata_of(iccid(iccid_text(1))));
        units.pop_back();
        CHECK(s.load(units).empty());
        CHECK(apdu(b, "00A4000C023F00") == "9000"); // on another channel: nothing to the ISD-R
        CHECK(b.card.card->isdr().loading());
        CHECK(apdu(b, leave) == "9000");
        CHECK_FALSE(b.card.card->isdr().loading());
        REQUIRE(b.state().notifications.size() == 1);
        CHECK(read_installation(b, b.state().notifications.front().der).reason == 11);
        CHECK(before.as_before());
    }
}
