#include "smdp/server.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "profile/package.h"
#include "rsp/mutual_authentication.h"

namespace halyard::smdp {
namespace {
using rsp::Es9Answer, rsp::Es9Function;
} // namespace

const char* name(OrderState s) {
    switch (s) {
    case OrderState::released: return "released";
    case OrderState::downloaded: return "downloaded";
    case OrderState::installed: return "installed";
    case OrderState::error: return "error";
    case OrderState::unavailable: return "unavailable";
    case OrderState::available: return "available";
    case OrderState::allocated: return "allocated";
    case OrderState::linked: return "linked";
    case OrderState::confirmed: return "confirmed";
    }
    return "unknown";
}

Result<Order> Server::place(const NewOrder& wanted, Time now) {
    const auto metadata = TRY(asn1::decode<rsp::StoreMetadataRequest>(wanted.metadata));
    const auto facts = TRY(profile::facts(wanted.package));
    if (facts.iccid != metadata.iccid) return fail(Errc::bad_value, "iccid"); // the eUICC would refuse it
    Order order{.iccid = facts.iccid,
                .eid = wanted.eid,
                .operator_id = wanted.operator_id,
                .type = wanted.type,
                .eid_ordered = wanted.eid.has_value(),
                .name = wanted.name,
                .created = now,
                .changed = now,
                .expires = wanted.expires,
                .metadata = wanted.metadata};
    order.matching_id = wanted.matching_id;
    if (wanted.stock) {
        if (wanted.eid || !wanted.matching_id.empty())
            return fail(Errc::bad_value, wanted.eid ? "eid" : "matchingId"); // those come with the order
        order.state = OrderState::available;
    } else if (order.matching_id.empty()) {
        order.matching_id = hex(TRY(random_.draw<16>()));
    }
    for (char c : order.matching_id)
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'))
            return fail(Errc::bad_value, "matchingId");
    if (order.matching_id.size() > 255) return fail(Errc::bad_length, "matchingId");
    if (TRY(store_.order(order.iccid))) return fail(Errc::conflict, "iccid");
    if (!order.matching_id.empty() && TRY(store_.order(order.matching_id)))
        return fail(Errc::conflict, "matchingId");
    Change change{.insert_order = &order};
    change.sealed_package =
        TRY(vault_.seal(order.operator_id, wanted.package, package_context(order.iccid, order.type, 0)));
    change.sealed_package.size = wanted.package.size();
    TRY(store_.commit(change));
    order.version = 1;
    return order;
}

Result<Order> Server::cancel(std::string_view matching_id, Time now) {
    auto order = TRY(store_.order(matching_id));
    if (!order) return fail(Errc::not_found, "matchingId");
    if (order->state != OrderState::released && order->state != OrderState::error)
        return fail(Errc::conflict, "state");
    order->state = OrderState::unavailable;
    order->changed = now;
    Change change{.order = &*order};
    TRY(drop_event(change.outbox, *order, random_, now));
    TRY(store_.commit(change));
    return std::move(*order);
}

const Credentials* Server::credentials(Bytes ci_key_id) const {
    for (const Credentials& c : config_.credentials)
        if (same(c.ci.key_id, ci_key_id)) return &c;
    return nullptr;
}

// On disk: the number of the data key in four octets, then what it sealed. Schema 4 had no numbers, and 60
// octets under the storage key itself.
Sealed sealed_code(const Order& order) {
    constexpr size_t kFormer = 12 + 32 + 16;
    if (order.code.size() <= kFormer) return {.octets = order.code, .as = code_context(order.iccid)};
    Sealed out{.octets = {order.code.begin() + 4, order.code.end()}};
    for (size_t i = 0; i < 4; ++i) out.key = out.key << 8 | order.code[i];
    return out;
}
OwnedBytes stored_code(const Sealed& sealed) {
    OwnedBytes out;
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(sealed.key >> shift));
    append(out, sealed.octets);
    return out;
}
Result<OwnedBytes> seal_code(Vault& vault, const Order& order, std::string_view code) {
    const Sha256 hash = crypto::sha256({bytes_of(code)});
    return stored_code(TRY(vault.seal(order.operator_id, hash, code_context(order.iccid))));
}
Result<SecretBytes> open_code(Vault& vault, const Order& order) {
    return vault.open(order.operator_id, sealed_code(order), code_context(order.iccid));
}

Ok Server::tell(Change& change,
                const Order& order,
                Point point,
                std::optional<rsp::StatusCode> failed,
                Time now,
                Bytes result) {
    return tell_operator(config_, change.outbox, order, point, std::move(failed), random_, now, result);
}

Result<std::optional<Session>> Server::live_session(Bytes transaction_id, Time now) {
    auto session = TRY(store_.session(transaction_id));
    if (session && session->state != SessionState::delivered && session->state != SessionState::finished &&
        now - session->created > config_.session_life)
        session.reset();
    return session;
}

Result<Es9Answer> Server::handle(Es9Function function, Bytes der, Time now) {
    // Two requests about one order may meet: the second one starts again from what the first one wrote.
    for (int i = 0;; ++i) {
        auto answer = once(function, der, now);
        if (answer || answer.error().code != Errc::conflict || i == 5) return answer;
    }
}

Result<Es9Answer> Server::once(Es9Function function, Bytes der, Time now) {
    switch (function) {
    case Es9Function::initiate_authentication: return initiate(der, now);
    case Es9Function::authenticate_client: return authenticate(der, now);
    case Es9Function::get_bound_profile_package: return package(der, now);
    case Es9Function::cancel_session: return cancel_session(der, now);
    case Es9Function::handle_notification: return notification(der, now);
    }
    return fail(Errc::unsupported, "function");
}

Result<Es9Answer> Server::initiate(Bytes der, Time now) {
    const auto request = TRY(asn1::decode<rsp::InitiateAuthenticationRequest>(der));
    const auto refuse = [](const rsp::Refusal& r) {
        return rsp::refused(Es9Function::initiate_authentication, r);
    };
    if (!rsp::same_address(request.smdp_address, config_.address))
        return refuse({"8.8.1", "3.8", "smdpAddress is not this server's"});
    std::vector<Bytes> cis;
    for (const Credentials& c : config_.credentials) cis.emplace_back(c.ci.key_id);
    const auto choice = TRY(rsp::choose_ci(request.euicc_info1.value, cis));
    using rsp::Unserved;
    if (choice.why == Unserved::svn) return refuse({"8.8.3", "3.1", "svn below 2.0.0"});
    if (choice.why == Unserved::no_trusted_ci)
        return refuse({"8.8.2", "3.1", "no CI of the eUICC is trusted"});
    if (choice.why == Unserved::no_certificate)
        return refuse({"8.8.4", "3.7", "no certificate under a CI of the eUICC"});
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

} // namespace halyard::smdp
