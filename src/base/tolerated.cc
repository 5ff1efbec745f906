#include "base/tolerated.h"
#include "base/log.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <string>

namespace halyard {
namespace {

// Names are literals of ours, so their number is bounded by the message types, not by what peers send. Should
// the table be too small all the same, the rest shares the last slot.
constexpr size_t kSlots = 128;

enum class State : uint8_t { empty, writing, ready };
struct Slot {
    std::atomic<State> state{State::empty};
    const char* what = "";
    const char* where = "";
    std::atomic<size_t> count{0};
};
std::array<Slot, kSlots> slots;

thread_local PeerScope* innermost = nullptr;

bool holds(const Slot& slot, std::string_view what, std::string_view where) {
    return slot.state.load(std::memory_order_acquire) == State::ready && what == slot.what &&
           where == slot.where;
}

bool claim(Slot& slot, const char* what, const char* where) {
    State expected = State::empty;
    if (!slot.state.compare_exchange_strong(expected, State::writing, std::memory_order_acquire))
        return false;
    slot.what = what;
    slot.where = where;
    slot.state.store(State::ready, std::memory_order_release);
    return true;
}

// Filled from the front. Two threads that meet the same deviation for the first time at the same moment may
// take a slot each; whoever reads the counts adds them up.
Slot& slot_of(const char* what, const char* where) {
    for (Slot& slot : slots) {
        if (&slot == &slots.back()) break;
        if (holds(slot, what, where) || claim(slot, what, where)) return slot;
    }
    claim(slots.back(), "others", "");
    return slots.back();
}

} // namespace

void count_tolerated(const char* what, const char* where, const char* message, uint32_t offset) {
    const size_t before = slot_of(what, where).count.fetch_add(1, std::memory_order_relaxed);
    if (innermost) return innermost->add(what, where); // whoever opened it logs the first of each peer
    if (before > 0) return;
    std::string line = std::string("tolerated: ") + what + " at " + where;
    if (*message) line += std::string(" of ") + message + ", octet " + std::to_string(offset);
    log(LogLevel::warning, line + "; from now on counted only");
}

Ok tolerate(const char* what, const char* where, const char* message, uint32_t offset) {
    if (PeerScope::is_strict()) return fail(Errc::bad_value, where, 0, offset);
    count_tolerated(what, where, message, offset);
    return {};
}

PeerScope::PeerScope(bool strict) : outer_(innermost), strict_(strict || is_strict()) { innermost = this; }
PeerScope::~PeerScope() { innermost = outer_; }

void PeerScope::name_peer(std::string_view name) {
    if (!innermost) return;
    innermost->peer_size_ = std::min(name.size(), innermost->peer_.size());
    std::copy_n(name.begin(), innermost->peer_size_, innermost->peer_.begin());
}
bool PeerScope::is_strict() { return innermost && innermost->strict_; }

void PeerScope::add(const char* what, const char* where) {
    for (Tolerated& t : std::span(seen_).first(kinds_)) {
        if (std::string_view(t.what) != what || std::string_view(t.where) != where) continue;
        ++t.count;
        return;
    }
    if (kinds_ < seen_.size()) seen_[kinds_++] = {what, where, 1};
}

std::vector<Tolerated> tolerated() {
    std::vector<Tolerated> out;
    for (const Slot& slot : slots) {
        if (slot.state.load(std::memory_order_acquire) != State::ready) continue;
        const size_t count = slot.count.load(std::memory_order_relaxed);
        bool known = false;
        for (Tolerated& t : out) {
            if (std::string_view(t.what) != slot.what || std::string_view(t.where) != slot.where) continue;
            t.count += count;
            known = true;
        }
        if (!known) out.push_back({slot.what, slot.where, count});
    }
    return out;
}

size_t tolerated(std::string_view what, std::string_view where) {
    size_t sum = 0;
    for (const Tolerated& t : tolerated())
        if (what == t.what && (where.empty() || where == t.where)) sum += t.count;
    return sum;
}

} // namespace halyard
