// Indirect download: ESipa on one side, ES9+' on the other; signed objects pass octet for octet. SGP.32
// §3.2.3.2
#include "base/log.h"
#include "eim/compact.h"
#include "eim/relay_target.h"
#include "eim/server.h"

namespace halyard::eim {
namespace {
using InitiateError = rsp::InitiateAuthenticationResponseEsipa::InitiateAuthenticationErrorEsipa;
using ClientError = rsp::AuthenticateClientResponseEsipa::AuthenticateClientErrorEsipa;
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
// ES9+' codes have the same numbers in ESipa; one that has no name there is none there. SGP.32 §5.14
template <class To, class From> To code_of(From from) {
    for (const auto& n : asn1_names(To{}))
        if (n.value == static_cast<int64_t>(from)) return static_cast<To>(from);
    return To::undefined_error;
}
bool can(const Device& device, rsp::IpaCapabilities::IpaFeatures feature) {
    return (device.ipa_features >> static_cast<unsigned>(feature) & 1) != 0;
}
using Features = rsp::IpaCapabilities::IpaFeatures;
bool is_out(const Operation& o) {
    return o.kind == Kind::download && (o.state == State::offered || o.state == State::executing);
}

OperationFilter in_state(State state) {
    OperationFilter filter;
    filter.state = state;
    return filter;
}

bool leads_to(const Operation& o, const Config& config, std::string_view smdp) {
    const auto target = target_of(o, config, smdp);
    return target && !target->by_event(); // an SM-DS of v1.0: not served
}

// v1.0 names neither EID nor transaction here. Whose session it is shows in AuthenticateClient; until then it
// matters that somebody was sent to this SM-DP+, since no device may choose whom we call (SR-19).
Result<bool> is_ordered_from(Store& store, const Config& config, std::string_view address) {
    for (const State state : {State::offered, State::executing})
        for (OperationFilter page = in_state(state);;) {
            const auto found = TRY(store.operations(page));
            for (const Operation& o : found) {
                if (is_out(o) && leads_to(o, config, address)) return true;
            }
            if (found.size() < page.limit) break;
            page.after_sequence = found.back().sequence;
        }
    return false;
}

// The order that a v1.0 device carries out: of the EID in its certificate, with the matchingId that only the
// order's receiver knows. The SM-DP+ judges signature and certificate.
Result<std::optional<Operation>> order_of(Store& store,
                                          const Config& config,
                                          Bytes transaction_id,
                                          const rsp::AuthenticateServerResponse& response) {
    const auto* ok = std::get_if<rsp::AuthenticateResponseOk>(&response.is);
    if (!ok || !same(ok->euicc_signed1.value.transaction_id, transaction_id))
        return std::optional<Operation>{};
    const OwnedBytes der = ok->euicc_certificate.der();
    const auto certificate = crypto::Certificate::parse(der, "euiccCertificate");
    const auto eid = certificate ? rsp::eid_of(*certificate) : fail(Errc::unverified, "euiccCertificate");
    const auto device = eid ? TRY(store.device(*eid)) : std::optional<Device>{};
    if (!device || device->ipa_edition != rsp::Edition::v1_0) return std::optional<Operation>{};
    const rsp::EuiccSigned1& said = ok->euicc_signed1.value;
    const auto matching_id = std::get<0>(said.ctx_params1.value.is).matching_id;
    for (Operation& o : TRY(store.open_operations(device->eid))) {
        if (!is_out(o)) continue;
        const auto target = target_of(o, config, said.server_address);
        if (target && !target->by_event() && matching_id.value_or("") == target->code.matching_id)
            return std::optional<Operation>(std::move(o));
    }
    return std::optional<Operation>{};
}

rsp::Interface interface_of(const RelaySession& session) {
    return session.at_smds ? rsp::Interface::es11 : rsp::Interface::es9p;
}
// It must be the one that was meant, and an SM-DS only where an event may lead to one (SR-15).
std::optional<InitiateError> wrong_server(const rsp::InitiateAuthenticationOkEs9& ok,
                                          const Result<crypto::Certificate>& certificate,
                                          const Target& target,
                                          bool at_smds) {
    const ActivationCode& code = target.code;
    if (!same_address(ok.server_signed1.value.server_address, code.address))
        return InitiateError::smdp_address_mismatch;
    const auto oid = certificate ? rsp::server_oid(*certificate) : fail(Errc::not_found);
    if (!code.oid.empty() && (!oid || *oid != code.oid)) return InitiateError::smdp_oid_mismatch;
    if (at_smds ? !target.by_event() : target.kind == Target::Kind::smds)
        return InitiateError::undefined_error;
    return std::nullopt;
}

// What speaks against the profile that is offered; nothing: "".
std::pair<std::string, ClientError>
trouble_with(const rsp::StoreMetadataRequest& metadata, const Operation& o, const Device& device) {
    // The IPA may leave the judgement of policy rules to us, and which the eUICC allows is not known here.
    if (can(device, Features::eim_profile_metadata_verification) && metadata.profile_policy_rules &&
        metadata.profile_policy_rules->mask >> 1) // PPR1, PPR2; bit 0 is no rule
        return {"the profile has policy rules", ClientError::ppr_not_allowed};
    if (o.iccid && *o.iccid != metadata.iccid)
        return {"the SM-DP+ offers another profile than the expected one", ClientError::undefined_error};
    return {"", ClientError::undefined_error};
}

/// What the device leaves to the eIM: matchingId, or all of ctxParams1.
Ok add_order(rsp::InitiateAuthenticationOkEsipa& out, const Device& device, const ActivationCode& code) {
    if (can(device, Features::eim_ctx_params1_generation) && !device.device_info.empty()) {
        rsp::CtxParamsForCommonAuthentication common{.matching_id = std::string_view(code.matching_id)};
        common.device_info = TRY(asn1::decode<rsp::DeviceInfo>(device.device_info));
        out.ctx_params1.emplace();
        out.ctx_params1->is = common;
    } else if (can(device, Features::eim_download_data_handling)) {
        out.matching_id = std::string_view(code.matching_id);
    }
    return {};
}

/// What compact forms of this session will leave out.
RelaySession session_from(const rsp::InitiateAuthenticationOkEs9& ok,
                          const rsp::InitiateAuthenticationOkEsipa& out) {
    RelaySession session{.transaction_id = owned(ok.transaction_id),
                         .server_signed1 = owned(ok.server_signed1.der),
                         .ci = owned(ok.euicc_ci_pk_id_to_be_used)};
    if (const auto certificate = crypto::Certificate::parse(ok.server_certificate.der()))
        if (const auto oid = rsp::server_oid(*certificate))
            session.smdp_oid = asn1::oid_from_text(*oid).value_or(OwnedBytes{});
    if (out.ctx_params1) session.ctx_params1 = asn1::encode(*out.ctx_params1).value_or(OwnedBytes{});
    return session;
}
} // namespace

// The order whose session this is, while it may still be carried out.
Result<std::optional<Server::Relay>> Server::relay_of(Bytes transaction_id) {
    auto session = TRY(store_.session(transaction_id));
    if (!session) return std::optional<Relay>{};
    auto operation = TRY(store_.operation(session->operation));
    auto device = TRY(sender(session->eid));
    if (!operation || !device || operation->state != State::executing) return std::optional<Relay>{};
    return std::optional<Relay>(Relay{std::move(*session), std::move(*operation), std::move(*device)});
}

Result<OwnedBytes> Server::relay_initiate(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::InitiateAuthenticationRequestEsipa>(message));
    std::optional<Operation> o;
    std::optional<Device> device;
    Target target;
    if (request.eim_transaction_id) {
        o = TRY(store_.by_transaction(*request.eim_transaction_id));
        if (o && is_out(*o)) device = TRY(sender(o->eid));
        if (!device) return refuse_initiate(InitiateError::invalid_eim_transaction_id);
        auto found = target_of(*o, config_, request.smdp_address);
        if (!found) return refuse_initiate(InitiateError::smdp_address_mismatch);
        target = std::move(*found);
    } else {
        target.code.address = request.smdp_address.value_or("");
        if (!TRY(is_ordered_from(store_, config_, target.code.address)))
            return refuse_initiate(InitiateError::invalid_eim_transaction_id);
    }
    const ActivationCode& code = target.code;
    rsp::InitiateAuthenticationRequest ask{.euicc_challenge = request.euicc_challenge,
                                           .smdp_address = code.address};
    OwnedBytes stored;
    if (request.euicc_info1) {
        ask.euicc_info1 = *request.euicc_info1;
    } else {
        auto info1 = device ? info1_of(device->euicc_info2) : fail(Errc::missing_field, "euiccInfo1");
        if (!info1) return refuse_initiate(InitiateError::undefined_error); // nothing stored to put there
        stored = std::move(*info1);
        ask.euicc_info1.der = stored;
    }
    const auto answer = smdp_.exchange(code.address, TRY(asn1::encode(ask)), target.interface());
    if (!answer) {
        log(LogLevel::warning,
            (o ? o->id : std::string("v1.0")) + ": " + code.address + ": " +
                halyard::name(answer.error().code) + " " + answer.error().where);
        // An outage refuses nothing: the device repeats, and the order does not go on hold for it.
        if (answer.error().code == Errc::unreachable) return fail(Errc::unreachable, "SM-DP+");
        return refuse_initiate(InitiateError::undefined_error);
    }
    const auto es9 = TRY(asn1::decode<rsp::InitiateAuthenticationResponse>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) return refuse_initiate(code_of<InitiateError>(*error));
    const auto& ok = std::get<rsp::InitiateAuthenticationOkEs9>(es9.is);
    const auto certificate = crypto::Certificate::parse(ok.server_certificate.der());
    const auto role = certificate ? rsp::recognise(*certificate) : std::nullopt;
    const bool at_smds = role && role->role == rsp::Role::ds_auth;
    if (const auto bad = wrong_server(ok, certificate, target, at_smds)) return refuse_initiate(*bad);
    rsp::InitiateAuthenticationOkEsipa out{.transaction_id = ok.transaction_id,
                                           .server_signed1 = ok.server_signed1,
                                           .server_signature1 = ok.server_signature1,
                                           .euicc_ci_pk_identifier_to_be_used = ok.euicc_ci_pk_id_to_be_used,
                                           .server_certificate = ok.server_certificate};
    if (device) TRY(add_order(out, *device, code));
    rsp::InitiateAuthenticationResponseEsipa response;
    response.is = out;
    if (!o) return asn1::encode(response);
    o->state = State::executing;
    o->changed = now;
    Change change;
    change.operations.push_back(*o);
    if (target.kind != Target::Kind::event) o->event.clear(); // it begins anew
    change.operations.back().event = o->event;
    change.session = session_from(ok, out);
    change.session->at_smds = at_smds;
    change.session->operation = o->id;
    change.session->address = code.address;
    change.session->eid = o->eid;
    change.session->created = now;
    TRY(store_.commit(change));
    return asn1::encode(response);
}

