// Public-key cryptography that costs next to nothing, for fuzzers that would spend nearly all their time on
// ECDSA: the linker puts these in the place of crypto's (--wrap). A signature made here is a digest of the
// public key and of what is signed, and verifies for exactly those. Whatever else claims to be one goes to
// the real verification, and its answer is remembered, since every input begins with the same session.
#include "base/random.h"
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace halyard::fuzz {
using crypto::PrivateKey, crypto::PublicKey, crypto::Signature;
using Parts = std::initializer_list<Bytes>;

#define SIGN                                                                                                 \
    "_ZN7halyard6crypto4signERKNS0_10PrivateKeyESt16initializer_listISt4spanIKhLm18446744073709551615EEE"
#define VERIFY                                                                                               \
    "_ZN7halyard6crypto6verifyERKNS0_9PublicKeyESt16initializer_listISt4spanIKhLm18446744073709551615EEES7_" \
    "PKc"
#define VERIFY_TOLERANT                                                                                      \
    "_ZN7halyard6crypto15verify_tolerantERKNS0_9PublicKeyESt16initializer_listISt4spanIKhLm184467440737"     \
    "09551615EEES7_PbPKc"
#define VERIFY_DER "_ZN7halyard6crypto10verify_derERKNS0_9PublicKeyESt4spanIKhLm18446744073709551615EES6_PKc"

#define ECKA "_ZN7halyard6crypto4eckaERKNS0_10PrivateKeyERKNS0_9PublicKeyE"
#define GENERATE "_ZN7halyard6crypto10PrivateKey8generateENS0_5CurveERNS_6RandomE"
#define PARSE "_ZN7halyard6crypto11Certificate5parseESt4spanIKhLm18446744073709551615EEPKc"

Ok real_verify(const PublicKey&, Parts, Bytes, const char*) asm("__real_" VERIFY);
Ok real_tolerant(const PublicKey&, Parts, Bytes, bool*, const char*) asm("__real_" VERIFY_TOLERANT);
Ok real_der(const PublicKey&, Bytes, Bytes, const char*) asm("__real_" VERIFY_DER);

namespace {

uint64_t fold(uint64_t h, Bytes octets) {
    const uint64_t size = octets.size();
    h ^= size;
    for (size_t i = 0; i < octets.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, octets.data() + i, std::min<size_t>(8, octets.size() - i));
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}
// What was asked, octet for octet.
struct Question {
    OwnedBytes octets;
    bool operator==(const Question&) const = default;
};
struct Hash {
    size_t operator()(const Question& q) const { return fold(1, q.octets); }
};
Question question(char kind, Bytes key, Parts parts, Bytes signature) {
    Question q{{static_cast<uint8_t>(kind),
                static_cast<uint8_t>(signature.size() >> 8),
                static_cast<uint8_t>(signature.size())}};
    append(q.octets, key);
    for (Bytes part : parts) append(q.octets, part);
    append(q.octets, signature);
    return q;
}

// What was answered before.
template <class Answer> class Memory {
  public:
    const Answer* find(const Question& q) const {
        const auto it = known_.find(q);
        return it == known_.end() ? nullptr : &it->second;
    }
    void keep(Question q, Answer answer) {
        if (known_.size() == 4096) known_.clear(); // what is always asked comes back at once
        known_.emplace(std::move(q), std::move(answer));
    }

  private:
    std::unordered_map<Question, Answer, Hash> known_;
};
template <class Answer> Memory<Answer>& memory() {
    static Memory<Answer> one;
    return one;
}

// 64 octets, the halves different.
Signature quick(const PublicKey& key, Parts parts) {
    OwnedBytes all = {'q'};
    append(all, key.point);
    for (Bytes part : parts) append(all, part);
    const auto first = crypto::sha256({all});
    const auto second = crypto::sha256({first});
    Signature out{};
    std::ranges::copy(first, out.begin());
    std::ranges::copy(second, out.begin() + 32);
    return out;
}
bool is_quick(const PublicKey& key, Parts parts, Bytes signature) {
    return signature.size() == 64 && std::ranges::equal(quick(key, parts), signature);
}

template <class F> Ok remembered(Question q, F&& really, const char* where) {
    if (const bool* known = memory<bool>().find(q)) return *known ? Ok() : Ok(fail(Errc::unverified, where));
    Ok answer = really();
    if (answer || answer.error().code == Errc::unverified)
        memory<bool>().keep(std::move(q), answer.has_value());
    return answer;
}
} // namespace

Result<Signature> sign(const PrivateKey&, Parts) asm("__wrap_" SIGN);
Result<Signature> sign(const PrivateKey& key, Parts parts) { return quick(key.public_key(), parts); }
Ok verify(const PublicKey&, Parts, Bytes, const char*) asm("__wrap_" VERIFY);
Ok verify(const PublicKey& key, Parts parts, Bytes signature, const char* where) {
    if (is_quick(key, parts, signature)) return {};
    return remembered(
        question('v', key.point, parts, signature),
        [&] { return real_verify(key, parts, signature, where); },
        where);
}
Ok verify_tolerant(const PublicKey&, Parts, Bytes, bool*, const char*) asm("__wrap_" VERIFY_TOLERANT);
Ok verify_tolerant(const PublicKey& key, Parts parts, Bytes signature, bool* was_der, const char* where) {
    if (signature.size() != 64) return real_tolerant(key, parts, signature, was_der, where); // may be counted
    if (was_der) *was_der = false;
    if (is_quick(key, parts, signature)) return {};
    return remembered(
        question('v', key.point, parts, signature),
        [&] { return real_tolerant(key, parts, signature, was_der, where); },
        where);
}
Ok verify_der(const PublicKey&, Bytes, Bytes, const char*) asm("__wrap_" VERIFY_DER);
Ok verify_der(const PublicKey& key, Bytes message, Bytes signature, const char* where) {
    return remembered(
        question('d', key.point, {message}, signature),
        [&] { return real_der(key, message, signature, where); },
        where);
}

using crypto::Certificate, crypto::Curve;
Result<Secret<32>> real_ecka(const PrivateKey&, const PublicKey&) asm("__real_" ECKA);
Result<Secret<32>> ecka(const PrivateKey&, const PublicKey&) asm("__wrap_" ECKA);
Result<Secret<32>> ecka(const PrivateKey& own, const PublicKey& peer) {
    Question q = question('e', own.scalar(), {peer.point}, {});
    if (const auto* known = memory<Secret<32>>().find(q)) return known->clone();
    auto made = real_ecka(own, peer);
    if (made) memory<Secret<32>>().keep(std::move(q), made->clone());
    return made;
}
// As crypto's: draws until a draw is a key.
Result<PrivateKey> generate(Curve, Random&) asm("__wrap_" GENERATE);
Result<PrivateKey> generate(Curve curve, Random& random) {
    for (int tries = 0; tries < 64; ++tries) {
        Secret<32> scalar;
        TRY(random.fill(scalar.writable()));
        Question q = question('k', scalar.reveal(), {}, {});
        q.octets.push_back(static_cast<uint8_t>(curve));
        if (const auto* known = memory<PrivateKey>().find(q)) return known->clone();
        auto key = PrivateKey::from_scalar(curve, scalar.reveal());
        if (key) memory<PrivateKey>().keep(std::move(q), key->clone());
        if (key || key.error().code != Errc::bad_value) return key;
    }
    return fail(Errc::internal, "random");
}
Result<Certificate> real_parse(Bytes, const char*) asm("__real_" PARSE);
Result<Certificate> parse(Bytes, const char*) asm("__wrap_" PARSE);
Result<Certificate> parse(Bytes der, const char* where) {
    Question q = question('c', der, {}, {});
    if (const auto* known = memory<Certificate>().find(q)) return *known;
    auto parsed = real_parse(der, where);
    if (parsed) memory<Certificate>().keep(std::move(q), *parsed);
    return parsed;
}

} // namespace halyard::fuzz
