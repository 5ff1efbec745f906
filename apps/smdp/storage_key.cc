#include "apps/smdp/storage_key.h"
#include "apps/common/files.h"
#include "token/token_key.h"
#include <cstdlib>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::smdp_app {
namespace {
constexpr const char *kKey = "storage.key", *kNextKey = "storage.key.next";
constexpr const char *kSource = "storage.json", *kNextSource = "storage.json.next";
constexpr const char* kContext = "halyard smdp storage key";
constexpr std::string_view kCredential = "credential:", kToken = "pkcs11:";

bool is_token(const std::string& source) { return source.starts_with(kToken); }

// "credential:NAME" as systemd places it: a file that only the service can read.
Result<std::filesystem::path> credential(const std::string& source) {
    const char* directory = ::getenv("CREDENTIALS_DIRECTORY");
    const std::string name = source.substr(kCredential.size());
    if (!directory || !*directory) return fail(Errc::not_found, "CREDENTIALS_DIRECTORY");
    if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.'))
        return fail(Errc::bad_value, "credential");
    return std::filesystem::path(directory) / name;
}

Result<std::filesystem::path> secret_path(const std::string& source) {
    if (source.starts_with(kCredential)) return credential(source);
    return std::filesystem::path(source);
}

// 32 octets, or 64 hex digits and a line end.
Result<Secret<32>> key_file(const std::filesystem::path& path) {
    const SecretBytes stored = TRY(read_guarded(path, 256, "storage key"));
    if (stored.size() == 32) return Secret<32>(stored.reveal().first<32>());
    auto octets = from_hex(text_of(stored.reveal()), "storage key");
    if (!octets || octets->size() != 32) {
        if (octets) wipe(*octets);
        return fail(Errc::bad_length, "storage key", static_cast<uint32_t>(stored.size()));
    }
    Secret<32> out(std::span<const uint8_t, 32>(octets->data(), 32));
    wipe(*octets);
    return out;
}

// The PIN as its file has it, without the line end.
Result<SecretBytes> pin_of(const token::KeyUri& uri) {
    const auto path = TRY(secret_path(uri.pin_source));
    const SecretBytes stored = TRY(read_guarded(path, 256, "token PIN"));
    size_t size = stored.size();
    while (size && (stored.reveal()[size - 1] == '\n' || stored.reveal()[size - 1] == '\r')) --size;
    if (!size) return fail(Errc::bad_length, "token PIN");
    return SecretBytes(stored.reveal().first(size));
}

Result<OwnedBytes> token_wrap(const std::string& source, const Secret<32>& key, Random& random) {
    const auto uri = TRY(token::parse_key_uri(source));
    const SecretBytes pin = TRY(pin_of(uri));
    return token::wrap(uri, pin.reveal(), key.reveal(), kContext, random);
}
Result<Secret<32>> token_unwrap(const KeySource& source) {
    const auto uri = TRY(token::parse_key_uri(source.text));
    const SecretBytes pin = TRY(pin_of(uri));
    const SecretBytes key = TRY(token::unwrap(uri, pin.reveal(), source.wrapped, kContext));
    if (key.size() != 32) return fail(Errc::bad_length, "storage key");
    return Secret<32>(key.reveal().first<32>());
}

Result<Secret<32>> drawn(Random& random) {
    Secret<32> key;
    TRY(random.fill(key.writable()));
    return key;
}
Ok moved(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error == std::errc::no_such_file_or_directory) return {}; // another process was faster
    return error ? fail(Errc::storage, "storage key") : Ok{};
}

// One exchange at a time: the files of the next key are those of the one that is being written.
class Lock {
  public:
    explicit Lock(const std::filesystem::path& file)
        : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
          held_(fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) {}
    ~Lock() {
        if (fd_ >= 0) ::close(fd_);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    bool held() const { return held_; }

  private:
    int fd_;
    bool held_;
};
} // namespace

Result<SecretBytes> read_guarded(const std::filesystem::path& path, size_t limit, const char* where) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail(Errc::not_found, where);
    if (info.st_uid != ::geteuid() && info.st_uid != 0) return fail(Errc::rejected, "owner");
    if (info.st_mode & 0177) return fail(Errc::rejected, "mode", info.st_mode & 07777); // 0400 or 0600
    return app::read_secret(path, limit, where);
}

Result<KeySource> StorageKey::stored(const char* name) const {
    KeySource out;
    if (!exists(name)) return out;
    const OwnedBytes text = TRY(app::read_file(directory_ / name, 1u << 16, name));
    const auto json = nlohmann::json::parse(text_of(text), nullptr, false);
    if (!json.is_object() || !json.value("storage_key", nlohmann::json()).is_string())
        return fail(Errc::bad_value, "storage.json");
    out.text = json["storage_key"];
    if (json.contains("wrapped") && json["wrapped"].is_string())
        out.wrapped = TRY(from_hex(json["wrapped"].get<std::string>(), "storage.json"));
    return out;
}

Ok StorageKey::store_source(const KeySource& source, const char* name) const {
    nlohmann::ordered_json json{{"storage_key", source.text}};
    if (!source.wrapped.empty()) json["wrapped"] = hex(source.wrapped);
    return app::write_secret(directory_ / name, bytes_of(json.dump() + "\n"));
}

Result<Secret<32>> StorageKey::load(const KeySource& source, bool pending) const {
    if (source.text.empty()) return key_file(directory_ / (pending && exists(kNextKey) ? kNextKey : kKey));
    if (is_token(source.text)) return token_unwrap(source);
    return key_file(TRY(secret_path(source.text)));
}

