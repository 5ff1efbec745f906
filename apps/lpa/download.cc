#include "apps/lpa/download.h"
#include "base/log.h"
#include "ipa/bpp_segments.h"
#include "ipa/download_checks.h"
#include "ipa/epr.h"
#include "rsp/chain.h"
#include "rsp/confirmation_code.h"

namespace halyard::lpa {
namespace {
using Reason = rsp::CancelSessionReason;

/// One session between card and server; what it learns as it goes.
class Run {
  public:
    Run(Card& card, Servers& servers, const Wanted& wanted, rsp::Interface on)
        : card_(card), servers_(servers), wanted_(wanted), on_(on) {}

    /// Common mutual authentication up to the card's signature. SGP.22 §3.0.1
    Ok open();
    /// AuthenticateClient; empty when the server refused.
    Result<OwnedBytes> authenticate_client();
    Ok download(const Choice&);
    /// Ends the session at the card and at the server. SGP.22 §3.0.2
    Ok cancel(Reason, std::string why);

    bool is_open() const { return open_; }
    bool ended() const {
        return out.installed || out.refused || out.card_error || out.cancelled || out.result_error;
    }
    Outcome out;

  private:
    Result<OwnedBytes> ask_card(const char* step, Bytes command) {
        out.step = step;
        return card_.exchange(command);
    }
    Result<OwnedBytes> ask_server(const char* step, Bytes message);
    Ok authenticate_server(const rsp::InitiateAuthenticationOkEs9&);
    Ok judge_metadata(const rsp::AuthenticateClientOk&);
    Ok prepare(const rsp::AuthenticateClientOk&);
    Ok load(Bytes package, const Choice&);
    Ok take_result(Bytes pir);
    Ok cancel_if(const Choice&, Pause);

