#pragma once
#include "store/database.h"
#include "store/deviations.h"

namespace halyard::store {
/// Of an SM-DP+'s database. Another schema is another version, with a step that brings the former one there.
inline constexpr int kSmdpVersion = 6;

/// What version 4 has in place of orders, packages, bindings and sessions, and beside them.
#define SMDP_TABLES_4                                                                                        \
    "CREATE TABLE orders( "                                                                                  \
    "iccid BLOB PRIMARY KEY, matching_id TEXT NOT NULL, eid BLOB, state INTEGER NOT NULL, operator_id TEXT " \
    "NOT NULL, "                                                                                             \
    "type TEXT NOT NULL, eid_ordered INTEGER NOT NULL, default_dp INTEGER NOT NULL, code BLOB NOT NULL, "    \
    "code_tries INTEGER NOT NULL, smds TEXT NOT NULL, event_id TEXT NOT NULL, event INTEGER NOT NULL, name " \
    "TEXT NOT NULL, "                                                                                        \
    "attempts INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT "    \
    "NULL, "                                                                                                 \
    "reason TEXT NOT NULL, last_event TEXT NOT NULL, metadata BLOB NOT NULL, version INTEGER NOT NULL) "     \
    "STRICT; "                                                                                               \
    "CREATE UNIQUE INDEX orders_by_matching_id ON orders(matching_id) WHERE matching_id<>''; "               \
    "CREATE INDEX orders_by_age ON orders(created DESC, matching_id); "                                      \
    "CREATE INDEX orders_by_default ON orders(eid) WHERE default_dp=1; "                                     \
    "CREATE INDEX orders_by_pool ON orders(operator_id, type, state); "                                      \
    "CREATE TABLE packages( "                                                                                \
    "iccid BLOB PRIMARY KEY REFERENCES orders(iccid), sealed BLOB NOT NULL, sealed_as TEXT NOT NULL) "       \
    "STRICT; "                                                                                               \
    "CREATE TABLE bindings( "                                                                                \
    "iccid BLOB PRIMARY KEY REFERENCES orders(iccid), euicc_otpk BLOB NOT NULL, smdp_otpk BLOB NOT NULL, "   \
    "tail BLOB NOT NULL) STRICT; "                                                                           \
    "CREATE TABLE sessions( "                                                                                \
    "transaction_id BLOB PRIMARY KEY, euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL, "       \
    "state INTEGER NOT NULL, created INTEGER NOT NULL, ci_key_id BLOB NOT NULL, iccid BLOB, matching_id "    \
    "TEXT NOT NULL, "                                                                                        \
    "eid BLOB NOT NULL, euicc_key BLOB NOT NULL, smdp_signature2 BLOB NOT NULL, "                            \
    "secure_channel BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, wrong_code BLOB NOT NULL, "  \
    "version INTEGER NOT NULL) STRICT; "                                                                     \
    "CREATE INDEX sessions_by_age ON sessions(state, created); "                                             \
    "CREATE TABLE outbox( "                                                                                  \
    "id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, target TEXT NOT NULL, call_id TEXT NOT "   \
    "NULL, "                                                                                                 \
    "iccid BLOB NOT NULL, eid BLOB, type TEXT NOT NULL, event_id TEXT NOT NULL, point INTEGER NOT NULL, "    \
    "subject TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, created INTEGER NOT NULL, "         \
    "next INTEGER NOT NULL, tries INTEGER NOT NULL, result BLOB NOT NULL) STRICT; "                          \
    "CREATE INDEX outbox_by_profile ON outbox(target, iccid, id); "                                          \
    "CREATE TABLE calls( "                                                                                   \
    "operator_id TEXT NOT NULL, call_id TEXT NOT NULL, request BLOB NOT NULL, subject TEXT NOT NULL, "       \
    "reason TEXT NOT NULL, message TEXT NOT NULL, iccid BLOB, eid BLOB, matching_id TEXT NOT NULL, "         \
    "created INTEGER NOT NULL, PRIMARY KEY(operator_id, call_id)) STRICT, WITHOUT ROWID; "                   \
    "CREATE INDEX calls_by_age ON calls(created); "

/// What came after version 4, in words that PostgreSQL understands too: there it all begins with version 5.
#define SMDP_STEP_5                                                                                          \
    "ALTER TABLE outbox ADD COLUMN lease INTEGER NOT NULL DEFAULT 0; "                                       \
    "ALTER TABLE outbox ADD COLUMN fence INTEGER NOT NULL DEFAULT 0; "                                       \
    "CREATE INDEX outbox_by_due ON outbox(target, next); "                                                   \
    "CREATE INDEX outbox_events ON outbox(target) WHERE kind<>0; "                                           \
    "DROP INDEX orders_by_pool; "                                                                            \
    "CREATE INDEX orders_by_pool ON orders(operator_id, type, state, iccid); "                               \
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT; "

/// What came after version 5: templates, data keys, how much of each type is available.
#define SMDP_STEP_6                                                                                          \
    "ALTER TABLE packages ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0; "                                    \
    "ALTER TABLE packages ADD COLUMN template_version INTEGER NOT NULL DEFAULT 0; "                          \
    "ALTER TABLE packages ADD COLUMN size INTEGER NOT NULL DEFAULT 0; "                                      \
    "CREATE TABLE templates( "                                                                               \
    "operator_id TEXT NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, is_current INTEGER NOT NULL, " \
    "name TEXT NOT NULL, profile_class TEXT NOT NULL, created INTEGER NOT NULL, size INTEGER NOT NULL, "     \
    "sealed BLOB NOT NULL, key_id INTEGER NOT NULL, PRIMARY KEY(operator_id, type, version)) STRICT; "       \
    "CREATE TABLE data_keys( "                                                                               \
    "operator_id TEXT NOT NULL, id INTEGER NOT NULL, wrapped BLOB NOT NULL, is_current INTEGER NOT NULL, "   \
    "created INTEGER NOT NULL, PRIMARY KEY(operator_id, id)) STRICT; "                                       \
    "CREATE TABLE levels( "                                                                                  \
    "operator_id TEXT NOT NULL, type TEXT NOT NULL, available INTEGER NOT NULL, low_water INTEGER NOT "      \
    "NULL, low INTEGER NOT NULL, PRIMARY KEY(operator_id, type)) STRICT; "

/// Version 3 had one row per matching id, born released.
inline constexpr Migration kSmdpMigrations[] = {
    {2, DEVIATIONS_SCHEMA},
    {3,
     "DROP INDEX sessions_by_age; "
     "ALTER TABLE packages RENAME TO packages3; ALTER TABLE bindings RENAME TO bindings3; "
     "ALTER TABLE sessions RENAME TO sessions3; ALTER TABLE orders RENAME TO orders3; " SMDP_TABLES_4
     "INSERT INTO orders SELECT iccid, matching_id, eid, state, 'default', '', 0, 0, x'', 0, '', '', 0, "
     "name, "
     "attempts, created, changed, expires, reason, last_event, metadata, version FROM orders3; "
     "INSERT INTO packages SELECT iccid, sealed, matching_id FROM packages3 JOIN orders3 USING(matching_id); "
     "INSERT INTO bindings SELECT iccid, euicc_otpk, smdp_otpk, tail FROM bindings3 JOIN orders3 "
     "USING(matching_id); "
     "INSERT INTO sessions SELECT s.transaction_id, s.euicc_challenge, s.server_challenge, s.state, "
     "s.created, "
     "s.ci_key_id, o.iccid, s.matching_id, s.eid, s.euicc_key, s.smdp_signature2, s.secure_channel, "
     "s.request, "
     "s.answer, zeroblob(32), s.version FROM sessions3 s LEFT JOIN orders3 o ON o.matching_id=s.matching_id; "
     "DROP TABLE packages3; DROP TABLE bindings3; DROP TABLE sessions3; DROP TABLE orders3"},
    {4, SMDP_STEP_5},
    // Calls were hashed under another key: what is repeated is answered by the state of its order.
    {5,
     SMDP_STEP_6 "INSERT INTO levels SELECT operator_id, type, SUM(CASE WHEN state=5 THEN 1 ELSE 0 END), "
                 "0, 0 FROM orders GROUP BY operator_id, type; DELETE FROM calls"},
};
inline constexpr const char* kSmdpSchema = SMDP_TABLES_4 R"(
CREATE TABLE notifications(
  eid BLOB NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, iccid BLOB, success INTEGER NOT NULL,
  received INTEGER NOT NULL, der BLOB NOT NULL, PRIMARY KEY(eid, sequence, event)) STRICT;
CREATE INDEX notifications_by_iccid ON notifications(iccid);
)" SMDP_STEP_5 SMDP_STEP_6 DEVIATIONS_SCHEMA;
inline constexpr Schema kSmdp{"halyard_smdp", kSmdpSchema, kSmdpVersion, kSmdpMigrations};

} // namespace halyard::store
