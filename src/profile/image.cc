#include "profile/image.h"

namespace halyard::profile {
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

const Node* Image::find(std::initializer_list<uint16_t> path) const {
    if (nodes.empty()) return nullptr;
    uint32_t at = 0;
    for (uint16_t fid : path) {
        const auto next = child(at, fid);
        if (!next) return nullptr;
        at = *next;
    }
    const Node* node = &nodes[at];
    for (int hops = 0; !node->link.empty() && hops < 4; ++hops) {
        uint32_t target = 0;
        for (size_t i = 0; i + 1 < node->link.size(); i += 2) {
            const auto next = child(target, static_cast<uint16_t>(node->link[i] << 8 | node->link[i + 1]));
            if (!next) return node;
            target = *next;
        }
        node = &nodes[target];
    }
    return node;
}

} // namespace halyard::profile
