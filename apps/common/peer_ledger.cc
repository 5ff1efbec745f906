#include "apps/common/peer_ledger.h"
#include "base/log.h"

namespace halyard::app {

void PeerLedger::add(const PeerScope& scope, std::string_view otherwise) {
    if (scope.seen().empty()) return;
    const std::string peer(scope.peer().empty() ? otherwise : scope.peer());
    const std::lock_guard lock(mutex_);
    for (const Tolerated& t : scope.seen()) count(peer, t);
}

void PeerLedger::add(std::string_view peer, const char* what, const char* where) {
    const std::lock_guard lock(mutex_);
    count(std::string(peer), {what, where, 1});
}

void PeerLedger::count(const std::string& peer, const Tolerated& seen) {
    const bool is_full = peers_.size() >= kMaxPeers && !peers_.contains(peer);
    auto& kinds = peers_[is_full ? "others" : peer];
    for (Tolerated& t : kinds) {
        if (std::string_view(t.what) != seen.what || std::string_view(t.where) != seen.where) continue;
        t.count += seen.count;
        return;
    }
    kinds.push_back(seen);
    log(LogLevel::warning,
        peer + ": tolerated " + seen.what + " at " + seen.where + "; from now on counted only");
}

std::vector<PeerLedger::Entry> PeerLedger::peers(std::string_view after, size_t limit) const {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> out;
    for (auto it = peers_.upper_bound(after); it != peers_.end() && out.size() < limit; ++it)
        out.push_back({it->first, it->second});
    return out;
}

std::vector<Tolerated> PeerLedger::of(std::string_view peer) const {
    const std::lock_guard lock(mutex_);
    const auto it = peers_.find(peer);
    return it == peers_.end() ? std::vector<Tolerated>{} : it->second;
}

} // namespace halyard::app