// With v1.0 only AuthenticateClient tells whose order a session is; no order: nothing.
Ok Server::begin_old_session(const rsp::AuthenticateClientRequestEsipa& request, Time now) {
    auto o =
        TRY(order_of(store_, config_, request.transaction_id, request.authenticate_server_response.value));
    if (!o) return {};
    o->state = State::executing;
    o->changed = now;
    const auto& said = std::get<rsp::AuthenticateResponseOk>(request.authenticate_server_response.value.is)
                           .euicc_signed1.value;
    Change change;
    change.operations.push_back(*o);
    change.session = RelaySession{.transaction_id = owned(request.transaction_id),
                                  .operation = o->id,
                                  .address = std::string(said.server_address),
                                  .eid = o->eid,
                                  .created = now};
    return store_.commit(change);
}

// Not judged here, that is the SM-DP+'s part; but compact objects and the installation result of this session
// are signed with that key. Before the SM-DP+ is asked: whoever was faster makes us begin again.
Ok Server::learn_key(Relay& relay, Bytes response, Time now) {
    const auto decoded = asn1::decode<rsp::AuthenticateServerResponse>(response, {.tally = false});
    const auto* ok = decoded ? std::get_if<rsp::AuthenticateResponseOk>(&decoded->is) : nullptr;
    const auto euicc = ok ? crypto::Certificate::parse(ok->euicc_certificate.der()) : fail(Errc::not_found);
    if (!euicc) return {};
    if (!with_key(relay.device, euicc->spki)) {
        const auto taken =
            take_certificates(relay.device, ok->euicc_certificate.der(), ok->eum_certificate.der(), now);
        if (!taken) return {};
        Change change;
        change.devices.push_back(relay.device);
        TRY(store_.commit(change));
        ++relay.device.version;
    }
    relay.session.euicc_key = euicc->spki;
    return {};
}

