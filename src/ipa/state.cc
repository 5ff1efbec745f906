#include "ipa/state.h"
#include "asn1/asn1.h"

namespace halyard::ipa {
namespace {
using asn1::field, asn1::List, asn1::sequence;
constexpr uint64_t kVersion = 1;

struct PackageBlob {
    bool active = false;
    Bytes eim_id{};
    Bytes address{};
    bool rollback = false;
    bool ecos = false;
    uint64_t counter = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = PackageBlob;
        return sequence("Package",
                        0x30,
                        field<&T::active>("active", 0x80),
                        field<&T::eim_id>("eimId", 0x81),
                        field<&T::address>("address", 0x82),
                        field<&T::rollback>("rollback", 0x83),
                        field<&T::ecos>("ecos", 0x84),
                        field<&T::counter>("counter", 0x85));
    }
};
struct RollbackBlob {
    uint64_t phase = 0;
    Bytes eim_id{};
    uint64_t attempts = 0;
    int64_t elapsed = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = RollbackBlob;
        return sequence("Rollback",
                        0x30,
                        field<&T::phase>("phase", 0x80),
                        field<&T::eim_id>("eimId", 0x81),
                        field<&T::attempts>("attempts", 0x82),
                        field<&T::elapsed>("elapsed", 0x83));
    }
};
struct DownloadBlob {
    uint64_t phase = 0;
    uint64_t source = 0;
    Bytes eim_id{};
    Bytes eim_transaction_id{};
    Bytes transaction_id{};
    Bytes text{};
    uint64_t restarts = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = DownloadBlob;
        return sequence("Download",
                        0x30,
                        field<&T::phase>("phase", 0x80),
                        field<&T::source>("source", 0x81),
                        field<&T::eim_id>("eimId", 0x82),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x83),
                        field<&T::transaction_id>("transactionId", 0x84),
                        field<&T::text>("text", 0x85),
                        field<&T::restarts>("restarts", 0x86));
    }
};
struct ChangeBlob {
    bool active = false;
    uint64_t cause = 0;
    Bytes except{};
    template <int = 0> static constexpr auto asn1() {
        using T = ChangeBlob;
        return sequence("Change",
                        0x30,
                        field<&T::active>("active", 0x80),
                        field<&T::cause>("cause", 0x81),
                        field<&T::except>("except", 0x82));
    }
};
struct ItemBlob {
    Bytes eim_id{};
    Bytes eim_transaction_id{};
    Bytes pir_transaction_id{};
    bool pir_delivered = false;
    Bytes result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ItemBlob;
        return sequence("Item",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x81),
                        field<&T::pir_transaction_id>("pirTransactionId", 0x82),
                        field<&T::pir_delivered>("pirDelivered", 0x83),
                        field<&T::result>("result", 0x84));
    }
};
struct DialectBlob {
    Bytes eim_id{};
    uint64_t edition = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = DialectBlob;
        return sequence(
            "Dialect", 0x30, field<&T::eim_id>("eimId", 0x80), field<&T::edition>("edition", 0x81));
    }
};
struct ToldBlob {
    uint64_t eim = 0;
    bool announced = false;
    uint64_t info2 = 0;
    uint64_t certificates = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = ToldBlob;
        return sequence("Told",
                        0x30,
                        field<&T::eim>("eim", 0x80),
                        field<&T::announced>("announced", 0x81),
                        field<&T::info2>("info2", 0x82),
                        field<&T::certificates>("certificates", 0x83));
    }
};
struct SeenBlob {
    bool valid = false;
    uint64_t count = 0;
    uint64_t profiles = 0;
    uint64_t enabled = 0;
    uint64_t role = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = SeenBlob;
        return sequence("Seen",
                        0x30,
                        field<&T::valid>("valid", 0x80),
                        field<&T::count>("count", 0x81),
                        field<&T::profiles>("profiles", 0x82),
                        field<&T::enabled>("enabled", 0x83),
                        field<&T::role>("role", 0x84));
    }
};
struct VersionBlob {
    uint64_t version = kVersion;
    template <int = 0> static constexpr auto asn1() {
        return sequence("State", 0x30, field<&VersionBlob::version>("version", 0x80));
    }
};
struct StateBlob {
    uint64_t version = kVersion;
    bool initial_eim_done = false;
    PackageBlob package{};
    RollbackBlob rollback{};
    DownloadBlob download{};
    ChangeBlob change{};
    List<ItemBlob> outbox{};
    std::optional<List<DialectBlob>> dialects{}; // this and the next ones: earlier builds did not write them
    std::optional<List<ToldBlob>> told{};
    std::optional<SeenBlob> seen{};
    std::optional<uint64_t> device{};
    template <int = 0> static constexpr auto asn1() {
        using T = StateBlob;
        return sequence("State",
                        0x30,
                        field<&T::version>("version", 0x80),
                        field<&T::initial_eim_done>("initialEimDone", 0x81),
                        field<&T::package>("package", 0xA2),
                        field<&T::rollback>("rollback", 0xA3),
                        field<&T::download>("download", 0xA4),
                        field<&T::change>("change", 0xA5),
                        field<&T::outbox>("outbox", 0xA6),
                        field<&T::dialects>("dialects", 0xA7),
                        field<&T::told>("told", 0xA8),
                        field<&T::seen>("seen", 0xA9),
                        field<&T::device>("device", 0x8A));
    }
};

