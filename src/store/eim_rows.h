#pragma once
// Rows of an eIM's database as devices and operations, and back.
#include "eim/model.h"
#include "store/database.h"

namespace halyard::store {

/// In the order in which operation_of() and device_of() read them.
#define OPERATION_COLUMNS                                                                                    \
    "sequence, id, eid, kind, state, package, activation_code, tag_list, after, resolves, automatic, "       \
    "force, held, cancel_requested, created_by, created, changed, expires, transaction_id, counter, "        \
    "request, offers, attempts, unsigned_errors, result, iccid, reason, idempotency_key, "                   \
    "request_hash, version, token, floor, ci, event, code"
#define DEVICE_COLUMNS                                                                                       \
    "eid, name, counter, token, identities, euicc_info2, ipa_features, device_info, profiles_known, "        \
    "profiles, profiles_as_of, profiles_evidence, created, last_seen, version, token_proven, number, "       \
    "ipa_edition, state_change, state_changed, rplmn"
#define DEVICE_TABLES "devices LEFT JOIN device_reports USING(eid)"

/// What device_of() finds in the column `identities`.
OwnedBytes encode_identities(const eim::Device&);
/// From schema 4: the one certificate of a device, which was in three columns, becomes its first identity.
Ok move_certificates(Connection&);

Result<eim::Device> device_of(const Statement&);
Result<eim::Operation> operation_of(const Statement&);
/// Version 0: inserted. Otherwise updated where the version is still the same; conflict.
Ok put_device(Connection&, const eim::Device&);
Ok put_operation(Connection&, const eim::Operation&);
/// The same transaction again: what compact forms leave out is replaced.
Ok put_session(Connection&, const eim::RelaySession&);

} // namespace halyard::store
