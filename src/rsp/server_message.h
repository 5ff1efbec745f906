#pragma once
// Messages between servers (ES2+, ES12, ES15) as data: what stands under which name in JSON. One list per
// message is read by binding/server_json.h in both directions. SGP.22 §6.5.2
#include "base/octets.h"
#include "base/time.h"
#include "rsp/status_code.h"
#include <optional>
#include <span>
#include <type_traits>

namespace halyard::rsp {

/// Who asks, and which call it is. SGP.22 §6.5.1.3
struct RequestHeader {
    std::string function_requester_identifier; // an OID, dotted
    std::string function_call_identifier;      // unique at the requester
};

/// How it went. SGP.22 §6.5.1.4
struct ExecutionStatus {
    enum class Status : uint8_t { executed_success, executed_with_warning, failed, expired };
    Status status = Status::executed_success;
    std::optional<StatusCode> code; // never beside plain success
    std::string subject_identifier; // empty: none; only beside a code
    bool executed() const { return status <= Status::executed_with_warning; }
    static ExecutionStatus failure(StatusCode code) { return {Status::failed, std::move(code), {}}; }
};

enum class FinalProfileStatus : uint8_t { available, unavailable };

/// How a value is written. SGP.22 §6.5.2
enum class ServerFormat : uint8_t {
    request_header,  // an object
    response_header, // an object around functionExecutionStatus
    execution_status,
    eid,         // 32 digits
    iccid,       // 18 to 20 digits; 18 or 19 may be followed by F
    matching_id, // up to 255 of A-Z 0-9 -; may be empty
    text,        // 1 to 255 characters
    address,     // a host name without scheme; a port is tolerated
    flag,        // true or false
    final_status,
    timestamp,    // YYYY-MM-DDThh:mm:ss, then Z or an offset
    point_id,     // 1 to 4, or from 100 on
    result,       // base64 of a ProfileInstallationResult
    notification, // base64 of any PendingNotification
    event,        // install, enable, disable, delete
};
template <class V> constexpr bool holds(ServerFormat f) {
    using F = ServerFormat;
    if constexpr (std::is_same_v<V, RequestHeader>) return f == F::request_header;
    if constexpr (std::is_same_v<V, ExecutionStatus>)
        return f == F::response_header || f == F::execution_status;
    if constexpr (std::is_same_v<V, Eid>) return f == F::eid;
    if constexpr (std::is_same_v<V, Iccid>) return f == F::iccid;
    if constexpr (std::is_same_v<V, std::string>)
        return f == F::matching_id || f == F::text || f == F::address || f == F::event;
    if constexpr (std::is_same_v<V, bool>) return f == F::flag;
    if constexpr (std::is_same_v<V, FinalProfileStatus>) return f == F::final_status;
    if constexpr (std::is_same_v<V, Time>) return f == F::timestamp;
    if constexpr (std::is_same_v<V, uint32_t>) return f == F::point_id;
    if constexpr (std::is_same_v<V, OwnedBytes>) return f == F::result || f == F::notification;
    return false;
}

enum class Need : uint8_t { mandatory, optional, on_success };

struct ServerField {
    const char* name;
    ServerFormat format;
    Need need;
    void* (*make)(void* message);             // the value, present from now on
    const void* (*find)(const void* message); // nullptr when absent
};
/// A member that other members make mandatory.
struct Condition {
    const char* name;
    bool (*broken)(const void* message);
    const char *subject, *reason; // what the function answers then
};
struct ServerMessage {
    const char* name;
    std::span<const ServerField> fields;
    std::span<const Condition> conditions;
};

namespace detail {
template <class M> struct MemberOf;
template <class T, class V> struct MemberOf<V T::*> {
    using Owner = T;
    using Value = V;
    static constexpr bool kOptional = false;
};
template <class T, class V> struct MemberOf<std::optional<V> T::*> {
    using Owner = T;
    using Value = V;
    static constexpr bool kOptional = true;
};
} // namespace detail

/// One row of a message's list. std::optional members are optional unless `need` says more.
template <auto M> constexpr ServerField server_field(const char* name, ServerFormat format) {
    using D = detail::MemberOf<decltype(M)>;
    using T = typename D::Owner;
    ServerField f{name, format, D::kOptional ? Need::optional : Need::mandatory, nullptr, nullptr};
    if (!holds<typename D::Value>(format)) f.name = nullptr; // found by the assertion in kServerMessage
    if constexpr (D::kOptional) {
        f.make = [](void* p) -> void* { return &(static_cast<T*>(p)->*M).emplace(); };
        f.find = [](const void* p) -> const void* {
            const auto& value = static_cast<const T*>(p)->*M;
            return value ? &*value : nullptr;
        };
    } else {
        f.make = [](void* p) -> void* { return &(static_cast<T*>(p)->*M); };
        f.find = [](const void* p) -> const void* { return &(static_cast<const T*>(p)->*M); };
    }
    return f;
}
template <auto M> constexpr ServerField server_field_on_success(const char* name, ServerFormat format) {
    ServerField f = server_field<M>(name, format);
    f.need = Need::on_success;
    return f;
}

constexpr bool sound(std::span<const ServerField> fields) {
    for (const ServerField& f : fields)
        if (!f.name) return false;
    return true;
}

/// The list of message type T, whose `fields()` and `conditions()` it is made of.
template <class T> struct ServerMap {
    static constexpr auto fields = T::fields();
    static constexpr auto conditions = T::conditions();
    static_assert(sound(fields), "a member's type does not fit its format");
    static constexpr ServerMessage message{T::kName, fields, conditions};
};
template <class T> inline constexpr const ServerMessage& kServerMessage = ServerMap<T>::message;

} // namespace halyard::rsp
