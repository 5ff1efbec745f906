// AuthenticateClient, GetBoundProfilePackage, CancelSession. SGP.22 §5.6.2 to §5.6.5
#include "base/log.h"
#include "crypto/hash.h"
#include "profile/package.h"
#include "rsp/confirmation_code.h"
#include "rsp/mutual_authentication.h"
#include "smdp/eligibility.h"
#include "smdp/maker.h"
#include "smdp/server.h"
#include <algorithm>

namespace halyard::smdp {
namespace {
using rsp::Es9Answer, rsp::Es9Function, rsp::Refusal;

constexpr Refusal kSignature{"8.1", "6.1", "eUICC signature or challenge invalid"};
constexpr Refusal kDenied{"8.1", "6.1", "eUICC denied"};

bool speaks_of(Bytes secure_channel, Bytes otpk) {
    return std::search(secure_channel.begin(), secure_channel.end(), otpk.begin(), otpk.end()) !=
           secure_channel.end();
}
} // namespace

Result<Es9Answer> Server::authenticate(Bytes der, Time now) {
    const auto request = TRY(asn1::decode<rsp::AuthenticateClientRequest>(der));
    const auto refuse = [](const Refusal& r) { return rsp::refused(Es9Function::authenticate_client, r); };
    auto session = TRY(live_session(request.transaction_id, now));
    if (!session) return refuse({"8.10.1", "3.9", "transactionId unknown"});
    const Sha256 hash = crypto::sha256({der});
    if (session->state != SessionState::initiated) {
        if (session->request == hash) return Es9Answer{session->answer, {}}; // the answer was lost (RR-04)
        return refuse({"8.10.1", "3.9", "transactionId used"});
    }
    const auto* ok = std::get_if<rsp::AuthenticateResponseOk>(&request.authenticate_server_response.value.is);
    if (!ok) return refuse(kSignature);
    const Credentials* own = credentials(session->ci_key_id);
    if (!own) return refuse({"8.11.1", "3.9", "CI unknown"});
    const auto lists = config_.lists ? config_.lists->now() : nullptr;
    const auto judged =
        rsp::judge_client(request.authenticate_server_response.value,
                          {session->transaction_id, session->server_challenge, config_.address},
                          own->ci,
                          lists ? lists->revocation : config_.revocation,
                          now);
    if (judged.refusal) return refuse(*judged.refusal);
    if (const auto no = rsp::denied(config_.lists, judged.eid, judged.euicc, ok->eum_certificate.der()))
        return refuse(*no);
    const rsp::EuiccSigned1& said = ok->euicc_signed1.value;

    const std::string_view matching_id = rsp::matching_id_of(said.ctx_params1.der);
    auto order = matching_id.empty() ? TRY(store_.default_order(judged.eid)) : TRY(store_.order(matching_id));
    if (matching_id.empty() && !order) return refuse({"8.1.1", "3.8", "no order waits for this EID"});
    const bool expired = order && order->expires.count() && now > order->expires;
    // Unknown, used, in error, expired: one answer for all of them, so that nobody learns by guessing
    // (SR-20). Only the eUICC that the order belongs to is told that it came too late.
    if (!order || (!is_open(*order) && order->state != OrderState::confirmed) ||
        (expired && order->eid != judged.eid))
        return refuse({"8.2.6", "3.8", "matchingId refused"});
    if (order->eid && *order->eid != judged.eid) return refuse({"8.1.1", "3.8", "EID is not the order's"});
    if (order->state == OrderState::confirmed) return refuse({"8.2", "1.2", "profile not released yet"});
    order->changed = now;
    // From here on it is the order's own eUICC: what ends the attempt is told to the operator.
    const auto end = [&](const Refusal& r) -> Answer {
        Change change{.order = &*order};
        if (order->state == OrderState::error) TRY(drop_event(change.outbox, *order, random_, now));
        TRY(tell(change, *order, Point::eligibility, rsp::StatusCode{r.subject, r.reason, r.message}, now));
        TRY(store_.commit(change));
        return refuse(r);
    };
    if (expired) return end({"8.8.5", "4.10", "download order expired"});
    const auto package = TRY(package_of(vault_, store_, *order));
    const rsp::EuiccInfo2& info = said.euicc_info2.value;
    const auto metadata = TRY(asn1::decode<rsp::StoreMetadataRequest>(order->metadata));
    if (const char* why = TRY(why_not_eligible(package.reveal(), metadata, info)))
        return end({"8.2.5", "4.3", why});
    if (const auto free = free_memory(info.ext_card_resource); free && *free < package.reveal().size())
        return end({"8.1", "4.8", "not enough memory on the eUICC"});
    if (++order->attempts > config_.attempts) {
        order->state = OrderState::error;
        order->reason = "too many download attempts";
        return end({"8.8.5", "6.4", "too many download attempts"});
    }
    order->eid = judged.eid;

    session->eid = judged.eid;
    session->euicc_key = judged.euicc.spki;
    session->request = hash;
    return offer(*own, *order, *session, ok->euicc_signature1, now);
}

Result<Es9Answer>
Server::offer(const Credentials& own, Order& order, Session& session, Bytes euicc_signature1, Time now) {
    const auto binding = TRY(store_.binding(order.iccid));
    rsp::SmdpSigned2 signed2{.transaction_id = session.transaction_id,
                             .cc_required_flag = !order.code.empty()};
    if (binding) signed2.bpp_euicc_otpk = Bytes(binding->euicc_otpk);
    const OwnedBytes to_sign = TRY(asn1::encode(signed2));
    const auto signature = TRY(crypto::sign(own.pb, {to_sign, signature_tlv(euicc_signature1)}));
    rsp::AuthenticateClientOk answer{.transaction_id = session.transaction_id,
                                     .smdp_signature2 = signature,
                                     .smdp_certificate = TRY(asn1::Raw::from(own.pb_certificate))};
    answer.profile_meta_data.der = order.metadata;
    answer.smdp_signed2.der = to_sign;
    rsp::AuthenticateClientResponseEs9 response;
    response.is = answer;
    session.state = SessionState::authenticated;
    session.iccid = order.iccid;
    session.matching_id = order.matching_id;
    session.smdp_signature2 = owned(signature);
    session.answer = TRY(asn1::encode(response));
    Change change{.order = &order, .session = &session};
    TRY(tell(change, order, Point::eligibility, {}, now));
    TRY(store_.commit(change));
    return Es9Answer{session.answer, {}};
}

Result<std::optional<Order>> Server::order_of(const Session& session) {
    if (!session.iccid) return std::optional<Order>{};
    auto order = TRY(store_.order(*session.iccid));
    // Cancelled and ordered anew since: another order, which this session knows nothing of.
    if (order && (order->matching_id != session.matching_id || order->eid != session.eid)) order.reset();
    return order;
}

// Not failed: the code is right, or none is wanted. SHA-256(SHA-256(code) | transactionId), SGP.22 §5.6.3
Result<Es9Answer> Server::judge_code(const Order& known,
                                     const Session& session,
                                     const rsp::EuiccSigned2& said,
                                     const Sha256& request,
                                     Time now) {
    if (known.code.empty()) return Es9Answer{};
    const auto refuse = [&](Change change, const char* reason, const char* message) -> Answer {
        TRY(tell(change, known, Point::confirmation, rsp::StatusCode{"8.2.7", reason, message}, now));
        TRY(store_.commit(change));
        return rsp::refused(Es9Function::get_bound_profile_package, {"8.2.7", reason, message});
    };
    if (!said.hash_cc) return refuse({}, "2.2", "confirmation code missing");
    const SecretBytes code = TRY(open_code(vault_, known));
    if (crypto::equal(*said.hash_cc, rsp::hash_cc(code.reveal(), session.transaction_id))) return Es9Answer{};
    if (session.wrong_code == request) // the answer was lost: not a second try
        return rsp::refused(Es9Function::get_bound_profile_package,
                            {"8.2.7", "3.8", "confirmation code refused"});
    Order order = known;
    Session counted = session;
    counted.wrong_code = request;
    order.changed = now;
    Change change{.order = &order, .session = &counted};
    if (++order.code_tries < config_.code_tries) return refuse(change, "3.8", "confirmation code refused");
    order.state = OrderState::error;
    order.reason = "confirmation code tried too often";
    TRY(drop_event(change.outbox, order, random_, now));
    return refuse(change, "6.4", "confirmation code tried too often");
}

Result<Es9Answer> Server::package(Bytes der, Time now) {
    const auto request = TRY(asn1::decode<rsp::GetBoundProfilePackageRequest>(der));
    const auto refuse = [](const Refusal& r) {
        return rsp::refused(Es9Function::get_bound_profile_package, r);
    };
    auto session = TRY(live_session(request.transaction_id, now));
    if (!session ||
        (session->state != SessionState::authenticated && session->state != SessionState::delivered))
        return refuse({"8.10.1", "3.9", "transactionId unknown"});
    if (rsp::is_denied(config_.lists, session->eid)) return refuse(kDenied);
    const auto* ok = std::get_if<rsp::PrepareDownloadResponseOk>(&request.prepare_download_response.value.is);
    if (!ok) return refuse(kSignature);
    const auto euicc_key = TRY(crypto::public_key_from_spki(session->euicc_key));
    if (!crypto::verify_tolerant(euicc_key,
                                 {ok->euicc_signed2.der, signature_tlv(session->smdp_signature2)},
                                 ok->euicc_signature2,
                                 nullptr,
                                 "euiccSignature2"))
        return refuse(kSignature);
    const rsp::EuiccSigned2& said = ok->euicc_signed2.value;
    if (!same(said.transaction_id, session->transaction_id))
        return refuse({"8.10.1", "3.9", "transactionId is not the signed one"});
    const auto otpk = crypto::public_key_from_point(euicc_key.curve, said.euicc_otpk, "euiccOtpk");
    if (!otpk) return refuse(kSignature);
    const Credentials* own = credentials(session->ci_key_id);
    auto order = TRY(order_of(*session));
    if (!own || !order) return refuse({"8.10.1", "3.9", "order is gone"});
    if (order->state == OrderState::error && order->code_tries >= config_.code_tries)
        return refuse({"8.2.7", "6.4", "confirmation code tried too often"});
    if (!is_open(*order)) return refuse({"8.8.5", "4.10", "order is not open any more"});
    if (order->expires.count() && now > order->expires)
        return refuse({"8.8.5", "4.10", "download order expired"});

    if (auto refusal = TRY(judge_code(*order, *session, said, crypto::sha256({der}), now)); refusal.failed)
        return refusal;
    return deliver(*own, *order, *session, *otpk, now);
}

Result<Es9Answer> Server::deliver(
    const Credentials& own, Order& order, Session& session, const crypto::PublicKey& otpk, Time now) {
    auto binding = TRY(store_.binding(order.iccid));
    const bool again = binding && same(binding->euicc_otpk, otpk.point);
    order.changed = now;
    if (binding && !again && !config_.rebind) {
        const Refusal no{"8.2", "3.7", "bound for another one-time key"};
        Change change{.order = &order};
        TRY(tell(change, order, Point::download, rsp::StatusCode{no.subject, no.reason, no.message}, now));
        TRY(store_.commit(change));
        return rsp::refused(Es9Function::get_bound_profile_package, no);
    }
    const Bytes short_host_id = Bytes(config_.oid_der).first(std::min<size_t>(config_.oid_der.size(), 16));
    if (!again) {
        binding.reset(); // of another one-time key
        const auto package = TRY(package_of(vault_, store_, order));
        Bound bound = TRY(bind({.host_id = short_host_id,
                                .eid = session.eid,
                                .smdp_oid = config_.oid_der,
                                .metadata = order.metadata,
                                .package = package.reveal(),
                                .own_keys = config_.own_keys},
                               otpk,
                               random_));
        binding = Binding{owned(otpk.point), owned(bound.smdp_otpk.point), std::move(bound.tail)};
    }
    // Signed once for a session and a binding, so that a repeated request brings the same octets.
    if (!again || !speaks_of(session.secure_channel, binding->smdp_otpk))
        session.secure_channel = TRY(secure_channel(
            own.pb, session.transaction_id, short_host_id, binding->smdp_otpk, binding->euicc_otpk));
    order.state = OrderState::downloaded;
    Change change{.order = &order, .session = &session, .binding = again ? nullptr : &*binding};
    // A request that is repeated is no second download.
    if (!again || session.state != SessionState::delivered)
        TRY(tell(change, order, Point::download, {}, now));
    session.state = SessionState::delivered;
    TRY(store_.commit(change));
    // The bound package becomes its answer: it is large, and there once.
    return Es9Answer{
        bound_package_answer(session.transaction_id, session.secure_channel, std::move(binding->tail)), {}};
}

Result<Es9Answer> Server::cancel_session(Bytes der, Time now) {
    const auto request = TRY(asn1::decode<rsp::CancelSessionRequestEs9>(der));
    const auto refuse = [](const Refusal& r) { return rsp::refused(Es9Function::cancel_session, r); };
    auto session = TRY(live_session(request.transaction_id, now));
    if (!session || session->state == SessionState::initiated)
        return refuse({"8.10.1", "3.9", "transactionId unknown"});
    const auto key = TRY(crypto::public_key_from_spki(session->euicc_key));
    if (const auto wrong = rsp::judge_cancellation(request.cancel_session_response,
                                                   key,
                                                   session->transaction_id,
                                                   config_.oid_der,
                                                   {"8.8", "3.10", "smdpOid is not ours"}))
        return refuse(*wrong);
    const auto& said = std::get<rsp::CancelSessionResponseOk>(request.cancel_session_response.is)
                           .euicc_cancel_session_signed.value;
    rsp::CancelSessionResponseEs9 response;
    response.is = rsp::CancelSessionOk{};
    const OwnedBytes yes = TRY(asn1::encode(response));
    if (session->state == SessionState::cancelled || session->state == SessionState::finished)
        return Es9Answer{yes, {}};
    session->state = SessionState::cancelled;
    auto order = TRY(order_of(*session));
    Change change{.session = &*session};
    using Reason = rsp::CancelSessionReason;
    const bool final = said.reason == Reason::end_user_rejection || said.reason == Reason::ppr_not_allowed ||
                       said.reason == Reason::metadata_mismatch;
    if (order && final && is_open(*order)) {
        order->state = OrderState::error;
        order->reason = "cancelled by the device, reason " + std::to_string(static_cast<int>(said.reason));
        order->changed = now;
        change.order = &*order;
        TRY(drop_event(change.outbox, *order, random_, now));
        TRY(tell(change, *order, Point::download, rsp::StatusCode{"8.2", "3.8", order->reason}, now));
    }
    TRY(store_.commit(change));
    return Es9Answer{yes, {}};
}

} // namespace halyard::smdp
