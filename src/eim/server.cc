#include "eim/server.h"
#include "base/log.h"
#include "base/tolerated.h"
#include <algorithm>

namespace halyard::eim {

const char* name(Kind k) {
    switch (k) {
    case Kind::package: return "package";
    case Kind::download: return "download";
    case Kind::data: return "data";
    }
    return "unknown";
}
namespace {
constexpr const char* kStates[] = {
    "queued", "offered", "executing", "succeeded", "failed", "expired", "cancelled", "unknown"};

// ULID: 48 bits of milliseconds, 80 random ones, in Crockford's alphabet.
std::string ulid(Time now, const std::array<uint8_t, 10>& random) {
    constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::string out(26, '0');
    auto ms = static_cast<uint64_t>(now.count());
    for (int i = 9; i >= 0; --i, ms >>= 5) out[static_cast<size_t>(i)] = kAlphabet[ms & 31];
    for (size_t i = 0; i < 16; ++i) {
        const size_t bit = i * 5, octet = bit / 8;
        const uint32_t next = octet + 1 < random.size() ? random[octet + 1] : 0;
        const uint32_t pair = uint32_t{random[octet]} << 8 | next;
        out[10 + i] = kAlphabet[pair >> (11 - bit % 8) & 31];
    }
    return out;
}
} // namespace

const char* name(State s) { return kStates[static_cast<size_t>(s)]; }
std::optional<State> state_from(std::string_view text) {
    for (size_t i = 0; i < std::size(kStates); ++i)
        if (text == kStates[i]) return static_cast<State>(i);
    return std::nullopt;
}

Result<OwnedBytes> Server::esipa(Bytes message, Time now, std::optional<rsp::Edition> hint) {
    // Two exchanges with one device may meet: the second starts again from what the first one wrote.
    for (int i = 0;; ++i) {
        auto answer = dispatch(message, {.hint = hint}, now);
        if (answer || answer.error().code != Errc::conflict || i == 5) return answer;
    }
}

// In the form of v1.2 inside, in the peer's own outside. docs/adr/0007-dialects.md
Result<OwnedBytes> Server::dispatch(Bytes message, Peer peer, Time now) {
    const auto first = TRY(asn1::read_tlv(message, "ESipa message"));
    if (!first.rest.empty()) return fail(Errc::bad_length, "ESipa message");
    OwnedBytes room(rsp::room_for(message.size()));
    auto reading = TRY(rsp::to_v12(rsp::Path::esipa_request, message, std::nullopt, room));
    if (reading.seen == rsp::Edition::v1_0) // then all of it
        reading = TRY(rsp::to_v12(rsp::Path::esipa_request, message, rsp::Edition::v1_0, room));
    peer.seen = peer.edition = reading.seen;
    auto answer = in_v12(TRY(asn1::read_tlv(reading.message)).tag, reading.message, peer, now);
    if (!answer || answer->empty() || peer.edition.value_or(rsp::Edition::v1_2) >= rsp::Edition::v1_2)
        return answer;
    room.resize(rsp::room_for(answer->size()));
    return owned(TRY(rsp::from_v12(rsp::Path::esipa_answer, *answer, *peer.edition, room)));
}

Result<OwnedBytes> Server::in_v12(asn1::Tag tag, Bytes message, Peer& peer, Time now) {
    switch (tag) {
    case 0xBF4F: return poll(message, peer, now);
    case 0xBF50: return provide(message, peer, now);
    case 0xBF3D: return notification(message, peer, now);
    case 0xBF39: return relay_initiate(message, now);
    case 0xBF3B: return relay_authenticate(message, now);
    case 0xBF3A: return relay_package(message, now);
    case 0xBF41: return relay_cancel(message, now);
    default: return fail(Errc::bad_tag, "ESipa message", tag);
    }
}

Result<std::optional<Device>> Server::sender(const Eid& eid) {
    PeerScope::name_peer(to_text(eid));
    return store_.device(eid);
}

void Server::recognise(Turn& turn, Peer& peer) {
    using rsp::Edition;
    std::optional<Edition>& known = turn.device.ipa_edition;
    const auto before = known;
    // "Not v1.0" says nothing new of one that is known to speak a later edition.
    const bool nothing_later = known.value_or(Edition::v1_0) == Edition::v1_0;
    if (peer.seen && (peer.seen != Edition::v1_2 || nothing_later)) known = peer.seen;
    if (peer.hint == Edition::v1_3 && (!known || known == Edition::v1_2)) known = Edition::v1_3;
    peer.edition = known;
    if (known == before) return;
    turn.device_changed = true;
    log(LogLevel::info, to_text(turn.device.eid) + ": the IPA speaks SGP.32 " + rsp::name(*known));
}

std::optional<rsp::Edition> Device::euicc_edition() const {
    const auto info = asn1::decode<rsp::EuiccInfo2>(Bytes(euicc_info2), {.tally = false});
    return info ? rsp::edition_of(*info) : std::nullopt;
}

Ok Server::commit(Turn& turn) {
    Change change;
    if (turn.device_changed) change.devices.push_back(turn.device);
    for (size_t i = 0; i < turn.operations.size(); ++i)
        if (turn.operations[i].version == 0 || turn.operations[i] != turn.read[i])
            change.operations.push_back(turn.operations[i]);
    change.session = std::move(turn.session);
    change.forwards = std::move(turn.forwards);
    change.evidence = std::move(turn.evidence);
    if (change.devices.empty() && change.operations.empty() && !change.session && change.forwards.empty() &&
        change.evidence.empty())
        return {};
    return store_.commit(change);
}

Operation Server::make(const Eid& eid, Kind kind, Time now) {
    Operation o{.eid = eid, .kind = kind, .created = now, .changed = now};
    std::array<uint8_t, 10> dice{};
    std::array<uint8_t, 16> transaction{};
    HALYARD_ASSERT(random_.fill(dice)); // without randomness nothing here can go on
    HALYARD_ASSERT(random_.fill(transaction));
    o.id = "op_" + ulid(now, dice);
    o.transaction_id = owned(transaction);
    return o;
}

Operation Server::audit(const Eid& eid, OwnedBytes package, std::string why, Time now) {
    Operation o = make(eid, Kind::package, now);
    o.package = std::move(package);
    o.automatic = true;
    o.created_by = "eim";
    o.reason = std::move(why);
    return o;
}

void Server::note(Turn& turn, Operation* o, std::string what, Bytes octets) {
    constexpr size_t kKept = 4096; // octets of one piece
    log(LogLevel::warning, to_text(turn.device.eid) + ": " + what);
    turn.evidence.push_back({o ? o->id : std::string(),
                             turn.device.eid,
                             turn.now,
                             what,
                             owned(octets.first(std::min(octets.size(), kKept)))});
    if (!o || is_final(o->state)) return;
    o->changed = turn.now;
    o->reason = std::move(what);
    if (++o->unsigned_errors % config_.hold_after == 0) o->held = true;
}

void Server::settle(Turn& turn, Operation& o, bool success, std::string reason) {
    o.state = success ? State::succeeded : State::failed;
    o.reason = std::move(reason);
    o.changed = turn.now;
    o.held = false;
    log(LogLevel::info,
        to_text(turn.device.eid) + ": " + o.id + " " + name(o.kind) + " " + name(o.state) +
            (o.reason.empty() ? "" : ": " + o.reason));
}

// A new attempt is another one for whoever answers: what belongs to the former does not end it.
void Server::queue_again(Turn& turn, Operation& o, std::string reason) {
    o.state = State::queued;
    o.request.clear();
    o.event.clear();
    o.transaction_id = make(o.eid, o.kind, turn.now).transaction_id;
    o.reason = std::move(reason);
    o.changed = turn.now;
}

void Server::acknowledge(Turn& turn, uint64_t number) {
    auto& numbers = turn.acknowledged;
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) numbers.push_back(number);
    turn.device.number = std::max(turn.device.number, static_cast<int64_t>(number));
    turn.device_changed = true;
}

Operation* Server::keep(Turn& turn, std::optional<Operation> o) {
    if (!o || o->eid != turn.device.eid) return nullptr;
    for (Operation& known : turn.operations)
        if (known.id == o->id) return &known;
    return add(turn, std::move(*o));
}
Operation* Server::add(Turn& turn, Operation o) {
    turn.read.push_back(o);
    turn.operations.push_back(std::move(o));
    return &turn.operations.back();
}
Result<Operation*> Server::by_transaction(Turn& turn, const std::optional<Bytes>& id) {
    if (!id) return static_cast<Operation*>(nullptr);
    for (Operation& o : turn.operations)
        if (same(o.transaction_id, *id)) return &o;
    return keep(turn, TRY(store_.by_transaction(*id)));
}
Result<Operation*> Server::by_counter(Turn& turn, uint64_t counter) {
    return keep(turn, TRY(store_.by_counter(turn.device.eid, counter)));
}
Result<Operation*> Server::by_id(Turn& turn, std::string_view id) {
    return keep(turn, TRY(store_.operation(id)));
}

} // namespace halyard::eim
