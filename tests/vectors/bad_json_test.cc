// What a liar could make of the bodies of the JSON bindings: cut anywhere, members of every wrong kind,
// nested, doubled, with numbers, texts and base64 that are none. Nothing may throw; what is taken must be the
// same once it was written again.
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include "tests/vectors/load.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::vectors;
using nlohmann::json;

namespace {
struct Tally {
    size_t refused = 0, taken = 0;
};

Result<OwnedBytes> read(const Vector& v, std::string_view body) {
    const bool request = v.direction == "I>E" || v.direction == "I>S";
    if (v.interface == "ESipa JSON") {
        const auto f = *binding::esipa_function_of_path("/gsma/rsp2/esipa/" + v.type);
        return request ? binding::esipa_request_from_json(f, body) : binding::esipa_answer_from_json(f, body);
    }
    const auto f = *binding::function_of_path("/gsma/rsp2/es9plus/" + v.type);
    if (request) return binding::request_from_json(f, body);
    auto answer = binding::answer_from_json(f, 200, body);
    if (!answer) return tl::unexpected<Error>(answer.error());
    return std::move(answer->der);
}

const char* judge(const Vector& v, std::string_view body, Tally& tally) {
    try {
        const auto der = read(v, body);
        if (der) {
            ++tally.taken;
            const auto t = asn1::read_tlv(*der); // some message, whole
            return t && t->rest.empty() ? nullptr : "taken, but no message was made of it";
        }
        ++tally.refused;
        const Error& e = der.error();
        if (e.code == Errc::internal || !e.where || !*e.where) return "refused without a name";
        return e.offset <= body.size() ? nullptr : "refused behind the end";
    } catch (const std::exception& e) {
        return "threw";
    }
}

template <class F> Tally for_each_body(F&& change) {
    Tally tally;
    for (const Vector& v : all_vectors()) {
        if (!v.is_body() || v.verdict != "valid") continue;
        change(v, [&](const std::string& body) {
            if (const char* wrong = judge(v, body, tally)) FAIL_CHECK(wrong << ": " << v.id << " " << body);
        });
    }
    return tally;
}

// What a text in a body becomes when one member is replaced by JSON that need not be any.
std::string with_member(const std::string& body, const std::string& name, const std::string& text) {
    json changed = json::parse(body);
    changed[name] = "@@";
    std::string out = changed.dump();
    return out.replace(out.find("\"@@\""), 4, text);
}
} // namespace

TEST_CASE("a body cut at any character is refused") {
    const Tally tally = for_each_body([](const Vector& v, auto judged) {
        for (size_t n = 0; n < v.body.size(); ++n) judged(v.body.substr(0, n));
    });
    CHECK(tally.refused > 4000);
    CHECK(tally.taken == 0);
}

TEST_CASE("a member of a wrong kind is refused by name, whatever the kind") {
    for_each_body([](const Vector& v, auto judged) {
        const json body = json::parse(v.body);
        for (const auto& member : body.items()) {
            const std::string name = member.key();
            const json value = member.value();
            for (const char* wrong : {"true",
                                      "false",
                                      "null",
                                      "0",
                                      "-1",
                                      "1.5",
                                      "\"\"",
                                      "\"x\"",
                                      "[]",
                                      "{}",
                                      "[[]]",
                                      R"({"a":1})"})
                judged(with_member(v.body, name, wrong));
            if (name == "header") continue;
            for (const char* wrong : {"1.5", "[]", "{}"}) {
                const auto der = read(v, with_member(v.body, name, wrong));
                REQUIRE_FALSE(der);
                CHECK(der.error().code == Errc::bad_value);
                CHECK(der.error().where == name);
            }
        }
    });
}

TEST_CASE("numbers beyond what a number can be are refused, never wrapped round or cut") {
    for (const Vector& v : all_vectors()) {
        if (!v.is_body() || v.verdict != "valid") continue;
        const json body = json::parse(v.body);
        for (const auto& member : body.items()) {
            const std::string name = member.key();
            const json value = member.value();
            if (!value.is_number()) continue;
            CAPTURE(v.id);
            CAPTURE(name);
            for (const char* wrong : {"1e3",
                                      "1.0",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "-9223372036854775809",
                                      "1e400",
                                      "-1e400",
                                      "01",
                                      "+1",
                                      "0x1",
                                      "1e",
                                      "NaN",
                                      "Infinity"}) {
                CAPTURE(std::string(wrong));
                CHECK_FALSE(read(v, with_member(v.body, name, wrong)));
            }
        }
    }
}

