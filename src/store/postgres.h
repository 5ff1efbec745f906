#pragma once
// PostgreSQL as Halyard uses it (RR-01, RR-07): a pool of connections to a primary, each write a transaction.
#include "store/database.h"

namespace halyard::store {

/// `where` is a libpq URI or conninfo string. Its tables are made in a schema of the name that `schema` has,
/// or brought to its version; several processes may do so at once. Errors are logged in full, and name what
/// is wrong: bad_value "store" for what is no such string; rejected for a password in it or in PGPASSWORD
/// (SR-43), for a server of another machine without verified TLS, and for a server that may lose what it
/// acknowledged (fsync or synchronous_commit off) or does not speak UTF-8; unreachable; unsupported for
/// another version of the tables; storage.
Result<std::unique_ptr<Database>> open_postgres(const std::string& where, const Schema& schema);

/// Connections of one process, at most; opened as they are needed.
inline constexpr size_t kPostgresConnections = 16;

} // namespace halyard::store
