#include "crypto/milenage.h"
#include <openssl/evp.h>

namespace halyard::crypto {
namespace {
void add(Block& to, std::span<const uint8_t, 16> other) {
    for (size_t i = 0; i < 16; ++i) to[i] ^= other[i];
}
// The first bit is the most significant one of octet 0. 3GPP TS 35.206 §3
Block rotated(const Block& in, uint8_t bits) {
    Block out{};
    const size_t octets = bits / 8, rest = bits % 8;
    for (size_t i = 0; i < 16; ++i) {
        const uint32_t two = static_cast<uint32_t>(in[(i + octets) % 16]) << 8 | in[(i + octets + 1) % 16];
        out[i] = static_cast<uint8_t>(two >> (8 - rest));
    }
    return out;
}
struct Wiped {
    Buffer memory;
    ~Wiped() { wipe(memory); }
};
Ok length(Buffer given, size_t expected, const char* name) {
    if (given.size() != expected) return fail(Errc::bad_length, name, static_cast<uint32_t>(given.size()));
    return {};
}
} // namespace

Result<Block> milenage_opc(const AesKey& k, const Block& op) {
    Block out = TRY(aes128_encrypt_block(k, op));
    add(out, op);
    return out;
}

Result<std::unique_ptr<Milenage>>
Milenage::make(const AesKey& k, std::span<const uint8_t, 16> opc, const MilenageConstants& constants) {
    for (const uint8_t r : constants.r)
        if (r > 127) return fail(Errc::bad_value, "rotationConstants", r);
    std::unique_ptr<Milenage> out(new Milenage);
    out->opc_ = Secret<16>(opc);
    out->constants_ = constants;
    auto* const cipher = EVP_CIPHER_CTX_new();
    out->cipher_ = cipher;
    if (!cipher || EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), nullptr, k.reveal().data(), nullptr) != 1 ||
        EVP_CIPHER_CTX_set_padding(cipher, 0) != 1)
        return fail(Errc::internal, "AES");
    return out;
}

Milenage::~Milenage() { EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(cipher_)); }

// In place.
Ok Milenage::encrypt(Buffer blocks) const {
    int size = 0;
    if (EVP_EncryptUpdate(static_cast<EVP_CIPHER_CTX*>(cipher_),
                          blocks.data(),
                          &size,
                          blocks.data(),
                          static_cast<int>(blocks.size())) != 1 ||
        static_cast<size_t>(size) != blocks.size())
        return fail(Errc::internal, "AES");
    return {};
}

Ok Milenage::out1(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Block& out) const {
    Block temp = rand, in{};
    const Wiped wiped{temp}, wiped_in{in};
    add(temp, opc_.reveal());
    TRY(encrypt(temp));
    for (size_t half = 0; half < 16; half += 8) {
        std::copy(sqn.begin(), sqn.end(), in.begin() + static_cast<std::ptrdiff_t>(half));
        std::copy(amf.begin(), amf.end(), in.begin() + static_cast<std::ptrdiff_t>(half + 6));
    }
    add(in, opc_.reveal());
    out = rotated(in, constants_.r[0]);
    add(out, temp);
    add(out, constants_.c[0]);
    TRY(encrypt(out));
    add(out, opc_.reveal());
    return {};
}

// OUT of number `first` (2 to 5) and of those behind it, one behind the other.
Ok Milenage::outputs(const AkaRand& rand, size_t first, Buffer out) const {
    Block temp = rand;
    const Wiped wiped{temp};
    add(temp, opc_.reveal());
    TRY(encrypt(temp));
    add(temp, opc_.reveal());
    for (size_t i = 0; i < out.size() / 16; ++i) {
        Block block = rotated(temp, constants_.r[first - 1 + i]);
        const Wiped wiped_block{block};
        add(block, constants_.c[first - 1 + i]);
        std::copy(block.begin(), block.end(), out.begin() + static_cast<std::ptrdiff_t>(16 * i));
    }
    TRY(encrypt(out));
    for (size_t i = 0; i < out.size(); ++i) out[i] ^= opc_.reveal()[i % 16];
    return {};
}

Ok Milenage::f1(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer mac) const {
    TRY(length(mac, 8, "MAC"));
    Block out{};
    const Wiped wiped{out};
    TRY(out1(rand, sqn, amf, out));
    std::copy_n(out.begin(), 8, mac.begin());
    return {};
}

Ok Milenage::f1_star(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer mac) const {
    TRY(length(mac, 8, "MAC"));
    Block out{};
    const Wiped wiped{out};
    TRY(out1(rand, sqn, amf, out));
    std::copy_n(out.begin() + 8, 8, mac.begin());
    return {};
}

Ok Milenage::f2345(const AkaRand& rand, Buffer res, Buffer ck, Buffer ik, Buffer ak) const {
    TRY(length(res, 8, "RES"));
    TRY(length(ck, 16, "CK"));
    TRY(length(ik, 16, "IK"));
    TRY(length(ak, 6, "AK"));
    std::array<uint8_t, 48> out{}; // OUT2, OUT3 and OUT4
    const Wiped wiped{out};
    TRY(outputs(rand, 2, out));
    std::copy_n(out.begin(), 6, ak.begin());
    std::copy_n(out.begin() + 8, 8, res.begin());
    std::copy_n(out.begin() + 16, 16, ck.begin());
    std::copy_n(out.begin() + 32, 16, ik.begin());
    return {};
}

Ok Milenage::f5_star(const AkaRand& rand, Buffer ak) const {
    TRY(length(ak, 6, "AK"));
    Block out{};
    const Wiped wiped{out};
    TRY(outputs(rand, 5, out));
    std::copy_n(out.begin(), 6, ak.begin());
    return {};
}

} // namespace halyard::crypto
