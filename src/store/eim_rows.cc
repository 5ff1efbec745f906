#include "store/eim_rows.h"
#include "asn1/asn1.h"
#include "eim/identity.h"

namespace halyard::store {
using eim::Device, eim::KnownProfile, eim::Operation;
namespace {
struct StoredProfile {
    std::array<uint8_t, 10> iccid{};
    uint64_t flags = 0; // 1 enabled, 2 fallback
    std::string name, provider;
    template <int = 0> static constexpr auto asn1() {
        using T = StoredProfile;
        return asn1::sequence("StoredProfile",
                              0x30,
                              asn1::field<&T::iccid>("iccid", 0x5A),
                              asn1::field<&T::flags>("flags", 0x80),
                              asn1::field<&T::name>("name", 0x81),
                              asn1::field<&T::provider>("provider", 0x82));
    }
};

struct StoredIdentity {
    OwnedBytes ci, euicc_certificate, eum_certificate, key;
    int64_t since = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = StoredIdentity;
        return asn1::sequence("StoredIdentity",
                              0x30,
                              asn1::field<&T::ci>("ci", 0x80),
                              asn1::field<&T::euicc_certificate>("euiccCertificate", 0x81),
                              asn1::field<&T::eum_certificate>("eumCertificate", 0x82),
                              asn1::field<&T::key>("key", 0x83),
                              asn1::field<&T::since>("since", 0x84));
    }
};
struct StoredInquiry {
    OwnedBytes ci;
    int64_t asked = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = StoredInquiry;
        return asn1::sequence(
            "StoredInquiry", 0x30, asn1::field<&T::ci>("ci", 0x80), asn1::field<&T::asked>("asked", 0x81));
    }
};
struct StoredIdentities {
    std::vector<StoredIdentity> known;
    std::vector<StoredInquiry> inquiries;
    template <int = 0> static constexpr auto asn1() {
        using T = StoredIdentities;
        return asn1::sequence("StoredIdentities",
                              0x30,
                              asn1::field<&T::known>("known", 0xA0),
                              asn1::field<&T::inquiries>("inquiries", 0xA1));
    }
};
Ok take_identities(Device& d, Bytes der) {
    if (der.empty()) return {};
    auto stored = TRY(asn1::decode<StoredIdentities>(der));
    for (StoredIdentity& i : stored.known)
        d.identities.push_back({.ci = std::move(i.ci),
                                .euicc_certificate = std::move(i.euicc_certificate),
                                .eum_certificate = std::move(i.eum_certificate),
                                .key = std::move(i.key),
                                .since = Time(i.since)});
    for (StoredInquiry& i : stored.inquiries) d.inquiries.push_back({std::move(i.ci), Time(i.asked)});
    return {};
}

OwnedBytes encode_profiles(const std::vector<KnownProfile>& profiles) {
    std::vector<StoredProfile> stored;
    for (const KnownProfile& p : profiles)
        stored.push_back({p.iccid, (p.enabled ? 1u : 0u) | (p.fallback ? 2u : 0u), p.name, p.provider});
    return std::move(*asn1::encode(stored));
}
Result<std::vector<KnownProfile>> decode_profiles(Bytes der) {
    std::vector<KnownProfile> out;
    if (der.empty()) return out;
    for (const StoredProfile& p : TRY(asn1::decode<std::vector<StoredProfile>>(der))) {
        KnownProfile k{.enabled = (p.flags & 1) != 0,
                       .fallback = (p.flags & 2) != 0,
                       .name = p.name,
                       .provider = p.provider};
        std::copy(p.iccid.begin(), p.iccid.end(), k.iccid.begin());
        out.push_back(std::move(k));
    }
    return out;
}

} // namespace

OwnedBytes encode_identities(const Device& d) {
    if (d.identities.empty() && d.inquiries.empty()) return {};
    StoredIdentities stored;
    for (const eim::Identity& i : d.identities)
        stored.known.push_back({i.ci, i.euicc_certificate, i.eum_certificate, i.key, i.since.count()});
    for (const eim::Inquiry& i : d.inquiries) stored.inquiries.push_back({i.ci, i.asked.count()});
    return std::move(*asn1::encode(stored));
}

namespace {
struct Moved {
    OwnedBytes eid, identities;
};
// A page of devices that have a certificate, behind `after`.
Result<std::vector<Moved>> next_to_move(Connection& c, Bytes after) {
    std::vector<Moved> out;
    auto q = TRY(c.prepare("SELECT eid, euicc_certificate, eum_certificate, euicc_key, created FROM devices "
                           "WHERE eid > ? AND length(euicc_key) > 0 ORDER BY eid LIMIT 1000"));
    q.bind(after);
    while (TRY(q.step())) {
        eim::Identity kept{.euicc_certificate = q.octets(1),
                           .eum_certificate = q.octets(2),
                           .key = q.octets(3),
                           .since = Time(q.integer(4))};
        // They were verified when they were taken; here only the name of their CI is read.
        if (auto read = eim::identity_of(kept.euicc_certificate, kept.eum_certificate, kept.since))
            kept.ci = std::move(read->ci);
        Device d;
        d.identities.push_back(std::move(kept));
        out.push_back({q.octets(0), encode_identities(d)});
    }
    return out;
}
} // namespace

