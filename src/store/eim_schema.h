#pragma once
#include "store/deviations.h"
#include "store/eim_rows.h"

namespace halyard::store {
/// Of an eIM's database. Another schema is another version, with a step that brings the former one there.
inline constexpr int kEimVersion = 6;
/// What compact forms leave out of a session, and what a device reports of itself.
#define EIM_SCHEMA_4                                                                                         \
    "CREATE TABLE session_facts(transaction_id BLOB PRIMARY KEY, facts BLOB NOT NULL) STRICT, WITHOUT "      \
    "ROWID; "                                                                                                \
    "CREATE TRIGGER session_facts_end AFTER DELETE ON sessions BEGIN "                                       \
    "DELETE FROM session_facts WHERE transaction_id=old.transaction_id; END; "                               \
    "CREATE TABLE device_reports(eid BLOB PRIMARY KEY, state_change INTEGER, state_changed INTEGER NOT "     \
    "NULL, rplmn BLOB) STRICT, WITHOUT ROWID"
inline constexpr Migration kEimMigrations[] = {
    {2, "ALTER TABLE devices ADD COLUMN ipa_edition INTEGER"},
    {3, EIM_SCHEMA_4},
    {4,
     "ALTER TABLE devices ADD COLUMN identities BLOB NOT NULL DEFAULT x''; "
     "ALTER TABLE operations ADD COLUMN ci BLOB NOT NULL DEFAULT x''; " DEVIATIONS_SCHEMA,
     move_certificates},
    {5,
     "ALTER TABLE operations ADD COLUMN event TEXT NOT NULL DEFAULT ''; "
     "ALTER TABLE operations ADD COLUMN code BLOB NOT NULL DEFAULT x''"},
};
inline constexpr const char* kEimSchema = R"(
CREATE TABLE devices(
  eid BLOB PRIMARY KEY, name TEXT NOT NULL, counter INTEGER NOT NULL, token INTEGER,
  token_proven INTEGER NOT NULL, number INTEGER NOT NULL, identities BLOB NOT NULL, euicc_info2 BLOB NOT NULL, ipa_features INTEGER NOT NULL,
  device_info BLOB NOT NULL, profiles_known INTEGER NOT NULL, profiles BLOB NOT NULL, profiles_as_of INTEGER NOT NULL,
  profiles_evidence TEXT NOT NULL, created INTEGER NOT NULL, last_seen INTEGER NOT NULL, version INTEGER NOT NULL,
  ipa_edition INTEGER) STRICT;
CREATE TABLE operations(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, eid BLOB NOT NULL REFERENCES devices(eid),
  kind INTEGER NOT NULL, state INTEGER NOT NULL, package BLOB NOT NULL, activation_code TEXT NOT NULL,
  tag_list BLOB NOT NULL, after TEXT NOT NULL, resolves TEXT NOT NULL, automatic INTEGER NOT NULL,
  force INTEGER NOT NULL, held INTEGER NOT NULL, cancel_requested INTEGER NOT NULL, created_by TEXT NOT NULL,
  created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT NULL, transaction_id BLOB NOT NULL UNIQUE,
  counter INTEGER NOT NULL, request BLOB NOT NULL, offers INTEGER NOT NULL, attempts INTEGER NOT NULL,
  unsigned_errors INTEGER NOT NULL, result BLOB NOT NULL, iccid BLOB, token INTEGER, floor INTEGER NOT NULL,
  reason TEXT NOT NULL, ci BLOB NOT NULL, event TEXT NOT NULL, code BLOB NOT NULL,
  idempotency_key TEXT UNIQUE, request_hash BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX operations_open ON operations(eid, sequence) WHERE state IN (0, 1, 2, 7);
CREATE INDEX operations_by_eid ON operations(eid, sequence);
CREATE INDEX operations_by_counter ON operations(eid, counter);
CREATE INDEX operations_by_state ON operations(state, sequence);
CREATE INDEX operations_expiring ON operations(expires) WHERE state IN (0, 1, 2) AND expires > 0;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, operation TEXT NOT NULL, address TEXT NOT NULL, eid BLOB NOT NULL,
  created INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_operation ON sessions(operation);
CREATE TABLE addresses(eid BLOB NOT NULL, address TEXT NOT NULL COLLATE NOCASE, PRIMARY KEY(eid, address)) STRICT, WITHOUT ROWID;
CREATE TABLE forwards(
  id INTEGER PRIMARY KEY AUTOINCREMENT, eid BLOB NOT NULL, address TEXT NOT NULL COLLATE NOCASE,
  number INTEGER NOT NULL, digest BLOB NOT NULL, message BLOB NOT NULL, delivered INTEGER NOT NULL,
  attempts INTEGER NOT NULL, due INTEGER NOT NULL, UNIQUE(eid, address, digest)) STRICT;
CREATE INDEX forwards_waiting ON forwards(eid, address, number) WHERE delivered = 0;
CREATE TABLE evidence(
  id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, eid BLOB NOT NULL, received INTEGER NOT NULL,
  what TEXT NOT NULL, octets BLOB NOT NULL) STRICT;
CREATE INDEX evidence_by_operation ON evidence(operation);
CREATE TABLE tokens(
  name TEXT PRIMARY KEY, prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;
)" EIM_SCHEMA_4 ";" DEVIATIONS_SCHEMA;
inline constexpr Schema kEim{"halyard_eim", kEimSchema, kEimVersion, kEimMigrations};
} // namespace halyard::store
