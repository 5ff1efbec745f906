// JSON read where it lies, against the grammar of RFC 8259 and, as a second opinion, another parser.
#include "base/tolerated.h"
#include "binding/json_view.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using namespace halyard::binding;
using nlohmann::json;

namespace {
constexpr size_t kLimit = 1 << 20;
bool taken(std::string_view text) { return read_object(text, kLimit).has_value(); }
std::string member(const std::string& value) { return R"({"a":)" + value + "}"; }
// What our own reader makes of a value.
json tree(JsonView v) {
    if (v.is_object()) {
        json out = json::object();
        for (JsonItems in(v); in.next();) out[in.item.name.string()] = tree(in.item.value);
        return out;
    }
    if (v.is_array()) {
        json out = json::array();
        for (JsonItems in(v); in.next();) out.push_back(tree(in.item.value));
        return out;
    }
    if (v.is_string()) return v.string();
    if (v.is_boolean()) return v.is_true();
    if (v.is_null()) return nullptr;
    if (const auto natural = v.natural()) return *natural;
    if (const auto integer = v.integer()) return *integer;
    return json::parse(v.text());
}
} // namespace

TEST_CASE("values are what RFC 8259 says they are") {
    // §6, §7, §3; the third row's text is U+1D11E, the example of §7
    const std::string text =
        R"( {"n" : -0.5e+2 , "s":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC",)"
        R"("g":"\uD834\uDD1E","t":true,"f":false,"z":null,"o":{},"l":[ ],"m":[1,[2],{"a":3}],"":"empty"} )";
    const auto object = read_object(text, kLimit);
    REQUIRE(object);
    CHECK(object->find("n")->text() == "-0.5e+2");
    CHECK_FALSE(object->find("n")->integer());
    CHECK(object->find("s")->string() == "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC");
    CHECK(object->find("g")->string() == "\xF0\x9D\x84\x9E");
    CHECK(object->find("g")->says("\xF0\x9D\x84\x9E"));
    CHECK_FALSE(object->find("g")->says("\xF0\x9D\x84"));
    CHECK_FALSE(object->find("g")->says("\xF0\x9D\x84\x9E."));
    CHECK(object->find("t")->is_true());
    CHECK((object->find("f")->is_boolean() && !object->find("f")->is_true()));
    CHECK(object->find("z")->is_null());
    CHECK(object->find("")->says("empty"));
    CHECK_FALSE(object->find("a")); // a member of a member is none
    CHECK(tree(*object) == json::parse(text));
}

TEST_CASE("whole numbers are taken as far as they fit, and zero however it is written") {
    const auto number = [](const std::string& text) {
        static std::string body;
        body = member(text);
        return *read_object(body, kLimit)->find("a");
    };
    CHECK(*number("9223372036854775807").integer() == INT64_MAX);
    CHECK(*number("-9223372036854775808").integer() == INT64_MIN);
    CHECK(*number("18446744073709551615").natural() == UINT64_MAX);
    CHECK(*number("-0").integer() == 0);
    CHECK_FALSE(number("-0").natural());
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "1.0", "1e3", "true", "\"1\""})
        CHECK_FALSE(number(text).integer());
    for (const char* text : {"0", "-0", "0.00", "0e9", "-0.0E-7"}) CHECK(number(text).is_zero());
    for (const char* text : {"1", "0.01", "-10e-9", "true", "null", "\"0\"", "[0]"})
        CHECK_FALSE(number(text).is_zero());
}

