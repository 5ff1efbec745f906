// Signatures and verifications that were made before, for fuzzers whose inputs all begin with the same
// session: the linker puts these in the place of crypto's (--wrap). Each is a function of its inputs alone,
// and a signature once made stays a good one, so that an answer remembered is the answer.
#include "crypto/hash.h"
#include "crypto/keys.h"
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

Result<Signature> real_sign(const PrivateKey&, Parts) asm("__real_" SIGN);
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
Memory<Signature>& signatures() {
    static Memory<Signature> one;
    return one;
}
Memory<bool>& verified() {
    static Memory<bool> one;
    return one;
}

template <class F> Ok remembered(Question q, F&& really, const char* where) {
    if (const bool* known = verified().find(q)) return *known ? Ok() : Ok(fail(Errc::unverified, where));
    Ok answer = really();
    if (answer || answer.error().code == Errc::unverified) verified().keep(std::move(q), answer.has_value());
    return answer;
}
} // namespace

Result<Signature> sign(const PrivateKey&, Parts) asm("__wrap_" SIGN);
Result<Signature> sign(const PrivateKey& key, Parts parts) {
    Question q = question('s', key.scalar(), parts, {});
    if (const Signature* known = signatures().find(q)) return *known;
    auto made = real_sign(key, parts);
    if (made) signatures().keep(std::move(q), *made);
    return made;
}
Ok verify(const PublicKey&, Parts, Bytes, const char*) asm("__wrap_" VERIFY);
Ok verify(const PublicKey& key, Parts parts, Bytes signature, const char* where) {
    return remembered(
        question('v', key.point, parts, signature),
        [&] { return real_verify(key, parts, signature, where); },
        where);
}
Ok verify_tolerant(const PublicKey&, Parts, Bytes, bool*, const char*) asm("__wrap_" VERIFY_TOLERANT);
Ok verify_tolerant(const PublicKey& key, Parts parts, Bytes signature, bool* was_der, const char* where) {
    if (signature.size() != 64) return real_tolerant(key, parts, signature, was_der, where); // may be counted
    if (was_der) *was_der = false;
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

} // namespace halyard::fuzz
