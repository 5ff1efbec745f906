#include "smdp/bind.h"
#include "asn1/tlv.h"
#include <algorithm>

namespace halyard::smdp {

OwnedBytes tlv(asn1::Tag tag, Bytes content) { return asn1::tlv(tag, content); }
OwnedBytes signature_tlv(Bytes signature) { return tlv(0x5F37, signature); }

namespace {
Result<OwnedBytes> segments(rsp::Bsp& bsp, uint8_t tag, Bytes plain, size_t size) {
    OwnedBytes out;
    for (size_t at = 0; at < plain.size(); at += size) {
        const Bytes piece = plain.subspan(at, std::min(size, plain.size() - at));
        append(out, TRY(tag == 0x88 ? bsp.authenticate(tag, piece) : bsp.protect(tag, piece)));
    }
    return out;
}
} // namespace

Result<Bound> bind(const BindInput& in, const crypto::PublicKey& euicc_otpk, Random& random) {
    const auto own = TRY(crypto::PrivateKey::generate(euicc_otpk.curve, random));
    auto bsp = TRY(rsp::Bsp::derive(own, euicc_otpk, in.host_id, in.eid));
    Bound out{own.public_key(), {}};
    rsp::ConfigureISDPRequest configure;
    configure.dp_proprietary_data = rsp::DpProprietaryData{.dp_oid = {in.smdp_oid}};
    append(out.tail, tlv(0xA0, TRY(bsp.protect(0x87, TRY(asn1::encode(configure))))));
    append(out.tail, tlv(0xA1, TRY(segments(bsp, 0x88, in.metadata, in.segment))));
    if (in.own_keys) {
        Secret<48> keys; // chaining value, encryption, MAC
        TRY(random.fill(keys.writable()));
        const Bytes k = keys.reveal();
        OwnedBytes replace =
            TRY(asn1::encode(rsp::ReplaceSessionKeysRequest{.initial_mac_chaining_value = k.first(16),
                                                            .ppk_enc = k.subspan(16, 16),
                                                            .ppk_cmac = k.last(16)}));
        append(out.tail, tlv(0xA2, TRY(bsp.protect(0x87, replace))));
        wipe(replace);
        bsp = TRY(rsp::Bsp::from_keys(k.first(16), k.subspan(16, 16), k.last(16)));
    }
    append(out.tail, tlv(0xA3, TRY(segments(bsp, 0x86, in.package, in.segment))));
    return out;
}

Result<OwnedBytes> secure_channel(
    const crypto::PrivateKey& pb, Bytes transaction_id, Bytes host_id, Bytes smdp_otpk, Bytes euicc_otpk) {
    // Signed as one run: 82, 80, A6, 5F49 (ours), 5F49 (the eUICC's). SGP.22 §5.5.1
    OwnedBytes inside = tlv(0x82, std::array<uint8_t, 1>{1});
    append(inside, tlv(0x80, transaction_id));
    OwnedBytes content;
    append(content, tlv(0x80, std::array<uint8_t, 1>{rsp::kKeyType}));
    append(content, tlv(0x81, std::array<uint8_t, 1>{rsp::kKeyLength}));
    append(content, tlv(0x84, host_id));
    append(inside, tlv(0xA6, content));
    append(inside, tlv(0x5F49, smdp_otpk));
    const auto signature = TRY(crypto::sign(pb, {inside, tlv(0x5F49, euicc_otpk)}));
    append(inside, signature_tlv(signature));
    return tlv(0xBF23, inside);
}

} // namespace halyard::smdp