Ok move_certificates(Connection& c) {
    OwnedBytes after;
    for (;;) {
        const auto page = TRY(next_to_move(c, after));
        if (page.empty()) break;
        for (const Moved& m : page) {
            auto q = TRY(c.prepare("UPDATE devices SET identities=? WHERE eid=?"));
            TRY(q.bind(Bytes(m.identities)).bind(Bytes(m.eid)).run());
        }
        after = page.back().eid;
    }
    return c.execute("ALTER TABLE devices DROP COLUMN euicc_certificate; "
                     "ALTER TABLE devices DROP COLUMN eum_certificate; "
                     "ALTER TABLE devices DROP COLUMN euicc_key");
}

Result<Device> device_of(const Statement& q) {
    Device d;
    d.eid = TRY(fixed<Eid>(q.octets(0), "devices.eid"));
    d.name = q.text(1);
    d.counter = static_cast<uint64_t>(q.integer(2));
    if (!q.is_null(3)) d.token = q.integer(3);
    TRY(take_identities(d, q.octets(4)));
    d.euicc_info2 = q.octets(5);
    d.ipa_features = static_cast<uint64_t>(q.integer(6));
    d.device_info = q.octets(7);
    d.profiles_known = q.integer(8) != 0;
    d.profiles = TRY(decode_profiles(q.octets(9)));
    d.profiles_as_of = Time(q.integer(10));
    d.profiles_evidence = q.text(11);
    d.created = Time(q.integer(12));
    d.last_seen = Time(q.integer(13));
    d.version = static_cast<uint64_t>(q.integer(14));
    d.token_proven = q.integer(15) != 0;
    d.number = q.integer(16);
    if (!q.is_null(17)) {
        const auto n = q.integer(17);
        if (n < 0 || n > static_cast<int64_t>(rsp::Edition::v1_3))
            return fail(Errc::storage, "devices.ipa_edition");
        d.ipa_edition = static_cast<rsp::Edition>(n);
    }
    if (!q.is_null(18)) d.state_change = q.integer(18);
    if (!q.is_null(19)) d.state_changed = Time(q.integer(19));
    if (!q.is_null(20)) d.rplmn = TRY(fixed<std::array<uint8_t, 3>>(q.octets(20), "device_reports.rplmn"));
    return d;
}
namespace {
void bind_integer(Statement& q, const std::optional<int64_t>& value) {
    if (value)
        q.bind(*value);
    else
        q.bind_null();
}
void bind_device(Statement& q, const Device& d) {
    q.bind(d.name).bind(static_cast<int64_t>(d.counter));
    bind_integer(q, d.token);
    q.bind(Bytes(encode_identities(d)))
        .bind(Bytes(d.euicc_info2))
        .bind(static_cast<int64_t>(d.ipa_features))
        .bind(Bytes(d.device_info));
    q.bind(d.profiles_known ? 1 : 0).bind(Bytes(encode_profiles(d.profiles))).bind(d.profiles_as_of.count());
    q.bind(d.profiles_evidence).bind(d.created.count()).bind(d.last_seen.count());
    q.bind(d.token_proven ? 1 : 0).bind(d.number);
    if (d.ipa_edition)
        q.bind(static_cast<int64_t>(*d.ipa_edition));
    else
        q.bind_null();
}
Ok put_report(Connection& c, const Device& d) {
    if (!d.state_change && !d.rplmn) return {};
    auto q = TRY(c.prepare("INSERT OR REPLACE INTO device_reports VALUES(?,?,?,?)"));
    q.bind(Bytes(d.eid));
    bind_integer(q, d.state_change);
    q.bind(d.state_changed.count());
    if (d.rplmn)
        q.bind(Bytes(*d.rplmn));
    else
        q.bind_null();
    return q.run();
}
} // namespace