Result<OwnedBytes> Server::relay_authenticate(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::AuthenticateClientRequestEsipa>(message));
    auto relay = TRY(relay_of(request.transaction_id));
    if (!relay && !TRY(store_.session(request.transaction_id))) {
        TRY(begin_old_session(request, now));
        relay = TRY(relay_of(request.transaction_id));
    }
    if (!relay) return refuse_client(ClientError::invalid_transaction_id);
    rsp::AuthenticateClientRequest ask{.transaction_id = request.transaction_id};
    ask.authenticate_server_response.der = request.authenticate_server_response.der;
    OwnedBytes full;
    if (rsp::is_compact(request.authenticate_server_response.value)) {
        auto made = full_authenticate(
            request.authenticate_server_response.der, relay->session, relay->device, config_, now);
        if (!made) {
            TRY(refuse_compact(relay->device, made.error(), request.authenticate_server_response.der, now));
            return refuse_client(ClientError::euicc_signature_invalid);
        }
        full = std::move(*made);
        ask.authenticate_server_response.der = full;
    }
    TRY(learn_key(*relay, ask.authenticate_server_response.der, now));
    const auto answer =
        smdp_.exchange(relay->session.address, TRY(asn1::encode(ask)), interface_of(relay->session));
    if (!answer) return fail(Errc::unreachable, "SM-DP+"); // the device repeats
    if (relay->session.at_smds) return relay_events(std::move(*relay), answer->der, now);
    const auto es9 = TRY(asn1::decode<rsp::AuthenticateClientResponseEs9>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) {
        TRY(forget_event(*relay, now));
        return refuse_client(code_of<ClientError>(*error));
    }
    const auto& ok = std::get<rsp::AuthenticateClientOk>(es9.is);
    Operation& o = relay->operation;
    const auto& metadata = ok.profile_meta_data.value;
    const auto [why, code] = trouble_with(metadata, o, relay->device);
    std::optional<Sha256> hash;
    if (ok.smdp_signed2.value.cc_required_flag) hash = TRY(hash_of_code(o, request.transaction_id));
    Turn turn{.device = std::move(relay->device), .now = now};
    turn.session = std::move(relay->session);
    if (hash) turn.session->hash_cc = owned(*hash);
    turn.session->smdp_signed2 = owned(ok.smdp_signed2.der);
    turn.session->smdp_signature2 = owned(ok.smdp_signature2);
    turn.session->iccid = metadata.iccid;
    turn.session->ppr_refused = code == ClientError::ppr_not_allowed;
    Operation* kept = keep(turn, std::move(o));
    if (!why.empty()) {
        note(turn, kept, "download refused: " + why, ok.profile_meta_data.der);
    } else if (ok.smdp_signed2.value.cc_required_flag && !hash) {
        note(turn, kept, "the SM-DP+ wants a confirmation code, and the order has none", ok.smdp_signed2.der);
    }
    if (why.empty() && !kept->iccid) {
        kept->iccid = metadata.iccid; // so that an audit can decide
        kept->changed = now;
    }
    TRY(commit(turn));
    if (!why.empty()) return refuse_client(code);
    rsp::AuthenticateClientOkDPEsipa out{.transaction_id = ok.transaction_id,
                                         .profile_meta_data = ok.profile_meta_data,
                                         .smdp_signed2 = ok.smdp_signed2,
                                         .smdp_signature2 = ok.smdp_signature2,
                                         .smdp_certificate = ok.smdp_certificate,
                                         .hash_cc = hash};
    rsp::AuthenticateClientResponseEsipa response;
    response.is = out;
    return asn1::encode(response);
}

