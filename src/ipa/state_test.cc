#include "ipa/back_writer.h"
#include "ipa/state.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
State full_state() {
    State state;
    state.initial_eim_done = true;
    const OwnedBytes long_id(128, 'e');
    const OwnedBytes long_address(255, 'a');
    const OwnedBytes id(16, 7);
    state.package = {.active = true, .rollback = true, .ecos = true, .counter = 8'388'607};
    HALYARD_ASSERT(state.package.eim_id.assign(long_id));
    HALYARD_ASSERT(state.package.address.assign(long_address));
    state.rollback = {.phase = RollbackDuty::Phase::executing, .attempts = 9, .elapsed_ms = 123'456'789'012};
    HALYARD_ASSERT(state.rollback.eim_id.assign(long_id));
    state.download.phase = DownloadDuty::Phase::loading;
    state.download.source = DownloadDuty::Source::eim;
    HALYARD_ASSERT(state.download.eim_id.assign(long_id));
    HALYARD_ASSERT(state.download.transaction_id.assign(id));
    HALYARD_ASSERT(state.download.eim_transaction_id.assign(id));
    HALYARD_ASSERT(state.download.text.assign(long_address));
    state.change = {.active = true, .cause = 5};
    for (auto& item : state.outbox) {
        HALYARD_ASSERT(item.eim_id.assign(long_id));
        HALYARD_ASSERT(item.eim_transaction_id.assign(id));
        HALYARD_ASSERT(item.pir_transaction_id.assign(id));
        HALYARD_ASSERT(item.result.assign(OwnedBytes(384, 0x51)));
        item.pir_delivered = true;
    }
    state.outbox_count = kMaxOutbox;
    for (auto& dialect : state.dialects) {
        HALYARD_ASSERT(dialect.eim_id.assign(long_id));
        dialect.edition = rsp::Edition::v1_0;
    }
    state.dialect_count = kMaxDialects;
    constexpr uint64_t kMost = 0x7FFFFFFFFFFFFFFF;
    for (auto& told : state.told) told = {kMost, true, kMost, kMost};
    state.seen = {true, 300, kMost, kMost, Seen::Role::emergency};
    state.device = kMost;
    return state;
}
} // namespace

TEST_CASE("when every field of the state is full, it fits the blob and comes back the same") {
    std::array<uint8_t, kMaxStateBlob> buffer{};
    std::array<uint8_t, kMaxStateBlob> again{};
    const auto blob = encode_state(full_state(), buffer);
    REQUIRE(blob);
    MESSAGE("largest state: " << blob->size() << " octets");
    const auto state = decode_state(*blob);
    REQUIRE(state);
    CHECK(state->outbox_count == kMaxOutbox);
    CHECK(state->rollback.elapsed_ms == 123'456'789'012);
    CHECK(state->package.counter == 8'388'607);
    CHECK(state->outbox[3].result.bytes().size() == 384);
    CHECK(state->dialect_count == kMaxDialects);
    CHECK(state->told[7].certificates == 0x7FFFFFFFFFFFFFFF);
    CHECK(state->told[7].announced);
    CHECK(state->seen == full_state().seen);
    CHECK(state->device == 0x7FFFFFFFFFFFFFFF);
    const auto blob2 = encode_state(*state, again);
    REQUIRE(blob2);
    CHECK(hex(*blob) == hex(*blob2));
}

TEST_CASE("when the state is empty, the blob begins with its version") {
    std::array<uint8_t, kMaxStateBlob> buffer{};
    const auto blob = encode_state(State{}, buffer);
    REQUIRE(blob);
    CHECK(starts_with(Bytes(*blob).subspan(2), "800101810100"));
}

TEST_CASE("when the blob is cut at any octet, it is refused") {
    std::array<uint8_t, kMaxStateBlob> buffer{};
    const auto blob = encode_state(full_state(), buffer);
    REQUIRE(blob);
    for (size_t size = 0; size < blob->size(); size += 7) CHECK_FALSE(decode_state(blob->first(size)));
}

TEST_CASE("when the blob is of a later version, it is refused by name") {
    const OwnedBytes later = h("3003800102");
    const auto state = decode_state(later);
    REQUIRE_FALSE(state);
    CHECK(state.error().code == Errc::unsupported);
}

TEST_CASE("when a phase in the blob is none of ours, it is refused") {
    std::array<uint8_t, kMaxStateBlob> buffer{};
    const auto blob = encode_state(State{}, buffer);
    REQUIRE(blob);
    OwnedBytes changed = owned(*blob);
    // rollback: A3 0B 80 01 <phase>
    const OwnedBytes before = h("8001008100820100");
    const auto at = std::search(changed.begin(), changed.end(), before.begin(), before.end());
    REQUIRE(at != changed.end());
    at[2] = 9;
    CHECK_FALSE(decode_state(Bytes(changed)));
}

TEST_CASE("when the saved state is damaged, the engine starts without it and says so") {
    World world;
    auto& eim = world.add_eim("eim1");
    world.saved = h("30038001FF");
    world.boot();
    REQUIRE(world.run());
    CHECK(world.happened("state damaged"));
    CHECK(eim.received.size() == 1);
}

TEST_CASE("when octets are wrapped, lengths take as many octets as they need") {
    std::array<uint8_t, 70000> buffer{};
    CHECK(hex(*BackWriter(buffer).tlv(0x80, h("AA")).header(0xBF36).finish("x")) == "BF36038001AA");
    CHECK(hex(BackWriter(buffer).tlv(0x04, OwnedBytes(127, 1)).finish("x")->first(2)) == "047F");
    CHECK(hex(BackWriter(buffer).tlv(0x04, OwnedBytes(128, 1)).finish("x")->first(3)) == "048180");
    CHECK(hex(BackWriter(buffer).tlv(0x04, OwnedBytes(256, 1)).finish("x")->first(4)) == "04820100");
    CHECK(hex(BackWriter(buffer).tlv(0x5F37, OwnedBytes(65536, 1)).finish("x")->first(6)) == "5F3783010000");
    CHECK(hex(*BackWriter(buffer).integer(0x80, 0x80).finish("x")) == "80020080");
    CHECK(hex(*BackWriter(buffer).header(0x30).finish("x")) == "3000");
    std::array<uint8_t, 4> small{};
    CHECK_FALSE(BackWriter(small).tlv(0x04, h("AABBCC")).header(0x30).finish("x"));
}
