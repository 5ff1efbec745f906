// Relayed sessions and what compact forms leave out of them.
#include "asn1/asn1.h"
#include "store/eim_rows.h"
#include "store/eim_store.h"

namespace halyard::store {
using eim::RelaySession;
namespace {
struct StoredFacts {
    OwnedBytes server_signed1, smdp_oid, ctx_params1, smdp_signed2, smdp_signature2, euicc_key;
    std::optional<std::array<uint8_t, 10>> iccid;
    std::optional<OwnedBytes> ci;      // since schema 5
    std::optional<OwnedBytes> hash_cc; // this and the next since schema 6
    std::optional<bool> at_smds;
    bool ppr_refused = false;
    static constexpr auto asn1() {
        using T = StoredFacts;
        return asn1::sequence("StoredFacts",
                              0x30,
                              asn1::field<&T::server_signed1>("serverSigned1", 0x80),
                              asn1::field<&T::smdp_oid>("smdpOid", 0x81),
                              asn1::field<&T::ctx_params1>("ctxParams1", 0x82),
                              asn1::field<&T::smdp_signed2>("smdpSigned2", 0x83),
                              asn1::field<&T::smdp_signature2>("smdpSignature2", 0x84),
                              asn1::field<&T::euicc_key>("euiccKey", 0x85),
                              asn1::field<&T::iccid>("iccid", 0x86),
                              asn1::field<&T::ppr_refused>("pprRefused", 0x87),
                              asn1::field<&T::ci>("ci", 0x88),
                              asn1::field<&T::hash_cc>("hashCc", 0x89),
                              asn1::field<&T::at_smds>("atSmds", 0x8A));
    }
};

Result<OwnedBytes> facts_of(const RelaySession& s) {
    StoredFacts facts{.server_signed1 = s.server_signed1,
                      .smdp_oid = s.smdp_oid,
                      .ctx_params1 = s.ctx_params1,
                      .smdp_signed2 = s.smdp_signed2,
                      .smdp_signature2 = s.smdp_signature2,
                      .euicc_key = s.euicc_key,
                      .ppr_refused = s.ppr_refused};
    if (s.iccid) facts.iccid = *s.iccid;
    if (!s.ci.empty()) facts.ci = s.ci;
    if (!s.hash_cc.empty()) facts.hash_cc = s.hash_cc;
    if (s.at_smds) facts.at_smds = true;
    return asn1::encode(facts);
}
Ok take_facts(RelaySession& s, const OwnedBytes& der) {
    if (der.empty()) return {}; // of a session that an earlier program began
    auto facts = TRY(asn1::decode<StoredFacts>(Bytes(der)));
    s.server_signed1 = std::move(facts.server_signed1);
    s.smdp_oid = std::move(facts.smdp_oid);
    s.ctx_params1 = std::move(facts.ctx_params1);
    s.smdp_signed2 = std::move(facts.smdp_signed2);
    s.smdp_signature2 = std::move(facts.smdp_signature2);
    s.euicc_key = std::move(facts.euicc_key);
    s.ci = std::move(facts.ci).value_or(OwnedBytes{});
    s.hash_cc = std::move(facts.hash_cc).value_or(OwnedBytes{});
    s.at_smds = facts.at_smds.value_or(false);
    s.ppr_refused = facts.ppr_refused;
    if (facts.iccid) std::copy(facts.iccid->begin(), facts.iccid->end(), s.iccid.emplace().begin());
    return {};
}
} // namespace

Ok put_session(Connection& c, const RelaySession& s) {
    auto q = TRY(c.prepare("INSERT INTO sessions VALUES(?,?,?,?,?) ON CONFLICT(transaction_id) DO UPDATE SET "
                           "created=created WHERE operation=excluded.operation AND eid=excluded.eid"));
    q.bind(Bytes(s.transaction_id)).bind(s.operation).bind(s.address).bind(Bytes(s.eid));
    TRY(q.bind(s.created.count()).run());
    if (c.changes() != 1) return fail(Errc::conflict, "transactionId"); // never another order's
    auto f = TRY(c.prepare("INSERT OR REPLACE INTO session_facts VALUES(?,?)"));
    const OwnedBytes facts = TRY(facts_of(s));
    TRY(f.bind(Bytes(s.transaction_id)).bind(Bytes(facts)).run());
    auto d = TRY(c.prepare("DELETE FROM sessions WHERE operation=?1 AND rowid NOT IN (SELECT rowid FROM "
                           "sessions WHERE operation=?1 ORDER BY rowid DESC LIMIT 8)"));
    return d.bind(s.operation).run();
}

Result<std::optional<RelaySession>> EimStore::session(Bytes transaction_id) {
    std::optional<RelaySession> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT s.transaction_id, operation, address, eid, created, facts FROM sessions "
                          "AS s LEFT JOIN session_facts AS f ON f.transaction_id=s.transaction_id WHERE "
                          "s.transaction_id=?"));
        if (!TRY(q.bind(transaction_id).step())) return {};
        const Eid eid = TRY(fixed<Eid>(q.octets(3), "sessions.eid"));
        out = RelaySession{.transaction_id = q.octets(0),
                           .operation = q.text(1),
                           .address = q.text(2),
                           .eid = eid,
                           .created = Time(q.integer(4))};
        return take_facts(*out, q.octets(5));
    }));
    return out;
}

} // namespace halyard::store
