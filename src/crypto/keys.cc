#include "crypto/keys.h"
#include "base/tolerated.h"
#include "crypto/hash.h"
#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace halyard::crypto {
namespace {
template <auto Free> struct Deleter {
    template <class T> void operator()(T* p) const { Free(p); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Deleter<EC_POINT_clear_free>>;
using Sig = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

int nid_of(Curve c) { return c == Curve::p256 ? NID_X9_62_prime256v1 : NID_brainpoolP256r1; }

const EC_GROUP* group_of(Curve c) {
    static const Group p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    static const Group brainpool(EC_GROUP_new_by_curve_name(NID_brainpoolP256r1));
    return c == Curve::p256 ? p256.get() : brainpool.get();
}

Pkey make_pkey(Curve curve, const std::array<uint8_t, 65>& point, const BIGNUM* scalar) {
    const ParamBuild build(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid_of(curve)), 0);
    OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    if (scalar) OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar);
    const Params params(OSSL_PARAM_BLD_to_param(build.get()));
    const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(
            context.get(), &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return Pkey(key);
}

// The curve's generator as a key: what other keys take their group over from.
Pkey make_model(Curve curve) {
    std::array<uint8_t, 65> point{};
    const EC_GROUP* group = group_of(curve);
    if (EC_POINT_point2oct(group,
                           EC_GROUP_get0_generator(group),
                           POINT_CONVERSION_UNCOMPRESSED,
                           point.data(),
                           point.size(),
                           nullptr) != point.size())
        return nullptr;
    return make_pkey(curve, point, nullptr);
}

// Like make_pkey without a scalar. A group that is looked up by its name is computed anew each time, which is
// felt beside a verification; a copied one is not.
Pkey make_public(const PublicKey& key) {
    static const Pkey p256 = make_model(Curve::p256), brainpool = make_model(Curve::brainpool256);
    const EVP_PKEY* model = key.curve == Curve::p256 ? p256.get() : brainpool.get();
    Pkey out(EVP_PKEY_new());
    if (!model || !out || EVP_PKEY_copy_parameters(out.get(), model) != 1 ||
        EVP_PKEY_set1_encoded_public_key(out.get(), key.point.data(), key.point.size()) != 1)
        return nullptr;
    return out;
}

Result<Curve> curve_of(EVP_PKEY* key, const char* where) {
    char group[64] = "";
    char encoding[32] = "";
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return fail(Errc::unsupported, where);
    if (EVP_PKEY_get_utf8_string_param(
            key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof encoding, nullptr) != 1 ||
        std::string_view(encoding) != OSSL_PKEY_EC_ENCODING_GROUP)
        return fail(Errc::unsupported, where); // explicit parameters (SR-06)
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, nullptr) != 1)
        return fail(Errc::unsupported, where);
    const int nid = OBJ_txt2nid(group);
    if (nid == NID_X9_62_prime256v1) return Curve::p256;
    if (nid == NID_brainpoolP256r1) return Curve::brainpool256;
    return fail(Errc::unsupported, where, static_cast<uint32_t>(nid));
}

Ok verify_digest(const PublicKey& key, const Sha256& digest, Bytes der, const char* where) {
    const Pkey pkey = make_public(key);
    if (!pkey) return fail(Errc::bad_value, where);
    const PkeyContext context(EVP_PKEY_CTX_new(pkey.get(), nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return fail(Errc::internal, where);
    const int ok = EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size());
    ERR_clear_error();
    if (ok != 1) return fail(Errc::unverified, where);
    return {};
}

Result<OwnedBytes> sign_digest(const PrivateKey& key, const Sha256& digest) {
    if (!key.valid()) return fail(Errc::missing_field, "privateKey");
    const PkeyContext context(EVP_PKEY_CTX_new(static_cast<EVP_PKEY*>(key.handle()), nullptr));
    size_t size = 80;
    OwnedBytes der(size);
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1)
        return fail(Errc::internal, "sign");
    der.resize(size);
    return der;
}

Result<OwnedBytes> to_der(Bytes plain, const char* where) {
    if (plain.size() != 64) return fail(Errc::unverified, where, static_cast<uint32_t>(plain.size()));
    Number r(BN_bin2bn(plain.data(), 32, nullptr)), s(BN_bin2bn(plain.data() + 32, 32, nullptr));
    const Sig sig(ECDSA_SIG_new());
    if (!r || !s || !sig || ECDSA_SIG_set0(sig.get(), r.get(), s.get()) != 1)
        return fail(Errc::internal, where);
    (void)r.release(); // owned by sig now
    (void)s.release();
    uint8_t* out = nullptr;
    const int size = i2d_ECDSA_SIG(sig.get(), &out);
    if (size <= 0) return fail(Errc::internal, where);
    OwnedBytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}
} // namespace

