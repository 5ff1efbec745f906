#pragma once
// ES2+, what operator and SM-DP+ say to each other, and ES12/ES15, what an SM-DP+ or SM-DS says to an SM-DS:
// JSON only. The messages own their values, since servers keep them. SGP.22 §5.3, §5.9, §5.10, §6.5.2
#include "rsp/server_message.h"

namespace halyard::rsp {

enum class ServerFunction : uint8_t {
    download_order,
    confirm_order,
    cancel_order,
    release_profile,
    handle_download_progress_info, // from SM-DP+ to operator
    register_event,
    delete_event,
    register_event_at_root, // ES15: the same from SM-DS to SM-DS
    delete_event_at_root,
    handle_notification, // of SGP.22 v3, in place of handle_download_progress_info
};

struct ServerFunctionRow {
    ServerFunction function;
    const char *interface, *name, *path; // "ES2+", "downloadOrder", "/gsma/rsp2/es2plus/downloadOrder"
    const ServerMessage *request, *answer;
    bool notification; // answered with 204 and no body
};
std::span<const ServerFunctionRow> server_functions();
const ServerFunctionRow& row(ServerFunction);
/// not_found "path".
Result<ServerFunction> server_function_of_path(std::string_view path);

/// A code that a function may fail with. SGP.22 §5.3, §5.9
struct FunctionCode {
    ServerFunction function;
    const char *subject, *reason, *meaning;
};
std::span<const FunctionCode> function_codes();
/// Codes that any of them may fail with.
struct GenericCode {
    const char *subject, *reason, *meaning;
};
std::span<const GenericCode> generic_codes();
/// The code with its meaning as the message. Asking for one that the function does not have is a bug.
StatusCode code_for(ServerFunction, const char* subject, const char* reason);

namespace detail {
using NoConditions = std::array<Condition, 0>;
} // namespace detail

struct DownloadOrderRequest {
    static constexpr const char* kName = "downloadOrder request";
    RequestHeader header;
    std::optional<Eid> eid;
    std::optional<Iccid> iccid;
    std::optional<std::string> profile_type;
    static constexpr auto fields() {
        using T = DownloadOrderRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field<&T::iccid>("iccid", ServerFormat::iccid),
                          server_field<&T::profile_type>("profileType", ServerFormat::text)};
    }
    static constexpr auto conditions() {
        return std::array{Condition{"iccid",
                                    [](const void* p) {
                                        const auto& r = *static_cast<const DownloadOrderRequest*>(p);
                                        return !r.iccid && !r.profile_type;
                                    },
                                    "1.6",
                                    "2.3"}};
    }
};

