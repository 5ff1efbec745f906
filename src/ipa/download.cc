// Downloading a profile: one ladder for the direct way (the server is the SM-DP+) and the indirect one (it is
// the eIM, which relays). SGP.32 §3.2.3.1, §3.2.3.2
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/download_checks.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Feature = rsp::IpaCapabilities::IpaFeatures;
using Reason = rsp::CancelSessionReason;
constexpr uint8_t kGetInfo1[] = {0xBF, 0x20, 0x00};
constexpr uint8_t kGetChallenge[] = {0xBF, 0x2E, 0x00};
constexpr uint8_t kGetAddresses[] = {0xBF, 0x3C, 0x00};
constexpr uint8_t kGetRat[] = {0xBF, 0x43, 0x00};

bool eim_verifies(const Context& c) {
    return c.download.indirect && c.config.has(Feature::eim_profile_metadata_verification);
}

// ---- Where to ----

Result<Bytes> ask_addresses(Context& c, Buffer) {
    TRY(prepare_download(c));
    const DownloadDuty& duty = c.state.download;
    const bool root_smds = duty.source == DownloadDuty::Source::smds && duty.text.empty();
    if (duty.source != DownloadDuty::Source::default_smdp && !root_smds) return Bytes{};
    return Bytes(kGetAddresses);
}
Result<Next> take_addresses(Context& c, Bytes reply) {
    const auto addresses = TRY(asn1::decode<rsp::EuiccConfiguredAddressesResponse>(reply));
    const bool smds = c.state.download.source == DownloadDuty::Source::smds;
    const auto address = smds ? addresses.root_ds_address : addresses.default_dp_address.value_or("");
    if (address.empty()) return fail(Errc::not_found, smds ? "rootDsAddress" : "defaultDpAddress");
    TRY(c.download.text.assign(bytes_of(address)));
    c.download.code.address = text_of(c.download.text.bytes());
    TRY(c.smdp.assign(bytes_of(address)));
    return Next::advance;
}

// ---- Common mutual authentication. SGP.22 §3.0.1 ----

Result<Bytes> ask_info1(Context&, Buffer) { return Bytes(kGetInfo1); }
Result<Next> take_info1(Context& c, Bytes reply) {
    TRY(asn1::decode<rsp::EuiccInfo1>(reply));
    c.download.info1 = TRY(c.keep.copy(reply, "euiccInfo1"));
    return Next::advance;
}

Result<Bytes> ask_challenge(Context&, Buffer) { return Bytes(kGetChallenge); }
Result<Next> take_challenge(Context& c, Bytes reply) {
    c.download.challenge = TRY(asn1::decode<rsp::GetEuiccChallengeResponse>(reply)).euicc_challenge;
    return Next::advance;
}

Result<Bytes> ask_initiate(Context& c, Buffer out) {
    const DownloadRun& run = c.download;
    BackWriter writer(out);
    if (run.indirect) writer.optional(0x82, c.state.download.eim_transaction_id.bytes());
    writer.bytes(run.info1);
    // An eIM that handles the download data must not be told the address. SGP.32 §3.2.3.2
    const bool eim_knows = run.indirect && c.config.has(Feature::eim_download_data_handling);
    if (!eim_knows) writer.optional(0x83, bytes_of(run.code.address));
    return writer.tlv(0x81, run.challenge).header(0xBF39).finish("initiateAuthenticationRequest");
}
/// What A2 of InitiateAuthenticationOkEsipa holds, octet for octet.
Result<Bytes> find_ctx_params1(Bytes reply) {
    const auto ok = TRY(asn1::read_tlv(TRY(asn1::read_tlv(reply)).content));
    Bytes found;
    TRY(for_each_tlv(ok.content, [&](const asn1::Tlv& part) {
        if (part.tag == 0xA2) found = part.content;
        return true;
    }));
    return found;
}