Ok put_device(Connection& c, const Device& d) {
    TRY(put_report(c, d));
    if (d.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO devices(name, counter, token, identities, "
                               "euicc_info2, ipa_features, device_info, profiles_known, profiles, "
                               "profiles_as_of, profiles_evidence, created, last_seen, token_proven, number, "
                               "ipa_edition, eid, version) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
        bind_device(q, d);
        return q.bind(Bytes(d.eid)).run();
    }
    auto q = TRY(c.prepare("UPDATE devices SET name=?, counter=?, token=?, identities=?, "
                           "euicc_info2=?, ipa_features=?, device_info=?, profiles_known=?, profiles=?, "
                           "profiles_as_of=?, profiles_evidence=?, created=?, last_seen=?, token_proven=?, "
                           "number=?, ipa_edition=?, version=version+1 "
                           "WHERE eid=? AND version=?"));
    bind_device(q, d);
    TRY(q.bind(Bytes(d.eid)).bind(static_cast<int64_t>(d.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "device");
}

Result<Operation> operation_of(const Statement& q) {
    Operation o;
    o.sequence = static_cast<uint64_t>(q.integer(0));
    o.id = q.text(1);
    o.eid = TRY(fixed<Eid>(q.octets(2), "operations.eid"));
    o.kind = static_cast<eim::Kind>(q.integer(3));
    o.state = static_cast<eim::State>(q.integer(4));
    o.package = q.octets(5);
    o.activation_code = q.text(6);
    o.tag_list = q.octets(7);
    o.after = q.text(8);
    o.resolves = q.text(9);
    o.automatic = q.integer(10) != 0;
    o.force = q.integer(11) != 0;
    o.held = q.integer(12) != 0;
    o.cancel_requested = q.integer(13) != 0;
    o.created_by = q.text(14);
    o.created = Time(q.integer(15));
    o.changed = Time(q.integer(16));
    o.expires = Time(q.integer(17));
    o.transaction_id = q.octets(18);
    o.counter = static_cast<uint64_t>(q.integer(19));
    o.request = q.octets(20);
    o.offers = static_cast<uint32_t>(q.integer(21));
    o.attempts = static_cast<uint32_t>(q.integer(22));
    o.unsigned_errors = static_cast<uint32_t>(q.integer(23));
    o.result = q.octets(24);
    if (!q.is_null(25)) o.iccid = TRY(fixed<Iccid>(q.octets(25), "operations.iccid"));
    o.reason = q.text(26);
    o.idempotency_key = q.text(27);
    o.request_hash = TRY(fixed<Sha256>(q.octets(28), "operations.request_hash"));
    o.version = static_cast<uint64_t>(q.integer(29));
    if (!q.is_null(30)) o.token = q.integer(30);
    o.floor = q.integer(31);
    o.ci = q.octets(32);
    o.event = q.text(33);
    o.code = q.octets(34);
    return o;
}
namespace {
// What may change after an operation was accepted.
void bind_progress(Statement& q, const Operation& o) {
    q.bind(static_cast<int64_t>(o.state)).bind(o.held ? 1 : 0).bind(o.cancel_requested ? 1 : 0);
    q.bind(o.changed.count()).bind(Bytes(o.transaction_id)).bind(static_cast<int64_t>(o.counter));
    q.bind(Bytes(o.request)).bind(o.offers).bind(o.attempts).bind(o.unsigned_errors).bind(Bytes(o.result));
    q.bind_optional(o.iccid).bind(o.reason);
    bind_integer(q, o.token);
    q.bind(o.floor).bind(Bytes(o.ci)).bind(o.event);
}
// "1$address$…": where this device's notifications may be forwarded to.
Ok put_address(Connection& c, const Operation& o, std::string_view code) {
    const size_t from = code.find('$'), to = code.find('$', from + 1);
    if (from == std::string::npos || to == std::string::npos) return {};
    auto a = TRY(c.prepare("INSERT OR IGNORE INTO addresses VALUES(?,?)"));
    return a.bind(Bytes(o.eid)).bind(code.substr(from + 1, to - from - 1)).run();
}
Ok insert_operation(Connection& c, const Operation& o) {
    auto q = TRY(c.prepare(
        "INSERT INTO operations(state, held, cancel_requested, changed, transaction_id, "
        "counter, request, offers, attempts, unsigned_errors, result, iccid, reason, "
        "token, floor, ci, event, id, eid, kind, package, activation_code, tag_list, after, resolves, "
        "automatic, force, created_by, created, expires, idempotency_key, request_hash, code, "
        "version) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
    bind_progress(q, o);
    q.bind(o.id).bind(Bytes(o.eid)).bind(static_cast<int64_t>(o.kind)).bind(Bytes(o.package));
    q.bind(o.activation_code).bind(Bytes(o.tag_list)).bind(o.after).bind(o.resolves);
    q.bind(o.automatic ? 1 : 0).bind(o.force ? 1 : 0).bind(o.created_by).bind(o.created.count());
    q.bind(o.expires.count());
    if (o.idempotency_key.empty())
        q.bind_null();
    else
        q.bind(o.idempotency_key);
    TRY(q.bind(Bytes(o.request_hash)).bind(Bytes(o.code)).run());
    return o.kind == eim::Kind::download ? put_address(c, o, o.activation_code) : Ok{};
}
} // namespace

Ok put_operation(Connection& c, const Operation& o) {
    if (o.version == 0) return insert_operation(c, o);
    auto q = TRY(
        c.prepare("UPDATE operations SET state=?, held=?, cancel_requested=?, changed=?, transaction_id=?, "
                  "counter=?, request=?, offers=?, attempts=?, unsigned_errors=?, result=?, iccid=?, "
                  "reason=?, token=?, floor=?, ci=?, event=?, version=version+1 WHERE id=? AND version=?"));
    bind_progress(q, o);
    TRY(q.bind(o.id).bind(static_cast<int64_t>(o.version)).run());
    if (c.changes() != 1) return fail(Errc::conflict, "operation");
    return o.event.empty() ? Ok{} : put_address(c, o, o.event);
}

} // namespace halyard::store
