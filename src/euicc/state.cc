#include "euicc/state.h"

namespace halyard::euicc {
namespace {

using asn1::field_default;

struct ImageNode {
    uint16_t fid = 0;
    uint32_t parent = 0;
    uint8_t kind = 0, sfi = 0;
    uint16_t record_size = 0;
    OwnedBytes content, security, aid, pins, link;
    uint8_t life = 0x05, special = 0;
    bool shareable = true;
    uint32_t pin_source = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = ImageNode;
        return sequence("Node",
                        0x30,
                        field<&T::fid>("fid", 0x80),
                        field<&T::parent>("parent", 0x81),
                        field<&T::kind>("kind", 0x82),
                        field<&T::sfi>("sfi", 0x83),
                        field<&T::record_size>("recordSize", 0x84),
                        field<&T::content>("content", 0x85),
                        field<&T::security>("security", 0x86),
                        field<&T::aid>("aid", 0x87),
                        field<&T::pins>("pins", 0x88),
                        field<&T::link>("link", 0x89),
                        field_default<&T::life, uint8_t{0x05}>("life", 0x8A),
                        field_default<&T::special, uint8_t{0}>("special", 0x8B),
                        field_default<&T::shareable, true>("shareable", 0x8C),
                        field_default<&T::pin_source, uint32_t{0}>("pinSource", 0x8D));
    }
};
struct ImagePin {
    uint16_t reference = 0;
    uint32_t directory = 0;
    std::array<uint8_t, 8> value{};
    uint16_t unblocking = 0;
    uint8_t attributes = 0, attempts = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = ImagePin;
        return sequence("Pin",
                        0x30,
                        field<&T::reference>("reference", 0x80),
                        field<&T::directory>("directory", 0x81),
                        field<&T::value>("value", 0x82),
                        field<&T::unblocking>("unblocking", 0x83),
                        field<&T::attributes>("attributes", 0x84),
                        field<&T::attempts>("attempts", 0x85));
    }
};
struct ImagePuk {
    uint16_t reference = 0;
    std::array<uint8_t, 8> value{};
    uint8_t attempts = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = ImagePuk;
        return sequence("Puk",
                        0x30,
                        field<&T::reference>("reference", 0x80),
                        field<&T::value>("value", 0x81),
                        field<&T::attempts>("attempts", 0x82));
    }
};
struct ImageAka {
    uint32_t directory = 0;
    OwnedBytes element;
    std::optional<OwnedBytes> sqn;
    template <int = 0> static constexpr auto asn1() {
        using T = ImageAka;
        return sequence("Aka",
                        0x30,
                        field<&T::directory>("directory", 0x80),
                        field<&T::element>("element", 0x81),
                        field<&T::sqn>("sqn", 0x82));
    }
};
struct ImageFile {
    Iccid iccid{};
    std::vector<ImageNode> nodes;
    std::vector<ImagePin> pins;
    std::vector<ImagePuk> puks;
    std::vector<ImageAka> akas;
    OwnedBytes connectivity;
    template <int = 0> static constexpr auto asn1() {
        using T = ImageFile;
        return sequence("Image",
                        0x30,
                        field<&T::iccid>("iccid", 0x80),
                        field<&T::nodes>("nodes", 0xA1),
                        field<&T::pins>("pins", 0xA2),
                        field<&T::puks>("puks", 0xA3),
                        field<&T::akas>("akas", 0xA4),
                        field<&T::connectivity>("connectivity", 0x85));
    }
};

// Our own files are larger than any message may be.
constexpr asn1::DecodeOptions kOwn{.strict = true, .max_elements = 4'000'000, .max_size = 256u << 20};

} // namespace

Result<OwnedBytes> encode_state(const State& state) { return asn1::encode(state); }

