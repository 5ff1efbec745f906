#include "rsp/mutual_authentication.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
constexpr Refusal kSignature{"8.1", "6.1", "eUICC signature or challenge invalid"};

// EUM and eUICC certificates under the chosen CI; the refusal that belongs to the broken rule.
Judged
judge_chain(Bytes euicc_der, Bytes eum_der, const TrustAnchor& ci, const Revocation& revocation, Time now) {
    const auto eum = crypto::Certificate::parse(eum_der);
    if (!eum) return {Refusal{"8.1.2", "6.1", "EUM certificate invalid"}, {}, {}};
    if (!eum->authority_key_id || !same(*eum->authority_key_id, ci.key_id))
        return {Refusal{"8.11.1", "3.9", "CI of the EUM certificate is not the chosen one"}, {}, {}};
    if (const auto ok = check_under_anchor(*eum, Role::eum, ci, now, &revocation); !ok) {
        if (ok.error().code == Errc::expired)
            return {Refusal{"8.1.2", "6.3", "EUM certificate expired"}, {}, {}};
        return {Refusal{"8.1.2", "6.1", ok.error().where}, {}, {}};
    }
    auto euicc = crypto::Certificate::parse(euicc_der);
    if (!euicc) return {Refusal{"8.1.3", "6.1", "eUICC certificate invalid"}, {}, {}};
    if (const auto ok = check_euicc(*euicc, *eum, now, &revocation); !ok) {
        if (ok.error().code == Errc::expired)
            return {Refusal{"8.1.3", "6.3", "eUICC certificate expired"}, {}, {}};
        return {Refusal{"8.1.3", "6.1", ok.error().where}, {}, {}};
    }
    const auto eid = eid_of(*euicc);
    if (!eid) return {Refusal{"8.1.3", "6.1", "eUICC certificate without EID"}, {}, {}};
    return {std::nullopt, *eid, std::move(*euicc)};
}

template <class Response, class Code> Result<OwnedBytes> error_message(uint8_t code) {
    Response response;
    response.is = static_cast<Code>(code);
    return asn1::encode(response);
}
Result<OwnedBytes> error_message(Es9Function f, uint8_t code, Interface on) {
    using Initiate = InitiateAuthenticationResponse;
    using Client = AuthenticateClientResponseEs9;
    using ClientEs11 = AuthenticateClientResponseEs11;
    using Package = GetBoundProfilePackageResponse;
    using Cancel = CancelSessionResponseEs9;
    switch (f) {
    case Es9Function::initiate_authentication:
        return error_message<Initiate, Initiate::InitiateAuthenticationError>(code);
    case Es9Function::authenticate_client:
        if (on == Interface::es11)
            return error_message<ClientEs11, ClientEs11::AuthenticateClientError>(code);
        return error_message<Client, Client::AuthenticateClientError>(code);
    case Es9Function::get_bound_profile_package:
        return error_message<Package, Package::GetBoundProfilePackageError>(code);
    case Es9Function::cancel_session: return error_message<Cancel, Cancel::CancelSessionError>(code);
    case Es9Function::handle_notification: break; // it has no answer
    }
    return OwnedBytes{};
}
} // namespace

Result<Es9Answer> refused(Es9Function f, const Refusal& why, Interface on) {
    StatusCode codes{why.subject, why.reason, why.message};
    OwnedBytes der = TRY(error_message(f, error_of(f, codes, on), on));
    return Es9Answer{std::move(der), std::move(codes)};
}

