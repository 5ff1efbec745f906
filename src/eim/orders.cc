// Operations and devices as the owner orders them. docs/adr/0005-orders.md
#include "base/log.h"
#include "eim/activation_code.h"
#include "eim/package.h"
#include "eim/server.h"

namespace halyard::eim {

Result<std::vector<Operation>> Server::create(const std::vector<NewOperation>& wanted, Time now) {
    Change change;
    std::vector<Operation> out;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const NewOperation& w = wanted[i];
        std::string key = w.idempotency_key;
        if (!key.empty() && wanted.size() > 1) key += "#" + std::to_string(i);
        if (!key.empty()) {
            if (auto known = TRY(store_.by_idempotency_key(key))) {
                if (known->request_hash != w.request_hash) return fail(Errc::conflict, "idempotency-key");
                out.push_back(std::move(*known));
                continue;
            }
        }
        if (!TRY(store_.device(w.eid))) return fail(Errc::not_found, "eid");
        Operation o = make(w.eid, w.kind, now);
        switch (w.kind) {
        case Kind::package:
            (void)TRY(check_package(w.package));
            o.package = w.package;
            break;
        case Kind::download:
            if (TRY(parse_activation_code(w.activation_code)).confirmation_code)
                return fail(Errc::unsupported, "activationCode: confirmation code");
            o.activation_code = w.activation_code;
            if (o.activation_code.starts_with("LPA:")) o.activation_code.erase(0, 4);
            o.iccid = w.iccid;
            break;
        case Kind::data: o.tag_list = w.tag_list; break;
        }
        if (!w.after.empty()) {
            const bool in_batch =
                std::any_of(out.begin(), out.end(), [&](const Operation& b) { return b.id == w.after; });
            if (w.after[0] == '@') { // "@0": an earlier one of this batch
                const size_t n = w.after.size() == 2 ? static_cast<size_t>(w.after[1] - '0') : wanted.size();
                if (n >= out.size()) return fail(Errc::bad_value, "after");
                o.after = out[n].id;
            } else if (in_batch || TRY(store_.operation(w.after))) {
                o.after = w.after;
            } else {
                return fail(Errc::not_found, "after");
            }
        }
        if (w.expires.count() && w.expires <= now) return fail(Errc::bad_value, "expires");
        o.expires = w.expires;
        o.force = w.force;
        o.created_by = w.created_by;
        o.idempotency_key = key;
        o.request_hash = w.request_hash;
        change.operations.push_back(o);
        out.push_back(std::move(o));
    }
    if (change.operations.empty()) return out;
    if (change.operations.size() != wanted.size()) return fail(Errc::conflict, "idempotency-key");
    TRY(store_.commit(change));
    return out;
}

Result<Operation> Server::cancel(std::string_view id, Time now) {
    for (int i = 0;; ++i) {
        auto o = TRY(store_.operation(id));
        if (!o) return fail(Errc::not_found, "operation");
        if (is_final(o->state)) return fail(Errc::conflict, "state");
        o->changed = now;
        o->cancel_requested = true;
        o->held = false;
        if (o->state == State::queued || o->kind == Kind::data) {
            o->state = State::cancelled;
            o->reason = "cancelled before it was handed out";
        } else if (o->state != State::unknown) {
            o->state = State::unknown;
            o->reason = "cancelled after it was handed out: it may have run, an audit decides";
        }
        Change change;
        change.operations.push_back(*o);
        const auto ok = store_.commit(change);
        if (ok) return std::move(*o);
        if (ok.error().code != Errc::conflict || i == 5) return fail(ok.error().code, ok.error().where);
    }
}

Result<Operation> Server::release(std::string_view id, Time now) {
    auto o = TRY(store_.operation(id));
    if (!o) return fail(Errc::not_found, "operation");
    if (!o->held) return fail(Errc::conflict, "state");
    o->held = false;
    o->changed = now;
    Change change;
    change.operations.push_back(*o);
    TRY(store_.commit(change));
    return std::move(*o);
}

Result<size_t> Server::add_devices(std::vector<Device> devices, Time now) {
    Change change;
    size_t known = 0;
    for (Device& d : devices) {
        if (TRY(store_.device(d.eid))) {
            ++known;
            continue;
        }
        if (!d.euicc_certificate.empty()) {
            const OwnedBytes euicc = std::move(d.euicc_certificate), eum = std::move(d.eum_certificate);
            d.euicc_certificate.clear();
            d.eum_certificate.clear();
            TRY(take_certificates(d, euicc, eum, now));
        }
        d.created = now;
        d.version = 0;
        change.devices.push_back(std::move(d));
    }
    const size_t added = change.devices.size();
    if (added) TRY(store_.commit(change));
    return added;
}

Result<size_t> Server::sweep(Time now) {
    size_t n = 0;
    for (Operation& o : TRY(store_.overdue(now, 1000))) {
        if (o.state == State::unknown) continue; // already left to an audit
        // What was handed out may still run: only an audit can tell.
        o.state = o.state == State::queued || o.kind == Kind::data ? State::expired : State::unknown;
        o.reason = o.state == State::expired ? "expired before it was handed out"
                                             : "expired after it was handed out";
        o.changed = now;
        Change change;
        change.operations.push_back(std::move(o));
        if (store_.commit(change)) ++n; // a conflict means that somebody was faster
    }
    return n;
}

Result<OwnedBytes> Server::configuration(Bytes tls_certificate, bool with_token, bool indirect) const {
    rsp::EimConfigurationData eim{.eim_id = config_.eim_id,
                                  .eim_fqdn = std::string_view(config_.eim_id),
                                  .eim_id_type = rsp::EimIdType::eim_id_type_fqdn,
                                  .counter_value = uint64_t{0}};
    if (with_token) eim.association_token = -1;
    const OwnedBytes spki = crypto::to_spki(config_.key.public_key());
    eim.eim_public_key_data.emplace();
    eim.eim_public_key_data->is.emplace<0>(TRY(asn1::Raw::from(spki)));
    if (!tls_certificate.empty()) {
        eim.trusted_public_key_data_tls.emplace();
        eim.trusted_public_key_data_tls->is.emplace<1>(TRY(asn1::Raw::from(tls_certificate)));
    }
    eim.eim_supported_protocol =
        asn1::BitSet<rsp::EimSupportedProtocol>{rsp::EimSupportedProtocol::eim_retrieve_https};
    if (indirect) eim.indirect_profile_download = asn1::Null{};
    const rsp::EimConfigurationData eims[] = {eim};
    return asn1::encode(rsp::AddInitialEimRequest{.eim_configuration_data_list = {.items = eims}});
}

} // namespace halyard::eim