const char* name(Curve c) { return c == Curve::p256 ? "P-256" : "brainpoolP256r1"; }

static Result<PublicKey> load_point(Curve curve, Bytes point, const char* where) {
    const EC_GROUP* group = group_of(curve);
    const Point p(EC_POINT_new(group));
    PublicKey key{curve, {}};
    const bool on_curve =
        p && EC_POINT_oct2point(group, p.get(), point.data(), point.size(), nullptr) == 1 &&
        EC_POINT_is_at_infinity(group, p.get()) == 0 &&
        EC_POINT_point2oct(
            group, p.get(), POINT_CONVERSION_UNCOMPRESSED, key.point.data(), key.point.size(), nullptr) ==
            key.point.size();
    ERR_clear_error();
    if (!on_curve) return fail(Errc::bad_value, where);
    return key;
}
Result<PublicKey> public_key_from_point(Curve curve, Bytes point, const char* where) {
    if (point.size() != 65) return fail(Errc::bad_length, where, static_cast<uint32_t>(point.size()));
    if (point[0] != 0x04) return fail(Errc::bad_value, where, point[0]);
    return load_point(curve, point, where);
}
Result<PublicKey> public_key_from_compressed(Curve curve, Bytes point, const char* where) {
    if (point.size() != 33) return fail(Errc::bad_length, where, static_cast<uint32_t>(point.size()));
    if (point[0] != 0x02 && point[0] != 0x03) return fail(Errc::bad_value, where, point[0]);
    return load_point(curve, point, where);
}
std::array<uint8_t, 33> compressed(const PublicKey& key) {
    std::array<uint8_t, 33> out{};
    out[0] = key.point[64] & 1 ? 0x03 : 0x02;
    std::copy_n(key.point.begin() + 1, 32, out.begin() + 1);
    return out;
}

// 30 len { 30 len { OID id-ecPublicKey, OID curve }, 03 42 00: all that stands in front of the point. RFC
// 5480
static Bytes spki_head(Curve curve) {
    static constexpr uint8_t kP256[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    static constexpr uint8_t kBrainpool[] = {0x30, 0x5A, 0x30, 0x14, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                             0xCE, 0x3D, 0x02, 0x01, 0x06, 0x09, 0x2B, 0x24, 0x03,
                                             0x03, 0x02, 0x08, 0x01, 0x01, 0x07, 0x03, 0x42, 0x00};
    return curve == Curve::p256 ? Bytes(kP256) : Bytes(kBrainpool);
}

Result<PublicKey> public_key_from_spki(Bytes der, const char* where) {
    // The two forms there ought to be are known by their octets; the library's decoder takes many times
    // longer and is for telling what else it is.
    for (const Curve curve : {Curve::p256, Curve::brainpool256}) {
        const Bytes head = spki_head(curve);
        if (der.size() == head.size() + 65 && same(der.first(head.size()), head))
            return public_key_from_point(curve, der.last(65), where);
    }
    const uint8_t* p = der.data();
    const Pkey key(d2i_PUBKEY(nullptr, &p, static_cast<long>(der.size())));
    ERR_clear_error();
    if (!key) return fail(Errc::bad_value, where);
    if (p != der.data() + der.size()) return fail(Errc::bad_length, where);
    const Curve curve = TRY(curve_of(key.get(), where));
    std::array<uint8_t, 65> point{};
    size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(
            key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1)
        return fail(Errc::bad_value, where);
    return public_key_from_point(curve, Bytes(point).first(size), where);
}

OwnedBytes to_spki(const PublicKey& key) {
    OwnedBytes out = owned(spki_head(key.curve));
    append(out, key.point);
    return out;
}

std::array<uint8_t, 20> key_identifier(const PublicKey& key) { return sha1(key.point); }

PrivateKey::PrivateKey() = default;
PrivateKey::~PrivateKey() { EVP_PKEY_free(static_cast<EVP_PKEY*>(key_)); }
PrivateKey::PrivateKey(PrivateKey&& other) noexcept
    : key_(std::exchange(other.key_, nullptr)), scalar_(std::move(other.scalar_)), public_(other.public_) {}
PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept {
    std::swap(key_, other.key_);
    scalar_ = std::move(other.scalar_);
    public_ = other.public_;
    return *this;
}

Result<PrivateKey> PrivateKey::from_scalar(Curve curve, Bytes scalar, const char* where) {
    if (scalar.size() != 32) return fail(Errc::bad_length, where, static_cast<uint32_t>(scalar.size()));
    const EC_GROUP* group = group_of(curve);
    const Number k(BN_bin2bn(scalar.data(), 32, nullptr));
    if (!k || BN_is_zero(k.get()) || BN_cmp(k.get(), EC_GROUP_get0_order(group)) >= 0)
        return fail(Errc::bad_value, where);
    BN_set_flags(k.get(), BN_FLG_CONSTTIME);
    const Point p(EC_POINT_new(group));
    PrivateKey key;
    key.public_.curve = curve;
    if (!p || EC_POINT_mul(group, p.get(), k.get(), nullptr, nullptr, nullptr) != 1 ||
        EC_POINT_point2oct(group,
                           p.get(),
                           POINT_CONVERSION_UNCOMPRESSED,
                           key.public_.point.data(),
                           key.public_.point.size(),
                           nullptr) != key.public_.point.size())
        return fail(Errc::internal, where);
    key.key_ = make_pkey(curve, key.public_.point, k.get()).release();
    if (!key.key_) return fail(Errc::internal, where);
    std::copy(scalar.begin(), scalar.end(), key.scalar_.writable().begin());
    return key;
}

Result<PrivateKey> PrivateKey::generate(Curve curve, Random& random) {
    for (int tries = 0; tries < 64;
         ++tries) { // a draw is outside 1…n-1 once in 2^32 (P-256), or 1 in 3 (brainpool)
        Secret<32> scalar;
        TRY(random.fill(scalar.writable()));
        auto key = from_scalar(curve, scalar.reveal());
        if (key || key.error().code != Errc::bad_value) return key;
    }
    return fail(Errc::internal, "random");
}

Result<PrivateKey> PrivateKey::from_pem(Bytes pem, const char* where) {
    if (pem.empty()) return fail(Errc::bad_value, where); // no BIO is made of nothing
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!bio) return fail(Errc::internal, where);
    const auto refuse = [](char*, int, int, void*) { return -1; }; // never ask for a passphrase
    const Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, nullptr));
    ERR_clear_error();
    if (!key) return fail(Errc::bad_value, where);
    const Curve curve = TRY(curve_of(key.get(), where));
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1)
        return fail(Errc::bad_value, where);
    const Number k(raw);
    Secret<32> scalar;
    if (BN_bn2binpad(k.get(), scalar.writable().data(), 32) != 32) return fail(Errc::bad_value, where);
    return from_scalar(curve, scalar.reveal(), where);
}