Result<State> decode_state(Bytes snapshot) {
    State state = TRY(asn1::decode<State>(snapshot, kOwn));
    if (state.format != State::kFormat)
        return fail(Errc::unsupported, "format", static_cast<uint32_t>(state.format));
    return state;
}

Result<OwnedBytes> encode_image(const profile::Image& image) {
    ImageFile out{.iccid = image.iccid, .connectivity = image.connectivity};
    for (const profile::Node& n : image.nodes)
        out.nodes.push_back({n.fid,
                             n.parent,
                             static_cast<uint8_t>(n.kind),
                             n.sfi,
                             n.record_size,
                             n.content,
                             n.security,
                             n.aid,
                             n.pins,
                             n.link,
                             n.life,
                             n.special,
                             n.shareable,
                             n.pin_source});
    for (const profile::Pin& p : image.pins)
        out.pins.push_back({p.reference, p.directory, p.value, p.unblocking, p.attributes, p.attempts});
    for (const profile::Puk& p : image.puks) out.puks.push_back({p.reference, p.value, p.attempts});
    for (const profile::Aka& a : image.akas) {
        out.akas.push_back({a.directory, a.element, {}});
        if (!a.sqn.empty()) out.akas.back().sqn = a.sqn;
    }
    return asn1::encode(out);
}

Result<profile::Image> decode_image(Bytes bytes) {
    ImageFile in = TRY(asn1::decode<ImageFile>(bytes, kOwn));
    profile::Image out;
    out.iccid = in.iccid;
    out.connectivity = std::move(in.connectivity);
    for (ImageNode& n : in.nodes) {
        const bool rooted = out.nodes.empty() ? n.parent == 0 : n.parent < out.nodes.size();
        if (n.kind > static_cast<uint8_t>(profile::FileKind::application) || !rooted ||
            n.pin_source >= in.nodes.size())
            return fail(Errc::bad_value, "kind", n.kind);
        out.nodes.push_back({n.fid,
                             n.parent,
                             static_cast<profile::FileKind>(n.kind),
                             n.sfi,
                             n.record_size,
                             std::move(n.content),
                             std::move(n.security),
                             std::move(n.aid),
                             std::move(n.pins),
                             std::move(n.link),
                             n.life,
                             n.special,
                             n.shareable,
                             n.pin_source});
    }
    for (const ImagePin& p : in.pins)
        out.pins.push_back({p.reference, p.directory, p.value, p.unblocking, p.attributes, p.attempts});
    for (const ImagePuk& p : in.puks) out.puks.push_back({p.reference, p.value, p.attempts});
    for (ImageAka& a : in.akas)
        out.akas.push_back({a.directory, std::move(a.element), a.sqn.value_or(OwnedBytes{})});
    return out;
}

StoredProfile* State::find(const Iccid& iccid) {
    for (StoredProfile& p : profiles)
        if (p.iccid == iccid) return &p;
    return nullptr;
}
const StoredProfile* State::find(const Iccid& iccid) const { return const_cast<State*>(this)->find(iccid); }
StoredProfile* State::enabled() {
    for (StoredProfile& p : profiles)
        if (p.enabled) return &p;
    return nullptr;
}
const StoredProfile* State::enabled() const { return const_cast<State*>(this)->enabled(); }
Eim* State::find_eim(std::string_view id) {
    for (Eim& e : eims)
        if (e.id == id) return &e;
    return nullptr;
}
uint64_t State::used_memory() const {
    uint64_t total = 0;
    for (const StoredProfile& p : profiles) total += p.memory;
    if (crls)
        for (const StoredCrl& c : *crls) total += c.der.size();
    return total;
}

std::array<uint8_t, 16> isdp_aid(uint16_t number) {
    return {0xA0,
            0x00,
            0x00,
            0x05,
            0x59,
            0x10,
            0x10,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0x89,
            0x00,
            static_cast<uint8_t>(number >> 8),
            static_cast<uint8_t>(number),
            0x00};
}

} // namespace halyard::euicc
