#include "apps/common/peer_ledger.h"
#include "base/log.h"

namespace halyard::app {

void PeerLedger::add(const PeerScope& scope, std::string_view otherwise, Time now) {
    if (scope.seen().empty()) return;
    const std::lock_guard lock(mutex_);
    for (const Tolerated& t : scope.seen()) count(scope.peer().empty() ? otherwise : scope.peer(), t, now);
}

void PeerLedger::add(std::string_view peer, const char* what, const char* where, Time now) {
    const std::lock_guard lock(mutex_);
    count(peer, {what, where, 1}, now);
}

PeerLedger::Peers::iterator PeerLedger::place(std::string_view peer) {
    const auto known = peers_.find(peer);
    if (known != peers_.end()) return known;
    return peers_.try_emplace(peers_.size() < kMaxPeers ? std::string(peer) : "others").first;
}

void PeerLedger::count(std::string_view peer, const Tolerated& seen, Time now) {
    const auto entry = place(peer);
    auto& kinds = entry->second;
    size_t i = 0;
    while (i < kinds.size() && (kinds[i].what != seen.what || kinds[i].where != seen.where)) ++i;
    if (i == kinds.size()) {
        kinds.push_back({.what = seen.what, .where = seen.where, .first = now});
        log(LogLevel::warning,
            entry->first + ": tolerated " + seen.what + " at " + seen.where + "; from now on counted only");
    }
    kinds[i].count += seen.count;
    kinds[i].last = now;
    if (!std::exchange(kinds[i].waits, true)) changed_.push_back({&entry->first, i});
}

std::vector<PeerLedger::Entry> PeerLedger::peers(std::string_view after, size_t limit) const {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> out;
    for (auto it = peers_.upper_bound(after); it != peers_.end() && out.size() < limit; ++it)
        out.push_back({it->first, it->second});
    return out;
}

std::vector<PeerLedger::Kind> PeerLedger::of(std::string_view peer) const {
    const std::lock_guard lock(mutex_);
    const auto it = peers_.find(peer);
    return it == peers_.end() ? std::vector<Kind>{} : it->second;
}

Ok PeerLedger::load(store::Database& database) {
    std::optional<store::Deviation> last;
    for (;;) {
        auto found = TRY(store::deviations(database, kBatch, last));
        const std::lock_guard lock(mutex_);
        for (const store::Deviation& d : found)
            place(d.peer)->second.push_back(
                {.what = d.what, .where = d.where, .count = d.count, .first = d.first, .last = d.last});
        if (found.size() < kBatch) return {};
        last = std::move(found.back());
    }
}

std::vector<store::Deviation> PeerLedger::next_batch() {
    const std::lock_guard lock(mutex_);
    std::vector<store::Deviation> out;
    for (; !changed_.empty() && out.size() < kBatch; changed_.pop_front()) {
        Kind& k = peers_.find(*changed_.front().peer)->second[changed_.front().kind];
        k.waits = false;
        out.push_back({*changed_.front().peer, k.what, k.where, k.count, k.first, k.last});
    }
    return out;
}

Ok PeerLedger::save(store::Database& database) {
    for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) {
        const Ok written = store::put_deviations(database, batch);
        if (written) continue;
        const std::lock_guard lock(mutex_);
        for (const store::Deviation& d : batch) {
            const auto entry = peers_.find(d.peer);
            for (size_t i = 0; i < entry->second.size(); ++i) {
                Kind& k = entry->second[i];
                if (k.what != d.what || k.where != d.where || std::exchange(k.waits, true)) continue;
                changed_.push_back({&entry->first, i});
            }
        }
        return written;
    }
    return {};
}

} // namespace halyard::app