template <class E> Result<E> phase_from(uint64_t value, E last, const char* where) {
    if (value > static_cast<uint64_t>(last))
        return fail(Errc::bad_value, where, static_cast<uint32_t>(value));
    return static_cast<E>(value);
}

Ok take_download(DownloadDuty& to, const DownloadBlob& from) {
    to.phase = TRY(phase_from(from.phase, DownloadDuty::Phase::loading, "download phase"));
    to.source = TRY(phase_from(from.source, DownloadDuty::Source::event, "download source"));
    TRY(to.eim_id.assign(from.eim_id));
    TRY(to.eim_transaction_id.assign(from.eim_transaction_id));
    TRY(to.transaction_id.assign(from.transaction_id));
    TRY(to.text.assign(from.text));
    to.restarts = static_cast<uint32_t>(from.restarts);
    return {};
}

Ok take_duties(State& to, const StateBlob& from) {
    to.package.active = from.package.active;
    TRY(to.package.eim_id.assign(from.package.eim_id));
    TRY(to.package.address.assign(from.package.address));
    to.package.rollback = from.package.rollback;
    to.package.ecos = from.package.ecos;
    to.package.counter = from.package.counter;
    to.rollback.phase =
        TRY(phase_from(from.rollback.phase, RollbackDuty::Phase::executing, "rollback phase"));
    TRY(to.rollback.eim_id.assign(from.rollback.eim_id));
    to.rollback.attempts = static_cast<uint32_t>(from.rollback.attempts);
    to.rollback.elapsed_ms = from.rollback.elapsed;
    to.change.active = from.change.active;
    to.change.cause = static_cast<uint8_t>(from.change.cause);
    return to.change.except.assign(from.change.except);
}

Ok take_item(OutboxItem& to, const ItemBlob& from) {
    TRY(to.eim_id.assign(from.eim_id));
    TRY(to.eim_transaction_id.assign(from.eim_transaction_id));
    TRY(to.pir_transaction_id.assign(from.pir_transaction_id));
    to.pir_delivered = from.pir_delivered;
    return to.result.assign(from.result);
}

Ok take_dialect(State& to, const DialectBlob& from) {
    if (to.dialect_count == kMaxDialects) return fail(Errc::limit, "dialects");
    PeerDialect& dialect = to.dialects[to.dialect_count++];
    dialect.edition = TRY(phase_from(from.edition, rsp::Edition::v1_3, "dialect"));
    return dialect.eim_id.assign(from.eim_id);
}
} // namespace

const PeerDialect* State::dialect_of(Bytes eim_id) const {
    for (size_t i = 0; i < dialect_count; ++i)
        if (same(dialects[i].eim_id.bytes(), eim_id)) return &dialects[i];
    return nullptr;
}

