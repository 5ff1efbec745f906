#include "uicc/tree.h"

namespace halyard::uicc {
namespace {
constexpr int kMaxHops = 4; // of linked files that lead to linked files
constexpr uint16_t kArrOfMf = 0x2F06, kArrOfAdf = 0x6F06;

// Image::child knows ADFs by their FIDs too: paths in packages use them.
std::optional<uint32_t> follow(const Image& image, Bytes path) {
    uint32_t at = 0;
    if (path.size() % 2) return std::nullopt;
    for (size_t i = 0; i < path.size(); i += 2) {
        const auto next = image.child(at, fid_at(path, i));
        if (!next) return std::nullopt;
        at = *next;
    }
    return at;
}

Bytes record(const Node& n, unsigned number) {
    if (n.kind != FileKind::linear || number == 0 || number > n.records()) return {};
    return Bytes(n.content).subspan((number - 1) * n.record_size, n.record_size);
}
} // namespace

std::optional<uint32_t> child_of(const Image& image, uint32_t directory, uint16_t fid) {
    directory = content_of(image, directory);
    for (uint32_t i = 1; i < image.nodes.size(); ++i) {
        const Node& n = image.nodes[i];
        if (n.parent == directory && n.fid == fid && n.kind != FileKind::application) return i;
    }
    return std::nullopt;
}

std::optional<uint32_t> by_sfi(const Image& image, uint32_t directory, unsigned sfi) {
    if (sfi == 0 || sfi > 30) return std::nullopt;
    directory = content_of(image, directory);
    for (uint32_t i = 1; i < image.nodes.size(); ++i) {
        const Node& n = image.nodes[i];
        if (n.parent == directory && n.sfi == sfi && !n.is_directory()) return i;
    }
    return std::nullopt;
}

uint32_t content_of(const Image& image, uint32_t file) {
    uint32_t at = file;
    for (int hops = 0; !image.nodes[at].link.empty() && hops < kMaxHops; ++hops) {
        const auto target = follow(image, image.nodes[at].link);
        if (!target || image.nodes[*target].is_directory() != image.nodes[file].is_directory()) break;
        at = *target;
    }
    return at;
}

const OwnedBytes* content_at(const Image& image, uint32_t directory, std::initializer_list<uint16_t> path) {
    for (const uint16_t fid : path) {
        const auto child = child_of(image, directory, fid);
        if (!child) return nullptr;
        directory = *child;
    }
    return &image.nodes[content_of(image, directory)].content;
}

bool has_service(const Image& image, uint32_t adf, size_t n) {
    const OwnedBytes* const table = content_at(image, adf, {0x6F38});
    return table && (n - 1) / 8 < table->size() && ((*table)[(n - 1) / 8] >> (n - 1) % 8 & 1);
}

std::optional<uint32_t> application_of(const Image& image, uint32_t file) {
    for (uint32_t at = file; at != 0; at = image.nodes[at].parent)
        if (image.nodes[at].kind == FileKind::application) return at;
    return std::nullopt;
}

std::optional<size_t> pin_of(const Image& image, uint16_t reference, uint32_t directory) {
    const auto in = [&](uint32_t place) -> std::optional<size_t> {
        for (size_t i = 0; i < image.pins.size(); ++i)
            if (image.pins[i].reference == reference && image.pins[i].directory == place) return i;
        return std::nullopt;
    };
    for (uint32_t at = directory;; at = image.nodes[at].parent) {
        if (const auto pin = in(at)) return pin;
        if (image.nodes[at].pin_source)
            if (const auto pin = in(image.nodes[at].pin_source)) return pin;
        if (at == 0) break;
    }
    if (reference >= 0x80) return std::nullopt;
    for (size_t i = 0; i < image.pins.size(); ++i)
        if (image.pins[i].reference == reference) return i;
    return std::nullopt;
}

Bytes rule_of(const Image& image, uint32_t file) {
    const Node& n = image.nodes[file];
    const Bytes reference = n.security;
    uint16_t fid = 0;
    unsigned number = 0;
    if (reference.size() == 1) {
        fid = n.parent == 0 ? kArrOfMf : kArrOfAdf;
        number = reference[0];
    } else if (reference.size() == 3) {
        fid = fid_at(reference, 0);
        number = reference[2];
    } else if (reference.size() >= 4 && reference.size() % 2 == 0) {
        // FID, then security environment and record in pairs. This card is always in SE 01.
        fid = fid_at(reference, 0);
        for (size_t i = 2; i < reference.size(); i += 2)
            if (reference[i] == 0x01) number = reference[i + 1];
    }
    if (number == 0) return {};
    // From the directory of the file up to the MF.
    for (uint32_t at = n.parent;; at = image.nodes[at].parent) {
        const auto arr = child_of(image, at, fid);
        if (arr) return record(image.nodes[content_of(image, *arr)], number);
        if (at == 0) return {};
    }
}

Image bare_card() {
    Image image;
    Node mf{.fid = kMf, .kind = FileKind::directory};
    mf.security = {0x2F, 0x06, 0x01};
    Node arr{.fid = kArrOfMf, .kind = FileKind::linear, .record_size = 5};
    arr.content = {0x80, 0x01, 0x01, 0x90, 0x00}; // read always
    arr.security = mf.security;
    // Terminal's power and clock as every card may need them, no suspension. ETSI TS 102 221 §13.5
    Node umpc{.fid = 0x2F08, .kind = FileKind::transparent, .sfi = 0x08};
    umpc.content = {0x3C, 0x3C, 0x00, 0x00, 0x00};
    umpc.security = mf.security;
    image.nodes.push_back(std::move(mf));
    image.nodes.push_back(std::move(arr));
    image.nodes.push_back(std::move(umpc));
    return image;
}

} // namespace halyard::uicc