bool same_address(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

Result<CiChoice> choose_ci(const EuiccInfo1& info, std::span<const Bytes> own_ci_key_ids) {
    if (info.svn[0] < 2) return CiChoice{.why = Unserved::svn};
    const auto known = [&](Bytes id) {
        return std::find_if(
            own_ci_key_ids.begin(), own_ci_key_ids.end(), [&](Bytes own) { return same(own, id); });
    };
    std::optional<size_t> own;
    CiChoice out;
    TRY(info.euicc_ci_pk_id_list_for_verification.for_each([&](const Bytes& id) {
        const auto at = known(id);
        if (!own && at != own_ci_key_ids.end()) own = static_cast<size_t>(at - own_ci_key_ids.begin());
    }));
    TRY(info.euicc_ci_pk_id_list_for_signing.for_each([&](const Bytes& id) {
        if (out.signing.empty() && known(id) != own_ci_key_ids.end()) out.signing = id;
    }));
    out.own = own.value_or(0);
    if (!own) out.why = Unserved::no_certificate;
    if (out.signing.empty()) out.why = Unserved::no_trusted_ci;
    return out;
}

Result<OwnedBytes> greet(const Greeting& g, const crypto::PrivateKey& auth, Bytes auth_certificate) {
    const OwnedBytes to_sign = TRY(asn1::encode(ServerSigned1{.transaction_id = g.transaction_id,
                                                              .euicc_challenge = g.euicc_challenge,
                                                              .server_address = g.server_address,
                                                              .server_challenge = g.server_challenge}));
    const auto signature = TRY(crypto::sign(auth, {to_sign}));
    InitiateAuthenticationOkEs9 ok{.transaction_id = g.transaction_id,
                                   .server_signature1 = signature,
                                   .euicc_ci_pk_id_to_be_used = g.ci_key_id,
                                   .server_certificate = TRY(asn1::Raw::from(auth_certificate))};
    ok.server_signed1.der = to_sign;
    InitiateAuthenticationResponse response;
    response.is = ok;
    return asn1::encode(response);
}

Judged judge_client(const AuthenticateServerResponse& response,
                    const Expected& expected,
                    const TrustAnchor& ci,
                    const Revocation& revocation,
                    Time now) {
    const auto* ok = std::get_if<AuthenticateResponseOk>(&response.is);
    if (!ok) return {kSignature, {}, {}};
    auto judged = judge_chain(ok->euicc_certificate.der(), ok->eum_certificate.der(), ci, revocation, now);
    if (judged.refusal) return judged;
    const EuiccSigned1& said = ok->euicc_signed1.value;
    if (!crypto::verify_tolerant(*judged.euicc.public_key,
                                 {ok->euicc_signed1.der},
                                 ok->euicc_signature1,
                                 nullptr,
                                 "euiccSignature1") ||
        !same(said.transaction_id, expected.transaction_id) ||
        !same(said.server_challenge, expected.server_challenge) ||
        said.server_address != expected.server_address)
        judged.refusal = kSignature;
    return judged;
}

std::string_view matching_id_of(Bytes ctx_params1) {
    const auto ctx = asn1::decode<CtxParams1>(ctx_params1);
    if (!ctx) return {};
    const auto* common = std::get_if<CtxParamsForCommonAuthentication>(&ctx->is);
    return common && common->matching_id ? *common->matching_id : std::string_view();
}

std::optional<Refusal> judge_cancellation(const CancelSessionResponse& response,
                                          const crypto::PublicKey& euicc_key,
                                          Bytes transaction_id,
                                          Bytes server_oid,
                                          const Refusal& other_server) {
    const auto* ok = std::get_if<CancelSessionResponseOk>(&response.is);
    if (!ok) return Refusal{"8.1", "6.1", "no signed cancellation"};
    const EuiccCancelSessionSigned& said = ok->euicc_cancel_session_signed.value;
    if (!crypto::verify_tolerant(euicc_key,
                                 {ok->euicc_cancel_session_signed.der},
                                 ok->euicc_cancel_session_signature,
                                 nullptr,
                                 "euiccCancelSessionSignature"))
        return Refusal{"8.1", "6.1", "eUICC signature invalid"};
    if (!same(said.transaction_id, transaction_id))
        return Refusal{"8.10.1", "3.9", "transactionId is not the signed one"};
    if (!same(said.smdp_oid.der, server_oid)) return other_server;
    return std::nullopt;
}

} // namespace halyard::rsp
