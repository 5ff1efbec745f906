#pragma once
// A message taken apart into TLVs, to be put together again with one of them changed and the lengths around
// it right.
#include "base/octets.h"
#include <functional>
#include <memory>

namespace halyard::vectors {

struct Piece {
    OwnedBytes tag;
    OwnedBytes length;  // when not empty: instead of the right one
    OwnedBytes content; // of a primitive one
    std::vector<Piece> pieces;
    bool constructed() const { return !tag.empty() && tag[0] & 0x20; }
};

/// One or more TLVs that are well-formed down to the last; a root without a tag stands around them.
Piece take_apart(Bytes der);
OwnedBytes put_together(const Piece&);
OwnedBytes right_length(size_t);
/// Every piece with the piece around it and its place in there, from outside to inside. `visit` may change
/// the tree if it puts it back.
void for_each_piece(Piece& root, const std::function<void(Piece& around, size_t place)>& visit);

} // namespace halyard::vectors
