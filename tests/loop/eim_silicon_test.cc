// Results as some silicon writes them, signed by the card's own key: read as what they mean, and no further.
#include "rsp/token.h"
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Silicon : Fleet {
    /// An operation that is out.
    eim::Operation out(OwnedBytes package) {
        const std::string id = order(std::move(package), true);
        while (w.eim.operation(id).state == eim::State::queued) {
            const OwnedBytes request = poll();
            if (w.eim.operation(id).state == eim::State::queued) (void)provide(execute(request));
        }
        return w.eim.operation(id);
    }
    /// BF51 { 30 { … results }, 5F37 }, without the A0 where `bare`; `results` with whatever header it has.
    OwnedBytes result(const eim::Operation& o, uint64_t number, Bytes results, bool bare) {
        const OwnedBytes id = owned(bytes_of(w.eim.config.eim_id));
        const uint8_t counter[] = {static_cast<uint8_t>(o.counter)}, at[] = {static_cast<uint8_t>(number)};
        const OwnedBytes data = wrap(0x30,
                                     {wrap(0x80, {id}),
                                      wrap(0x81, {counter}),
                                      wrap(0x82, {o.transaction_id}),
                                      wrap(0x83, {at}),
                                      results});
        const auto signature = *crypto::sign(d.identity.keys[0].key, {data, rsp::token_tlv(token())});
        const OwnedBytes signed_part = wrap(0x5F37, {signature});
        return bare ? wrap(0xBF51, {data, signed_part}) : wrap(0xBF51, {wrap(0xA0, {data, signed_part})});
    }
    uint64_t next_number() { return static_cast<uint64_t>(device().number) + 1; }
};
const OwnedBytes kOk = *from_hex("020100"), kFailed = *from_hex("020101"), kList = *from_hex("3003830100");
} // namespace

TEST_CASE("when a card leaves out the tag of the alternative, its result counts and is acknowledged") {
    Silicon s;
    const auto o = s.out(psmos({enable(s.spare)}));
    const uint64_t number = s.next_number();
    CHECK(s.provide(s.result(o, number, kList, true)) == std::vector<uint64_t>{number});
    CHECK(s.state(o.id) == eim::State::succeeded);
}

TEST_CASE("when a result comes as a message of its own, it counts too") {
    Silicon s;
    const auto o = s.out(psmos({enable(s.spare)}));
    const uint64_t number = s.next_number();
    const OwnedBytes answer = s.ask(s.result(o, number, kList, false)); // no BF50 around it
    CHECK(hex(answer).starts_with("BF5006BF53038001"));
    CHECK(s.state(o.id) == eim::State::succeeded);
}

TEST_CASE("when the only result is a bare INTEGER, 0 is success and anything else is none") {
    for (const bool good : {true, false}) {
        Silicon s;
        const auto o = s.out(psmos({enable(s.spare)}));
        CHECK(s.provide(s.result(o, s.next_number(), good ? kOk : kFailed, false)).size() == 1);
        CHECK(s.state(o.id) == (good ? eim::State::succeeded : eim::State::failed));
    }
}

TEST_CASE("when a bare 0 answers several commands, it proves none of them") {
    Silicon s;
    const auto o = s.out(psmos({disable(s.bootstrap), enable(s.spare)}));
    (void)s.provide(s.result(o, s.next_number(), kOk, false));
    CHECK(s.state(o.id) != eim::State::succeeded);
}

TEST_CASE("when such a result is changed by one bit, it counts for nothing") {
    Silicon s;
    const auto o = s.out(psmos({enable(s.spare)}));
    OwnedBytes result = s.result(o, s.next_number(), kFailed, true);
    const OwnedBytes before = kFailed;
    const auto at = std::search(result.begin(), result.end(), before.begin(), before.end());
    REQUIRE(at != result.end());
    at[2] = 0; // failed becomes ok
    CHECK(s.provide(result).empty());
    CHECK(s.state(o.id) == eim::State::offered);
}
