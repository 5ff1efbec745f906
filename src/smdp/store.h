#pragma once
#include "base/result.h"
#include "smdp/model.h"

namespace halyard::smdp {

/// What changes together. Versions are those read; the store writes version + 1.
struct Change {
    const Order* insert_order = nullptr; // with its sealed package
    OwnedBytes sealed_package;
    const Order* order = nullptr;
    const Session* session = nullptr; // version 0: new
    const Binding* binding = nullptr; // of `order`
    const Notification* notification = nullptr;
};

/// Where an SM-DP+ keeps its state. Thread-safe.
struct Store {
    virtual ~Store() = default;
    /// Everything or nothing, on disk when it returns. Errors: conflict when a version is not the one read,
    /// or what is inserted exists (matching id, ICCID, a notification of that EID and number); storage.
    virtual Ok commit(const Change&) = 0;
    virtual Result<std::optional<Order>> order(std::string_view matching_id) = 0;
    virtual Result<std::optional<Order>> order(const Iccid&) = 0;
    /// Newest first; `limit` 0: all.
    virtual Result<std::vector<Order>> orders(size_t limit = 0) = 0;
    virtual Result<OwnedBytes> sealed_package(std::string_view matching_id) = 0;
    virtual Result<std::optional<Binding>> binding(std::string_view matching_id) = 0;
    virtual Result<std::optional<Session>> session(Bytes transaction_id) = 0;
    virtual Result<std::vector<Notification>> notifications(const Iccid&) = 0;
    /// Sessions that never delivered anything and began before then.
    virtual Ok forget_sessions(Time before) = 0;
};

} // namespace halyard::smdp
