#pragma once
#include "base/octets.h"

namespace halyard::euicc {

/// Where a card's non-volatile state lives. One snapshot, replaced whole: a commit is there completely after
/// a power cut, or never happened. docs/adr/0004-device-state-on-disk.md
struct CardStore {
    virtual ~CardStore() = default;
    /// Empty when the card is new. Error: storage.
    virtual Result<OwnedBytes> load() = 0;
    /// Returns when the snapshot is durable. Error: storage, the former snapshot being untouched.
    virtual Ok commit(Bytes snapshot) = 0;
};

/// Forgets everything with the process: tests, benchmarks, the simulator.
class MemoryStore : public CardStore {
  public:
    OwnedBytes snapshot;
    /// Commits to let pass before one fails; -1: none fails.
    int fail_after = -1;
    Result<OwnedBytes> load() override { return snapshot; }
    Ok commit(Bytes next) override {
        if (fail_after == 0) return fail(Errc::storage, "commit");
        if (fail_after > 0) --fail_after;
        snapshot = owned(next);
        return {};
    }
};

} // namespace halyard::euicc
