#pragma once
// What peers sent that is not as specified, as it survives a restart of a server.
#include "store/database.h"
#include <vector>

namespace halyard::store {

/// One kind of deviation of one peer.
struct Deviation {
    std::string peer, what, where;
    uint64_t count = 0;
    Time first{}, last{}; // when it was seen
    bool operator==(const Deviation&) const = default;
};

/// The table, as a step of a schema.
#define DEVIATIONS_SCHEMA                                                                                    \
    "CREATE TABLE deviations(peer TEXT NOT NULL, what TEXT NOT NULL, place TEXT NOT NULL, count INTEGER "    \
    "NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY(peer, what, place)) "    \
    "STRICT, WITHOUT ROWID"

/// All of them or none, in one transaction. The counts are totals; of several processes the
/// highest stays, and the widest span of time.
Ok put_deviations(Database&, const std::vector<Deviation>&);
/// In the order of peers, beginning behind `after`; at most `limit`.
Result<std::vector<Deviation>>
deviations(Database&, size_t limit, const std::optional<Deviation>& after = std::nullopt);

} // namespace halyard::store
