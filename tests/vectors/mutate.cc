#include "tests/vectors/mutate.h"
#include "asn1/asn1.h"

namespace halyard::vectors {

Piece take_apart(Bytes der) {
    Piece root;
    while (!der.empty()) {
        const auto t = asn1::read_tlv(der);
        HALYARD_ASSERT(t);
        Piece p;
        for (asn1::Tag tag = t->tag; tag; tag >>= 8) p.tag.insert(p.tag.begin(), static_cast<uint8_t>(tag));
        if (p.tag.empty()) p.tag.push_back(0);
        if (p.constructed())
            p.pieces = take_apart(t->content).pieces;
        else
            p.content = owned(t->content);
        root.pieces.push_back(std::move(p));
        der = t->rest;
    }
    return root;
}

OwnedBytes right_length(size_t n) {
    if (n < 0x80) return {static_cast<uint8_t>(n)};
    OwnedBytes out;
    for (; n; n >>= 8) out.insert(out.begin(), static_cast<uint8_t>(n));
    out.insert(out.begin(), static_cast<uint8_t>(0x80 | out.size()));
    return out;
}

OwnedBytes put_together(const Piece& p) {
    OwnedBytes content = p.content;
    for (const Piece& inner : p.pieces) append(content, put_together(inner));
    if (p.tag.empty()) return content;
    OwnedBytes out = p.tag;
    append(out, p.length.empty() ? right_length(content.size()) : p.length);
    append(out, content);
    return out;
}

void for_each_piece(Piece& around, const std::function<void(Piece&, size_t)>& visit) {
    for (size_t i = 0; i < around.pieces.size(); ++i) {
        visit(around, i);
        for_each_piece(around.pieces[i], visit);
    }
}

} // namespace halyard::vectors