void State::set_dialect(const EimId& eim_id, rsp::Edition edition, rsp::Edition own) {
    const auto end = dialects.begin() + static_cast<ptrdiff_t>(dialect_count);
    const auto last = std::remove_if(dialects.begin(), end, [&](const PeerDialect& known) {
        return same(known.eim_id.bytes(), eim_id.bytes());
    });
    dialect_count = static_cast<size_t>(last - dialects.begin());
    if (edition == own) return;
    if (dialect_count == kMaxDialects)
        std::move(dialects.begin() + 1, dialects.end(), dialects.begin()), --dialect_count;
    dialects[dialect_count++] = {eim_id, edition};
}

Result<Bytes> encode_state(const State& state, Buffer buffer) {
    std::array<ItemBlob, kMaxOutbox> items;
    for (size_t i = 0; i < state.outbox_count; ++i) {
        const OutboxItem& item = state.outbox[i];
        items[i] = {item.eim_id.bytes(),
                    item.eim_transaction_id.bytes(),
                    item.pir_transaction_id.bytes(),
                    item.pir_delivered,
                    item.result.bytes()};
    }
    std::array<ToldBlob, std::tuple_size_v<decltype(State::told)>> told;
    size_t told_count = 0;
    for (const Told& t : state.told)
        if (t.eim) told[told_count++] = {t.eim, t.announced, t.info2, t.certificates};
    std::array<DialectBlob, kMaxDialects> dialects;
    for (size_t i = 0; i < state.dialect_count; ++i)
        dialects[i] = {state.dialects[i].eim_id.bytes(), static_cast<uint64_t>(state.dialects[i].edition)};
    const auto& [active, package_eim, address, rollback, ecos, counter] = state.package;
    const DownloadDuty& download = state.download;
    StateBlob blob{.initial_eim_done = state.initial_eim_done,
                   .package = {active, package_eim.bytes(), address.bytes(), rollback, ecos, counter},
                   .rollback = {static_cast<uint64_t>(state.rollback.phase),
                                state.rollback.eim_id.bytes(),
                                state.rollback.attempts,
                                state.rollback.elapsed_ms},
                   .download = {static_cast<uint64_t>(download.phase),
                                static_cast<uint64_t>(download.source),
                                download.eim_id.bytes(),
                                download.eim_transaction_id.bytes(),
                                download.transaction_id.bytes(),
                                download.text.bytes(),
                                download.restarts},
                   .change = {state.change.active, state.change.cause, state.change.except.bytes()},
                   .outbox = {.items = std::span<const ItemBlob>(items).first(state.outbox_count)},
                   .told = List<ToldBlob>{.items = std::span<const ToldBlob>(told).first(told_count)},
                   .seen = SeenBlob{state.seen.valid,
                                    state.seen.count,
                                    state.seen.profiles,
                                    state.seen.enabled,
                                    static_cast<uint64_t>(state.seen.role)},
                   .device = state.device};
    if (state.dialect_count)
        blob.dialects.emplace().items = std::span<const DialectBlob>(dialects).first(state.dialect_count);
    return asn1::encode(blob, buffer);
}

Result<State> decode_state(Bytes der) {
    const auto version = TRY(asn1::decode<VersionBlob>(der)).version;
    if (version != kVersion) return fail(Errc::unsupported, "state version", static_cast<uint32_t>(version));
    const auto blob = TRY(asn1::decode<StateBlob>(der));
    State state;
    state.initial_eim_done = blob.initial_eim_done;
    TRY(take_duties(state, blob));
    TRY(take_download(state.download, blob.download));
    TRY(blob.outbox.for_each([&](const ItemBlob& item) -> Ok {
        if (state.outbox_count == kMaxOutbox) return fail(Errc::limit, "outbox");
        return take_item(state.outbox[state.outbox_count++], item);
    }));
    if (blob.dialects)
        TRY(blob.dialects->for_each(
            [&](const DialectBlob& dialect) { return take_dialect(state, dialect); }));
    if (const auto& seen = blob.seen)
        state.seen = {seen->valid,
                      seen->count,
                      seen->profiles,
                      seen->enabled,
                      TRY(phase_from(seen->role, Seen::Role::emergency, "seen role"))};
    state.device = blob.device.value_or(0);
    size_t told = 0;
    if (blob.told)
        TRY(blob.told->for_each([&](const ToldBlob& t) {
            if (told < state.told.size()) state.told[told++] = {t.eim, t.announced, t.info2, t.certificates};
        }));
    return state;
}

} // namespace halyard::ipa
