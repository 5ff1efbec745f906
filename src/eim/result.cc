// ProvideEimPackageResult: only what verifies under the eUICC's own key decides anything. SGP.32 §3.3.1,
// §5.14.6
#include "base/log.h"
#include "eim/package.h"
#include "eim/server.h"
#include "rsp/token.h"

namespace halyard::eim {
namespace {
using rsp::EimPackageResult;
using ProvideError = rsp::ProvideEimPackageResultResponse::ProvideEimPackageResultError;

Result<OwnedBytes> refuse(ProvideError code) {
    rsp::ProvideEimPackageResultResponse response;
    response.is = code;
    return asn1::encode(response);
}
Result<OwnedBytes> acknowledge_numbers(const std::vector<uint64_t>& numbers) {
    rsp::ProvideEimPackageResultResponse response;
    if (numbers.empty()) {
        response.is = rsp::EmptyResponse{};
        return asn1::encode(response);
    }
    std::vector<asn1::Tagged<uint64_t, 0x80>> items;
    for (uint64_t n : numbers) items.push_back({n});
    response.is = asn1::List<asn1::Tagged<uint64_t, 0x80>>{.items = items};
    return asn1::encode(response);
}
std::optional<Bytes> transaction_of(const EimPackageResult& r) {
    const auto of_result = [](const rsp::EuiccPackageResult& e) -> std::optional<Bytes> {
        if (const auto* s = std::get_if<0>(&e.is))
            return s->euicc_package_result_data_signed.value.eim_transaction_id;
        if (const auto* s = std::get_if<1>(&e.is))
            return s->euicc_package_error_data_signed.value.eim_transaction_id;
        return std::get<2>(e.is).eim_transaction_id;
    };
    if (const auto* e = std::get_if<0>(&r.is)) return of_result(e->value);
    if (const auto* e = std::get_if<1>(&r.is)) return of_result(e->euicc_package_result.value);
    if (const auto* d = std::get_if<2>(&r.is)) {
        if (const auto* ok = std::get_if<0>(&d->value.is)) return ok->eim_transaction_id;
        return std::get<1>(d->value.is).eim_transaction_id;
    }
    if (const auto* t = std::get_if<3>(&r.is)) return t->eim_transaction_id;
    return std::get<4>(r.is).eim_transaction_id;
}
// What an answer of v1.0, which names neither EID nor transaction, says of whose it is.
std::optional<Eid> eid_inside(const EimPackageResult& r) {
    const auto* response = std::get_if<2>(&r.is);
    const auto* data = response ? std::get_if<rsp::IpaEuiccData>(&response->value.is) : nullptr;
    if (!data || !data->euicc_certificate) return std::nullopt;
    const OwnedBytes der = data->euicc_certificate->der();
    const auto certificate = crypto::Certificate::parse(der, "euiccCertificate");
    if (!certificate) return std::nullopt;
    const auto eid = rsp::eid_of(*certificate);
    return eid ? std::optional<Eid>(*eid) : std::nullopt;
}
const rsp::ProfileInstallationResult* installation_inside(const EimPackageResult& r) {
    const auto* trigger = std::get_if<3>(&r.is);
    return trigger ? std::get_if<rsp::ProfileInstallationResult>(
                         &trigger->profile_download_trigger_result_data.is)
                   : nullptr;
}
// eimSignature of the request, whole and without its header. SGP.32 v1.0 §2.11.2.1
struct SignedWith {
    Bytes whole, value;
};
std::optional<SignedWith> eim_signature_of(const Operation* o) {
    if (!o || o->request.empty()) return std::nullopt;
    const auto request = asn1::read_tlv(o->request);
    const auto package = request ? asn1::read_tlv(request->content) : request;
    const auto signature = package ? asn1::read_tlv(package->rest) : package;
    if (!signature || signature->tag != 0x5F37) return std::nullopt;
    return SignedWith{signature->whole, signature->content};
}
void update_view(Device& device, const Operation& o, const Outcome& outcome, Time now) {
    if (outcome.listed) {
        device.profiles = *outcome.listed;
        device.profiles_known = true;
    }
    if (!device.profiles_known || !(outcome.listed || outcome.done)) return;
    // What a package lists, it lists before it changes it.
    device.profiles = carry_out(std::move(device.profiles), o.package, outcome.done);
    device.profiles_as_of = now;
    device.profiles_evidence = o.id;
}
// True when `result` tells of an execution; a signed error tells that there was none.
bool tells_of_execution(Bytes result) {
    const auto r = asn1::decode<rsp::EuiccPackageResult>(result);
    return r && r->is.index() == 0;
}
std::string code_text(std::string what, auto code) { return what + std::to_string(static_cast<int>(code)); }
} // namespace

Result<std::optional<Device>> Server::device_of(const rsp::ProvideEimPackageResult& provided) {
    Eid eid{};
    if (provided.eid_value) {
        std::copy(provided.eid_value->begin(), provided.eid_value->end(), eid.begin());
        return sender(eid);
    }
    // EIDs are left out by some, and v1.0 has no place for them: the transaction is ours and tells. SGP.32
    // §5.14.6
    const EimPackageResult& result = provided.eim_package_result;
    if (const auto transaction = transaction_of(result)) {
        const auto o = TRY(store_.by_transaction(*transaction));
        return o ? sender(o->eid) : Result<std::optional<Device>>(std::nullopt);
    }
    if (const auto by_certificate = eid_inside(result)) return sender(*by_certificate);
    if (const auto* pir = installation_inside(result)) {
        const auto session = TRY(store_.session(pir->profile_installation_result_data.value.transaction_id));
        if (session) return sender(session->eid);
    }
    return std::optional<Device>{};
}

Result<OwnedBytes> Server::provide(Bytes message, Peer& peer, Time now) {
    const auto provided = TRY(take_provided(message, peer, now));
    return provided.refused ? refuse(*provided.refused) : acknowledge_numbers(provided.acknowledged);
}

Result<Server::Provided> Server::take_provided(Bytes message, Peer& peer, Time now) {
    auto decoded = asn1::decode<rsp::ProvideEimPackageResult>(message);
    if (!decoded) {
        const Error& e = decoded.error();
        if (std::string_view(e.where) == "eidValue" &&
            (e.code == Errc::bad_length || e.code == Errc::bad_value))
            return Provided{ProvideError::invalid_eid, {}};
        return fail(e.code, e.where, e.detail, e.offset);
    }
    auto device = TRY(device_of(*decoded));
    if (!device)
        return Provided{decoded->eid_value ? ProvideError::eid_not_found : ProvideError::missing_eid, {}};
    OwnedBytes room;
    if (device->ipa_edition == rsp::Edition::v1_0 && !peer.seen) { // what is ambiguous is v1.0's, then
        room.resize(rsp::room_for(message.size()));
        const auto known = TRY(rsp::to_v12(rsp::Path::esipa_request, message, rsp::Edition::v1_0, room));
        decoded = TRY(asn1::decode<rsp::ProvideEimPackageResult>(known.message));
    }
    // Who leaves out both EID and transaction has never heard of them: each of our questions has one.
    if (!peer.seen && !decoded->eid_value && !transaction_of(decoded->eim_package_result))
        peer.seen = rsp::Edition::v1_0;
    Turn turn{.device = std::move(*device), .now = now};
    recognise(turn, peer);
    turn.device.last_seen = now;
    turn.device_changed = true;
    TRY(take(turn, decoded->eim_package_result));
    Provided out{{}, turn.acknowledged};
    TRY(commit(turn)); // acknowledged means on disk (RR-15)
    return out;
}

Ok Server::take(Turn& turn, const EimPackageResult& result) {
    if (const auto* e = std::get_if<0>(&result.is)) return take_result(turn, e->der, e->value);
    if (const auto* e = std::get_if<1>(&result.is)) {
        TRY(take_result(turn, e->euicc_package_result.der, e->euicc_package_result.value));
        return e->notification_list.for_each([&](const rsp::PendingNotification& n) -> Ok {
            (void)TRY(take_notification(turn, n));
            return {};
        });
    }
    if (const auto* d = std::get_if<2>(&result.is)) return take_data(turn, d->der, d->value);
    if (const auto* t = std::get_if<3>(&result.is)) return take_trigger(turn, *t);
    const auto& e = std::get<4>(result.is);
    Operation* refused = TRY(by_transaction(turn, e.eim_transaction_id));
    std::string why = code_text("the IPA refused the package, code ", e.eim_package_result_error_code);
    if (!give_up_question(turn, refused, why))
        note(turn, refused, std::move(why), e.eim_transaction_id.value_or(Bytes()));
    return {};
}

Ok Server::take_result(Turn& turn, Bytes der, const rsp::EuiccPackageResult& result) {
    if (const auto* s = std::get_if<0>(&result.is)) return take_signed(turn, der, *s);
    if (const auto* s = std::get_if<1>(&result.is)) return take_signed_error(turn, der, *s);
    const auto& e = std::get<2>(result.is);
    note(turn,
         TRY(by_transaction(turn, e.eim_transaction_id)),
         "unsigned error of the eUICC: unknown eIM, wrong signature or damaged package",
         der);
    return {};
}

// With the token that was in force when the package was signed; an eUICC of v1.0 signs with the eimSignature
// in the token's place. SGP.32 §2.11.2.1; docs/adr/0007-dialects.md
Server::Signer
Server::signer_of_result(const Turn& turn, const Operation* o, Bytes data, Bytes signature) const {
    Signer by;
    const auto verifies = [&](Bytes suffix) {
        by.identity = signer_of(turn.device, {data, suffix}, signature, &by.was_der);
        return by.identity != nullptr;
    };
    const auto signed_with =
        turn.device.euicc_edition() == rsp::Edition::v1_0 ? eim_signature_of(o) : std::nullopt;
    if (signed_with && (verifies(signed_with->whole) || verifies(signed_with->value))) return by;
    const auto token = o && !o->request.empty() ? o->token : turn.device.token;
    by.proves_token = verifies(rsp::token_tlv(token)) && token == turn.device.token;
    return by;
}

const Identity*
Server::verify_package_result(Turn& turn, Operation* o, Bytes data, Bytes signature, Bytes der) {
    if (turn.device.identities.empty()) {
        note(turn, o, "result before the eUICC's certificate is known", der);
        return nullptr;
    }
    const Signer by = signer_of_result(turn, o, data, signature);
    if (!by.identity) {
        note(turn, o, "result whose signature does not verify", der);
        ask_for_other_keys(turn);
        return nullptr;
    }
    if (by.was_der) log(LogLevel::warning, to_text(turn.device.eid) + ": signature in DER form tolerated");
    if (by.proves_token) turn.device.token_proven = true;
    return by.identity;
}

Ok Server::take_signed(Turn& turn, Bytes der, const rsp::EuiccPackageResultSigned& result) {
    const auto& data = result.euicc_package_result_data_signed.value;
    if (data.eim_id != config_.eim_id) return {}; // another eIM's: not ours to acknowledge
    Operation* o = TRY(by_transaction(turn, data.eim_transaction_id));
    const Identity* signer = verify_package_result(
        turn, o, result.euicc_package_result_data_signed.der, result.euicc_sign_epr, der);
    if (!signer) return {};
    // Genuine from here on; the card may forget it, whatever it means.
    acknowledge(turn, data.seq_number);
    // A counter says less than a transaction id and can be guessed, so it counts only under a signature.
    if (!o) o = TRY(by_counter(turn, data.counter_value));
    if (!o || o->kind != Kind::package || o->counter != data.counter_value) {
        note(turn, nullptr, "genuine result for no operation of ours", der);
        turn.device.profiles_known = false;
        return {};
    }
    if (same(o->result, der)) return {}; // delivered before
    const Outcome outcome = TRY(judge(o->package, data));
    const bool late = is_final(o->state);
    // A rollback speaks later than the result it replaces. SGP.32 §3.3.2
    if (late && !outcome.rolled_back && tells_of_execution(o->result)) return {};
    if (outcome.rolled_back || (late && outcome.success != (o->state == State::succeeded)))
        turn.device.profiles_known = false;
    o->result = owned(der);
    o->ci = signer->ci;
    if (!late && !outcome.rolled_back) update_view(turn.device, *o, outcome, turn.now);
    settle(turn, *o, outcome.success, outcome.reason);
    return late || o->resolves.empty() ? Ok{} : decide(turn, *o, outcome);
}

// What an audit says about the operation whose outcome is unknown.
Ok Server::decide(Turn& turn, const Operation& by, const Outcome& outcome) {
    Operation* o = TRY(by_id(turn, by.resolves));
    if (!o || o->state != State::unknown) return {};
    std::optional<bool> yes;
    if (o->kind == Kind::download) {
        // Its trigger is no command of ours, so only the profile itself tells.
        if (o->iccid && outcome.listed) yes = turn.device.find(*o->iccid) != nullptr;
    } else if (outcome.listed) {
        yes = came_true(*outcome.listed, o->package);
    } else if (outcome.eims) {
        yes = came_true(*outcome.eims, o->package);
    }
    if (!yes) { // no guess: a human looks
        o->held = true;
        o->reason = "audit " + by.id + " could not tell what became of it";
        o->changed = turn.now;
        return {};
    }
    settle(turn, *o, *yes, "decided by audit " + by.id);
    if (o->state == State::failed && o->cancel_requested) o->state = State::cancelled;
    return {};
}

Ok Server::take_signed_error(Turn& turn, Bytes der, const rsp::EuiccPackageErrorSigned& result) {
    const auto& data = result.euicc_package_error_data_signed.value;
    if (data.eim_id != config_.eim_id) return {};
    Operation* o = TRY(by_transaction(turn, data.eim_transaction_id));
    const Identity* signer = verify_package_result(
        turn, o, result.euicc_package_error_data_signed.der, result.euicc_sign_epe, der);
    if (!signer) return {};
    if (!o) o = TRY(by_counter(turn, data.counter_value));
    // Only of what is out now: the same error again changes nothing.
    if (!o || o->kind != Kind::package || o->counter != data.counter_value ||
        (o->state != State::offered && o->state != State::executing))
        return {};
    using Code = rsp::EuiccPackageErrorCode;
    o->changed = turn.now;
    if (data.euicc_package_error_code == Code::ecall_active) {
        // Nothing was stored by the card, the same package may come again.
        o->reason = "an emergency call is active; offered again later";
        return {};
    }
    if (data.euicc_package_error_code == Code::replay_error) {
        // Either it ran before and its result was lost, or the card has seen higher numbers than we know of.
        turn.device.counter += 16;
        turn.device.profiles_known = false;
        if (!has_effect(*o)) { // may be repeated freely, further ahead
            queue_again(turn, *o, "the eUICC has seen a higher counter");
            return {};
        }
        o->state = State::unknown;
        o->reason = "the eUICC has executed this or a later package; an audit decides";
        return {};
    }
    o->result = owned(der);
    o->ci = signer->ci;
    settle(turn, *o, false, code_text("refused by the eUICC, code ", data.euicc_package_error_code));
    return {};
}

} // namespace halyard::eim
