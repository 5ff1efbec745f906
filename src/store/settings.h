#pragma once
// What is one for a database, whichever process uses it.
#include "store/database.h"

namespace halyard::store {

Result<std::optional<OwnedBytes>> setting(Database&, std::string_view name);
/// What is kept under the name: `wanted` when there was nothing yet. Of several processes one comes first.
Result<OwnedBytes> settle(Database&, std::string_view name, Bytes wanted);

} // namespace halyard::store
