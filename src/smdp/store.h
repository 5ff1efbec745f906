#pragma once
#include "base/result.h"
#include "smdp/factory.h"
#include "smdp/model.h"

namespace halyard::smdp {

/// What changes together. Versions are those read; the store writes version + 1.
struct Change {
    const Order* insert_order = nullptr; // with its sealed package
    Sealed sealed_package;
    const Order* order = nullptr;
    const Session* session = nullptr; // version 0: new
    const Binding* binding = nullptr; // of `order`
    const Notification* notification = nullptr;
    bool drop_binding = false; // of `order`
    std::vector<Outgoing> outbox;
    const Call* call = nullptr;
};

/// How many profiles of an operator's type are in a state.
struct Pool {
    std::string operator_id, type;
    OrderState state{};
    uint64_t count = 0;
};

/// How full a store is.
struct Census {
    uint64_t sessions = 0; // that have not ended
    uint64_t waiting = 0;  // messages in the outbox
    Time oldest{};         // when the oldest of them was made; 0: none
};

/// Where an SM-DP+ keeps its state. Thread-safe.
struct Store : FactoryStore {
    /// For metrics: may take as long as counting takes. Errors: unsupported for stores that do not count.
    virtual Result<Census> census() { return fail(Errc::unsupported, "census"); }
    /// Everything or nothing, on disk when it returns. Errors: conflict when a version is not the one read,
    /// or what is written exists (matching id, ICCID, a call, a notification of that EID and number);
    /// storage.
    virtual Ok commit(const Change&) = 0;
    virtual Result<std::optional<Order>> order(std::string_view matching_id) = 0;
    virtual Result<std::optional<Order>> order(const Iccid&) = 0;
    /// Newest first; `limit` 0: all.
    virtual Result<std::vector<Order>> orders(size_t limit = 0) = 0;
    /// The order that this EID finds without a matching id: one that may be downloaded, else a confirmed one.
    virtual Result<std::optional<Order>> default_order(const Eid&) = 0;
    /// A profile of the type that is available; which of the first ones, `dice` says, so that callers at the
    /// same time rarely take the same.
    virtual Result<std::optional<Order>>
    available(std::string_view operator_id, std::string_view type, uint8_t dice) = 0;
    /// Whether the operator has, or had, profiles of the type.
    virtual Result<bool> has_type(std::string_view operator_id, std::string_view type) = 0;
    virtual Result<std::vector<Pool>> pools() = 0;
    virtual Result<Sealed> sealed_package(const Iccid&) = 0;
    virtual Result<std::optional<Binding>> binding(const Iccid&) = 0;
    virtual Result<std::optional<Session>> session(Bytes transaction_id) = 0;
    virtual Result<std::vector<Notification>> notifications(const Iccid&) = 0;
    /// Sessions that never delivered anything and began before then.
    virtual Ok forget_sessions(Time before) = 0;
    virtual Result<std::optional<Call>> call(std::string_view operator_id, std::string_view call_id) = 0;
    virtual Ok forget_calls(Time before) = 0;

    /// What the target is due to be told and nobody has claimed, oldest first; of one profile never more than
    /// the oldest.
    virtual Result<std::vector<Outgoing>> due(std::string_view target, Time now, size_t limit) = 0;
    /// The same, claimed: nobody else gets it before `until`.
    virtual Result<std::vector<Outgoing>>
    claim(std::string_view target, Time now, Time until, size_t limit) = 0;
    /// A claim is given up: the message was not tried, and others may have it. Errors as of delivered().
    virtual Ok give_up(const Outgoing&) = 0;
    /// SM-DS addresses that something waits for.
    virtual Result<std::vector<std::string>> event_targets() = 0;
    /// It was acknowledged. With `event`, the order's event is in that state now, unless it moved on. Error:
    /// conflict when somebody else has claimed or settled it since; nothing is changed then.
    virtual Ok delivered(const Outgoing&, std::optional<EventState> event = {}) = 0;
    /// It was not: `next` and `tries` are what they shall be. Errors as of delivered().
    virtual Ok postpone(const Outgoing&) = 0;
};

} // namespace halyard::smdp
