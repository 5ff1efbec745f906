#pragma once
#include "base/result.h"
#include "smds/model.h"
#include <optional>

namespace halyard::smds {

/// What changes together.
struct Change {
    const Event* insert_event = nullptr;
    const Event* remove_event = nullptr; // by its number
    const Forward* insert_forward = nullptr;
    const Call* call = nullptr;
    const Session* session = nullptr; // version 0: new; otherwise the one read, the store writes version + 1
};

/// How full a store is.
struct Census {
    uint64_t sessions = 0; // that have not ended
    uint64_t events = 0;
    uint64_t waiting = 0; // messages in the outbox
    Time oldest{};        // when the oldest of them was made; 0: none
};

/// Where an SM-DS keeps its state. Thread-safe.
struct Store {
    virtual ~Store() = default;
    /// For metrics: may take as long as counting takes. Errors: unsupported for stores that do not count.
    virtual Result<Census> census() { return fail(Errc::unsupported, "census"); }
    /// Everything or nothing, on disk when it returns. Errors: conflict when there is an event of that EID
    /// and id, when what is to be removed is gone, a version is not the one read, or the call is there;
    /// storage.
    virtual Ok commit(const Change&) = 0;
    /// Of one eUICC, in the order of registration.
    virtual Result<std::vector<Event>> events(const Eid&) = 0;
    /// All with a number above `after`, by number.
    virtual Result<std::vector<Event>> events(uint64_t after, size_t limit) = 0;
    virtual Result<std::optional<Call>> call(std::string_view requester, std::string_view id) = 0;
    virtual Result<std::optional<Session>> session(Bytes transaction_id) = 0;

    /// What may be sent now and nobody has claimed: of each event the oldest message only.
    virtual Result<std::vector<Forward>> due(Time now, size_t limit) = 0;
    /// The same, claimed: nobody else gets it before `until`.
    virtual Result<std::vector<Forward>> claim(Time now, Time until, size_t limit) = 0;
    /// A claim is given up: the message was not tried, and others may have it. Errors as of acknowledged().
    virtual Ok give_up(const Forward&) = 0;
    /// It was not taken: `tries` and `due` as given. Errors as of acknowledged().
    virtual Ok postpone(const Forward&) = 0;
    /// The parent has it. Error: conflict when somebody else has claimed or settled it since; nothing is
    /// changed then.
    virtual Ok acknowledged(const Forward&) = 0;

    /// Sessions and calls of before then.
    virtual Ok forget(Time sessions_before, Time calls_before) = 0;
};

} // namespace halyard::smds