Result<Next> take_initiate(Context& c, Bytes reply) {
    DownloadRun& run = c.download;
    const auto response = TRY(asn1::decode<rsp::InitiateAuthenticationResponseEsipa>(reply));
    if (run.indirect) c.eim_heard();
    if (const auto* error = std::get_if<1>(&response.is))
        return server_error(c, "initiateAuthenticationError", static_cast<uint64_t>(*error), reply);
    run.server = std::get<0>(response.is);
    if (run.server.ctx_params1)
        run.ctx_params1 = TRY(c.keep.copy(TRY(find_ctx_params1(reply)), "ctxParams1"));
    const rsp::ServerSigned1& signed1 = run.server.server_signed1.value;
    if (run.server.transaction_id && !same(*run.server.transaction_id, signed1.transaction_id))
        return fail(Errc::rejected, "transactionId");
    if (signed1.euicc_challenge != run.challenge) return fail(Errc::rejected, "euiccChallenge");
    TRY(run.transaction.assign(signed1.transaction_id));
    run.server_challenge = signed1.server_challenge;
    // What does not fit is not left out of anything.
    if (!run.server_address.assign(bytes_of(signed1.server_address))) run.server_address.clear();
    if (!run.smdp_oid.assign(registered_id(run.server.server_certificate))) run.smdp_oid.clear();
    const bool eim_checks = run.indirect && c.config.has(Feature::eim_download_data_handling);
    if (eim_checks) return Next::advance;
    if (!same_server(run.code.address, signed1.server_address)) return fail(Errc::rejected, "serverAddress");
    if (!run.code.oid.empty() && !certificate_names(run.server.server_certificate, run.code.oid))
        return fail(Errc::rejected, "smdpOid");
    if (c.server == Peer::smds) { // an event led here: to the SM-DP+, or to the next SM-DS
        const bool smds = is_smds_certificate(run.server.server_certificate);
        if (!smds && c.state.download.source == DownloadDuty::Source::smds)
            return fail(Errc::rejected, "serverCertificate");
        c.server = smds ? Peer::smds : Peer::smdp;
    }
    return Next::advance;
}

Result<Bytes> ask_authenticate(Context& c, Buffer out) {
    const DownloadRun& run = c.download;
    rsp::AuthenticateServerRequest request{.server_signed1 = run.server.server_signed1,
                                           .server_signature1 = run.server.server_signature1,
                                           .euicc_ci_pk_id_to_be_used =
                                               run.server.euicc_ci_pk_identifier_to_be_used,
                                           .server_certificate = run.server.server_certificate};
    if (!run.ctx_params1.empty()) { // made by the eIM, used unchanged
        request.ctx_params1.der = run.ctx_params1;
        return asn1::encode(request, out);
    }
    rsp::CtxParamsForCommonAuthentication params{.device_info = c.config.device};
    if (run.server.matching_id)
        params.matching_id = *run.server.matching_id;
    else if (!run.code.matching_id.empty())
        params.matching_id = run.code.matching_id;
    request.ctx_params1.value.is = params;
    return asn1::encode(request, out);
}
Result<Next> take_authenticate(Context& c, Bytes reply) {
    const auto tlv = TRY(asn1::read_tlv(reply, "authenticateServerResponse"));
    if (tlv.tag != 0xBF38) return fail(Errc::bad_tag, "authenticateServerResponse", tlv.tag);
    const auto alternative = TRY(asn1::read_tlv(tlv.content, "authenticateServerResponse"));
    c.download.session = alternative.tag == 0xA0;
    // In the indirect case the eIM is told as well, so that it can close the SM-DP+ session.
    if (!c.download.session && !c.download.indirect) {
        const auto error = TRY(asn1::decode<rsp::AuthenticateServerResponse>(reply));
        const auto* code = std::get_if<1>(&error.is);
        return fail(Errc::rejected,
                    "authenticateServer",
                    code ? static_cast<uint32_t>(code->authenticate_error_code) : 0);
    }
    c.result = tlv.whole; // in `in` until the server answers
    return Next::advance;
}

Result<Bytes> ask_client(Context& c, Buffer out) {
    return BackWriter(out)
        .bytes(authenticate_to_send(c, c.result))
        .tlv(0x80, c.download.transaction.bytes())
        .header(0xBF3B)
        .finish("authenticateClientRequest");
}

Result<Bytes> make_prepare(Context& c, const rsp::AuthenticateClientOkDPEsipa& ok) {
    rsp::PrepareDownloadRequest request{.smdp_signed2 = ok.smdp_signed2,
                                        .smdp_signature2 = ok.smdp_signature2,
                                        .hash_cc = ok.hash_cc,
                                        .smdp_certificate = ok.smdp_certificate};
    std::optional<Sha256> own;
    if (ok.smdp_signed2.value.cc_required_flag && !ok.hash_cc) {
        if (c.config.confirmation_code)
            own = c.config.confirmation_code->hash(c.download.transaction.bytes());
        if (!own) return fail(Errc::rejected, "confirmationCode");
        request.hash_cc = *own;
    }
    return c.keep.copy(TRY(asn1::encode(request, c.memory.out)), "prepareDownload");
}
Result<Next> take_client(Context& c, Bytes reply) {
    DownloadRun& run = c.download;
    const auto tlv = TRY(asn1::read_tlv(reply, "authenticateClientResponse"));
    const auto alternative = TRY(asn1::read_tlv(tlv.content, "authenticateClientResponse"));
    // ES9+ numbers its error 81, ESipa 82; all else is alike.
    if (tlv.tag == 0xBF3B && (alternative.tag == 0x81 || alternative.tag == 0x82)) {
        int64_t code = 127;
        if (!asn1::load_integer(code, alternative.content)) code = 127;
        if (run.compacted && code == 5) return again_in_full(c);
        if (run.indirect && code == 50) run.eim_refused = run.reason = Reason::ppr_not_allowed;
        return server_error(c, "authenticateClientError", static_cast<uint64_t>(code), reply);
    }
    if (tlv.tag == 0xBF40 && c.server == Peer::smds) return take_events(c, reply);
    const auto response = TRY(asn1::decode<rsp::AuthenticateClientResponseEsipa>(reply));
    if (const auto* smds = std::get_if<1>(&response.is)) return take_smds_event(c, *smds);
    const auto& ok = std::get<0>(response.is);
    const rsp::SmdpSigned2& signed2 = ok.smdp_signed2.value;
    if (!same(signed2.transaction_id, run.transaction.bytes())) return fail(Errc::rejected, "transactionId");
    if (!ok.profile_meta_data && !eim_verifies(c)) return fail(Errc::missing_field, "profileMetaData");
    if (ok.profile_meta_data) {
        run.metadata = TRY(c.keep.copy(ok.profile_meta_data->der, "profileMetaData"));
        run.iccid = ok.profile_meta_data->value.iccid;
    }
    if (!run.offered_otpk.assign(signed2.bpp_euicc_otpk.value_or(Bytes{}))) run.offered_otpk.clear();
    run.prepare = TRY(make_prepare(c, ok));
    return Next::advance;
}