TEST_CASE("what is no JSON object is refused at the octet where it ends to be one") {
    const struct {
        const char* text;
        uint32_t offset;
    } rows[] = {{"", 0},
                {"  ", 2},
                {"[]", 0},
                {" 7", 1},
                {"{\"a\":1,}", 7},
                {"{\"a\" 1}", 5},
                {"{'a':1}", 1},
                {"{\"a\":01}", 6},
                {"{\"a\":1}}", 7},
                {"{\"a\":tru}", 5},
                {"{\"a\":\"\\x\"}", 6},
                {"{\"a\":\"\\uD800\"}", 12},
                {"{\"a\":\"\xC0\x80\"}", 6},
                {"{\"a\":\"\n\"}", 6},
                {"{\"a\":\"\\", 6}};
    for (const auto& row : rows) {
        CAPTURE(std::string(row.text));
        const auto object = read_object(row.text, kLimit);
        REQUIRE_FALSE(object);
        CHECK(object.error().code == Errc::bad_value);
        CHECK(std::string_view(object.error().where) == "body");
        CHECK(object.error().offset == row.offset);
    }
    using namespace std::string_view_literals;
    CHECK_FALSE(taken("{}\0"sv)); // octets behind a NUL are still a part of the body
    CHECK_FALSE(taken("{}\0{"sv));
}

TEST_CASE("a name that stands twice in one object is found, however it is written and wherever it stands") {
    const auto twice = [](std::string_view text) {
        JsonView name;
        const auto object = read_object(text, kLimit, &name);
        return object ? std::string() : name.string() + "@" + std::to_string(object.error().offset);
    };
    CHECK(twice(R"({"a":1,"b":2,"a":3})") == "a@13");
    CHECK(twice(R"({"ab":1,"a\u0062":2})") == "ab@8");
    CHECK(twice(R"({"x":[{"b":1,"b":2}],"x":1})") == "b@13"); // the first of two
    CHECK(twice(R"({"c":1,"a":1,"c":2,"a":2})") == "c@13");   // not the first by name
    CHECK(twice(R"({"a":{"a":[{"a":1},{"a":1}]},"b":{"a":1}})").empty());
    CHECK(twice(R"({"":1,"":1})") == "@6");
    std::string many = "{\"0\":0";
    for (int i = 1; i < 50000; ++i) many += ",\"" + std::to_string(i) + "\":0";
    CHECK(twice(many + "}").empty());
    CHECK(twice(many + ",\"25000\":0}").starts_with("25000@"));
}

TEST_CASE("a byte order mark is tolerated and counted") {
    const uint64_t before = tolerated("byte order mark", "body");
    CHECK(taken("\xEF\xBB\xBF{}"));
    CHECK(tolerated("byte order mark", "body") == before + 1);
    CHECK_FALSE(taken("\xEF\xBB{}"));
    CHECK_FALSE(taken("\xEF\xBB\xBF\xEF\xBB\xBF{}"));
}

TEST_CASE("damaged texts are taken or refused as another parser does, and mean the same") {
    const std::string seeds[] = {
        R"({"a":"x\u00e9\n\uD834\uDD1E/","b":[1,-2.5e0,0],"c":{"d":null,"e":true},"f":false,"g":[{},[]]})",
        "{\"k\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"}",
        R"({ "one" : [ 10 , 1E+2 , 1e-2 ] , "two" : "\\\"" })"};
    const std::string octets = "{}[]\",:\\u/0189-+.eE tfnlrueDd\x01\x7F\x80\xC0\xC3\xE0\xED\xF0\xF4\xFF";
    size_t good = 0, bad = 0;
    const auto judge = [&](const std::string& text) {
        const auto ours = read_object(text, kLimit);
        const json other = json::parse(text, nullptr, false);
        CAPTURE(text);
        if (ours && other.is_object()) {
            ++good;
            CHECK(tree(*ours) == other);
            return;
        }
        ++bad;
        // a name twice is what the other parser takes
        const bool duplicate = !ours && std::string_view(ours.error().where) == "duplicate member";
        CHECK((duplicate || ours.has_value() == other.is_object()));
    };
    for (const std::string& seed : seeds)
        for (size_t at = 0; at <= seed.size(); ++at) {
            judge(seed.substr(0, at));
            if (at < seed.size()) judge(seed.substr(0, at) + seed.substr(at + 1));
            for (const char c : octets) {
                judge(seed.substr(0, at) + c + seed.substr(at));
                if (at < seed.size()) judge(seed.substr(0, at) + c + seed.substr(at + 1));
            }
        }
    CHECK(good > 1000);
    CHECK(bad > 10000);
}
