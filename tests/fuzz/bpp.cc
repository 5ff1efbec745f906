// A download from the real SM-DP+ whose bound profile package reaches the card changed, cut or re-ordered. A
// profile gets in only when the package arrives exactly as it was bound. SGP.22 §5.7.6
#include "ipa/bpp_segments.h"
#include "profile/package.h"
#include "rsp/es9p.h"
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {
namespace {

enum Step : uint8_t { on, change, skip, cut, again, other, reset, command, steps };
constexpr const char* kChallenge = "BF2E00";

template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}

// The SM-DP+'s side of one session. The card of every input draws the same challenge and one-time key, so
// that only smdpSignature2, which covers a signature of the card, has to be made anew.
struct Recorded {
    Recorded();
    OwnedBytes authenticate; // ES10b.AuthenticateServer
    OwnedBytes signed2, binding_certificate;
    OwnedBytes package; // BF36
    std::vector<Bytes> segments;
    std::string number = loop::iccid_text(3);

    /// The card, ready for the package; its PrepareDownload response.
    OwnedBytes prepare(TestCard&) const;

  private:
    OwnedBytes prepare_request(Bytes smdp_signature2) const;
};

OwnedBytes Recorded::prepare_request(Bytes signature) const {
    return tlv(0xBF21, {signed2, tlv(0x5F37, {signature}), binding_certificate});
}

OwnedBytes Recorded::prepare(TestCard& c) const {
    HALYARD_ASSERT(c.card.isdr().handle(*from_hex(kChallenge)));
    const OwnedBytes response = must(c.card.isdr().handle(authenticate));
    const auto decoded = must(asn1::decode<rsp::AuthenticateServerResponse>(response));
    const Bytes signature1 = std::get<0>(decoded.is).euicc_signature1;
    const auto signature2 =
        must(crypto::sign(scene().world.pki.dp_pb.key, {signed2, tlv(0x5F37, {signature1})}));
    return must(c.card.isdr().handle(prepare_request(signature2)));
}

// Header, the first files and the end: some segments, and what is in the others costs the time of many
// inputs.
OwnedBytes first_files(Bytes package) {
    const auto elements = must(profile::parse(package));
    OwnedBytes out;
    for (size_t i = 0; i < 4; ++i) append(out, elements[i].der);
    append(out, elements.back().der);
    return out;
}

Recorded::Recorded() {
    loop::World& w = scene().world;
    TestCard c;
    w.smdp.shorten = first_files;
    const std::string code = w.smdp.order(number, "001011000000003", w.now);
    w.smdp.shorten = nullptr;
    const std::string matching_id = code.substr(code.rfind('$') + 1);
    const OwnedBytes challenge = must(c.card.isdr().handle(*from_hex(kChallenge)));
    const OwnedBytes info1 = must(c.card.isdr().handle(*from_hex("BF2000")));
    const OwnedBytes first = tlv(0xBF39,
                                 {tlv(0x81, {asn1::read_tlv(asn1::read_tlv(challenge)->content)->content}),
                                  tlv(0x83, {bytes_of(std::string_view(loop::kSmdpAddress))}),
                                  info1});
    const OwnedBytes initiated = must(w.smdp.exchange(first, w.now)).der;
    const auto server = must(asn1::decode<rsp::InitiateAuthenticationResponse>(initiated));
    const auto& ok = std::get<0>(server.is);
    rsp::AuthenticateServerRequest request{.server_signed1 = ok.server_signed1,
                                           .server_signature1 = ok.server_signature1,
                                           .euicc_ci_pk_id_to_be_used = ok.euicc_ci_pk_id_to_be_used,
                                           .server_certificate = ok.server_certificate};
    request.ctx_params1.value.is = rsp::CtxParamsForCommonAuthentication{
        .matching_id = matching_id, .device_info = scene().device.config.device};
    authenticate = must(asn1::encode(request));
    const OwnedBytes response = must(c.card.isdr().handle(authenticate));
    const OwnedBytes id = tlv(0x80, {ok.transaction_id});
    const OwnedBytes client = must(w.smdp.exchange(tlv(0xBF3B, {id, response}), w.now)).der;
    const auto answer = must(asn1::decode<rsp::AuthenticateClientResponseEs9>(client));
    signed2 = owned(std::get<0>(answer.is).smdp_signed2.der);
    binding_certificate = std::get<0>(answer.is).smdp_certificate.der();
    const OwnedBytes prepared =
        must(c.card.isdr().handle(prepare_request(std::get<0>(answer.is).smdp_signature2)));
    const OwnedBytes bound = must(w.smdp.exchange(tlv(0xBF3A, {id, prepared}), w.now)).der;
    const auto last = must(asn1::decode<rsp::GetBoundProfilePackageResponse>(bound));
    package = must(asn1::encode(std::get<0>(last.is).bound_profile_package));
    auto units = must(ipa::BppSegments::open(package));
    while (const auto unit = units.next()) segments.push_back(*unit);
    HALYARD_ASSERT(segments.size() > 5); // each sort
}

const Recorded& recorded() {
    static const Recorded one;
    return one;
}

struct Delivery {
    TestCard card;
    OwnedBytes sent; // and taken
    size_t next = 0;

    void deliver(Bytes segment) {
        // What is refused as out of place (6985) has not been taken and changes nothing. Other commands are
        // served in between, and are no part of the package. SGP.22 §5.7.6
        const bool unit = segment.size() > 1 && ((segment[0] >= 0x86 && segment[0] <= 0x88) ||
                                                 (segment[0] >= 0xA0 && segment[0] <= 0xA3) ||
                                                 (segment[0] == 0xBF && segment[1] == 0x36));
        if (card.card.isdr().handle(segment) && unit) append(sent, segment);
    }
    void step(Reader&);
};

void Delivery::step(Reader& in) {
    const auto& all = recorded().segments;
    const auto kind = static_cast<Step>(in.octet() % steps);
    const Bytes here = next < all.size() ? all[next] : Bytes();
    switch (kind) {
    case on:
        for (unsigned n = in.octet(); n && next < all.size(); --n) deliver(all[next++]);
        return;
    case change: {
        OwnedBytes changed = owned(here);
        const size_t at = in.number();
        const uint8_t with = in.octet();
        if (!changed.empty()) changed[at % changed.size()] ^= with;
        if (!changed.empty()) deliver(changed);
        ++next;
        return;
    }
    case skip: ++next; return;
    case cut:
        deliver(here.first(std::min<size_t>(here.size(), in.number())));
        ++next;
        return;
    case again: deliver(all[in.octet() % all.size()]); return;
    case other: deliver(in.take(in.number())); return;
    case reset: HALYARD_ASSERT(card.card.reset()); return;
    default: { // a command of its own, served in between
        const Bytes content = in.take(in.octet());
        if (content.size() < 2 || content[0] != 0xBF || content[1] == 0x36) return deliver(content);
        (void)card.card.isdr().handle(content);
        return;
    }
    }
}

void run(Bytes input) {
    const Recorded& r = recorded();
    Delivery d;
    const OwnedBytes prepared = r.prepare(d.card);
    HALYARD_ASSERT(std::get_if<0>(&asn1::decode<rsp::PrepareDownloadResponse>(Bytes(prepared))->is));
    Reader in(input);
    bool there = false;
    for (int i = 0; i < 64 && !in.empty(); ++i) {
        d.step(in);
        const bool now = d.card.card.isdr().state().find(loop::iccid(r.number)) != nullptr;
        if (now && !there) { // installed with what was sent last
            HALYARD_ASSERT(d.sent.size() >= r.package.size());
            HALYARD_ASSERT(same(Bytes(d.sent).last(r.package.size()), r.package));
        }
        there = now;
    }
    HALYARD_ASSERT(d.card.card.reset());
    d.card.check();
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out{{on, 255}, {on, 0, on, 255}, {again, 0, again, 1}, {reset, on, 255}};
    for (uint8_t n = 0; n < recorded().segments.size(); ++n) {
        out.push_back({on, n, change, 0, 9, 1, on, 255});
        out.push_back({on, n, skip, on, 255});
        out.push_back({on, n, cut, 0, 20, on, 255});
        out.push_back({on, n, reset, on, 255});
        out.push_back({on, n, command, 3, 0xBF, 0x2E, 0x00, on, 255});
        out.push_back({on, n, again, n, on, 255});
    }
    return out;
}
} // namespace

const Target kBpp{"bpp", run, seeds, 256};

} // namespace halyard::fuzz
