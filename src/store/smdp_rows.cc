#include "store/smdp_rows.h"

namespace halyard::store {
using smdp::Order, smdp::Session;

Result<Order> order_of(const Statement& q) {
    Order o;
    o.iccid = TRY(fixed<Iccid>(q.octets(0), "orders.iccid"));
    o.matching_id = q.text(1);
    if (!q.is_null(2)) o.eid = TRY(fixed<Eid>(q.octets(2), "orders.eid"));
    o.state = static_cast<smdp::OrderState>(q.integer(3));
    o.operator_id = q.text(4);
    o.type = q.text(5);
    o.eid_ordered = q.integer(6) != 0;
    o.default_dp = q.integer(7) != 0;
    o.code = q.octets(8);
    o.code_tries = static_cast<uint32_t>(q.integer(9));
    o.smds = q.text(10);
    o.event_id = q.text(11);
    o.event = static_cast<smdp::EventState>(q.integer(12));
    o.name = q.text(13);
    o.attempts = static_cast<uint32_t>(q.integer(14));
    o.created = Time(q.integer(15));
    o.changed = Time(q.integer(16));
    o.expires = Time(q.integer(17));
    o.reason = q.text(18);
    o.last_event = q.text(19);
    o.metadata = q.octets(20);
    o.version = static_cast<uint64_t>(q.integer(21));
    return o;
}

Ok insert_order(Connection& c, const Order& o, const smdp::Sealed& sealed) {
    auto q = TRY(c.prepare("INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
    q.bind(Bytes(o.iccid)).bind(o.matching_id).bind_optional(o.eid).bind(static_cast<int64_t>(o.state));
    q.bind(o.operator_id).bind(o.type).bind(o.eid_ordered ? 1 : 0).bind(o.default_dp ? 1 : 0);
    q.bind(Bytes(o.code)).bind(o.code_tries).bind(o.smds).bind(o.event_id);
    q.bind(static_cast<int64_t>(o.event)).bind(o.name).bind(o.attempts).bind(o.created.count());
    q.bind(o.changed.count()).bind(o.expires.count()).bind(o.reason).bind(o.last_event);
    TRY(q.bind(Bytes(o.metadata)).run());
    auto p = TRY(c.prepare("INSERT INTO packages(iccid, sealed, sealed_as, key_id, template_version, size) "
                           "VALUES(?,?,?,?,?,?)"));
    p.bind(Bytes(o.iccid)).bind(Bytes(sealed.octets)).bind(sealed.as).bind(sealed.key);
    return p.bind(sealed.template_version).bind(static_cast<int64_t>(sealed.size)).run();
}

Ok update_order(Connection& c, const Order& o) {
    auto q = TRY(c.prepare(
        "UPDATE orders SET matching_id=?, eid=?, state=?, eid_ordered=?, default_dp=?, code=?, code_tries=?, "
        "smds=?, event_id=?, event=?, attempts=?, changed=?, expires=?, reason=?, last_event=?, "
        "version=version+1 WHERE iccid=? AND version=?"));
    q.bind(o.matching_id).bind_optional(o.eid).bind(static_cast<int64_t>(o.state));
    q.bind(o.eid_ordered ? 1 : 0).bind(o.default_dp ? 1 : 0).bind(Bytes(o.code)).bind(o.code_tries);
    q.bind(o.smds).bind(o.event_id).bind(static_cast<int64_t>(o.event)).bind(o.attempts);
    q.bind(o.changed.count()).bind(o.expires.count()).bind(o.reason).bind(o.last_event);
    TRY(q.bind(Bytes(o.iccid)).bind(static_cast<int64_t>(o.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "order");
}

Ok put_session(Connection& c, const Session& s) {
    if (s.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO sessions VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
        q.bind(Bytes(s.transaction_id)).bind(Bytes(s.euicc_challenge)).bind(Bytes(s.server_challenge));
        q.bind(static_cast<int64_t>(s.state)).bind(s.created.count()).bind(Bytes(s.ci_key_id));
        q.bind_optional(s.iccid).bind(s.matching_id).bind(Bytes(s.eid)).bind(Bytes(s.euicc_key));
        q.bind(Bytes(s.smdp_signature2)).bind(Bytes(s.secure_channel)).bind(Bytes(s.request));
        return q.bind(Bytes(s.answer)).bind(Bytes(s.wrong_code)).run();
    }
    auto q = TRY(c.prepare("UPDATE sessions SET state=?, iccid=?, matching_id=?, eid=?, euicc_key=?, "
                           "smdp_signature2=?, secure_channel=?, request=?, answer=?, wrong_code=?, "
                           "version=version+1 WHERE transaction_id=? AND version=?"));
    q.bind(static_cast<int64_t>(s.state)).bind_optional(s.iccid).bind(s.matching_id).bind(Bytes(s.eid));
    q.bind(Bytes(s.euicc_key)).bind(Bytes(s.smdp_signature2)).bind(Bytes(s.secure_channel));
    q.bind(Bytes(s.request)).bind(Bytes(s.answer)).bind(Bytes(s.wrong_code));
    TRY(q.bind(Bytes(s.transaction_id)).bind(static_cast<int64_t>(s.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "session");
}

Result<std::optional<Session>> session_of(Connection& c, Bytes transaction_id) {
    auto q = TRY(c.prepare("SELECT transaction_id, euicc_challenge, server_challenge, state, created, "
                           "ci_key_id, iccid, matching_id, eid, euicc_key, smdp_signature2, secure_channel, "
                           "request, answer, wrong_code, version FROM sessions WHERE transaction_id=?"));
    if (!TRY(q.bind(transaction_id).step())) return std::optional<Session>{};
    using Sixteen = std::array<uint8_t, 16>;
    Session s;
    s.transaction_id = TRY(fixed<Sixteen>(q.octets(0), "sessions.transaction_id"));
    s.euicc_challenge = TRY(fixed<Sixteen>(q.octets(1), "sessions.euicc_challenge"));
    s.server_challenge = TRY(fixed<Sixteen>(q.octets(2), "sessions.server_challenge"));
    s.state = static_cast<smdp::SessionState>(q.integer(3));
    s.created = Time(q.integer(4));
    s.ci_key_id = q.octets(5);
    if (!q.is_null(6)) s.iccid = TRY(fixed<Iccid>(q.octets(6), "sessions.iccid"));
    s.matching_id = q.text(7);
    s.eid = TRY(fixed<Eid>(q.octets(8), "sessions.eid"));
    s.euicc_key = q.octets(9);
    s.smdp_signature2 = q.octets(10);
    s.secure_channel = q.octets(11);
    s.request = TRY(fixed<Sha256>(q.octets(12), "sessions.request"));
    s.answer = q.octets(13);
    s.wrong_code = TRY(fixed<Sha256>(q.octets(14), "sessions.wrong_code"));
    s.version = static_cast<uint64_t>(q.integer(15));
    return std::optional<Session>(std::move(s));
}

} // namespace halyard::store
