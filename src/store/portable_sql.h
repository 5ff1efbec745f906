#pragma once
// The words in which statements and schemas are written, said to PostgreSQL. SQLite takes them as they are.
#include <string>
#include <string_view>

namespace halyard::store {

/// `?` and `?2` become `$n`; BLOB, INTEGER, TEXT become BYTEA, BIGINT, TEXT COLLATE "C"; INTEGER PRIMARY KEY
/// AUTOINCREMENT an identity column; x'00' a bytea; STRICT and WITHOUT ROWID go. A comment that begins with
/// "postgresql" is taken for what stands in it; other comments go. Words are told by their capitals.
std::string to_postgres(std::string_view sql);

} // namespace halyard::store