// ---- What the device agrees to. SGP.22 §3.1.3 ----

Result<Bytes> ask_rat(Context& c, Buffer) {
    if (c.download.metadata.empty() || eim_verifies(c)) return Bytes{};
    const auto metadata = TRY(asn1::decode<rsp::StoreMetadataRequest>(c.download.metadata));
    const bool rules =
        metadata.profile_policy_rules && (metadata.profile_policy_rules->has(rsp::PprIds::ppr1) ||
                                          metadata.profile_policy_rules->has(rsp::PprIds::ppr2));
    return rules ? Bytes(kGetRat) : Bytes{};
}
Result<Next> take_rat(Context& c, Bytes reply) {
    const auto metadata = TRY(asn1::decode<rsp::StoreMetadataRequest>(c.download.metadata));
    if (TRY(rules_allowed(metadata, reply, c.config.ppr_consent))) return Next::advance;
    c.download.reason = Reason::ppr_not_allowed;
    return fail(Errc::rejected, "profilePolicyRules");
}

// ---- The package ----

Result<Bytes> ask_prepare(Context& c, Buffer) { return c.download.prepare; }
Result<Next> take_prepare(Context& c, Bytes reply) {
    const auto tlv = TRY(asn1::read_tlv(reply, "prepareDownloadResponse"));
    if (tlv.tag != 0xBF21) return fail(Errc::bad_tag, "prepareDownloadResponse", tlv.tag);
    const auto alternative = TRY(asn1::read_tlv(tlv.content, "prepareDownloadResponse"));
    if (alternative.tag != 0xA0 && !c.download.indirect) return fail(Errc::rejected, "prepareDownload");
    c.result = tlv.whole;
    return Next::advance;
}

Result<Bytes> ask_package(Context& c, Buffer out) {
    return BackWriter(out)
        .bytes(prepare_to_send(c, c.result))
        .tlv(0x80, c.download.transaction.bytes())
        .header(0xBF3A)
        .finish("getBoundProfilePackageRequest");
}
Result<Next> take_package(Context& c, Bytes reply) {
    DownloadRun& run = c.download;
    asn1::DecodeOptions options;
    options.max_elements = 20000; // 2 MiB in segments of 1020 octets and less
    const auto response = TRY(asn1::decode<rsp::GetBoundProfilePackageResponseEsipa>(reply, options));
    if (const auto* error = std::get_if<1>(&response.is)) {
        using Refusal = rsp::GetBoundProfilePackageResponseEsipa::GetBoundProfilePackageErrorEsipa;
        if (run.compacted && *error == Refusal::euicc_signature_invalid) return again_in_full(c);
        if (run.indirect && *error == Refusal::metadata_mismatch)
            run.eim_refused = run.reason = Reason::metadata_mismatch;
        return server_error(c, "getBoundProfilePackageError", static_cast<uint64_t>(*error), reply);
    }
    const auto& package = std::get<0>(response.is).bound_profile_package;
    run.segments = TRY(BppSegments::open(package.der));
    if (!same(package.value.initialise_secure_channel_request.value.transaction_id, run.transaction.bytes()))
        return fail(Errc::rejected, "transactionId");
    if (!run.metadata.empty() && !eim_verifies(c)) {
        const auto announced = TRY(asn1::decode<rsp::StoreMetadataRequest>(run.metadata));
        if (!same_metadata(announced, package.value, c.memory.out)) {
            run.reason = Reason::metadata_mismatch;
            return fail(Errc::rejected, "profileMetaData");
        }
    }
    c.state.download.phase = DownloadDuty::Phase::loading;
    c.state.download.transaction_id = run.transaction;
    expect_change(c);
    TRY(c.save()); // after a power cut the card is asked what became of it (RR-10)
    c.note("package to load", package.der.size());
    return Next::advance;
}

