// Indirect download: ESipa on one side, ES9+' on the other; signed objects pass octet for octet. SGP.32
// §3.2.3.2
#include "base/log.h"
#include "eim/activation_code.h"
#include "eim/server.h"

namespace halyard::eim {
namespace {
using InitiateError = rsp::InitiateAuthenticationResponseEsipa::InitiateAuthenticationErrorEsipa;
using ClientError = rsp::AuthenticateClientResponseEsipa::AuthenticateClientErrorEsipa;
using PackageError = rsp::GetBoundProfilePackageResponseEsipa::GetBoundProfilePackageErrorEsipa;
using CancelError = rsp::CancelSessionResponseEsipa::CancelSessionError;

template <class Response, class Code> Result<OwnedBytes> refuse(Code code) {
    Response response;
    response.is = code;
    return asn1::encode(response);
}
constexpr auto refuse_initiate = refuse<rsp::InitiateAuthenticationResponseEsipa, InitiateError>;
constexpr auto refuse_client = refuse<rsp::AuthenticateClientResponseEsipa, ClientError>;
constexpr auto refuse_package = refuse<rsp::GetBoundProfilePackageResponseEsipa, PackageError>;
constexpr auto refuse_cancel = refuse<rsp::CancelSessionResponseEsipa, CancelError>;
} // namespace

Result<ActivationCode> parse_activation_code(std::string_view text) {
    if (text.starts_with("LPA:")) text.remove_prefix(4);
    std::array<std::string_view, 5> parts{};
    size_t n = 0;
    for (;; ++n) {
        if (n == parts.size()) return fail(Errc::bad_value, "activationCode");
        const size_t end = text.find('$');
        parts[n] = text.substr(0, end);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    if (n < 2 || parts[0] != "1" || parts[1].empty()) return fail(Errc::bad_value, "activationCode");
    for (char c : parts[2])
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'))
            return fail(Errc::bad_value, "activationCode: matchingId");
    return ActivationCode{
        std::string(parts[1]), std::string(parts[2]), std::string(parts[3]), parts[4] == "1"};
}

Result<OwnedBytes> Server::relay_initiate(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::InitiateAuthenticationRequestEsipa>(message));
    if (!request.eim_transaction_id) return refuse_initiate(InitiateError::invalid_eim_transaction_id);
    auto o = TRY(store_.by_transaction(*request.eim_transaction_id));
    if (!o || o->kind != Kind::download || (o->state != State::offered && o->state != State::executing))
        return refuse_initiate(InitiateError::invalid_eim_transaction_id);
    auto device = TRY(store_.device(o->eid));
    if (!device) return refuse_initiate(InitiateError::invalid_eim_transaction_id);
    const auto code = TRY(parse_activation_code(o->activation_code));
    if (request.smdp_address && *request.smdp_address != code.address)
        return refuse_initiate(InitiateError::smdp_address_mismatch);

    rsp::InitiateAuthenticationRequest ask{.euicc_challenge = request.euicc_challenge,
                                           .smdp_address = code.address};
    if (!request.euicc_info1)
        return refuse_initiate(InitiateError::undefined_error); // nothing stored to put there
    ask.euicc_info1 = *request.euicc_info1;
    const auto answer = smdp_.exchange(code.address, TRY(asn1::encode(ask)));
    if (!answer) {
        log(LogLevel::warning,
            o->id + ": SM-DP+ " + code.address + ": " + halyard::name(answer.error().code) + " " +
                answer.error().where);
        // An outage refuses nothing: the device repeats, and the order does not go on hold for it.
        if (answer.error().code == Errc::unreachable) return fail(Errc::unreachable, "SM-DP+");
        return refuse_initiate(InitiateError::undefined_error);
    }
    const auto es9 = TRY(asn1::decode<rsp::InitiateAuthenticationResponse>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is))
        return refuse_initiate(static_cast<InitiateError>(*error));
    const auto& ok = std::get<rsp::InitiateAuthenticationOkEs9>(es9.is);
    if (ok.server_signed1.value.server_address != code.address)
        return refuse_initiate(InitiateError::smdp_address_mismatch);
    if (!code.oid.empty()) { // SR-15
        const auto certificate = crypto::Certificate::parse(ok.server_certificate.der());
        if (!certificate || !rsp::server_oid(*certificate) || *rsp::server_oid(*certificate) != code.oid)
            return refuse_initiate(InitiateError::smdp_oid_mismatch);
    }
    rsp::InitiateAuthenticationOkEsipa out{.transaction_id = ok.transaction_id,
                                           .server_signed1 = ok.server_signed1,
                                           .server_signature1 = ok.server_signature1,
                                           .euicc_ci_pk_identifier_to_be_used = ok.euicc_ci_pk_id_to_be_used,
                                           .server_certificate = ok.server_certificate};
    const auto can = [&](rsp::IpaCapabilities::IpaFeatures f) {
        return (device->ipa_features >> static_cast<unsigned>(f) & 1) != 0;
    };
    using Features = rsp::IpaCapabilities::IpaFeatures;
    if (can(Features::eim_ctx_params1_generation) && !device->device_info.empty()) {
        rsp::CtxParamsForCommonAuthentication common{.matching_id = std::string_view(code.matching_id)};
        common.device_info = TRY(asn1::decode<rsp::DeviceInfo>(device->device_info));
        out.ctx_params1.emplace();
        out.ctx_params1->is = common;
    } else if (can(Features::eim_download_data_handling)) {
        out.matching_id = std::string_view(code.matching_id);
    }
    rsp::InitiateAuthenticationResponseEsipa response;
    response.is = out;
    o->state = State::executing;
    o->changed = now;
    Change change;
    change.operations.push_back(*o);
    change.session = RelaySession{owned(ok.transaction_id), o->id, code.address, o->eid, now};
    TRY(store_.commit(change));
    return asn1::encode(response);
}

