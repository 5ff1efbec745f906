#pragma once
// X-Admin-Protocol: which edition a peer speaks, as it says. Never a reason to refuse: what peers send is
// recorded and answered. SGP.22 §6.5.1.2, SGP.32 §6.1
#include "base/octets.h"

namespace halyard::binding {

/// Major, minor, revision.
using AdminProtocol = std::array<uint16_t, 3>;

/// The editions of ours: SGP.22 v2.5 on ES9+, the value that most peers of ESipa send.
inline constexpr AdminProtocol kEs9Protocol{2, 5, 0}, kEsipaProtocol{2, 1, 0};

/// "gsma/rsp/v2.5.0", case and white space around it do not matter; each number up to 999. Otherwise
/// bad_value "X-Admin-Protocol".
Result<AdminProtocol> protocol_from_text(std::string_view header);
std::string to_text(const AdminProtocol&);
/// What a server answers: the peer's own edition where it is readable and not above `highest`, else `ours`.
std::string answered_protocol(std::string_view theirs,
                              const AdminProtocol& ours,
                              const AdminProtocol& highest = {999, 999, 999});

/// Records what a peer ("address:port") sent, "" for no such field: logged when it is the first of that
/// address or has changed, counted as tolerated when it cannot be read. Safe in any thread.
void note_protocol(std::string_view peer, std::string_view header);

} // namespace halyard::binding
