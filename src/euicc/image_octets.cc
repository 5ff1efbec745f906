#include "euicc/image_octets.h"
#include "rsp/common.h"

namespace halyard::euicc {
namespace {

using asn1::field, asn1::field_default, asn1::sequence;

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

struct ImagePatch {
    uint32_t index = 0;
    std::optional<ImageNode> node; // one of the four
    std::optional<ImagePin> pin;
    std::optional<ImagePuk> puk;
    std::optional<ImageAka> aka;
    template <int = 0> static constexpr auto asn1() {
        using T = ImagePatch;
        return sequence("Patch",
                        0x30,
                        field<&T::index>("index", 0x80),
                        field<&T::node>("node", 0xA1),
                        field<&T::pin>("pin", 0xA2),
                        field<&T::puk>("puk", 0xA3),
                        field<&T::aka>("aka", 0xA4));
    }
};
struct PatchFile {
    std::vector<ImagePatch> patches;
    template <int = 0> static constexpr auto asn1() {
        return sequence("Patches", 0x30, field<&PatchFile::patches>("patches", 0xA0));
    }
};

// Our own files are larger than any message may be.
constexpr asn1::DecodeOptions kOwn{.strict = true, .max_elements = 4'000'000, .max_size = 256u << 20};

ImageNode stored(const profile::Node& n) {
    return {n.fid,
            n.parent,
            static_cast<uint8_t>(n.kind),
            n.sfi,
            n.record_size,
            n.content,
            owned(n.security),
            owned(n.aid),
            owned(n.pins),
            owned(n.link),
            n.life,
            n.special,
            n.shareable,
            n.pin_source};
}
ImagePin stored(const profile::Pin& p) {
    return {p.reference, p.directory, p.value, p.unblocking, p.attributes, p.attempts};
}
ImagePuk stored(const profile::Puk& p) { return {p.reference, p.value, p.attempts}; }
ImageAka stored(const profile::Aka& a) {
    ImageAka out{a.directory, a.element, {}};
    if (!a.sqn.empty()) out.sqn = a.sqn;
    return out;
}
profile::Node read(ImageNode&& n) {
    return {n.fid,
            n.parent,
            static_cast<profile::FileKind>(n.kind),
            n.sfi,
            n.record_size,
            std::move(n.content),
            n.security,
            n.aid,
            n.pins,
            n.link,
            n.life,
            n.special,
            n.shareable,
            n.pin_source};
}
profile::Pin read(const ImagePin& p) {
    return {p.reference, p.directory, p.value, p.unblocking, p.attributes, p.attempts};
}
profile::Puk read(const ImagePuk& p) { return {p.reference, p.value, p.attempts}; }
profile::Aka read(ImageAka&& a) {
    return {a.directory, std::move(a.element), std::move(a.sqn).value_or(OwnedBytes{})};
}

// `size` nodes are there, this one's place among them is `index`.
Ok check_place(const ImageNode& n, size_t index, size_t size) {
    const bool rooted = index == 0 ? n.parent == 0 : n.parent < index;
    if (n.kind > static_cast<uint8_t>(profile::FileKind::application) || !rooted || n.pin_source >= size)
        return fail(Errc::bad_value, "kind", n.kind);
    return {};
}

// The part of that number becomes what the patch says, when it says anything of this kind.
template <class Part, class Stored> bool replace(std::vector<Part>& parts, uint32_t index, Stored& with) {
    if (!with) return true;
    if (index >= parts.size()) return false;
    parts[index] = read(std::move(*with));
    return true;
}

} // namespace

Result<OwnedBytes> encode_image(const profile::Image& image) {
    ImageFile out{.iccid = image.iccid, .connectivity = image.connectivity};
    for (const profile::Node& n : image.nodes) out.nodes.push_back(stored(n));
    for (const profile::Pin& p : image.pins) out.pins.push_back(stored(p));
    for (const profile::Puk& p : image.puks) out.puks.push_back(stored(p));
    for (const profile::Aka& a : image.akas) out.akas.push_back(stored(a));
    return asn1::encode(out);
}

Result<profile::Image> decode_image(Bytes bytes) {
    ImageFile in = TRY(asn1::decode<ImageFile>(bytes, kOwn));
    profile::Image out;
    out.iccid = in.iccid;
    out.connectivity = std::move(in.connectivity);
    out.nodes.reserve(in.nodes.size());
    for (ImageNode& n : in.nodes) {
        TRY(check_place(n, out.nodes.size(), in.nodes.size()));
        out.nodes.push_back(read(std::move(n)));
    }
    for (const ImagePin& p : in.pins) out.pins.push_back(read(p));
    for (const ImagePuk& p : in.puks) out.puks.push_back(read(p));
    for (ImageAka& a : in.akas) out.akas.push_back(read(std::move(a)));
    return out;
}

Result<OwnedBytes> encode_patch(const profile::Image& image, std::span<const profile::Changed> changed) {
    PatchFile file;
    for (const profile::Changed& c : changed) {
        ImagePatch& p = file.patches.emplace_back();
        p.index = c.index;
        switch (c.part) {
        case profile::Changed::node: p.node = stored(image.nodes[c.index]); break;
        case profile::Changed::pin: p.pin = stored(image.pins[c.index]); break;
        case profile::Changed::puk: p.puk = stored(image.puks[c.index]); break;
        case profile::Changed::aka: p.aka = stored(image.akas[c.index]); break;
        case profile::Changed::everything: return fail(Errc::internal, "patch of everything");
        }
    }
    return asn1::encode(file);
}

Ok apply_patch(profile::Image& image, Bytes patch) {
    PatchFile file = TRY(asn1::decode<PatchFile>(patch, kOwn));
    for (ImagePatch& p : file.patches) {
        if (p.node) TRY(check_place(*p.node, p.index, image.nodes.size()));
        if (!replace(image.nodes, p.index, p.node) || !replace(image.pins, p.index, p.pin) ||
            !replace(image.puks, p.index, p.puk) || !replace(image.akas, p.index, p.aka))
            return fail(Errc::bad_value, "index", p.index);
    }
    return {};
}

Result<profile::Image> decode_image(const StoredImage& stored) {
    profile::Image image = TRY(decode_image(stored.image));
    for (const OwnedBytes& p : stored.patches) TRY(apply_patch(image, p));
    return image;
}

} // namespace halyard::euicc
