#pragma once
// Which peers deviate from the specification, and how: counted per peer, the first of each kind logged.
#include "base/tolerated.h"
#include <map>
#include <mutex>
#include <string>

namespace halyard::app {

/// Thread-safe. Kept in memory: after a restart each kind is logged once more.
class PeerLedger {
  public:
    struct Entry {
        std::string peer;
        std::vector<Tolerated> kinds;
    };

    /// What a scope saw, for its peer, or for `otherwise` (an address) when nobody named one.
    void add(const PeerScope&, std::string_view otherwise);
    /// A deviation outside any message: headers.
    void add(std::string_view peer, const char* what, const char* where);
    /// In the order of their names, beginning behind `after`.
    std::vector<Entry> peers(std::string_view after, size_t limit) const;
    /// Empty when it never deviated.
    std::vector<Tolerated> of(std::string_view peer) const;

    /// Peers beyond this number share the entry "others", so that strangers cannot fill the memory.
    static constexpr size_t kMaxPeers = 100'000;

  private:
    void count(const std::string& peer, const Tolerated&);

    mutable std::mutex mutex_;
    std::map<std::string, std::vector<Tolerated>, std::less<>> peers_;
};

} // namespace halyard::app
