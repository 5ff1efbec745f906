#include "ipa/context.h"
#include "ipa/back_writer.h"

namespace halyard::ipa {

const char* name(Peer peer) {
    switch (peer) {
    case Peer::card: return "card";
    case Peer::eim: return "eim";
    case Peer::smdp: return "smdp";
    case Peer::smds: return "smds";
    case Peer::server: return "server";
    }
    return "";
}

Result<Bytes> Arena::copy(Bytes bytes, const char* where) {
    const Buffer free = rest();
    if (bytes.size() > free.size()) return fail(Errc::no_space, where, static_cast<uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memmove(free.data(), bytes.data(), bytes.size());
    used_ += bytes.size();
    return Bytes(free.first(bytes.size()));
}

bool Offered::add(uint64_t number) {
    if (count == numbers.size()) return false;
    numbers[count++] = number;
    return true;
}

bool Offered::has(uint64_t number) const {
    return std::find(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(count), number) !=
           numbers.begin() + static_cast<ptrdiff_t>(count);
}

bool Context::serve(Bytes eim_id) {
    for (size_t i = 0; i < eim_count; ++i) {
        if (!is(eims[i].id, eim_id)) continue;
        eim = i;
        return true;
    }
    return false;
}

bool Context::results_pending() const {
    return std::any_of(eims.begin(), eims.begin() + static_cast<ptrdiff_t>(eim_count), [](const Eim& e) {
        return e.results;
    });
}

Ok Context::save() { return store.save(TRY(encode_state(state, blob))); }

void Context::note(const char* event, uint64_t number, std::string_view text) {
    const auto id = eim < eim_count ? text_of(eims[eim].id.bytes()) : std::string_view{};
    listener.event({.name = event, .eim = id, .text = text, .number = number});
}

void Context::note_error(const char* event, const char* step, const Error& error) {
    const auto id = eim < eim_count ? text_of(eims[eim].id.bytes()) : std::string_view{};
    listener.event({.name = event, .eim = id, .text = step, .number = error.detail, .error = &error});
}

// Spread by EID and count, so that a fleet does not come back in step.
Time Context::backoff(uint32_t failures) const {
    static constexpr int64_t kFactor[] = {1, 4, 20, 120};
    const Time base = config.retry_first * kFactor[std::min<uint32_t>(failures ? failures - 1 : 0, 3)];
    uint32_t hash = 2166136261u ^ failures;
    for (const uint8_t octet : eid) hash = (hash ^ octet) * 16777619u;
    const Time jitter = base * static_cast<int64_t>(hash % 256) / 2048; // up to an eighth
    return std::min(base + jitter, std::max(config.poll_interval, config.retry_first));
}

void Context::eim_heard() {
    Eim& peer = serving();
    peer.failures = 0;
    peer.blocked = {};
    if (state.rollback.phase != RollbackDuty::Phase::armed || !is(state.rollback.eim_id, peer.id.bytes()))
        return;
    state.rollback = {};
    state.package.rollback = false;
    if (auto saved = save(); !saved) note_error("state not saved", "rollback", saved.error());
    note("rollback not needed");
}

void Context::eim_failed(const char* step, const Error& error) {
    Eim& peer = serving();
    ++peer.failures;
    peer.caught_up = false;
    Time wait = backoff(peer.failures);
    RollbackDuty& duty = state.rollback;
    if (duty.phase == RollbackDuty::Phase::armed && is(duty.eim_id, peer.id.bytes())) {
        ++duty.attempts;
        wait = std::min(wait, config.rollback.interval()); // the decision is open: not slower than it needs
        if (auto saved = save(); !saved) note_error("state not saved", "rollback", saved.error());
    }
    peer.blocked.after(now, wait);
    note_error("eim not reached", step, error);
}

Ok Context::state_changed(rsp::StateChangeCause cause) {
    state.change = {true, static_cast<uint8_t>(cause), {}};
    for (size_t i = 0; i < eim_count; ++i) {
        eims[i].told = false;
        eims[i].poll = {};
    }
    note("state changed", state.change.cause);
    return save();
}

Ok Context::post(const OutboxItem& item) {
    if (state.outbox_count == kMaxOutbox) { // the oldest gives way: its eIM will ask again
        note("result dropped");
        std::move(state.outbox.begin() + 1, state.outbox.end(), state.outbox.begin());
        --state.outbox_count;
    }
    state.outbox[state.outbox_count++] = item;
    return save();
}

Ok Context::post_package_error(rsp::EimPackageResultErrorCode code, Bytes eim_transaction_id) {
    if (transfer.active) { // whoever sent the package waits for the answer
        transfer.error = code;
        note("package refused", static_cast<uint64_t>(code));
        return {};
    }
    OutboxItem item;
    TRY(item.eim_id.assign(serving().id.bytes()));
    if (eim_transaction_id.size() <= 16) TRY(item.eim_transaction_id.assign(eim_transaction_id));
    std::array<uint8_t, 40> buffer;
    BackWriter writer(buffer);
    writer.integer(0x02, static_cast<uint64_t>(code));
    writer.optional(0x80, item.eim_transaction_id.bytes()).header(0xA0);
    TRY(item.result.assign(TRY(writer.finish("eimPackageResultResponseError"))));
    ++serving().bad_packages;
    note("package refused", static_cast<uint64_t>(code));
    return post(item);
}

} // namespace halyard::ipa