struct DownloadOrderAnswer {
    static constexpr const char* kName = "downloadOrder answer";
    ExecutionStatus status;
    std::optional<Iccid> iccid;
    static constexpr auto fields() {
        using T = DownloadOrderAnswer;
        return std::array{server_field<&T::status>("header", ServerFormat::response_header),
                          server_field_on_success<&T::iccid>("iccid", ServerFormat::iccid)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct ConfirmOrderRequest {
    static constexpr const char* kName = "confirmOrder request";
    RequestHeader header;
    Iccid iccid{};
    std::optional<Eid> eid;
    std::optional<std::string> matching_id; // absent: the SM-DP+ makes one; empty: by EID, default SM-DP+
    std::optional<std::string> confirmation_code; // not for logs
    std::optional<std::string> smds_address;
    bool release_flag = false;
    static constexpr auto fields() {
        using T = ConfirmOrderRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::iccid>("iccid", ServerFormat::iccid),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field<&T::matching_id>("matchingId", ServerFormat::matching_id),
                          server_field<&T::confirmation_code>("confirmationCode", ServerFormat::text),
                          server_field<&T::smds_address>("smdsAddress", ServerFormat::address),
                          server_field<&T::release_flag>("releaseFlag", ServerFormat::flag)};
    }
    static constexpr auto conditions() {
        return std::array{Condition{"eid",
                                    [](const void* p) {
                                        const auto& r = *static_cast<const ConfirmOrderRequest*>(p);
                                        return !r.eid &&
                                               (r.smds_address || (r.matching_id && r.matching_id->empty()));
                                    },
                                    "8.1.1",
                                    "2.2"}};
    }
};

struct ConfirmOrderAnswer {
    static constexpr const char* kName = "confirmOrder answer";
    ExecutionStatus status;
    std::optional<Eid> eid;
    std::optional<std::string> matching_id, smdp_address;
    static constexpr auto fields() {
        using T = ConfirmOrderAnswer;
        return std::array{server_field<&T::status>("header", ServerFormat::response_header),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field_on_success<&T::matching_id>("matchingId", ServerFormat::matching_id),
                          server_field<&T::smdp_address>("smdpAddress", ServerFormat::address)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct CancelOrderRequest {
    static constexpr const char* kName = "cancelOrder request";
    RequestHeader header;
    Iccid iccid{};
    std::optional<Eid> eid;
    std::optional<std::string> matching_id;
    FinalProfileStatus final_profile_status_indicator{};
    static constexpr auto fields() {
        using T = CancelOrderRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::iccid>("iccid", ServerFormat::iccid),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field<&T::matching_id>("matchingId", ServerFormat::matching_id),
                          server_field<&T::final_profile_status_indicator>("finalProfileStatusIndicator",
                                                                           ServerFormat::final_status)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct ReleaseProfileRequest {
    static constexpr const char* kName = "releaseProfile request";
    RequestHeader header;
    Iccid iccid{};
    static constexpr auto fields() {
        using T = ReleaseProfileRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::iccid>("iccid", ServerFormat::iccid)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct HandleDownloadProgressInfoRequest {
    static constexpr const char* kName = "handleDownloadProgressInfo request";
    RequestHeader header;
    std::optional<Eid> eid;
    Iccid iccid{};
    std::string profile_type;
    Time timestamp{};
    uint32_t notification_point_id = 1; // 1 eligibility, 2 confirmation, 3 download, 4 installation
    ExecutionStatus notification_point_status;
    std::optional<OwnedBytes> result_data; // BF37
    static constexpr auto fields() {
        using T = HandleDownloadProgressInfoRequest;
        return std::array{
            server_field<&T::header>("header", ServerFormat::request_header),
            server_field<&T::eid>("eid", ServerFormat::eid),
            server_field<&T::iccid>("iccid", ServerFormat::iccid),
            server_field<&T::profile_type>("profileType", ServerFormat::text),
            server_field<&T::timestamp>("timestamp", ServerFormat::timestamp),
            server_field<&T::notification_point_id>("notificationPointId", ServerFormat::point_id),
            server_field<&T::notification_point_status>("notificationPointStatus",
                                                        ServerFormat::execution_status),
            server_field<&T::result_data>("resultData", ServerFormat::result)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

/// What SGP.22 v3 has in place of it: the same, and what the eUICC told of the profile's later life.
struct HandleNotificationRequest {
    static constexpr const char* kName = "handleNotification request";
    RequestHeader header;
    std::optional<Eid> eid;
    Iccid iccid{};
    std::string profile_type;
    Time timestamp{};
    uint32_t notification_point_id = 1; // as above; 101 enabled, 102 disabled, 103 deleted
    ExecutionStatus notification_point_status;
    std::optional<std::string> notification_event;               // when an eUICC's notification is behind it,
    std::optional<std::string> notification_receiver_identifier; // its notificationAddress
    std::optional<std::string> notification_identifier;          // and its seqNumber
    std::optional<OwnedBytes> result_data;                       // PendingNotification
    static constexpr auto fields() {
        using T = HandleNotificationRequest;
        return std::array{
            server_field<&T::header>("header", ServerFormat::request_header),
            server_field<&T::eid>("eid", ServerFormat::eid),
            server_field<&T::iccid>("iccid", ServerFormat::iccid),
            server_field<&T::profile_type>("profileType", ServerFormat::text),
            server_field<&T::timestamp>("timestamp", ServerFormat::timestamp),
            server_field<&T::notification_point_id>("notificationPointId", ServerFormat::point_id),
            server_field<&T::notification_point_status>("notificationPointStatus",
                                                        ServerFormat::execution_status),
            server_field<&T::notification_event>("notificationEvent", ServerFormat::event),
            server_field<&T::notification_receiver_identifier>("notificationReceiverIdentifier",
                                                               ServerFormat::address),
            server_field<&T::notification_identifier>("notificationIdentifier", ServerFormat::text),
            server_field<&T::result_data>("resultData", ServerFormat::notification)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct RegisterEventRequest {
    static constexpr const char* kName = "registerEvent request";
    RequestHeader header;
    Eid eid{};
    std::string rsp_server_address, event_id;
    bool forwarding_indicator = false;
    static constexpr auto fields() {
        using T = RegisterEventRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field<&T::rsp_server_address>("rspServerAddress", ServerFormat::address),
                          server_field<&T::event_id>("eventId", ServerFormat::text),
                          server_field<&T::forwarding_indicator>("forwardingIndicator", ServerFormat::flag)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

struct DeleteEventRequest {
    static constexpr const char* kName = "deleteEvent request";
    RequestHeader header;
    Eid eid{};
    std::string event_id;
    static constexpr auto fields() {
        using T = DeleteEventRequest;
        return std::array{server_field<&T::header>("header", ServerFormat::request_header),
                          server_field<&T::eid>("eid", ServerFormat::eid),
                          server_field<&T::event_id>("eventId", ServerFormat::text)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

/// The answer of every other function, and of each that failed.
struct HeaderAnswer {
    static constexpr const char* kName = "answer";
    ExecutionStatus status;
    static constexpr auto fields() {
        return std::array{server_field<&HeaderAnswer::status>("header", ServerFormat::response_header)};
    }
    static constexpr auto conditions() { return detail::NoConditions{}; }
};

} // namespace halyard::rsp
