#include "tests/fuzz/card_origin.h"
#include "crypto/milenage.h"
#include "euicc/image_octets.h"
#include "ipa/bpp_segments.h"
#include "profile/package.h"
#include "smdp/bind.h"

namespace halyard::fuzz {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}

// The packages of the profiles that may be downloaded: header, MF, PUKs, PINs and the end.
OwnedBytes small_package(const Iccid& iccid) {
    const auto sample = must(profile::sample_bootstrap({.iccid = iccid}));
    const auto elements = must(profile::parse(sample.reveal()));
    OwnedBytes out;
    for (size_t n = 0; n < 4; ++n) append(out, elements[n].der);
    append(out, elements.back().der);
    return out;
}

// A USIM with EF.LOCI and a key, in as few octets as it can be.
void add_usim(profile::Image& image) {
    const auto sample = must(profile::sample_bootstrap({.iccid = image.iccid}));
    const auto elements = must(profile::parse(sample.reveal()));
    const auto adf = static_cast<uint32_t>(image.nodes.size());
    image.nodes.push_back({.fid = 0x7FD0, .kind = profile::FileKind::application});
    image.nodes.back().aid = *from_hex("A0000000871002FF44FF1289");
    image.nodes.back().pins = {0x01, 0x0A};
    image.nodes.push_back({.fid = 0x6F7E, .parent = adf});
    image.nodes.back().content.assign(11, 0xFF);
    image.nodes.back().security = {0x2F, 0x06, 0x05}; // PIN1, which is off
    image.akas.push_back({adf, owned(elements[elements.size() - 2].der)});
}

} // namespace

Origin::Origin() {
    const Scene& s = scene();
    auto state = must(euicc::decode_state(s.content.state));
    for (euicc::StoredProfile& p : state.profiles) {
        auto image = must(euicc::decode_image(s.content.images.at(p.number)));
        add_usim(image);
        content.images[p.number] = {must(euicc::encode_image(image)), {}};
        p.memory = image.memory();
    }
    auto second = state.eims.front();
    second.id = kSecondEim;
    second.token = state.next_token++;
    state.eims.push_back(second);
    content.state = must(euicc::encode_state(state));
    iccids = {loop::iccid(s.bootstrap), loop::iccid(s.number)};
    for (unsigned n = 3; n < 6; ++n) iccids.push_back(loop::iccid(loop::iccid_text(n)));
    for (size_t n = 2; n < 4; ++n) packages.push_back(small_package(iccids[n]));
    package_memory = must(profile::install(packages.front())).memory();
    const euicc::Identity& from = s.device.identity;
    identity.eid = from.eid;
    // Room for one more profile, not for two
    identity.memory = static_cast<uint32_t>(state.used_memory() + package_memory * 3 / 2);
    for (const euicc::KeySet& k : from.keys)
        identity.keys.push_back(
            {k.ci_key_id, k.ci_key, k.key.clone(), k.euicc_certificate, k.eum_certificate});
}
const Origin& origin() {
    static const Origin one;
    return one;
}

std::vector<OwnedBytes> bound_units(const Es10& es10, const Iccid& iccid, Bytes package) {
    const loop::Pki& pki = scene().world.pki;
    static constexpr uint8_t kId[16] = {1}, kChallenge[16] = {7}, kHost[4] = {'H', 'O', 'S', 'T'};
    const OwnedBytes id = tlv(0x80, {kId});
    const auto challenge = es10(*from_hex("BF2E00"));
    if (!challenge) return {};
    const Bytes drawn = must(asn1::read_tlv(must(asn1::read_tlv(*challenge)).content)).content;
    const OwnedBytes address = tlv(0x83, {bytes_of(std::string_view(loop::kSmdpAddress))});
    const OwnedBytes signed1 = tlv(0x30, {id, tlv(0x81, {drawn}), address, tlv(0x84, {kChallenge})});
    const auto signature1 = must(crypto::sign(pki.dp_auth.key, {signed1}));
    const OwnedBytes context = tlv(0xA0, {tlv(0xA1, {*from_hex("800435290611A100")})});
    const auto client = es10(tlv(0xBF38,
                                 {signed1,
                                  tlv(0x5F37, {signature1}),
                                  tlv(0x04, {pki.anchor.key_id}),
                                  pki.dp_auth.certificate.der,
                                  context}));
    HALYARD_ASSERT(client);
    const auto authenticated = must(asn1::decode<rsp::AuthenticateServerResponse>(*client));
    const OwnedBytes euicc_signature1 = tlv(0x5F37, {std::get<0>(authenticated.is).euicc_signature1});
    const OwnedBytes signed2 = tlv(0x30, {id, *from_hex("010100")});
    const auto signature2 = must(crypto::sign(pki.dp_pb.key, {signed2, euicc_signature1}));
    const auto prepared = es10(tlv(0xBF21, {signed2, tlv(0x5F37, {signature2}), pki.dp_pb.certificate.der}));
    HALYARD_ASSERT(prepared);
    const auto response = must(asn1::decode<rsp::PrepareDownloadResponse>(*prepared));
    const Bytes otpk = std::get<0>(response.is).euicc_signed2.value.euicc_otpk;

    const OwnedBytes metadata = tlv(0xBF25,
                                    {tlv(0x5A, {iccid}),
                                     *from_hex("910150"
                                               "920150"),
                                     *from_hex("B6093007800204F081016E")}); // each event to "n"
    loop::SeededRandom dice{9};
    const smdp::BindInput input{.host_id = kHost,
                                .eid = origin().identity.eid,
                                .smdp_oid = scene().world.smdp.config.oid_der,
                                .metadata = metadata,
                                .package = package,
                                .segment = 300};
    const auto bound = must(smdp::bind(input, must(crypto::public_key_from_point(pki.curve, otpk)), dice));
    OwnedBytes content = must(smdp::secure_channel(pki.dp_pb.key, kId, kHost, bound.smdp_otpk.point, otpk));
    append(content, bound.tail);
    const OwnedBytes whole = tlv(0xBF36, {content});
    auto cutter = must(ipa::BppSegments::open(whole));
    std::vector<OwnedBytes> out;
    while (const auto unit = cutter.next()) out.push_back(owned(*unit));
    return out;
}

// K and OPc of the sample are zero.
OwnedBytes network_challenge(uint64_t sequence) {
    static const std::array<uint8_t, 16> kOpc{};
    static const auto network = must(crypto::Milenage::make(crypto::AesKey{}, kOpc));
    static constexpr crypto::AkaRand kRand{5};
    std::array<uint8_t, 16> ck, ik;
    std::array<uint8_t, 8> res, mac;
    std::array<uint8_t, 6> ak, number{};
    HALYARD_ASSERT(network->f2345(kRand, res, ck, ik, ak));
    for (size_t i = 0; i < 6; ++i) number[i] = static_cast<uint8_t>((sequence << 5) >> (40 - 8 * i));
    HALYARD_ASSERT(network->f1(kRand, number, {}, mac));
    for (size_t i = 0; i < 6; ++i) number[i] ^= ak[i];
    OwnedBytes out{0x10};
    append(out, kRand);
    out.push_back(0x10);
    append(out, number);
    append(out, std::array<uint8_t, 2>{});
    append(out, mac);
    return out;
}

} // namespace halyard::fuzz