    Card& card_;
    Servers& servers_;
    const Wanted& wanted_;
    rsp::Interface on_;
    bool open_ = false; // the card has a session
    OwnedBytes transaction_, client_, prepared_, metadata_;
};

Result<OwnedBytes> Run::ask_server(const char* step, Bytes message) {
    out.step = step;
    auto answer = TRY(servers_.exchange(wanted_.address, message, on_));
    if (answer.failed) {
        out.refused = std::move(answer.failed);
        open_ = false; // the server's side of it is over
        return OwnedBytes{};
    }
    return std::move(answer.der);
}

Ok Run::open() {
    const OwnedBytes info1 =
        TRY(ask_card("ES10b.GetEUICCInfo", TRY(asn1::encode(rsp::GetEuiccInfo1Request{}))));
    const OwnedBytes challenge =
        TRY(ask_card("ES10b.GetEUICCChallenge", TRY(asn1::encode(rsp::GetEuiccChallengeRequest{}))));
    rsp::InitiateAuthenticationRequest hello{.smdp_address = wanted_.address};
    hello.euicc_challenge = TRY(asn1::decode<rsp::GetEuiccChallengeResponse>(challenge)).euicc_challenge;
    hello.euicc_info1.der = info1;
    const OwnedBytes greeting = TRY(ask_server("InitiateAuthentication", TRY(asn1::encode(hello))));
    if (greeting.empty()) return {};
    const auto response = TRY(asn1::decode<rsp::InitiateAuthenticationResponse>(greeting));
    const auto* ok = std::get_if<rsp::InitiateAuthenticationOkEs9>(&response.is);
    if (!ok) return fail(Errc::rejected, "initiateAuthentication");
    const rsp::ServerSigned1& said = ok->server_signed1.value;
    if (!same(ok->transaction_id, said.transaction_id)) return fail(Errc::rejected, "transactionId");
    if (said.euicc_challenge != hello.euicc_challenge) return fail(Errc::rejected, "euiccChallenge");
    if (!ipa::same_server(wanted_.address, said.server_address)) return fail(Errc::rejected, "serverAddress");
    if (!wanted_.oid.empty() && !ipa::certificate_names(ok->server_certificate, wanted_.oid))
        return fail(Errc::rejected, "smdpOid");
    transaction_ = owned(said.transaction_id);
    return authenticate_server(*ok);
}

Ok Run::authenticate_server(const rsp::InitiateAuthenticationOkEs9& ok) {
    rsp::CtxParamsForCommonAuthentication common{.device_info = wanted_.device};
    if (!wanted_.matching_id.empty()) common.matching_id = wanted_.matching_id;
    rsp::CtxParams1 context;
    context.is = common;
    const OwnedBytes params = TRY(asn1::encode(context));
    rsp::AuthenticateServerRequest request{.server_signature1 = ok.server_signature1,
                                           .euicc_ci_pk_id_to_be_used = ok.euicc_ci_pk_id_to_be_used,
                                           .server_certificate = ok.server_certificate};
    request.server_signed1.der = ok.server_signed1.der;
    request.ctx_params1.der = params;
    client_ = TRY(ask_card("ES10b.AuthenticateServer", TRY(asn1::encode(request))));
    const auto answer = TRY(asn1::decode<rsp::AuthenticateServerResponse>(client_));
    if (const auto* error = std::get_if<rsp::AuthenticateResponseError>(&answer.is))
        out.card_error = static_cast<int>(error->authenticate_error_code);
    else
        open_ = true;
    return {};
}

Result<OwnedBytes> Run::authenticate_client() {
    rsp::AuthenticateClientRequest request{.transaction_id = transaction_};
    request.authenticate_server_response.der = client_;
    return ask_server("AuthenticateClient", TRY(asn1::encode(request)));
}

Ok Run::judge_metadata(const rsp::AuthenticateClientOk& ok) {
    if (!same(ok.smdp_signed2.value.transaction_id, transaction_))
        return fail(Errc::rejected, "transactionId");
    const auto& metadata = ok.profile_meta_data.value;
    metadata_ = owned(ok.profile_meta_data.der);
    out.iccid = metadata.iccid;
    out.profile = metadata.profile_name;
    out.provider = metadata.service_provider_name;
    const auto& rules = metadata.profile_policy_rules;
    if (rules && (rules->has(rsp::PprIds::ppr1) || rules->has(rsp::PprIds::ppr2))) {
        const OwnedBytes rat = TRY(ask_card("ES10b.GetRAT", TRY(asn1::encode(rsp::GetRatRequest{}))));
        if (!TRY(ipa::rules_allowed(metadata, rat, wanted_.ppr_consent)))
            return cancel(Reason::ppr_not_allowed, "its policy rules are not allowed on this eUICC");
    }
    // The order stays as it is, for when somebody knows the code.
    if (ok.smdp_signed2.value.cc_required_flag && wanted_.confirmation_code.empty())
        return cancel(Reason::postponed, "it needs a confirmation code");
    return {};
}

Ok Run::prepare(const rsp::AuthenticateClientOk& ok) {
    rsp::PrepareDownloadRequest request{.smdp_signature2 = ok.smdp_signature2,
                                        .smdp_certificate = ok.smdp_certificate};
    request.smdp_signed2.der = ok.smdp_signed2.der;
    if (ok.smdp_signed2.value.cc_required_flag)
        request.hash_cc = hash_of_code(wanted_.confirmation_code, transaction_);
    prepared_ = TRY(ask_card("ES10b.PrepareDownload", TRY(asn1::encode(request))));
    const auto answer = TRY(asn1::decode<rsp::PrepareDownloadResponse>(prepared_));
    if (const auto* error = std::get_if<rsp::PrepareDownloadResponseError>(&answer.is)) {
        out.card_error = static_cast<int>(error->download_error_code);
        open_ = false;
    }
    return {};
}

Ok Run::cancel_if(const Choice& choice, Pause pause) {
    if (ended() || !choice) return {};
    const auto reason = choice(pause);
    return reason ? cancel(*reason, "as asked for") : Ok{};
}

Ok Run::download(const Choice& choice) {
    const OwnedBytes offered = TRY(authenticate_client());
    if (offered.empty()) return {};
    const auto response = TRY(asn1::decode<rsp::AuthenticateClientResponseEs9>(offered));
    const auto* ok = std::get_if<rsp::AuthenticateClientOk>(&response.is);
    if (!ok) return fail(Errc::rejected, "authenticateClient");
    TRY(judge_metadata(*ok));
    TRY(cancel_if(choice, Pause::metadata));
    if (ended()) return {};
    TRY(prepare(*ok));
    TRY(cancel_if(choice, Pause::prepared));
    if (ended()) return {};
    rsp::GetBoundProfilePackageRequest request{.transaction_id = transaction_};
    request.prepare_download_response.der = prepared_;
    const OwnedBytes answer = TRY(ask_server("GetBoundProfilePackage", TRY(asn1::encode(request))));
    if (answer.empty()) return {};
    asn1::DecodeOptions options;
    options.max_elements = 20000; // 2 MiB in segments of 1020 octets and less
    const auto bound = TRY(asn1::decode<rsp::GetBoundProfilePackageResponse>(answer, options));
    const auto* package = std::get_if<rsp::GetBoundProfilePackageOk>(&bound.is);
    if (!package) return fail(Errc::rejected, "getBoundProfilePackage");
    OwnedBytes scratch(64 * 1024);
    const auto announced = TRY(asn1::decode<rsp::StoreMetadataRequest>(metadata_));
    if (!ipa::same_metadata(announced, package->bound_profile_package.value, scratch))
        return cancel(Reason::metadata_mismatch, "the package has other metadata than were announced");
    TRY(cancel_if(choice, Pause::package));
    if (ended()) return {};
    return load(package->bound_profile_package.der, choice);
}

Ok Run::load(Bytes package, const Choice& choice) {
    auto segments = TRY(ipa::BppSegments::open(package));
    for (size_t n = 0; !segments.done(); ++n) {
        if (n == 3) TRY(cancel_if(choice, Pause::loading)); // the secure channel and the ISD-P are there
        if (ended()) return {};
        const OwnedBytes answer = TRY(ask_card("ES10b.LoadBoundProfilePackage", *segments.next()));
        if (!answer.empty()) return take_result(answer);
    }
    return fail(Errc::missing_field, "profileInstallationResult");
}

Ok Run::take_result(Bytes pir) {
    open_ = false;
    const auto result = TRY(asn1::decode<rsp::ProfileInstallationResult>(pir));
    const auto& how = result.profile_installation_result_data.value.final_result.is;
    if (const auto* error = std::get_if<rsp::ErrorResult>(&how)) {
        out.bpp_command = static_cast<int>(error->bpp_command_id);
        out.result_error = static_cast<int>(error->error_reason);
    } else {
        out.installed = true;
    }
    return {};
}

Ok Run::cancel(Reason reason, std::string why) {
    open_ = false;
    const OwnedBytes answer =
        TRY(card_.ask(rsp::CancelSessionRequest{.transaction_id = transaction_, .reason = reason}));
    rsp::CancelSessionRequestEs9 request{.transaction_id = transaction_};
    request.cancel_session_response = TRY(asn1::decode<rsp::CancelSessionResponse>(answer));
    const auto said = TRY(servers_.exchange(wanted_.address, TRY(asn1::encode(request)), on_));
    if (said.failed) {
        out.step = "CancelSession";
        out.refused = said.failed;
        return {};
    }
    out.cancelled = reason;
    out.why = std::move(why);
    return {};
}

/// What went wrong on the way: the session is closed as far as possible. SGP.22 §3.0.2
void give_up(Run& run) {
    if (!run.is_open()) return;
    if (const auto done = run.cancel(Reason::undefined_reason, "it failed"); !done)
        log(LogLevel::warning, std::string("session not cancelled: ") + name(done.error().code));
}

Result<std::vector<Event>> events_in(Bytes answer) {
    const auto response = TRY(asn1::decode<rsp::AuthenticateClientResponseEs11>(answer));
    const auto* ok = std::get_if<rsp::AuthenticateClientOkEs11>(&response.is);
    if (!ok) return fail(Errc::rejected, "authenticateClient");
    std::vector<Event> out;
    TRY(ok->event_entries.for_each([&](const rsp::EventEntries& e) {
        out.push_back({std::string(e.rsp_server_address), std::string(e.event_id)});
    }));
    return out;
}

Ok discover_at(Card& card,
               Servers& servers,
               const Wanted& wanted,
               int depth,
               std::vector<Event>& found,
               std::optional<rsp::StatusCode>& refused) {
    Run run(card, servers, wanted, rsp::Interface::es11);
    TRY(run.open());
    if (run.out.card_error)
        return fail(Errc::rejected, "authenticateServer", static_cast<uint32_t>(*run.out.card_error));
    const OwnedBytes answer = run.ended() ? OwnedBytes{} : TRY(run.authenticate_client());
    if (run.out.refused) refused = run.out.refused;
    if (answer.empty()) return {};
    for (const Event& e : TRY(events_in(answer))) {
        Wanted next = wanted;
        next.address = e.address;
        next.matching_id = e.id;
        const auto below = depth > 0 ? discover_at(card, servers, next, depth - 1, found, refused)
                                     : Ok(fail(Errc::limit, "SM-DS behind SM-DS"));
        // No SM-DS there: then it is an SM-DP+, which is what the event names as a rule.
        const bool is_smdp = !below && below.error().code == Errc::unverified;
        if (!below && !is_smdp) return below;
        if (is_smdp) found.push_back(e);
    }
    return {};
}
} // namespace

Sha256 hash_of_code(std::string_view code, Bytes transaction_id) {
    return rsp::hash_cc(rsp::hash_of_code(bytes_of(code)), transaction_id);
}

Result<Outcome> download(Card& card, Servers& servers, const Wanted& wanted, const Choice& choice) {
    Run run(card, servers, wanted, rsp::Interface::es9p);
    auto done = run.open();
    if (done && !run.ended()) done = run.download(choice);
    if (!done) {
        give_up(run);
        return tl::unexpected<Error>(done.error());
    }
    return std::move(run.out);
}

Result<std::vector<Event>>
discover(Card& card, Servers& servers, const Wanted& wanted, std::optional<rsp::StatusCode>& refused) {
    std::vector<Event> found;
    TRY(discover_at(card, servers, wanted, 4, found, refused));
    return found;
}

} // namespace halyard::lpa