Ok Server::refuse_compact(const Device& device, const Error& error, Bytes object, Time now) {
    Turn turn{.device = device, .now = now};
    for (Operation& o : TRY(store_.open_operations(device.eid))) add(turn, std::move(o));
    note(turn, nullptr, std::string("compact object refused: ") + error.where, object);
    (void)ask_for_certificates(turn, "a compact object did not fit: something on file may have changed");
    return commit(turn);
}

Result<OwnedBytes> Server::relay_package(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::GetBoundProfilePackageRequestEsipa>(message));
    auto relay = TRY(relay_of(request.transaction_id));
    if (!relay) return refuse_package(PackageError::invalid_transaction_id);
    rsp::GetBoundProfilePackageRequest ask{.transaction_id = request.transaction_id};
    ask.prepare_download_response.der = request.prepare_download_response.der;
    OwnedBytes full;
    if (rsp::is_compact(request.prepare_download_response.value)) {
        auto made = full_prepare(request.prepare_download_response.value, relay->session, relay->device);
        if (!made) {
            TRY(refuse_compact(relay->device, made.error(), request.prepare_download_response.der, now));
            return refuse_package(PackageError::euicc_signature_invalid);
        }
        full = std::move(*made);
        ask.prepare_download_response.der = full;
    }
    const auto answer =
        smdp_.exchange(relay->session.address, TRY(asn1::encode(ask)), interface_of(relay->session));
    if (!answer) return fail(Errc::unreachable, "SM-DP+");
    const auto es9 = TRY(asn1::decode<rsp::GetBoundProfilePackageResponse>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) {
        const auto code = code_of<PackageError>(*error);
        if (const char* why = code_trouble(code)) TRY(fail_order(*relay, why, now));
        return refuse_package(code);
    }
    const auto& ok = std::get<rsp::GetBoundProfilePackageOk>(es9.is);
    rsp::GetBoundProfilePackageOkEsipa out{.transaction_id = ok.transaction_id,
                                           .bound_profile_package = ok.bound_profile_package};
    rsp::GetBoundProfilePackageResponseEsipa response;
    response.is = out;
    return asn1::encode(response);
}

