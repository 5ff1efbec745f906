#include "apps/common/secrets.h"
#include "apps/common/files.h"

namespace halyard::app {

Result<Secret<32>> own_key(const std::filesystem::path& file, Random& random) {
    Secret<32> key;
    if (!std::filesystem::exists(file)) {
        TRY(random.fill(key.writable()));
        TRY(write_secret(file, key.reveal()));
        return key;
    }
    const SecretBytes stored = TRY(read_secret(file));
    if (stored.size() != 32) return fail(Errc::bad_length, "storage.key");
    return Secret<32>(stored.reveal().first<32>());
}

Result<SecretBytes> read_confirmation_code(const std::filesystem::path& file, const char* where) {
    const SecretBytes content = TRY(read_secret(file, 1024, where));
    std::string_view code = text_of(content.reveal());
    while (!code.empty() && (code.back() == '\n' || code.back() == '\r')) code.remove_suffix(1);
    if (code.empty() || code.size() > 255) return fail(Errc::bad_length, where);
    return SecretBytes(bytes_of(code));
}

} // namespace halyard::app
