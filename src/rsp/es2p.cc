#include "rsp/es2p.h"

namespace halyard::rsp {
namespace {
using F = ServerFunction;

constexpr const ServerMessage& kHeaderOnly = kServerMessage<HeaderAnswer>;
constexpr ServerFunctionRow kFunctions[] = {
    {F::download_order,
     "ES2+",
     "downloadOrder",
     "/gsma/rsp2/es2plus/downloadOrder",
     &kServerMessage<DownloadOrderRequest>,
     &kServerMessage<DownloadOrderAnswer>,
     false},
    {F::confirm_order,
     "ES2+",
     "confirmOrder",
     "/gsma/rsp2/es2plus/confirmOrder",
     &kServerMessage<ConfirmOrderRequest>,
     &kServerMessage<ConfirmOrderAnswer>,
     false},
    {F::cancel_order,
     "ES2+",
     "cancelOrder",
     "/gsma/rsp2/es2plus/cancelOrder",
     &kServerMessage<CancelOrderRequest>,
     &kHeaderOnly,
     false},
    {F::release_profile,
     "ES2+",
     "releaseProfile",
     "/gsma/rsp2/es2plus/releaseProfile",
     &kServerMessage<ReleaseProfileRequest>,
     &kHeaderOnly,
     false},
    {F::handle_download_progress_info,
     "ES2+",
     "handleDownloadProgressInfo",
     "/gsma/rsp2/es2plus/handleDownloadProgressInfo",
     &kServerMessage<HandleDownloadProgressInfoRequest>,
     &kHeaderOnly,
     true},
    {F::register_event,
     "ES12",
     "registerEvent",
     "/gsma/rsp2/es12/registerEvent",
     &kServerMessage<RegisterEventRequest>,
     &kHeaderOnly,
     false},
    {F::delete_event,
     "ES12",
     "deleteEvent",
     "/gsma/rsp2/es12/deleteEvent",
     &kServerMessage<DeleteEventRequest>,
     &kHeaderOnly,
     false},
    {F::register_event_at_root,
     "ES15",
     "registerEvent",
     "/gsma/rsp2/es15/registerEvent",
     &kServerMessage<RegisterEventRequest>,
     &kHeaderOnly,
     false},
    {F::delete_event_at_root,
     "ES15",
     "deleteEvent",
     "/gsma/rsp2/es15/deleteEvent",
     &kServerMessage<DeleteEventRequest>,
     &kHeaderOnly,
     false},
    {F::handle_notification,
     "ES2+",
     "handleNotification",
     "/gsma/rsp2/es2plus/handleNotification",
     &kServerMessage<HandleNotificationRequest>,
     &kHeaderOnly,
     true},
};

constexpr FunctionCode kCodes[] = {
    {F::download_order, "8.2.1", "1.2", "caller not allowed on this profile"},
    {F::download_order, "8.2.1", "3.3", "ICCID not available"},
    {F::download_order, "8.2.1", "3.9", "ICCID unknown"},
    {F::download_order, "8.2.5", "1.2", "caller not allowed on this profile type"},
    {F::download_order, "8.2.5", "3.7", "profile type exhausted"},
    {F::download_order, "8.2.5", "3.8", "ICCID and profile type do not match"},
    {F::download_order, "8.2.5", "3.9", "profile type unknown"},
    {F::download_order, "8.1.1", "3.10", "linked to another EID"},
    {F::confirm_order, "8.2.1", "1.2", "caller not allowed on this profile"},
    {F::confirm_order, "8.2.1", "3.3", "profile neither allocated nor linked"},
    {F::confirm_order, "8.2.1", "3.9", "ICCID unknown"},
    {F::confirm_order, "8.2.1", "3.10", "ICCID associated with another EID"},
    {F::confirm_order, "8.2.6", "3.3", "matching id in use"},
    {F::confirm_order, "8.2.6", "3.10", "another matching id is associated"},
    {F::confirm_order, "8.1.1", "2.2", "EID missing"},
    {F::confirm_order, "8.1.1", "3.10", "another EID is associated"},
    {F::confirm_order, "8.9", "4.2", "SM-DS reported an error"},
    {F::confirm_order, "8.9", "5.1", "SM-DS not reached"},
    {F::cancel_order, "8.2.1", "1.2", "caller not allowed on this profile"},
    {F::cancel_order, "8.2.1", "3.3", "profile not in a state that can be cancelled"},
    {F::cancel_order, "8.2.1", "3.9", "ICCID unknown"},
    {F::cancel_order, "8.1.1", "2.2", "EID missing"},
    {F::cancel_order, "8.1.1", "3.10", "another EID is associated"},
    {F::cancel_order, "8.2.6", "3.10", "another matching id is associated"},
    {F::cancel_order, "8.9", "5.1", "SM-DS not reached"},
    {F::release_profile, "8.2.1", "1.2", "caller not allowed on this profile"},
    {F::release_profile, "8.2.1", "3.5", "profile cannot be released from its state"},
    {F::release_profile, "8.2.1", "3.9", "ICCID unknown"},
    {F::release_profile, "8.9", "4.2", "SM-DS reported an error"},
    {F::release_profile, "8.9", "5.1", "SM-DS not reached"},
    {F::register_event, "8.1.1", "2.1", "EID invalid"},
    {F::register_event, "8.9.5", "3.3", "event exists already"},
    {F::register_event, "8.9", "5.1", "root SM-DS not reached"},
    {F::delete_event, "8.1.1", "2.1", "EID invalid"},
    {F::delete_event, "8.9.5", "3.9", "event unknown"},
    {F::delete_event, "8.9", "5.1", "root SM-DS not reached"},
    {F::register_event_at_root, "8.1.1", "2.1", "EID invalid"},
    {F::register_event_at_root, "8.9.5", "3.3", "event exists already"},
    {F::delete_event_at_root, "8.1.1", "2.1", "EID invalid"},
    {F::delete_event_at_root, "8.9.5", "3.9", "event unknown"},
};

// The pairs of subjects 1 to 1.6 as we use them; the lists known to us leave them open.
constexpr GenericCode kGeneric[] = {
    {"1.1", "1.1", "function requester unknown"},
    {"1.1", "1.2", "function requester not allowed"},
    {"1.2", "4.2", "execution error"},
    {"1.2", "4.4", "execution problem"},
    {"1.2.1", "3.8", "validity period refused"},
    {"1.6", "2.1", "invalid element"},
    {"1.6", "2.2", "mandatory element missing"},
    {"1.6", "2.3", "conditional element missing"},
    {"1.6", "5.3", "time to live expired"},
    {"1.6", "5.4", "not completed"},
};
} // namespace

std::span<const ServerFunctionRow> server_functions() { return kFunctions; }
const ServerFunctionRow& row(ServerFunction f) { return kFunctions[static_cast<size_t>(f)]; }

Result<ServerFunction> server_function_of_path(std::string_view path) {
    for (const ServerFunctionRow& r : kFunctions)
        if (path == r.path) return r.function;
    return fail(Errc::not_found, "path");
}

std::span<const FunctionCode> function_codes() { return kCodes; }
std::span<const GenericCode> generic_codes() { return kGeneric; }

StatusCode code_for(ServerFunction f, const char* subject, const char* reason) {
    StatusCode out{subject, reason, ""};
    for (const FunctionCode& c : kCodes)
        if (c.function == f && out.is(c.subject, c.reason)) out.message = c.meaning;
    for (const GenericCode& c : kGeneric)
        if (out.is(c.subject, c.reason)) out.message = c.meaning;
    HALYARD_ASSERT(!out.message.empty());
    return out;
}

} // namespace halyard::rsp
