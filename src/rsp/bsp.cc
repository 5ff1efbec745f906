#include "rsp/bsp.h"
#include "asn1/asn1.h"
#include "crypto/hash.h"

namespace halyard::rsp {
namespace {
constexpr size_t kMacSize = 8;

// tag ‖ length of a protected segment, which the MAC covers too.
OwnedBytes header(uint8_t tag, size_t length) {
    OwnedBytes out{tag};
    if (length > 0xFF) {
        out.push_back(0x82);
        out.push_back(static_cast<uint8_t>(length >> 8));
    } else if (length > 0x7F) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<uint8_t>(length));
    return out;
}
} // namespace

Bsp Bsp::derive(const Secret<32>& z, Bytes host_id, const Eid& eid) {
    OwnedBytes info{kKeyType, kKeyLength, static_cast<uint8_t>(host_id.size())};
    append(info, host_id);
    info.push_back(static_cast<uint8_t>(eid.size()));
    append(info, eid);
    Secret<48> keys; // MAC chaining value, S-ENC, S-MAC, in this order
    crypto::x963_kdf(z.reveal(), info, keys.writable());
    Bsp bsp;
    const auto k = keys.reveal();
    std::copy_n(k.begin(), 16, bsp.mcv_.begin());
    bsp.encryption_ = crypto::AesKey(k.subspan<16, 16>());
    bsp.mac_ = crypto::AesKey(k.subspan<32, 16>());
    return bsp;
}

Result<Bsp>
Bsp::derive(const crypto::PrivateKey& own, const crypto::PublicKey& peer, Bytes host_id, const Eid& eid) {
    if (host_id.empty() || host_id.size() > 16)
        return fail(Errc::bad_length, "hostId", static_cast<uint32_t>(host_id.size()));
    return derive(TRY(crypto::ecka(own, peer)), host_id, eid);
}

Result<Bsp> Bsp::from_keys(Bytes mcv, Bytes encryption, Bytes mac) {
    if (mcv.size() != 16)
        return fail(Errc::bad_length, "initialMacChainingValue", static_cast<uint32_t>(mcv.size()));
    if (encryption.size() != 16)
        return fail(Errc::bad_length, "ppkEnc", static_cast<uint32_t>(encryption.size()));
    if (mac.size() != 16) return fail(Errc::bad_length, "ppkCmac", static_cast<uint32_t>(mac.size()));
    Bsp bsp;
    std::copy_n(mcv.begin(), 16, bsp.mcv_.begin());
    bsp.encryption_ = crypto::AesKey(encryption.first<16>());
    bsp.mac_ = crypto::AesKey(mac.first<16>());
    return bsp;
}

Bsp Bsp::clone() const {
    Bsp copy;
    copy.encryption_ = encryption_.clone();
    copy.mac_ = mac_.clone();
    copy.mcv_ = mcv_;
    copy.counter_ = counter_;
    return copy;
}

Result<crypto::Block> Bsp::icv() const {
    crypto::Block counter{};
    for (size_t i = 0; i < 4; ++i) counter[15 - i] = static_cast<uint8_t>(counter_ >> 8 * i);
    return crypto::aes128_encrypt_block(encryption_, counter);
}

Result<OwnedBytes> Bsp::protect(uint8_t tag, Bytes plain) {
    if (plain.size() > kMaxSegmentPlain)
        return fail(Errc::bad_length, "segment", static_cast<uint32_t>(plain.size()));
    SecretBytes padded(plain.size() / 16 * 16 + 16);
    std::copy(plain.begin(), plain.end(), padded.writable().begin());
    padded.writable()[plain.size()] = 0x80;
    const OwnedBytes cipher = TRY(crypto::aes128_cbc_encrypt(encryption_, TRY(icv()), padded.reveal()));
    return authenticate(tag, cipher);
}

Result<OwnedBytes> Bsp::authenticate(uint8_t tag, Bytes data) {
    OwnedBytes tlv = header(tag, data.size() + kMacSize);
    append(tlv, data);
    if (tlv.size() + kMacSize > 1020)
        return fail(Errc::bad_length, "segment", static_cast<uint32_t>(data.size()));
    mcv_ = TRY(crypto::aes_cmac(mac_, {mcv_, tlv}));
    ++counter_;
    append(tlv, Bytes(mcv_).first(kMacSize));
    return tlv;
}

Result<Bytes> Bsp::check(uint8_t tag, Bytes tlv) {
    const asn1::Tlv t = TRY(asn1::read_tlv(tlv, "segment"));
    if (t.tag != tag) return fail(Errc::bad_tag, "segment", t.tag);
    if (!t.rest.empty() || t.content.size() < kMacSize || tlv.size() > 1024)
        return fail(Errc::bad_length, "segment", static_cast<uint32_t>(tlv.size()));
    const crypto::Block mac = TRY(crypto::aes_cmac(mac_, {mcv_, tlv.first(tlv.size() - kMacSize)}));
    if (!crypto::equal(Bytes(mac).first(kMacSize), tlv.last(kMacSize)))
        return fail(Errc::unverified, "segment MAC");
    mcv_ = mac;
    ++counter_;
    return t.content.first(t.content.size() - kMacSize);
}

Result<SecretBytes> Bsp::unprotect(uint8_t tag, Bytes tlv) {
    const crypto::Block icv_now = TRY(icv());
    const crypto::Block mcv_before = mcv_;
    const Bytes cipher = TRY(check(tag, tlv));
    const auto refuse = [&](Errc code, const char* where) {
        mcv_ = mcv_before;
        --counter_;
        return fail(code, where);
    };
    if (cipher.empty() || cipher.size() % 16) return refuse(Errc::bad_length, "segment");
    auto padded = TRY(crypto::aes128_cbc_decrypt(encryption_, icv_now, cipher));
    const Bytes p = padded.reveal();
    size_t end = p.size();
    while (end > 0 && p[end - 1] == 0) --end; // authenticated already, so no padding oracle
    if (end == 0 || p[end - 1] != 0x80 || p.size() - end >= 16)
        return refuse(Errc::unverified, "segment padding");
    return SecretBytes(p.first(end - 1));
}

} // namespace halyard::rsp
