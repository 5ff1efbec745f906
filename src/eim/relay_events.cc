// Relayed downloads that begin at an SM-DS: ESipa on one side, ES11' on the other. SGP.32 §3.9.2.2
#include "eim/relay_target.h"

namespace halyard::eim {
namespace {
using ClientError = rsp::AuthenticateClientResponseEsipa::AuthenticateClientErrorEsipa;
using EventError = rsp::AuthenticateClientResponseEs11::AuthenticateClientError;
constexpr auto kNeedsNoAddress =
    static_cast<unsigned>(rsp::IpaCapabilities::IpaFeatures::eim_download_data_handling);

ClientError code_of(EventError e) {
    if (e == EventError::event_id_unknown) return ClientError::event_id_unknown;
    if (e == EventError::invalid_transaction_id) return ClientError::invalid_transaction_id;
    return static_cast<ClientError>(e); // the certificates, the signature and undefinedError have one number
}
// One of those configured; the first where nobody names one.
Result<std::string> chosen(const std::vector<std::string>& known, std::optional<std::string_view> asked) {
    for (const std::string& address : known)
        if (!asked || same_address(address, *asked)) return address;
    return fail(Errc::not_found, "smdpAddress");
}
Result<OwnedBytes> answer_with(rsp::AuthenticateClientOkDSEsipa ok) {
    rsp::AuthenticateClientResponseEsipa response;
    response.is = ok;
    return asn1::encode(response);
}
} // namespace

Result<Target> target_of(const Operation& o, const Config& config, std::optional<std::string_view> asked) {
    const auto leads = [&](const ActivationCode& code) {
        return !asked || same_address(*asked, code.address);
    };
    if (!o.event.empty()) {
        const Target event{Target::Kind::event, TRY(parse_activation_code(o.event))};
        if (leads(event.code)) return event;
    } // after a power cut an IPA may begin at the SM-DS again
    DownloadSource source = TRY(parse_source(o.activation_code));
    const bool smds = source.kind == DownloadSource::Kind::smds;
    Target out{smds ? Target::Kind::smds : Target::Kind::smdp, std::move(source.code)};
    if (source.kind == DownloadSource::Kind::default_smdp)
        out.code.address = TRY(chosen(config.forward_to, asked));
    if (smds && out.code.address.empty()) out.code.address = TRY(chosen(config.smds, asked));
    if (!leads(out.code)) return fail(Errc::not_found, "smdpAddress");
    return out;
}

// One event for each trigger; the others are there for the next ones. After an attempt that failed the turn
// is another one's, so that none blocks those behind it.
Result<OwnedBytes> Server::relay_events(Relay relay, Bytes answer, Time now) {
    const auto es11 = TRY(asn1::decode<rsp::AuthenticateClientResponseEs11>(answer));
    if (const auto* error = std::get_if<1>(&es11.is)) {
        rsp::AuthenticateClientResponseEsipa refused;
        refused.is = code_of(*error);
        return asn1::encode(refused);
    }
    const auto& ok = std::get<rsp::AuthenticateClientOkEs11>(es11.is);
    std::vector<rsp::EventEntries> events;
    TRY(ok.event_entries.for_each([&](const rsp::EventEntries& e) { events.push_back(e); }));
    Operation& o = relay.operation;
    if (events.empty()) {
        TRY(postpone_order(relay, "the SM-DS has nothing for this eUICC", now));
        return answer_with({.transaction_id = ok.transaction_id});
    }
    const rsp::EventEntries& event = events[(o.offers ? o.offers - 1 : 0) % events.size()];
    std::string code = "1$" + std::string(event.rsp_server_address) + "$" + std::string(event.event_id);
    const auto parsed = parse_activation_code(code);
    if (!parsed || parsed->address != event.rsp_server_address || parsed->matching_id != event.event_id) {
        TRY(fail_order(relay, "the SM-DS told of an event that cannot be followed", now));
        return answer_with({.transaction_id = ok.transaction_id});
    }
    const OwnedBytes transaction = o.transaction_id;
    const bool with_code = !(relay.device.ipa_features >> kNeedsNoAddress & 1);
    Turn turn{.device = std::move(relay.device), .now = now};
    Operation* kept = keep(turn, std::move(relay.operation));
    kept->event = code;
    kept->changed = now;
    TRY(commit(turn));
    rsp::ProfileDownloadTriggerRequest trigger{.eim_transaction_id = Bytes(transaction)};
    if (with_code) trigger.profile_download_data.emplace().is = std::string_view(code);
    return answer_with({.transaction_id = ok.transaction_id, .profile_download_trigger = trigger});
}

} // namespace halyard::eim