TEST_CASE("nesting beyond 32 levels is refused before it is parsed, at whatever member and however deep") {
    for_each_body([](const Vector& v, auto judged) {
        for (const int levels : {31, 32, 1000, 100000})
            for (const char* bracket : {"[", "{\"a\":"}) {
                std::string deep;
                for (int n = 0; n < levels; ++n) deep += bracket;
                std::string closed = deep + "1";
                for (int n = 0; n < levels; ++n) closed += *bracket == '[' ? ']' : '}';
                judged(with_member(v.body, "other", deep));
                judged(with_member(v.body, "other", closed));
                if (levels < 32) continue;
                const auto der = read(v, with_member(v.body, "other", closed));
                if (v.type == "handleNotification" && v.direction == "S>I")
                    continue; // its answer is not looked at
                REQUIRE_FALSE(der);
                CHECK(der.error().code == Errc::limit);
                CHECK(std::string(der.error().where) == "depth");
            }
    });
}

TEST_CASE("texts with escapes and octets that are none are refused or kept as they are, and throw nothing") {
    const char* const texts[] = {"\"\\\"",
                                 "\"\\x41\"",
                                 "\"\\u12\"",
                                 "\"\\uD800\"",
                                 "\"\\uDC00\"",
                                 "\"\\uD800\\u0041\"",
                                 "\"\\uDBFF\\uDFFF\"",
                                 "\"\xFF\"",
                                 "\"\xC0\x80\"",
                                 "\"\xED\xA0\x80\"",
                                 "\"\xF4\x90\x80\x80\"",
                                 "\"\xE2\x82\"",
                                 "\"a\nb\"",
                                 "\"\\u0000\"",
                                 "\"\t\"",
                                 "'x'",
                                 "x"};
    const Tally tally = for_each_body([&](const Vector& v, auto judged) {
        const json body = json::parse(v.body);
        for (const auto& member : body.items())
            for (const char* text : texts) judged(with_member(v.body, member.key(), text));
        for (const char* around : {"\xEF\xBB\xBF", "\xFF\xFE", "/* */", "// \n", ",", "[", "\"", "\x01"}) {
            judged(around + v.body);
            judged(v.body + around);
        }
    });
    CHECK(tally.refused > 1000);
}

TEST_CASE("base64 that is not what it should be is refused by the member's name") {
    const Tally tally = for_each_body([](const Vector& v, auto judged) {
        const json body = json::parse(v.body);
        for (const auto& member : body.items()) {
            const std::string name = member.key();
            const json value = member.value();
            if (!value.is_string()) continue;
            const std::string text = value;
            const auto octets = from_base64(text);
            if (!octets || octets->size() < 3) continue;
            std::vector<std::string> tricks{text + "=",
                                            text + "====",
                                            "=" + text,
                                            text + "A",
                                            text.substr(1),
                                            text + text,
                                            text + "AA==",
                                            "-" + text.substr(1),
                                            "_" + text.substr(1),
                                            text.substr(0, text.size() - 1),
                                            text.substr(0, text.size() - 2) + "*="};
            OwnedBytes longer = *octets;
            longer.push_back(0);
            tricks.push_back(base64(longer)); // something behind the TLV
            longer = *octets;
            longer.pop_back();
            tricks.push_back(base64(longer)); // and cut
            for (const std::string& trick : tricks) judged(with_member(v.body, name, json(trick).dump()));
        }
    });
    CHECK(tally.refused > 400);
}

TEST_CASE("a member that comes twice does not make two readers disagree: it is refused, or the last one "
          "counts everywhere") {
    const Tally tally = for_each_body([](const Vector& v, auto judged) {
        const json body = json::parse(v.body);
        for (const auto& member : body.items()) {
            const std::string name = member.key();
            const json value = member.value();
            const std::string again = v.body.substr(0, v.body.size() - 1) + "," + json(name).dump() + ":";
            judged(again + value.dump() + "}");
            judged(again + "7}");
            judged(again + "null}");
            const auto other = read(v, again + "[]}");
            if (name != "header") CHECK_FALSE(other);
        }
    });
    CHECK(tally.refused > 100);
}
