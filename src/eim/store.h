#pragma once
#include "base/result.h"
#include "eim/model.h"

namespace halyard::eim {

/// What changes together. A version of 0 inserts; any other must be the one in the store, which becomes
/// version + 1. A forward that is there already (EID, address, digest) is left as it is. Of each operation
/// the newest eight sessions are kept (the same
/// transaction again replaces what compact forms leave out), of each device the newest 16 pieces of evidence
/// that belong to no operation, and as many of each operation.
struct Change {
    std::vector<Device> devices;
    std::vector<Operation> operations;
    std::optional<RelaySession> session;
    std::vector<Forward> forwards;
    std::vector<Evidence> evidence;
};

struct OperationFilter {
    std::optional<Eid> eid;
    std::optional<State> state;
    uint64_t after_sequence = 0; // cursor
    size_t limit = 100;
};

/// Where an eIM keeps its state. Thread-safe.
struct Store {
    virtual ~Store() = default;
    /// Everything or nothing, on disk when it returns. Errors: conflict (version, EID, id, idempotency key),
    /// storage.
    virtual Ok commit(const Change&) = 0;
    virtual Result<std::optional<Device>> device(const Eid&) = 0;
    /// In the order of EIDs, beginning behind `after`.
    virtual Result<std::vector<Device>> devices(const std::optional<Eid>& after, size_t limit) = 0;
    virtual Result<std::optional<Operation>> operation(std::string_view id) = 0;
    virtual Result<std::optional<Operation>> by_transaction(Bytes transaction_id) = 0;
    virtual Result<std::optional<Operation>> by_counter(const Eid&, uint64_t counter) = 0;
    virtual Result<std::optional<Operation>> by_idempotency_key(std::string_view key) = 0;
    /// Not final, in order of acceptance.
    virtual Result<std::vector<Operation>> open_operations(const Eid&) = 0;
    virtual Result<std::vector<Operation>> operations(const OperationFilter&) = 0;
    /// Not final and beyond their expiry.
    virtual Result<std::vector<Operation>> overdue(Time now, size_t limit) = 0;
    virtual Result<std::optional<RelaySession>> session(Bytes transaction_id) = 0;
    /// SM-DP+ addresses of downloads ordered for this eUICC, without regard to case.
    virtual Result<bool> knows_address(const Eid&, std::string_view address) = 0;
    /// The next one of each eUICC and address, in the order of sequence numbers: none overtakes another that
    /// waits for its retry. SGP.32 §3.7
    virtual Result<std::vector<Forward>> due_forwards(Time now, size_t limit) = 0;
    /// Not delivered yet.
    virtual Result<size_t> waiting_forwards(const Eid&) = 0;
    /// Delivered: remembered without its octets, so that a repetition is recognised (the newest 64 of an
    /// eUICC).
    virtual Ok forward_done(int64_t id) = 0;
    virtual Ok forward_later(int64_t id, Time due) = 0;
    virtual Result<std::vector<Evidence>> evidence(std::string_view operation) = 0;
};

} // namespace halyard::eim
