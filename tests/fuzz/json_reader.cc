// Our reader of JSON bodies against nlohmann's: the same texts are JSON, and say the same. What differs on
// purpose is listed here. docs/adr/0008-json-read-in-place.md
#include "binding/json_view.h"
#include "tests/fuzz/scene.h"
#include <nlohmann/json.hpp>
#include <set>

namespace halyard::fuzz {
namespace {
using Json = nlohmann::ordered_json;
using binding::JsonItems, binding::JsonView;

// What a number beyond double is, nlohmann refuses; no member of ours has one.
struct Theirs {
    Json value;
    bool twice = false, huge = false;
};
struct Sax : nlohmann::detail::json_sax_dom_parser<Json> {
    using Base = nlohmann::detail::json_sax_dom_parser<Json>;
    explicit Sax(Theirs& out) : Base(out.value, false), theirs(out) {}
    bool start_object(std::size_t n) { return open.emplace_back(), Base::start_object(n); }
    bool end_object() { return open.pop_back(), Base::end_object(); }
    bool key(std::string& name) {
        theirs.twice |= !open.back().insert(name).second;
        return Base::key(name);
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) {
        theirs.huge |= e.id == 406;
        return false;
    }
    Theirs& theirs;
    std::vector<std::set<std::string>> open{};
};

bool deep(std::string_view text) { // counts as ours does: before anything is known to be JSON
    int depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            quoted = c != '"';
            continue;
        }
        quoted = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        deepest = std::max(deepest, depth);
    }
    return deepest > 32;
}

void same_value(JsonView ours, const Json& theirs) {
    HALYARD_ASSERT(ours.is_object() == theirs.is_object() && ours.is_array() == theirs.is_array() &&
                   ours.is_string() == theirs.is_string() && ours.is_boolean() == theirs.is_boolean() &&
                   ours.is_null() == theirs.is_null());
    if (theirs.is_string()) {
        const auto& text = theirs.get_ref<const std::string&>();
        HALYARD_ASSERT(ours.string() == text && ours.says(text) && !ours.says(text + "x"));
    }
    if (theirs.is_boolean()) HALYARD_ASSERT(ours.is_true() == theirs.get<bool>());
    if (theirs.is_number_unsigned())
        HALYARD_ASSERT(ours.natural() == theirs.get<uint64_t>());
    else if (theirs.is_number_integer())
        HALYARD_ASSERT(ours.integer() == theirs.get<int64_t>());
    else if (theirs.is_number())
        HALYARD_ASSERT(ours.text() == "-0" || !ours.integer() || !ours.natural());
    if (!theirs.is_structured()) return;
    auto it = theirs.begin();
    for (JsonItems in(ours); in.next(); ++it) {
        HALYARD_ASSERT(it != theirs.end());
        if (theirs.is_object()) HALYARD_ASSERT(in.item.name.string() == it.key());
        same_value(in.item.value, *it);
    }
    HALYARD_ASSERT(it == theirs.end());
}

void run(Bytes in) {
    const std::string_view text = text_of(in);
    const auto ours = binding::read_object(text, kJsonReader.max_size);
    if (deep(text)) {
        HALYARD_ASSERT(!ours && ours.error().code == Errc::limit);
        return;
    }
    if (!ours) HALYARD_ASSERT(ours.error().offset <= text.size());
    if (text.find('\0') != std::string_view::npos) return; // ends the text for nlohmann
    Theirs theirs;
    Sax sax(theirs);
    const bool taken = Json::sax_parse(text, &sax);
    if (theirs.huge) return;
    HALYARD_ASSERT(ours.has_value() == (taken && theirs.value.is_object() && !theirs.twice));
    if (ours) same_value(*ours, theirs.value);
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    for (const std::string_view text :
         {R"({})",
          R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})",
          R"({"a":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"})",
          R"({"a":-0,"b":1.5e-3,"c":18446744073709551615,"d":-9223372036854775808,"e":0E9})",
          R"({"a":1,"\u0061":2})",
          R"([])",
          R"("text")",
          "\xEF\xBB\xBF{}",
          " \t\r\n{ \"a\" : [ ] } ",
          R"({"a":"\ud800"})",
          R"({"a":01})",
          R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}},"transactionId":"A1B2"})"})
        out.push_back(owned(bytes_of(text)));
    out.push_back(owned(bytes_of(std::string_view("{\"a\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}"))));
    return out;
}
} // namespace

const Target kJsonReader{"json_reader", run, seeds, 4096};

} // namespace halyard::fuzz
