#pragma once
// What a function says when it fails: subject and reason codes of the JSON binding, and the integers of the
// ASN.1 binding that mean the same on ES9+ and ES11. SGP.22 §5.2.6, §6.5.2
#include "base/octets.h"
#include <optional>
#include <string>

namespace halyard::rsp {

enum class Es9Function : uint8_t {
    initiate_authentication,
    authenticate_client,
    get_bound_profile_package,
    cancel_session,
    handle_notification,
};

/// ES11 has three of these functions under the same paths, at an SM-DS instead of an SM-DP+. SGP.22 §5.8
enum class Interface : uint8_t { es9p, es11 };

struct StatusCode {
    std::string subject, reason; // "8.2.6", "3.8": texts, since 3.10 is not 3.1
    std::string message;
    bool is(const char* s, const char* r) const { return subject == s && reason == r; }
};

/// The ASN.1 form of an answer (its error alternative on failure; nothing for handleNotification), and the
/// codes of a failure.
struct Es9Answer {
    OwnedBytes der;
    std::optional<StatusCode> failed;
};

/// The integer of the function's error alternative; 127 where the codes have no integer of their own.
uint8_t error_of(Es9Function, const StatusCode&, Interface = Interface::es9p);
/// The codes of an integer; nullopt for one the function does not know.
std::optional<StatusCode> status_of(Es9Function, uint8_t error, Interface = Interface::es9p);

/// "MatchingID" for "8.2.6", "refused" for "3.8"; "" for codes that are not listed. SGP.22 §5.2.6
const char* subject_name(std::string_view code);
const char* reason_name(std::string_view code);
/// "8.2.6/3.8 (MatchingID refused)", for logs; what a peer chose to write is not in it.
std::string describe(const StatusCode&);

} // namespace halyard::rsp