Result<OwnedBytes> Server::relay_authenticate(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::AuthenticateClientRequestEsipa>(message));
    const auto session = TRY(store_.session(request.transaction_id));
    if (!session) return refuse_client(ClientError::invalid_transaction_id);
    (void)now;
    rsp::AuthenticateClientRequest ask{.transaction_id = request.transaction_id};
    ask.authenticate_server_response.der = request.authenticate_server_response.der;
    const auto answer = smdp_.exchange(session->address, TRY(asn1::encode(ask)));
    if (!answer) return fail(Errc::unreachable, "SM-DP+"); // the device repeats
    const auto es9 = TRY(asn1::decode<rsp::AuthenticateClientResponseEs9>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) return refuse_client(static_cast<ClientError>(*error));
    const auto& ok = std::get<rsp::AuthenticateClientOk>(es9.is);
    rsp::AuthenticateClientOkDPEsipa out{.transaction_id = ok.transaction_id,
                                         .profile_meta_data = ok.profile_meta_data,
                                         .smdp_signed2 = ok.smdp_signed2,
                                         .smdp_signature2 = ok.smdp_signature2,
                                         .smdp_certificate = ok.smdp_certificate};
    rsp::AuthenticateClientResponseEsipa response;
    response.is = out;
    return asn1::encode(response);
}

Result<OwnedBytes> Server::relay_package(Bytes message) {
    const auto request = TRY(asn1::decode<rsp::GetBoundProfilePackageRequestEsipa>(message));
    const auto session = TRY(store_.session(request.transaction_id));
    if (!session) return refuse_package(PackageError::invalid_transaction_id);
    rsp::GetBoundProfilePackageRequest ask{.transaction_id = request.transaction_id};
    ask.prepare_download_response.der = request.prepare_download_response.der;
    const auto answer = smdp_.exchange(session->address, TRY(asn1::encode(ask)));
    if (!answer) return fail(Errc::unreachable, "SM-DP+");
    const auto es9 = TRY(asn1::decode<rsp::GetBoundProfilePackageResponse>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) return refuse_package(static_cast<PackageError>(*error));
    const auto& ok = std::get<rsp::GetBoundProfilePackageOk>(es9.is);
    rsp::GetBoundProfilePackageOkEsipa out{.transaction_id = ok.transaction_id,
                                           .bound_profile_package = ok.bound_profile_package};
    rsp::GetBoundProfilePackageResponseEsipa response;
    response.is = out;
    return asn1::encode(response);
}

Result<OwnedBytes> Server::relay_cancel(Bytes message) {
    const auto request = TRY(asn1::decode<rsp::CancelSessionRequestEsipa>(message));
    const auto session = TRY(store_.session(request.transaction_id));
    if (!session) return refuse_cancel(CancelError::invalid_transaction_id);
    rsp::CancelSessionRequestEs9 ask{.transaction_id = request.transaction_id,
                                     .cancel_session_response = request.cancel_session_response};
    const auto answer = smdp_.exchange(session->address, TRY(asn1::encode(ask)));
    if (!answer) return fail(Errc::unreachable, "SM-DP+");
    const auto es9 = TRY(asn1::decode<rsp::CancelSessionResponseEs9>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) return refuse_cancel(static_cast<CancelError>(*error));
    rsp::CancelSessionResponseEsipa response;
    response.is.emplace<0>();
    return asn1::encode(response);
}

} // namespace halyard::eim
