#include "profile/image.h"

namespace halyard::profile {

// RID of 3GPP and the application code.
static bool is_application(const Node& n, uint8_t code) {
    const uint8_t name[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, code};
    return n.kind == FileKind::application && n.aid.size() >= sizeof name &&
           same(Bytes(n.aid).first(sizeof name), name);
}
bool Node::is_usim() const { return is_application(*this, 0x02); }
bool Node::is_isim() const { return is_application(*this, 0x04); }

Image::~Image() {
    for (Pin& p : pins) wipe(p.value);
    for (Puk& p : puks) wipe(p.value);
    for (Aka& a : akas) wipe(a.element);
}

size_t Image::memory() const {
    size_t total = pins.size() * 16 + puks.size() * 16;
    for (const Node& n : nodes) total += Node::kCost + n.content.size();
    for (const Aka& a : akas) total += a.element.size();
    return total;
}

std::optional<uint32_t> Image::child(uint32_t directory, uint16_t fid) const {
    for (uint32_t i = 1; i < nodes.size(); ++i)
        if (nodes[i].parent == directory && nodes[i].fid == fid) return i;
    return std::nullopt;
}

std::optional<uint32_t> Image::application(Bytes aid) const {
    for (uint32_t i = 1; i < nodes.size(); ++i)
        if (nodes[i].kind == FileKind::application && nodes[i].aid.size() >= aid.size() && !aid.empty() &&
            same(Bytes(nodes[i].aid).first(aid.size()), aid))
            return i;
    return std::nullopt;
}

std::optional<uint32_t> Image::named(Bytes aid) const {
    std::optional<uint32_t> begins;
    size_t found = 0;
    for (uint32_t i = 1; i < nodes.size() && !aid.empty(); ++i) {
        const Bytes own = nodes[i].aid;
        if (nodes[i].kind != FileKind::application || own.size() < aid.size()) continue;
        if (!same(own.first(aid.size()), aid)) continue;
        if (own.size() == aid.size()) return i;
        begins = i;
        ++found;
    }
    return found == 1 ? begins : std::nullopt;
}

namespace {
constexpr int kMaxHops = 4; // of links that lead to links
}

uint32_t Image::linked(uint32_t node) const {
    uint32_t at = node;
    for (int hops = 0; !nodes[at].link.empty() && hops < kMaxHops; ++hops) {
        const Bytes path = nodes[at].link;
        uint32_t target = 0;
        for (size_t i = 0; i + 1 < path.size(); i += 2) {
            const auto next = child(target, static_cast<uint16_t>(path[i] << 8 | path[i + 1]));
            if (!next) return at;
            target = *next;
        }
        at = target;
    }
    return at;
}

OwnedBytes Image::path_of(uint32_t node) const {
    OwnedBytes out;
    for (uint32_t at = node; at; at = nodes[at].parent) {
        const uint16_t fid = nodes[at].fid;
        out.insert(out.begin(), {static_cast<uint8_t>(fid >> 8), static_cast<uint8_t>(fid)});
    }
    return out;
}

const Node* Image::find(std::initializer_list<uint16_t> path) const {
    if (nodes.empty()) return nullptr;
    uint32_t at = 0;
    for (uint16_t fid : path) {
        const auto next = child(linked(at), fid);
        if (!next) return nullptr;
        at = *next;
    }
    return &nodes[linked(at)];
}

} // namespace halyard::profile
