#pragma once
// Secrets that programs keep in files of their own (SR-43).
#include "base/random.h"
#include "base/secret.h"
#include <filesystem>

namespace halyard::app {

/// 32 octets, drawn and written (mode 0600) when the file is not there. Errors: bad_length for another size;
/// storage.
Result<Secret<32>> own_key(const std::filesystem::path&, Random&);

/// A confirmation code, without the line end of its file. Errors name `where`: not_found; bad_length unless
/// it has 1 to 255 octets. SGP.22 §4.7
Result<SecretBytes> read_confirmation_code(const std::filesystem::path&, const char* where);

} // namespace halyard::app
