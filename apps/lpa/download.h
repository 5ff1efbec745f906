#pragma once
// A consumer LPA's procedures: profile download and SM-DS discovery. SGP.22 §3.1.3, §3.2, §3.6.2
#include "apps/lpa/card.h"
#include "apps/lpa/servers.h"
#include "rsp/es9p.h"
#include <functional>

namespace halyard::lpa {

/// Where to go and with what.
struct Wanted {
    std::string address;           // SM-DP+ or SM-DS, "host[:port]"
    std::string matching_id;       // or event id; empty: by EID, all events
    std::string oid;               // of the activation code; empty: not judged
    std::string confirmation_code; // empty: none is known
    rsp::DeviceInfo device;
    bool ppr_consent = false; // the user agrees to policy rules that need it
};

/// Before which step a user may end a download. SGP.22 §3.1.3, §3.0.2
enum class Pause : uint8_t { metadata, prepared, package, loading };
/// The reason when it shall end there.
using Choice = std::function<std::optional<rsp::CancelSessionReason>(Pause)>;

struct Event {
    std::string address, id;
};

/// How it ended. Exactly one of: installed, refused, card_error, cancelled, result_error.
struct Outcome {
    std::string step; // the last one, as the standard calls it
    std::optional<Iccid> iccid;
    std::string profile, provider; // names in the metadata
    bool installed = false;
    std::optional<rsp::StatusCode> refused;            // by the server
    std::optional<int> card_error;                     // AuthenticateServer or PrepareDownload
    std::optional<rsp::CancelSessionReason> cancelled; // and the server was told
    std::string why;                                   // it was cancelled, when nobody chose to
    std::optional<int> bpp_command, result_error;      // of the ProfileInstallationResult
};

/// One download from its first message to its installation result, which stays on the card as a pending
/// notification. Errors: the card or the server does not answer, or answers what is no message; a session
/// that was opened by then is cancelled as far as possible.
Result<Outcome> download(Card&, Servers&, const Wanted&, const Choice& = {});

/// What an SM-DS has for this eUICC. An event that points to another SM-DS leads there, up to four deep.
/// Errors: as download; rejected "authenticateServer" with the card's code; `refused` is filled when an SM-DS
/// refuses.
Result<std::vector<Event>> discover(Card&, Servers&, const Wanted&, std::optional<rsp::StatusCode>& refused);

/// The hash that PrepareDownload carries. SGP.22 §5.7.5
Sha256 hash_of_code(std::string_view code, Bytes transaction_id);

} // namespace halyard::lpa
