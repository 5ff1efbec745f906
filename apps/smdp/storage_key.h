#pragma once
// Where the storage key comes from, and how it is exchanged for another. SR-42, SR-43, docs/factory.md "Keys"
#include "smdp/vault.h"
#include <filesystem>
#include <map>
#include <mutex>

namespace halyard::smdp_app {

/// "" (storage.key of the directory), a file, "credential:NAME" of systemd, or a "pkcs11:…" URI.
struct KeySource {
    std::string text;
    OwnedBytes wrapped; // the storage key as the token wrapped it
};

/// A file with a secret: regular, of this user or root, nobody else may read it (0400 or 0600). Errors:
/// not_found, rejected "mode" or "owner", bad_length.
Result<SecretBytes> read_guarded(const std::filesystem::path&, size_t limit, const char* where);

/// The storage key of one directory, and the data keys it opened: a server that runs while keys are exchanged
/// learns of the new one when it needs it. Thread-safe.
class StorageKey : public smdp::KeyKeeper {
  public:
    /// `wanted`: as on the command line; empty: as the directory says. A store that holds nothing yet gets a
    /// key where it can be made: in the directory, or wrapped by a token. An exchange that was cut short is
    /// brought to its end. Errors: not_found "storage key" or "storage.key"; conflict "storage key" when the
    /// store's secrets lie under another one.
    static Result<std::unique_ptr<StorageKey>>
    open(const std::filesystem::path& directory, const std::string& wanted, smdp::Store&, Random&, Time now);
    Result<Secret<32>> unwrap(const smdp::DataKey&) override;
    Result<OwnedBytes> wrap(const smdp::DataKey&, const Secret<32>&, Random&) override;
    const Secret<32>& key() const { return key_; }
    const KeySource& source() const { return source_; }

    /// A new storage key at `to` (empty: where the present one is), and every data key under it. In a file or
    /// credential of yours it must be there already. Errors: conflict "storage key" when it is the same.
    Ok exchange(smdp::Vault&, const std::string& to, Random&);

  private:
    explicit StorageKey(std::filesystem::path directory) : directory_(std::move(directory)) {}
    Ok choose(const std::string& wanted, bool fresh, Random&);
    Ok settle(smdp::Store&, Random&, Time now);
    Result<Secret<32>> load(const KeySource&, bool pending) const;
    Result<KeySource> stored(const char* name) const;
    Ok finish();
    Ok store_source(const KeySource&, const char* name) const;
    bool exists(const char* name) const { return std::filesystem::exists(directory_ / name); }

    std::filesystem::path directory_;
    KeySource source_;
    Secret<32> key_;
    bool named_ = false; // on the command line: kept when it fits
    std::mutex mutex_;
    std::map<std::pair<std::string, uint32_t>, Secret<32>> opened_;
};

} // namespace halyard::smdp_app
