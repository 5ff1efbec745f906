// InitiateAuthentication, AuthenticateClient, CancelSession at an SM-DS. SGP.22 §5.8
#include "crypto/hash.h"
#include "smds/server.h"

namespace halyard::smds {
namespace {
using rsp::Es9Answer, rsp::Es9Function, rsp::Refusal;

Result<Es9Answer> refuse(Es9Function f, const Refusal& r) { return rsp::refused(f, r, rsp::Interface::es11); }

// What an alternative SM-DS registered at its parent is asked for under the parent's event id.
bool answers_to(const Event& e, std::string_view id) { return e.event_id == id || e.forwarded_id == id; }
} // namespace

Result<Es9Answer> Server::handle(Es9Function function, Bytes der, Time now) {
    // Two requests of one session may meet: the second one starts again from what the first one wrote.
    for (int i = 0;; ++i) {
        auto answer = once(function, der, now);
        if (answer || answer.error().code != Errc::conflict || i == 5) return answer;
    }
}

Result<Es9Answer> Server::once(Es9Function function, Bytes der, Time now) {
    switch (function) {
    case Es9Function::initiate_authentication: return initiate(der, now);
    case Es9Function::authenticate_client: return authenticate(der, now);
    case Es9Function::cancel_session: return cancel_session(der, now);
    case Es9Function::get_bound_profile_package:
    case Es9Function::handle_notification: break; // of SM-DP+ only
    }
    return fail(Errc::unsupported, "function");
}

Result<std::optional<Session>> Server::live_session(Bytes transaction_id, Time now) {
    auto session = TRY(store_.session(transaction_id));
    if (session && now - session->created > config_.session_life) session.reset();
    return session;
}

Result<Es9Answer> Server::initiate(Bytes der, Time now) {
    constexpr auto kThis = Es9Function::initiate_authentication;
    const auto request = TRY(asn1::decode<rsp::InitiateAuthenticationRequest>(der));
    if (!rsp::same_address(request.smdp_address, config_.address))
        return refuse(kThis, {"8.9.1", "3.8", "smdsAddress is not this server's"});
    std::vector<Bytes> cis;
    for (const Credentials& c : config_.credentials) cis.emplace_back(c.ci.key_id);
    const auto choice = TRY(rsp::choose_ci(request.euicc_info1.value, cis));
    using rsp::Unserved;
    if (choice.why == Unserved::svn) return refuse(kThis, {"8.9.3", "3.1", "svn below 2.0.0"});
    if (choice.why == Unserved::no_trusted_ci)
        return refuse(kThis, {"8.9.2", "3.1", "no CI of the eUICC is trusted"});
    if (choice.why == Unserved::no_certificate)
        return refuse(kThis, {"8.9.4", "3.7", "no certificate under a CI of the eUICC"});
    const Credentials& own = config_.credentials[choice.own];
    Session session{.transaction_id = TRY(random_.draw<16>()),
                    .euicc_challenge = request.euicc_challenge,
                    .server_challenge = TRY(random_.draw<16>()),
                    .created = now,
                    .ci_key_id = owned(choice.signing)};
    OwnedBytes answer = TRY(rsp::greet({.transaction_id = session.transaction_id,
                                        .euicc_challenge = session.euicc_challenge,
                                        .server_challenge = session.server_challenge,
                                        .server_address = config_.address,
                                        .ci_key_id = session.ci_key_id},
                                       own.auth,
                                       own.auth_certificate));
    TRY(store_.commit({.session = &session}));
    return Es9Answer{std::move(answer), {}};
}

Result<Es9Answer> Server::authenticate(Bytes der, Time now) {
    constexpr auto kThis = Es9Function::authenticate_client;
    const auto request = TRY(asn1::decode<rsp::AuthenticateClientRequest>(der));
    auto session = TRY(live_session(request.transaction_id, now));
    if (!session) return refuse(kThis, {"8.10.1", "3.9", "transactionId unknown"});
    const Sha256 hash = crypto::sha256({der});
    if (session->state != SessionState::initiated) {
        if (session->request == hash) return Es9Answer{session->answer, {}}; // the answer was lost (RR-04)
        return refuse(kThis, {"8.10.1", "3.9", "transactionId used"});
    }
    const Credentials* own = nullptr;
    for (const Credentials& c : config_.credentials)
        if (same(c.ci.key_id, session->ci_key_id)) own = &c;
    if (!own) return refuse(kThis, {"8.11.1", "3.9", "CI unknown"});
    const auto& response = request.authenticate_server_response.value;
    const auto lists = config_.lists ? config_.lists->now() : nullptr;
    const auto judged =
        rsp::judge_client(response,
                          {session->transaction_id, session->server_challenge, config_.address},
                          own->ci,
                          lists ? lists->revocation : config_.revocation,
                          now);
    if (judged.refusal) return refuse(kThis, *judged.refusal);
    const auto& shown = std::get<rsp::AuthenticateResponseOk>(response.is);
    if (const auto no = rsp::denied(config_.lists, judged.eid, judged.euicc, shown.eum_certificate.der()))
        return refuse(kThis, *no);

    const auto& said = shown.euicc_signed1.value;
    const std::string_view id = rsp::matching_id_of(said.ctx_params1.der);
    const auto events = TRY(store_.events(judged.eid));
    std::vector<rsp::EventEntries> entries;
    for (const Event& e : events)
        if (id.empty() || answers_to(e, id))
            entries.push_back({.event_id = e.event_id, .rsp_server_address = e.rsp_server_address});
    // An event of another eUICC and one that never was have the same answer (SR-20).
    if (!id.empty() && entries.empty()) return refuse(kThis, {"8.9.5", "3.9", "no such event for this EID"});

    rsp::AuthenticateClientOkEs11 ok{.transaction_id = session->transaction_id};
    ok.event_entries.items = entries;
    rsp::AuthenticateClientResponseEs11 answer;
    answer.is = ok;
    session->state = SessionState::answered;
    session->eid = judged.eid;
    session->euicc_key = judged.euicc.spki;
    session->request = hash;
    session->answer = TRY(asn1::encode(answer));
    TRY(store_.commit({.session = &*session}));
    return Es9Answer{session->answer, {}};
}

Result<Es9Answer> Server::cancel_session(Bytes der, Time now) {
    constexpr auto kThis = Es9Function::cancel_session;
    const auto request = TRY(asn1::decode<rsp::CancelSessionRequestEs9>(der));
    auto session = TRY(live_session(request.transaction_id, now));
    if (!session || session->state == SessionState::initiated)
        return refuse(kThis, {"8.10.1", "3.9", "transactionId unknown"});
    const auto key = TRY(crypto::public_key_from_spki(session->euicc_key));
    if (const auto wrong = rsp::judge_cancellation(request.cancel_session_response,
                                                   key,
                                                   session->transaction_id,
                                                   config_.oid_der,
                                                   {"8.9", "3.10", "smdpOid is not ours"}))
        return refuse(kThis, *wrong);
    rsp::CancelSessionResponseEs9 response;
    response.is = rsp::CancelSessionOk{};
    OwnedBytes yes = TRY(asn1::encode(response));
    if (session->state != SessionState::cancelled) {
        session->state = SessionState::cancelled;
        TRY(store_.commit({.session = &*session}));
    }
    return Es9Answer{std::move(yes), {}};
}

} // namespace halyard::smds
