#pragma once
// Which peers deviate from the specification, and how: counted per peer, the first of each kind logged.
#include "base/time.h"
#include "base/tolerated.h"
#include "store/deviations.h"
#include <deque>
#include <map>
#include <mutex>
#include <string>

namespace halyard::app {

/// Thread-safe. Counting never waits for a disk: load() brings back what former processes saw, save() writes
/// what has changed since, in a thread that may wait. A crash loses what was counted after the last save().
class PeerLedger {
  public:
    struct Kind {
        std::string what, where;
        uint64_t count = 0;
        Time first{}, last{}; // when it was seen
        bool waits = false;   // not on disk as it is
    };
    struct Entry {
        std::string peer;
        std::vector<Kind> kinds;
    };

    /// What a scope saw, for its peer, or for `otherwise` (an address) when nobody named one.
    void add(const PeerScope&, std::string_view otherwise, Time now);
    /// A deviation outside any message: headers.
    void add(std::string_view peer, const char* what, const char* where, Time now);
    /// In the order of their names, beginning behind `after`.
    std::vector<Entry> peers(std::string_view after, size_t limit) const;
    /// Empty when it never deviated.
    std::vector<Kind> of(std::string_view peer) const;

    /// What is in `database`, before anything is counted. Kinds found there are not logged again.
    Ok load(store::Database& database);
    /// Writes what has changed; without changes nothing is written. The database's other writers wait for no
    /// more than kBatch rows at a time. Errors: storage, and what was not written is written the next time.
    Ok save(store::Database& database);

    /// Peers beyond this number share the entry "others", so that strangers cannot fill memory or disk.
    static constexpr size_t kMaxPeers = 100'000;
    /// Rows of one commit.
    static constexpr size_t kBatch = 500;

  private:
    using Peers = std::map<std::string, std::vector<Kind>, std::less<>>;
    struct Changed {
        const std::string* peer; // a key of peers_, which forgets nobody
        size_t kind;
    };
    Peers::iterator place(std::string_view peer);
    void count(std::string_view peer, const Tolerated&, Time now);
    std::vector<store::Deviation> next_batch();

    mutable std::mutex mutex_;
    Peers peers_;
    std::deque<Changed> changed_;
};

} // namespace halyard::app
