// What a relayed download needs of its order, and does to it: the confirmation code, its end, another
// attempt. SGP.32 §3.2.3.2
#include "crypto/aes.h"
#include "eim/relay_target.h"
#include "rsp/confirmation_code.h"

namespace halyard::eim {

Result<std::optional<Sha256>> Server::hash_of_code(const Operation& o, Bytes transaction_id) const {
    if (o.code.empty()) return std::optional<Sha256>{};
    const SecretBytes hash =
        TRY(crypto::open(config_.storage_key, o.code, bytes_of("confirmation code " + o.id)));
    return std::optional<Sha256>(rsp::hash_cc(hash.reveal(), transaction_id));
}

// Another attempt with the same code would only use up the tries that the SM-DP+ allows.
const char* code_trouble(PackageError code) {
    switch (code) {
    case PackageError::confirmation_code_missing: return "the SM-DP+ wants a confirmation code";
    case PackageError::confirmation_code_refused: return "the SM-DP+ refused the confirmation code";
    case PackageError::confirmation_code_retries_exceeded:
        return "the confirmation code was wrong too often: the order must be placed anew";
    default: return nullptr;
    }
}

Ok Server::fail_order(Relay& relay, std::string why, Time now) {
    Turn turn{.device = std::move(relay.device), .now = now};
    if (Operation* o = keep(turn, std::move(relay.operation))) settle(turn, *o, false, std::move(why));
    return commit(turn);
}

Ok Server::postpone_order(Relay& relay, std::string why, Time now) {
    if (relay.operation.attempts >= config_.download_attempts) return fail_order(relay, std::move(why), now);
    Turn turn{.device = std::move(relay.device), .now = now};
    if (Operation* o = keep(turn, std::move(relay.operation))) queue_again(turn, *o, std::move(why));
    return commit(turn);
}

// An event that led nowhere is forgotten: the next session begins at the SM-DS again.
Ok Server::forget_event(Relay& relay, Time now) {
    if (relay.operation.event.empty()) return {};
    Turn turn{.device = std::move(relay.device), .now = now};
    if (Operation* o = keep(turn, std::move(relay.operation))) o->event.clear();
    return commit(turn);
}

} // namespace halyard::eim
