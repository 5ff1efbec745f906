#include "tests/vectors/load.h"
#include <fstream>
#include <set>

namespace halyard::vectors {
namespace {
using nlohmann::json;

std::string text(const json& in, const char* name) {
    return in.contains(name) ? in.at(name).get<std::string>() : "";
}
OwnedBytes octets(const json& in, const char* name) { return *from_hex(text(in, name)); }
std::optional<uint32_t> number(const json& in, const char* name) {
    if (!in.contains(name)) return std::nullopt;
    return in.at(name).get<uint32_t>();
}

Vector one(const json& in) {
    Vector v{.id = text(in, "id"),
             .type = text(in, "type"),
             .edition = text(in, "edition"),
             .interface = text(in, "interface"),
             .direction = text(in, "direction"),
             .verdict = text(in, "verdict"),
             .der = octets(in, "hex"),
             .v12 = octets(in, "v12"),
             .body = text(in, "body")};
    v.encoded = in.contains("encoded") ? octets(in, "encoded") : v.der;
    if (in.contains("value")) v.value = in.at("value");
    if (in.contains("error")) {
        const json& e = in.at("error");
        v.error = ExpectedError{text(e, "code"), text(e, "field"), number(e, "offset"), number(e, "detail")};
    }
    for (const json& d : in.value("deviations", json::array()))
        v.deviations.push_back({text(d, "name"), text(d, "field"), number(d, "offset")});
    v.strict_accepts = !in.contains("strict") || text(in, "strict") == "accepts";
    return v;
}

std::vector<Vector> load() {
    std::ifstream file("tests/vectors/manifest.json");
    const json manifest = json::parse(file, nullptr, false);
    HALYARD_ASSERT(manifest.is_object() && manifest.contains("vectors"));
    std::vector<Vector> out;
    for (const json& v : manifest.at("vectors")) out.push_back(one(v));
    return out;
}
} // namespace

const std::vector<Vector>& all_vectors() {
    static const std::vector<Vector> all = load();
    return all;
}

std::vector<const Vector*> distinct_valid() {
    std::vector<const Vector*> out;
    std::set<std::string> seen;
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        const size_t end = v.id.find_last_not_of("0123456789");
        const bool numbered = end + 1 < v.id.size() && v.id[end] == '-';
        if (seen.insert(numbered ? v.id.substr(0, end) : v.id).second) out.push_back(&v);
    }
    return out;
}

void show(void* shown, const void* value) {
    auto& s = *static_cast<Shown*>(shown);
    asn1::to_json(*s.type, value, s.json);
    s.der = asn1::encode_owned(*s.type, value);
}

} // namespace halyard::vectors
