#pragma once
// Keys of secrets at rest: each operator has keys of its own, which lie in the store wrapped by the storage
// key. A sealed row opens for the record and the operator it was sealed for, and for no other. SR-42
#include "base/random.h"
#include "base/secret.h"
#include "smdp/store.h"
#include <functional>

namespace halyard::smdp {

/// What data keys are wrapped with: AES-256-GCM, bound to operator and number.
Result<OwnedBytes> wrap_key(const Secret<32>& storage_key, const DataKey&, const Secret<32>&, Random&);
/// Error: unverified "storage key".
Result<Secret<32>> unwrap_key(const Secret<32>& storage_key, const DataKey&);

/// Opens data keys for a program that remembers them, or learns of another storage key while it runs.
/// Thread-safe.
struct KeyKeeper {
    virtual ~KeyKeeper() = default;
    virtual Result<Secret<32>> unwrap(const DataKey&) = 0;
    virtual Result<OwnedBytes> wrap(const DataKey&, const Secret<32>&, Random&) = 0;
};

class Vault {
  public:
    /// All must outlive it. Keys are read when they are needed; without a keeper, the storage key opens them.
    Vault(const Secret<32>& storage_key, Store& store, Random& random, KeyKeeper* keeper = nullptr)
        : storage_key_(storage_key), store_(store), random_(random), keeper_(keeper) {}

    /// At start: whether the storage key is the one that the store's secrets lie under. A new store gets its
    /// first key. Errors: unverified "storage key".
    Ok check(Time now);
    /// Under the operator's current key. `context` is authenticated: name the record.
    Result<Sealed> seal(std::string_view operator_id, Bytes plain, std::string_view context);
    /// Errors: unverified "sealed record"; not_found "data key" when it was dropped.
    Result<SecretBytes> open(std::string_view operator_id, const Sealed&, std::string_view context);
    /// A new current key for the operator; what lies under the former one still opens.
    Ok renew(std::string_view operator_id, Time now);
    /// HMAC-SHA-256 under the server's own key, for values that must not be guessed from the disk.
    Result<Sha256> keyed_hash(std::initializer_list<Bytes> parts);

    /// Every data key wrapped by `wrapping` instead, in one commit. This vault's storage key is what it was.
    Ok rewrap(const Secret<32>& wrapping);

  private:
    Result<uint32_t> make(std::string_view operator_id, uint32_t id, Time now);
    Result<Secret<32>> key(std::string_view operator_id, uint32_t id);
    Result<uint32_t> current(std::string_view operator_id);
    Result<Secret<32>> unwrap(const DataKey& k) {
        return keeper_ ? keeper_->unwrap(k) : unwrap_key(storage_key_, k);
    }

    const Secret<32>& storage_key_;
    Store& store_;
    Random& random_;
    KeyKeeper* keeper_;
};

/// What records are sealed as.
std::string package_context(const Iccid&, std::string_view type, uint32_t template_version);
std::string code_context(const Iccid&);
std::string template_context(std::string_view type, uint32_t version);

/// Opens whatever is not under its operator's current key and seals it anew, `batch` rows a commit. Ended
/// halfway, it loses nothing and is called again. `told` hears how many are done and may end it with false.
/// How many rows. Errors: those of Vault::open().
Result<size_t> reseal_all(Vault&, Store&, size_t batch, const std::function<bool(size_t)>& told);

} // namespace halyard::smdp
