// Operations and devices as the owner orders them. docs/adr/0005-orders-and-exactly-once.md
#include "crypto/aes.h"
#include "eim/activation_code.h"
#include "eim/package.h"
#include "eim/server.h"
#include "rsp/confirmation_code.h"
#include <charconv>

namespace halyard::eim {

namespace {
// One call, one key; the further operations of a batch have keys that no caller can name.
std::string key_of(const NewOperation& w, size_t i) {
    return w.idempotency_key.empty() || i == 0 ? w.idempotency_key
                                               : w.idempotency_key + '\n' + std::to_string(i);
}
// "@0", "@1" …: an earlier one of this batch.
std::optional<size_t> batch_index(std::string_view after) {
    size_t n = 0;
    const char* end = after.data() + after.size();
    const auto [at, error] = std::from_chars(after.data() + 1, end, n);
    return error == std::errc() && at == end ? std::optional<size_t>(n) : std::nullopt;
}
// A code that says that it needs another one is ordered with it: the order would fail in the field.
Ok check_source(const NewOperation& w) {
    const DownloadSource source = TRY(parse_source(w.activation_code));
    if (source.code.confirmation_code && !w.confirmation_code)
        return fail(Errc::missing_field, "confirmationCode");
    if (w.confirmation_code && (w.confirmation_code->empty() || w.confirmation_code->size() > 255))
        return fail(Errc::bad_length, "confirmationCode");
    return {};
}
} // namespace

// What the same call made the first time; empty: it is the first.
Result<std::vector<Operation>> Server::made_before(const std::vector<NewOperation>& wanted) {
    std::vector<Operation> out;
    if (wanted.empty() || wanted.front().idempotency_key.empty()) return out;
    for (size_t i = 0; i < wanted.size(); ++i) {
        auto known = TRY(store_.by_idempotency_key(key_of(wanted[i], i)));
        if (!known && out.empty()) return out;
        if (!known || known->request_hash != wanted[i].request_hash)
            return fail(Errc::conflict, "idempotency-key");
        out.push_back(std::move(*known));
    }
    return out;
}

Result<std::vector<Operation>> Server::create(const std::vector<NewOperation>& wanted, Time now) {
    for (int tries = 0;; ++tries) {
        auto out = TRY(made_before(wanted));
        if (!out.empty()) return out;
        for (size_t i = 0; i < wanted.size(); ++i) {
            out.push_back(TRY(prepare(wanted[i], out, now)));
            out.back().idempotency_key = key_of(wanted[i], i);
        }
        Change change;
        change.operations = out;
        const auto ok = store_.commit(change);
        if (ok) return out;
        // The same call came twice at once: the other one was faster (RR-04).
        if (ok.error().code != Errc::conflict || tries == 5) return fail(ok.error().code, ok.error().where);
    }
}

Result<Operation> Server::prepare(const NewOperation& w, const std::vector<Operation>& batch, Time now) {
    const auto device = TRY(store_.device(w.eid));
    if (!device) return fail(Errc::not_found, "eid");
    Operation o = make(w.eid, w.kind, now);
    switch (w.kind) {
    case Kind::package:
        (void)TRY(check_package(w.package));
        if (const auto edition = device->euicc_edition()) TRY(check_edition(w.package, *edition));
        o.package = w.package;
        break;
    case Kind::download:
        TRY(check_source(w));
        o.activation_code = w.activation_code;
        if (w.confirmation_code)
            o.code = TRY(crypto::seal(config_.storage_key,
                                      TRY(random_.draw<12>()),
                                      rsp::hash_of_code(w.confirmation_code->reveal()),
                                      bytes_of("confirmation code " + o.id)));
        if (o.activation_code.starts_with("LPA:")) o.activation_code.erase(0, 4);
        o.iccid = w.iccid;
        break;
    case Kind::data:
        TRY(check_tag_list(w.tag_list));
        if (w.ci.size() > 20) return fail(Errc::bad_length, "ci", static_cast<uint32_t>(w.ci.size()));
        o.tag_list = w.tag_list;
        o.ci = w.ci;
        break;
    }
    if (w.after.starts_with('@')) {
        const auto n = batch_index(w.after);
        if (!n || *n >= batch.size()) return fail(Errc::bad_value, "after");
        o.after = batch[*n].id;
    } else if (!w.after.empty()) {
        if (!TRY(store_.operation(w.after))) return fail(Errc::not_found, "after");
        o.after = w.after;
    }
    if (w.expires.count() && w.expires <= now) return fail(Errc::bad_value, "expires");
    o.expires = w.expires;
    o.force = w.force;
    o.created_by = w.created_by;
    o.request_hash = w.request_hash;
    return o;
}

Result<Operation> Server::cancel(std::string_view id, Time now) {
    for (int tries = 0;; ++tries) {
        auto o = TRY(store_.operation(id));
        if (!o) return fail(Errc::not_found, "operation");
        if (o->state == State::cancelled) return std::move(*o);
        if (is_final(o->state)) return fail(Errc::conflict, "state");
        o->changed = now;
        o->cancel_requested = true;
        if (o->state == State::queued || !has_effect(*o)) {
            o->state = State::cancelled;
            o->reason = o->offers ? "cancelled" : "cancelled before it was handed out";
        } else if (o->state == State::unknown && o->held) {
            o->state = State::cancelled;
            o->reason = "given up; what became of it is not known";
        } else if (o->state != State::unknown) {
            o->state = State::unknown;
            o->reason = "cancelled after it was handed out: it may have run, an audit decides";
        }
        o->held = false;
        Change change;
        change.operations.push_back(*o);
        const auto ok = store_.commit(change);
        if (ok) return std::move(*o);
        if (ok.error().code != Errc::conflict || tries == 5) return fail(ok.error().code, ok.error().where);
    }
}

Result<Operation> Server::release(std::string_view id, Time now) {
    for (int tries = 0;; ++tries) {
        auto o = TRY(store_.operation(id));
        if (!o) return fail(Errc::not_found, "operation");
        if (is_final(o->state)) return fail(Errc::conflict, "state");
        if (!o->held) return std::move(*o);
        o->held = false;
        o->changed = now;
        Change change;
        change.operations.push_back(*o);
        const auto ok = store_.commit(change);
        if (ok) return std::move(*o);
        if (ok.error().code != Errc::conflict || tries == 5) return fail(ok.error().code, ok.error().where);
    }
}

Result<size_t> Server::add_devices(std::vector<Device> devices, Time now) {
    Change change;
    for (Device& d : devices) {
        const auto is_same = [&](const Device& other) { return other.eid == d.eid; };
        if (std::any_of(change.devices.begin(), change.devices.end(), is_same) || TRY(store_.device(d.eid)))
            continue;
        const auto given = std::exchange(d.identities, {});
        for (const Identity& i : given)
            (void)TRY(take_certificates(d, i.euicc_certificate, i.eum_certificate, now));
        d.token_proven = d.token.has_value(); // the owner knows it from whoever added the eIM
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
        o.reason =
            o.state == State::queued ? "expired before it was handed out" : "expired after it was handed out";
        o.state = o.state == State::queued || !has_effect(o) ? State::expired : State::unknown;
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
