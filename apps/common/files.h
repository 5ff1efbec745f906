#pragma once
// Reading and writing files as programs do: whole, with modes, synced where it matters.
#include "base/octets.h"
#include "base/secret.h"
#include <filesystem>

namespace halyard::app {

/// Errors name `where`: not_found (with errno as detail), bad_value for what is no file, limit when larger
/// than `limit` octets.
Result<OwnedBytes>
read_file(const std::filesystem::path&, size_t limit = 16u << 20, const char* where = "file");
Result<SecretBytes>
read_secret(const std::filesystem::path&, size_t limit = 1u << 16, const char* where = "file");
/// Written to a temporary name, synced, renamed; the directory synced. Errors: storage.
Ok write_file(const std::filesystem::path&, Bytes content, unsigned mode = 0644);
/// The same with mode 0600.
inline Ok write_secret(const std::filesystem::path& path, Bytes content) {
    return write_file(path, content, 0600);
}
/// With mode 0700 for what was not there. Errors: storage.
Ok make_directory(const std::filesystem::path&);
/// "2026-11-24T10:00:00Z" or "2026-11-24". Error: bad_value with `where`.
Result<int64_t> seconds_from_text(std::string_view, const char* where = "time");
/// The reverse, always with time and Z.
std::string text_from_seconds(int64_t);
/// The system's clock, for programs only.
int64_t now_ms();

} // namespace halyard::app
