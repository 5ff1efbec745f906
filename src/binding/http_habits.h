#pragma once
// The headers that requests and answers of RSP should carry, and what is made of others. SGP.22 §6.5.1,
// SGP.32 §6.1
#include "base/octets.h"
#include <span>

namespace halyard::binding {

/// Where and how the ASN.1 bindings of ES9+ and ESipa are spoken, and the type of JSON bodies.
inline constexpr const char* kAsn1Path = "/gsma/rsp2/asn1";
inline constexpr const char* kAsn1Type = "application/x-gsma-rsp-asn1";
inline constexpr const char* kJsonType = "application/json;charset=UTF-8";

/// Header fields as received; empty: absent.
struct RequestHeaders {
    std::string_view protocol, content_type, user_agent;
};

/// Whatever a peer sends there is understood, because the path tells what a request is: each deviation is
/// counted as tolerated under the header's name, and refused in a strict scope. `media_type` is the
/// binding's, without parameters; `agents` the beginnings of User-Agent that the interface knows; none: it is
/// not judged (between servers).
Ok judge_headers(const RequestHeaders&,
                 std::string_view media_type,
                 std::span<const std::string_view> agents);

/// Major versions of X-Admin-Protocol that an interface knows, first and last.
struct Majors {
    uint16_t first, last;
};
/// ES9+: SGP.22 v2. ESipa: SGP.32's own v1, or v2 as most peers write.
inline constexpr Majors kEs9Majors{2, 2}, kEsipaMajors{1, 2};

/// An answer as received, with a status that the protocol has a use for: no refusal by HTTP.
struct AnswerHeaders {
    int status = 0;
    std::string_view protocol, content_type; // empty: absent
    size_t body = 0;                         // octets
};

/// The same for answers: what it is shows in its body, so each deviation is counted as tolerated under the
/// header's name ("HTTP status" for the status), and refused in a strict scope. `has_answer`: the function
/// has one; otherwise it is 204 and nothing with it.
Ok judge_answer(const AnswerHeaders&, std::string_view media_type, Majors, bool has_answer);

} // namespace halyard::binding
