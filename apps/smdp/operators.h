#pragma once
// Who may call ES2+, and where its callbacks go: the file of `smdp serve --operators`. docs/smdp.md
#include "net/url.h"
#include "smdp/es2.h"
#include <filesystem>

namespace halyard::smdp_app {

/// One function requester; several may act for one operator.
struct Requester {
    smdp::Caller caller;               // operator ids are of a-z, 0-9, - and _
    std::string name, oid;             // functionRequesterIdentifier
    std::optional<Sha256> certificate; // of its DER
    std::string subject;               // common name, with certificates under the CA for clients
    std::optional<net::Url> callback;  // https://host[:port], without a path
    bool v3 = false;                   // it takes handleNotification there, not handleDownloadProgressInfo
};

/// Errors: not_found, bad_value naming the member; conflict when two requesters have the same certificate,
/// subject or OID, or two callbacks stand for one operator.
Result<std::vector<Requester>> load_operators(const std::filesystem::path& file);
/// Whose certificate (DER, verified by TLS) it is; nullptr: nobody's.
const Requester* requester_of(const std::vector<Requester>&, Bytes certificate);

} // namespace halyard::smdp_app