Result<Bytes> ask_segment(Context& c, Buffer) { return *c.download.segments.next(); }
Result<Next> take_segment(Context& c, Bytes reply) {
    DownloadRun& run = c.download;
    if (reply.empty() && !run.segments.done()) return Next::repeat;
    if (reply.empty()) return fail(Errc::missing_field, "profileInstallationResult");
    const auto facts = TRY(inspect_notification(reply));
    if (facts.transaction_id.empty()) return fail(Errc::bad_tag, "profileInstallationResult");
    run.installed = facts.installed;
    c.listener.event({.name = run.installed ? "profile installed" : "profile refused by the card",
                      .eim = text_of(c.serving().id.bytes()),
                      .number = facts.number,
                      .iccid = facts.iccid});
    run.session = false;
    TRY(report_installation(c));
    return Next::advance;
}

Result<Bytes> ask_immediate(Context& c, Buffer out) {
    if (!c.download.installed || !c.config.immediate_enable) return Bytes{};
    return asn1::encode(rsp::ImmediateEnableRequest{.refresh_flag = true}, out);
}
Result<Next> take_immediate(Context& c, Bytes reply) {
    const auto result = TRY(asn1::decode<rsp::ImmediateEnableResponse>(reply)).immediate_enable_result;
    if (result != rsp::ImmediateEnableResponse::ImmediateEnableResult::ok)
        return Next::advance; // not configured
    c.reset_card = true;
    c.note("enabled immediately");
    TRY(c.state_changed(rsp::StateChangeCause::immediate_enable_profile));
    return Next::advance;
}

void done(Context&) {}

void failed(Context& c, const Step& step, const Error& error) {
    DownloadRun& run = c.download;
    const bool over = c.state.download.phase == DownloadDuty::Phase::none; // the result is posted already
    c.note_error(over ? "not enabled immediately" : "download failed", step.name, error);
    if (run.indirect && error.code == Errc::unreachable && step.peer == Peer::server)
        c.eim_failed(step.name, error);
    // undefinedError, or HTTP 400: an eIM that cannot expand may say no more. The next session is in full.
    const bool not_understood = error.detail == 127 || error.detail == 400;
    if (run.compacted && error.code == Errc::rejected && step.peer == Peer::server && not_understood)
        if (auto forgotten = forget_told(c); !forgotten)
            c.note_error("state not saved", step.name, forgotten.error());
    if (over || c.reset_card) return; // link lost: see what the card kept
    const bool loading = c.state.download.phase == DownloadDuty::Phase::loading;
    if (loading) run.reason = Reason::load_bpp_execution_error;
    if (run.session) {
        c.follow = Duty::cancel;
        return;
    }
    if (auto posted = report_download_error(c); !posted)
        c.note_error("result lost", step.name, posted.error());
}

constexpr uint8_t kTries = 3;
constexpr Step kSteps[] = {
    {"ES10a.GetEuiccConfiguredAddresses", "SGP.22 §5.7.3", Peer::card, ask_addresses, take_addresses},
    {"ES10b.GetEUICCInfo", "SGP.22 §5.7.8", Peer::card, ask_info1, take_info1},
    {"ES10b.GetEUICCChallenge", "SGP.22 §5.7.7", Peer::card, ask_challenge, take_challenge},
    {"InitiateAuthentication", "SGP.32 §5.14.1", Peer::server, ask_initiate, take_initiate, kTries},
    {"ES10b.AuthenticateServer", "SGP.22 §5.7.13", Peer::card, ask_authenticate, take_authenticate},
    {"AuthenticateClient", "SGP.32 §5.14.3", Peer::server, ask_client, take_client, kTries},
    {"ES10b.GetRAT", "SGP.22 §5.7.22", Peer::card, ask_rat, take_rat},
    {"ES10b.PrepareDownload", "SGP.22 §5.7.5", Peer::card, ask_prepare, take_prepare},
    {"GetBoundProfilePackage", "SGP.32 §5.14.2", Peer::server, ask_package, take_package, kTries},
    {"ES10b.LoadBoundProfilePackage", "SGP.22 §5.7.6", Peer::card, ask_segment, take_segment},
    {"ES10b.ImmediateEnable", "SGP.32 §5.9.15", Peer::card, ask_immediate, take_immediate},
};
} // namespace
const Procedure kDownload{"download", kSteps, done, failed};
} // namespace halyard::ipa
