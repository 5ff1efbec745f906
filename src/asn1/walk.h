#pragma once
// A message as the tree of its TLVs, each with what the description says of it: for tools that show, compare
// and explain. Reads what decode() reads and stops where it stops, but makes no C++ value.
#include "asn1/asn1.h"

namespace halyard::asn1 {

struct Node {
    const Type* type = nullptr; // Exact looked through; nullptr: a component unknown to this edition
    const Field* field =
        nullptr; // member or alternative; nullptr at the root, for items of a list, for unknown
    Tag tag = 0;
    uint32_t offset = 0;   // of the tag, from the beginning of the message
    Bytes whole;           // the TLV as received
    Bytes content;         // its value; of a Raw without a header that was kept
    bool exact = false;    // described as Exact: these octets are signed or forwarded
    bool own = true;       // false: a CHOICE without a tag, whose TLV is that of its alternative
    bool complete = false; // read to its end
    std::vector<Node> children;
};

/// What may stand in a place.
struct Expected {
    const char* name; // member, alternative or item
    Tag tag;          // 0: any
    const Type* type;
    bool required;
    Size size{};
};

struct Walk {
    Node root; // as far as it was read: the incomplete last children lead to what stopped it
    std::optional<Error> error;
    std::vector<Expected> expected; // of bad_tag and missing_field: what the description has there
    const Type* type = nullptr;     // of bad_length and bad_value: of the value that is refused,
    Size size{};                    // and the sizes it may have
};

/// Always tolerant: which deviations there are is decode()'s to say.
Walk walk(const Type&, Bytes der, const DecodeOptions& = {});

/// The tag that a member has on the wire; 0 for a CHOICE without one, and for ANY.
inline Tag tag_of(const Field& f) { return f.tag ? f.tag : f.type->tag; }
/// Does content of a leaf form a value of the type? For lists, sequences and whatever is kept as octets: yes.
bool loads(const Type& leaf, Bytes content);
/// The smallest and largest value that an INTEGER of this type takes.
struct Range {
    int64_t min, max;
};
Range range_of(const Type& integer);

} // namespace halyard::asn1