Result<OwnedBytes> Server::relay_cancel(Bytes message, Time now) {
    const auto request = TRY(asn1::decode<rsp::CancelSessionRequestEsipa>(message));
    const auto session = TRY(store_.session(request.transaction_id));
    if (!session) return refuse_cancel(CancelError::invalid_transaction_id);
    rsp::CancelSessionRequestEs9 ask{.transaction_id = request.transaction_id,
                                     .cancel_session_response = request.cancel_session_response};
    OwnedBytes full;
    if (rsp::is_compact(request.cancel_session_response)) {
        const auto device = TRY(sender(session->eid));
        if (!device) return refuse_cancel(CancelError::invalid_transaction_id);
        auto made = full_cancel(request.cancel_session_response, *session, *device);
        if (!made) {
            TRY(refuse_compact(*device, made.error(), message, now));
            return refuse_cancel(CancelError::euicc_signature_invalid);
        }
        full = std::move(*made);
        ask.cancel_session_response = TRY(asn1::decode<rsp::CancelSessionResponse>(Bytes(full)));
    }
    const auto answer = smdp_.exchange(session->address, TRY(asn1::encode(ask)), interface_of(*session));
    if (!answer) return fail(Errc::unreachable, "SM-DP+");
    const auto es9 = TRY(asn1::decode<rsp::CancelSessionResponseEs9>(answer->der));
    if (const auto* error = std::get_if<1>(&es9.is)) return refuse_cancel(code_of<CancelError>(*error));
    rsp::CancelSessionResponseEsipa response;
    response.is.emplace<0>();
    return asn1::encode(response);
}

} // namespace halyard::eim