Ok StorageKey::choose(const std::string& wanted, bool fresh, Random& random) {
    source_ = TRY(stored(kSource));
    if (!wanted.empty() && wanted != source_.text) {
        source_ = {wanted, {}};
        named_ = true;
        if (is_token(wanted) && !fresh) return fail(Errc::conflict, "storage key: see smdp rekey --to");
    }
    if (fresh && is_token(source_.text) && source_.wrapped.empty()) {
        key_ = TRY(drawn(random));
        source_.wrapped = TRY(token_wrap(source_.text, key_, random));
        named_ = false;
        return store_source(source_, kSource);
    }
    if (fresh && source_.text.empty() && !exists(kKey)) {
        key_ = TRY(drawn(random));
        return app::write_secret(directory_ / kKey, key_.reveal());
    }
    auto key = load(source_, false);
    if (!key && exists(kNextSource)) key = load(TRY(stored(kNextSource)), true);
    if (!key && source_.text.empty() && !exists(kKey))
        return fail(Errc::not_found, "storage.key: the database has one, copy it from where it was made");
    key_ = TRY(std::move(key));
    return {};
}

Result<std::unique_ptr<StorageKey>> StorageKey::open(const std::filesystem::path& directory,
                                                     const std::string& wanted,
                                                     smdp::Store& store,
                                                     Random& random,
                                                     Time now) {
    std::unique_ptr<StorageKey> out(new StorageKey(directory));
    const bool fresh = TRY(store.data_keys(std::nullopt)).empty() &&
                       TRY(store.outdated(smdp::Resealed::Of::package, {}, 1)).rows.empty();
    TRY(out->choose(wanted, fresh, random));
    TRY(out->settle(store, random, now));
    return out;
}

Ok StorageKey::finish() {
    if (exists(kNextKey)) TRY(moved(directory_ / kNextKey, directory_ / kKey));
    // A key in a token or a file elsewhere leaves none behind in the directory.
    if (!source_.text.empty() && exists(kKey)) std::filesystem::remove(directory_ / kKey);
    return moved(directory_ / kNextSource, directory_ / kSource);
}

Ok StorageKey::settle(smdp::Store& store, Random& random, Time now) {
    const auto fits = [&](const Secret<32>& key) { return smdp::Vault(key, store, random).check(now); };
    const Ok ours = fits(key_);
    if (ours) {
        if (exists(kNextSource) && !named_) {
            // Cut short before the store was changed, or after everything but the names. In the first case it
            // may be at work right now: what it wrote is left to it and to the next one.
            const KeySource next = TRY(stored(kNextSource));
            const auto key = load(next, true);
            if (key && same(key->reveal(), key_.reveal())) {
                source_ = next;
                return finish();
            }
        }
        if (named_ && !exists(kSource)) TRY(store_source(source_, kSource));
        named_ = false;
        return {};
    }
    if (ours.error().code != Errc::unverified) return ours;
    constexpr const char* kOther = "storage key: the database has another one";
    if (!exists(kNextSource)) return fail(Errc::conflict, kOther);
    KeySource next = TRY(stored(kNextSource));
    auto key = TRY(load(next, true));
    if (!fits(key)) return fail(Errc::conflict, kOther);
    key_ = std::move(key);
    source_ = std::move(next);
    return finish();
}

Result<Secret<32>> StorageKey::unwrap(const smdp::DataKey& k) {
    const std::lock_guard lock(mutex_);
    const std::pair which(k.operator_id, k.id);
    if (const auto known = opened_.find(which); known != opened_.end()) return known->second.clone();
    auto key = smdp::unwrap_key(key_, k);
    for (const char* where : {kSource, kNextSource}) { // exchanged by another process?
        if (key) break;
        const auto now = load(TRY(stored(where)), where == kNextSource);
        if (now) key = smdp::unwrap_key(*now, k);
        if (key) key_ = now->clone();
    }
    if (!key) return key;
    opened_.insert_or_assign(which, key->clone());
    return key;
}

Result<OwnedBytes> StorageKey::wrap(const smdp::DataKey& k, const Secret<32>& key, Random& random) {
    const std::lock_guard lock(mutex_);
    if (!named_)
        if (auto now = load(TRY(stored(kSource)), false)) key_ = std::move(*now);
    return smdp::wrap_key(key_, k, key, random);
}

Ok StorageKey::exchange(smdp::Vault& vault, const std::string& to, Random& random) {
    const Lock lock(directory_ / "storage.lock");
    if (!lock.held()) return fail(Errc::conflict, "storage.lock");
    KeySource next{to.empty() ? source_.text : to, {}};
    if (next.text == "directory") next.text.clear();
    Secret<32> key;
    if (next.text.empty()) {
        key = TRY(drawn(random));
        TRY(app::write_secret(directory_ / kNextKey, key.reveal()));
    } else if (is_token(next.text)) {
        key = TRY(drawn(random));
        next.wrapped = TRY(token_wrap(next.text, key, random));
    } else {
        key = TRY(load(next, false));
        if (same(key.reveal(), key_.reveal())) return fail(Errc::conflict, "storage key");
    }
    TRY(store_source(next, kNextSource));
    TRY(vault.rewrap(key));
    const std::lock_guard mine(mutex_);
    key_ = std::move(key);
    source_ = std::move(next);
    return finish();
}

} // namespace halyard::smdp_app
