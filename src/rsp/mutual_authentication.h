#pragma once
// A server's side of mutual authentication, the same at an SM-DP+ (ES9+) and at an SM-DS (ES11). SGP.22
// §3.0.1, §5.6.1, §5.6.3, §5.8.1, §5.8.2
#include "rsp/chain.h"
#include "rsp/es9p.h"
#include "rsp/status_code.h"

namespace halyard::rsp {

struct Refusal {
    const char *subject, *reason, *message;
};
/// The answer of a function that fails: codes, and the error alternative in ASN.1 (none for
/// handleNotification).
Result<Es9Answer> refused(Es9Function, const Refusal&, Interface = Interface::es9p);

/// Addresses are compared without regard to case.
bool same_address(std::string_view a, std::string_view b);

/// What stands against a session with an eUICC, in the order of the checks.
enum class Unserved : uint8_t { none, svn, no_trusted_ci, no_certificate };
struct CiChoice {
    Unserved why = Unserved::none;
    size_t own = 0; // index of the server's CI whose certificate it presents
    Bytes signing;  // key identifier of the CI under which the eUICC shall sign; borrows from the info
};
/// The first CI of each list that the server knows too. Errors: those of the lists.
Result<CiChoice> choose_ci(const EuiccInfo1&, std::span<const Bytes> own_ci_key_ids);

/// What InitiateAuthentication is answered with.
struct Greeting {
    Bytes transaction_id;
    std::array<uint8_t, 16> euicc_challenge{}, server_challenge{};
    std::string_view server_address;
    Bytes ci_key_id; // euiccCiPKIdToBeUsed
};
/// Signs it as serverSigned1; InitiateAuthenticationResponse.
Result<OwnedBytes> greet(const Greeting&, const crypto::PrivateKey& auth, Bytes auth_certificate);

/// What a session expects of AuthenticateClient.
struct Expected {
    Bytes transaction_id, server_challenge;
    std::string_view server_address;
};
/// Whether certificates and signature of an AuthenticateServer response are those of an eUICC under `ci`, and
/// it speaks of this session.
struct Judged {
    std::optional<Refusal> refusal;
    Eid eid{};
    crypto::Certificate euicc;
};
Judged judge_client(
    const AuthenticateServerResponse&, const Expected&, const TrustAnchor& ci, const Revocation&, Time now);
/// matchingId (at an SM-DS the event id) of the device's context; empty when it sends none.
std::string_view matching_id_of(Bytes ctx_params1);

/// Whether a CancelSession is signed by `euicc_key` and speaks of this session and server; what it says then
/// is in the request. `Refusal` for another server's OID is the caller's.
std::optional<Refusal> judge_cancellation(const CancelSessionResponse&,
                                          const crypto::PublicKey& euicc_key,
                                          Bytes transaction_id,
                                          Bytes server_oid,
                                          const Refusal& other_server);

} // namespace halyard::rsp
