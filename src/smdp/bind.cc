#include "smdp/bind.h"
#include "asn1/tlv.h"
#include <algorithm>

namespace halyard::smdp {

OwnedBytes tlv(asn1::Tag tag, Bytes content) { return asn1::tlv(tag, content); }
OwnedBytes signature_tlv(Bytes signature) { return tlv(0x5F37, signature); }

namespace {
// Of one protected segment: padding of 1 to 16 octets where it is encrypted, a MAC of 8, tag and length.
size_t segment_size(uint8_t tag, size_t plain) {
    const size_t content = (tag == 0x88 ? plain : plain / 16 * 16 + 16) + 8;
    return asn1::tlv_head(tag, content).size() + content;
}
size_t segments_size(uint8_t tag, size_t plain, size_t segment) {
    const size_t rest = plain % segment;
    return plain / segment * segment_size(tag, segment) + (rest ? segment_size(tag, rest) : 0);
}

// The lengths are known before anything is protected, so each octet goes where it stays.
Ok put_segments(OwnedBytes& out, rsp::Bsp& bsp, asn1::Tag around, uint8_t tag, Bytes plain, size_t segment) {
    const size_t size = segments_size(tag, plain.size(), segment);
    append(out, asn1::tlv_head(around, size));
    const size_t begin = out.size();
    for (size_t at = 0; at < plain.size(); at += segment) {
        const Bytes piece = plain.subspan(at, std::min(segment, plain.size() - at));
        append(out, TRY(tag == 0x88 ? bsp.authenticate(tag, piece) : bsp.protect(tag, piece)));
    }
    HALYARD_ASSERT(out.size() - begin == size);
    return {};
}
} // namespace

Result<Bound> bind(const BindInput& in, const crypto::PublicKey& euicc_otpk, Random& random) {
    constexpr size_t kOthers = 1024; // A0, A2, heads; what the answer has in front of it
    const auto own = TRY(crypto::PrivateKey::generate(euicc_otpk.curve, random));
    auto bsp = TRY(rsp::Bsp::derive(own, euicc_otpk, in.host_id, in.eid));
    Bound out{own.public_key(), {}};
    out.tail.reserve(segments_size(0x88, in.metadata.size(), in.segment) +
                     segments_size(0x86, in.package.size(), in.segment) + kOthers);
    rsp::ConfigureISDPRequest configure;
    configure.dp_proprietary_data = rsp::DpProprietaryData{.dp_oid = {in.smdp_oid}};
    append(out.tail, tlv(0xA0, TRY(bsp.protect(0x87, TRY(asn1::encode(configure))))));
    TRY(put_segments(out.tail, bsp, 0xA1, 0x88, in.metadata, in.segment));
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
    TRY(put_segments(out.tail, bsp, 0xA3, 0x86, in.package, in.segment));
    return out;
}

OwnedBytes bound_package_answer(Bytes transaction_id, Bytes channel, OwnedBytes tail) {
    const OwnedBytes package = asn1::tlv_head(0xBF36, channel.size() + tail.size());
    const OwnedBytes id = tlv(0x80, transaction_id);
    const size_t content = id.size() + package.size() + channel.size() + tail.size();
    const OwnedBytes ok = asn1::tlv_head(0xA0, content);
    const OwnedBytes head = asn1::tlv_head(0xBF3A, ok.size() + content);
    OwnedBytes front;
    for (const Bytes part : {Bytes(head), Bytes(ok), Bytes(id), Bytes(package), channel}) append(front, part);
    tail.insert(tail.begin(), front.begin(), front.end()); // within the room that bind() left
    return tail;
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
