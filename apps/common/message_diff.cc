#include "apps/common/message_diff.h"
#include "binding/message_json.h"
#include "rsp/meaning.h"
#include <algorithm>
#include <map>

namespace halyard::app {
namespace {
using asn1::Kind, asn1::Node;

struct Leaf {
    std::string path, value;
    bool unknown, covered;
};
struct Covered {
    std::string path;
    Bytes octets;
};

// A message as its leaves, each under the names that lead to it.
class Leaves {
  public:
    explicit Leaves(const std::vector<asn1::Noted>& noted) : noted_(noted) {}
    std::vector<Leaf> leaves;
    std::vector<Covered> covered;

    void add(const Node& node, const std::string& path, bool is_covered) {
        if (!node.type) return leaves.push_back({path, '"' + hex(node.whole) + '"', true, is_covered});
        if (written_default(node)) return; // means the same as its absence
        const Kind kind = node.type->kind;
        const bool inner =
            kind == Kind::sequence || kind == Kind::choice || kind == Kind::list || kind == Kind::view;
        if (!inner) return leaves.push_back({path, binding::json_of(node), false, is_covered});
        if (node.children.empty())
            leaves.push_back({path, kind == Kind::sequence ? "{}" : "[]", false, is_covered});
        size_t number = 0, unknown = 0;
        for (const Node& child : node.children) {
            const bool signs = is_covered || rsp::signature_over(node, child);
            const bool list = kind == Kind::list || kind == Kind::view;
            std::string below = path;
            if (list)
                below += '[' + std::to_string(number++) + ']';
            else if (!child.field)
                below += (path.empty() ? "" : ".") + std::string("...[") + std::to_string(unknown++) + ']';
            else
                below += (path.empty() ? "" : ".") + std::string(child.field->name);
            if (signs && !is_covered) covered.push_back({below, child.whole});
            add(child, below, signs);
        }
    }

  private:
    bool written_default(const Node& node) const {
        return std::ranges::any_of(noted_, [&](const asn1::Noted& n) {
            return n.what == asn1::Deviation::default_value && n.offset == node.offset;
        });
    }

    const std::vector<asn1::Noted>& noted_;
};

std::vector<asn1::Noted> deviations(const rsp::Message& type, Bytes der) {
    std::vector<asn1::Noted> out;
    (void)type.read(der, {.noted = &out, .tally = false}, nullptr, [](void*, const void*) {});
    return out;
}

using Index = std::map<std::string_view, const Leaf*>;
Index index(const std::vector<Leaf>& leaves) {
    Index out;
    for (const Leaf& leaf : leaves) out.emplace(leaf.path, &leaf);
    return out;
}
const Leaf* find(const Index& index, const std::string& path) {
    const auto it = index.find(path);
    return it == index.end() ? nullptr : it->second;
}

bool same_parts(const std::vector<Covered>& a, const std::vector<Covered>& b) {
    return std::ranges::equal(a, b, [](const Covered& x, const Covered& y) {
        return x.path == y.path && same(x.octets, y.octets);
    });
}

} // namespace

bool Comparison::only_unknown() const {
    return !differences.empty() && std::ranges::all_of(differences, &Difference::unknown);
}

Comparison compare(const rsp::Message& type, Bytes before, Bytes after) {
    Comparison out{&type};
    out.same_octets = same(before, after);
    out.before = deviations(type, before);
    out.after = deviations(type, after);
    const asn1::Walk one = asn1::walk(*type.type, before), two = asn1::walk(*type.type, after);
    Leaves a(out.before), b(out.after);
    a.add(one.root, "", false);
    b.add(two.root, "", false);
    out.has_signed = !a.covered.empty() || !b.covered.empty();
    out.signed_octets_differ = !same_parts(a.covered, b.covered);
    const Index in_a = index(a.leaves), in_b = index(b.leaves);
    for (const Leaf& leaf : a.leaves) {
        const Leaf* other = find(in_b, leaf.path);
        if (!other || other->value != leaf.value)
            out.differences.push_back(
                {leaf.path, leaf.value, other ? other->value : "", leaf.unknown, leaf.covered});
    }
    for (const Leaf& leaf : b.leaves)
        if (!find(in_a, leaf.path))
            out.differences.push_back({leaf.path, "", leaf.value, leaf.unknown, leaf.covered});
    return out;
}

} // namespace halyard::app