SecretBytes PrivateKey::to_pem() const {
    const Bio bio(BIO_new(BIO_s_secmem()));
    if (!key_ || !bio ||
        PEM_write_bio_PKCS8PrivateKey(
            bio.get(), static_cast<EVP_PKEY*>(key_), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return SecretBytes(Bytes(reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(size)));
}

PrivateKey PrivateKey::clone() const {
    PrivateKey copy;
    if (key_) EVP_PKEY_up_ref(static_cast<EVP_PKEY*>(key_));
    copy.key_ = key_;
    copy.scalar_ = scalar_.clone();
    copy.public_ = public_;
    return copy;
}

Result<Signature> sign(const PrivateKey& key, std::initializer_list<Bytes> parts) {
    const OwnedBytes der = TRY(sign_digest(key, sha256(parts)));
    const uint8_t* p = der.data();
    const Sig sig(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size())));
    Signature out{};
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + 32, 32) != 32)
        return fail(Errc::internal, "sign");
    return out;
}

Ok verify(const PublicKey& key, std::initializer_list<Bytes> parts, Bytes signature, const char* where) {
    return verify_digest(key, sha256(parts), TRY(to_der(signature, where)), where);
}

Ok verify_tolerant(const PublicKey& key,
                   std::initializer_list<Bytes> parts,
                   Bytes signature,
                   bool* was_der,
                   const char* where) {
    if (was_der) *was_der = false;
    if (signature.size() == 64) return verify(key, parts, signature, where);
    const auto ok = verify_digest(key, sha256(parts), signature, where);
    if (!ok) return ok;
    TRY(tolerate("ECDSA signature in DER form", where));
    if (was_der) *was_der = true;
    return ok;
}

Ok verify_der(const PublicKey& key, Bytes message, Bytes der_signature, const char* where) {
    return verify_digest(key, sha256({message}), der_signature, where);
}
Result<OwnedBytes> sign_der(const PrivateKey& key, Bytes message) {
    return sign_digest(key, sha256({message}));
}

Result<Secret<32>> ecka(const PrivateKey& own, const PublicKey& peer) {
    if (!own.valid()) return fail(Errc::missing_field, "privateKey");
    if (own.curve() != peer.curve) return fail(Errc::unsupported, "curve");
    const Pkey other = make_public(peer);
    const PkeyContext context(EVP_PKEY_CTX_new(static_cast<EVP_PKEY*>(own.handle()), nullptr));
    Secret<32> z;
    size_t size = 32;
    if (!other || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1 ||
        EVP_PKEY_derive(context.get(), z.writable().data(), &size) != 1 || size != 32) {
        ERR_clear_error();
        return fail(Errc::bad_value, "otPK");
    }
    return z;
}

} // namespace halyard::crypto
