#include "smdp/vault.h"
#include "crypto/aes.h"
#include "crypto/hash.h"

namespace halyard::smdp {
namespace {
constexpr uint32_t kFirst = 1;
std::string wrapping_context(const DataKey& k) {
    return "data key " + std::to_string(k.id) + " of " + k.operator_id;
}
Result<SecretBytes> open_sealed(const Secret<32>& key, Bytes octets, std::string_view context) {
    auto plain = crypto::open(key, octets, bytes_of(context));
    if (!plain) return fail(plain.error().code, "sealed record");
    return plain;
}
} // namespace

std::string package_context(const Iccid& iccid, std::string_view type, uint32_t version) {
    std::string out = version ? "subscriber " : "package ";
    return out.append(to_text(iccid)).append(" ").append(std::to_string(version)).append(" ").append(type);
}
std::string code_context(const Iccid& iccid) { return "confirmation code " + to_text(iccid); }
std::string template_context(std::string_view type, uint32_t version) {
    return "template " + std::to_string(version) + " " + std::string(type);
}

Result<OwnedBytes>
wrap_key(const Secret<32>& wrapping, const DataKey& k, const Secret<32>& key, Random& random) {
    return crypto::seal(wrapping, TRY(random.draw<12>()), key.reveal(), bytes_of(wrapping_context(k)));
}

Result<Secret<32>> unwrap_key(const Secret<32>& wrapping, const DataKey& k) {
    const auto key = crypto::open(wrapping, k.wrapped, bytes_of(wrapping_context(k)));
    if (!key || key->size() != 32) return fail(Errc::unverified, "storage key");
    return Secret<32>(key->reveal().first<32>());
}

Result<uint32_t> Vault::make(std::string_view operator_id, uint32_t id, Time now) {
    Secret<32> key;
    TRY(random_.fill(key.writable()));
    DataKey made{.operator_id = std::string(operator_id), .id = id, .created = now};
    made.wrapped =
        TRY(keeper_ ? keeper_->wrap(made, key, random_) : wrap_key(storage_key_, made, key, random_));
    const Ok ok = store_.add_data_key(made);
    if (ok) return id;
    if (ok.error().code == Errc::conflict) return current(operator_id); // another process was faster
    return tl::unexpected<Error>(ok.error());
}

Result<uint32_t> Vault::current(std::string_view operator_id) {
    for (const DataKey& k : TRY(store_.data_keys(operator_id)))
        if (k.current) return k.id;
    return 0u;
}

Result<Secret<32>> Vault::key(std::string_view operator_id, uint32_t id) {
    for (const DataKey& k : TRY(store_.data_keys(operator_id)))
        if (k.id == id) return unwrap(k);
    return fail(Errc::not_found, "data key", id);
}

Ok Vault::check(Time now) {
    const auto keys = TRY(store_.data_keys(""));
    if (!keys.empty()) {
        (void)TRY(unwrap(keys.front()));
        return {};
    }
    // A store of before there were data keys: some row of it must open.
    for (const Resealed& r : TRY(store_.outdated(Resealed::Of::package, {}, 1)).rows)
        if (!open(r.operator_id, r.sealed, "")) return fail(Errc::unverified, "storage key");
    (void)TRY(make("", kFirst, now));
    // Another node may have been first, with another storage key.
    (void)TRY(unwrap(TRY(store_.data_keys("")).front()));
    return {};
}

Result<Sealed> Vault::seal(std::string_view operator_id, Bytes plain, std::string_view context) {
    uint32_t id = TRY(current(operator_id));
    if (!id) id = TRY(make(operator_id, kFirst, Time{0}));
    const Secret<32> under = TRY(key(operator_id, id));
    return Sealed{.octets = TRY(crypto::seal(under, TRY(random_.draw<12>()), plain, bytes_of(context))),
                  .key = id};
}

Result<SecretBytes>
Vault::open(std::string_view operator_id, const Sealed& sealed, std::string_view context) {
    if (!sealed.key) return open_sealed(storage_key_, sealed.octets, sealed.as);
    const Secret<32> under = TRY(key(operator_id, sealed.key));
    return open_sealed(under, sealed.octets, context);
}

Ok Vault::renew(std::string_view operator_id, Time now) {
    const uint32_t id = TRY(current(operator_id));
    (void)TRY(make(operator_id, id + 1, now));
    return {};
}

Result<Sha256> Vault::keyed_hash(std::initializer_list<Bytes> parts) {
    uint32_t id = TRY(current(""));
    if (!id) id = TRY(make("", kFirst, Time{0}));
    const Secret<32> under = TRY(key("", id));
    return crypto::hmac_sha256(under.reveal(), parts);
}

Ok Vault::rewrap(const Secret<32>& wrapping) {
    auto keys = TRY(store_.data_keys(std::nullopt));
    for (DataKey& k : keys) k.wrapped = TRY(wrap_key(wrapping, k, TRY(unwrap(k)), random_));
    return store_.rewrap(keys);
}

namespace {
std::string context_of(const Resealed& r) {
    switch (r.of) {
    case Resealed::Of::package: return package_context(r.iccid, r.type, r.template_version);
    case Resealed::Of::code: return code_context(r.iccid);
    case Resealed::Of::profile_template: return template_context(r.type, r.version);
    }
    return {};
}
Result<Resealed> sealed_anew(Vault& vault, const Resealed& r) {
    const std::string context = context_of(r);
    const SecretBytes plain = TRY(vault.open(r.operator_id, r.sealed, context));
    Resealed out = r;
    Sealed again = TRY(vault.seal(r.operator_id, plain.reveal(), context));
    out.sealed.octets = std::move(again.octets);
    out.sealed.key = again.key;
    out.sealed.as.clear();
    return out;
}
} // namespace

Result<size_t> reseal_all(Vault& vault, Store& store, size_t batch, const std::function<bool(size_t)>& told) {
    size_t done = 0;
    using Of = Resealed::Of;
    for (const Of of : {Of::profile_template, Of::code, Of::package}) {
        std::optional<Iccid> after;
        do {
            const Outdated found = TRY(store.outdated(of, after, batch));
            std::vector<Resealed> anew;
            for (const Resealed& r : found.rows) anew.push_back(TRY(sealed_anew(vault, r)));
            if (!anew.empty()) TRY(store.reseal(found.rows, anew));
            done += anew.size();
            after = found.last;
            if (!told(done)) return done;
        } while (after);
    }
    return done;
}

} // namespace halyard::smdp
