// Every vector of the manifest in both directions, and that no message, alternative or deviation is without
// one.
#include "base/tolerated.h"
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include "binding/message_json.h"
#include "rsp/dialect.h"
#include "tests/vectors/load.h"
#include "tests/vectors/reference.h"
#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <set>

using namespace halyard;
using namespace halyard::vectors;
using nlohmann::json;

namespace {
std::string told(const Error& e) {
    return std::string(name(e.code)) + " " + e.where + " " + std::to_string(e.offset);
}
void check_error(const ExpectedError& expected, const Error& e) {
    CHECK(std::string(name(e.code)) == expected.code);
    CHECK(std::string(e.where) == expected.field);
    if (expected.offset) CHECK(e.offset == *expected.offset);
    if (expected.detail) CHECK(e.detail == *expected.detail);
}

/// Decodes, checks the value, gives the octets of encoding it again.
OwnedBytes check_value(const Vector& v, asn1::DecodeOptions options) {
    options.tally = false;
    Shown shown{v.message()->type, {}};
    const Ok read = v.message()->read(v.der, options, &shown, show);
    INFO((read ? std::string() : told(read.error())));
    REQUIRE(read);
    const bool same_value = json::parse(shown.json) == *v.value;
    CHECK_MESSAGE(same_value, shown.json);
    REQUIRE(shown.der);
    return *shown.der;
}

void check_deviations(const Vector& v) {
    std::vector<asn1::Noted> noted;
    const OwnedBytes again = check_value(v, {.noted = &noted});
    CHECK(hex(again) == hex(v.encoded));
    REQUIRE(noted.size() == v.deviations.size());
    for (size_t i = 0; i < noted.size(); ++i) {
        CHECK(std::string(asn1::name(noted[i].what)) == v.deviations[i].name);
        CHECK(std::string(noted[i].where) == v.deviations[i].field);
        if (v.deviations[i].offset) CHECK(noted[i].offset == *v.deviations[i].offset);
    }
    const Ok strict = v.message()->read(v.der, {.strict = true}, nullptr, [](void*, const void*) {});
    CHECK(strict.has_value() == v.strict_accepts);
    if (strict || noted.empty()) return;
    CHECK(strict.error().code == Errc::bad_value);
    CHECK(std::string(strict.error().where) == noted[0].where);
    CHECK(strict.error().offset == noted[0].offset);
}

// ---- Which alternatives and members a value has ----

using Names = std::set<std::string>;
struct Members {
    Names* names;
    const asn1::Type* item;
};
void members(const asn1::Type& type, const void* in, Names& out) {
    switch (type.kind) {
    case asn1::Kind::sequence:
    case asn1::Kind::choice:
        for (const asn1::Field& f : type.fields)
            if (const void* member = f.find(in)) {
                out.insert(std::string(type.name) + "." + f.name);
                members(*f.type, member, out);
            }
        return;
    case asn1::Kind::view: {
        Members context{&out, type.item};
        type.each(in, &context, [](void* c, const void* item) {
            members(*static_cast<Members*>(c)->item, item, *static_cast<Members*>(c)->names);
        });
        return;
    }
    case asn1::Kind::exact: return members(*type.item, type.at(in, 0), out);
    default: return;
    }
}
} // namespace

namespace {
// The forms of v1.0 have vectors of their own, below.
bool is_of_v1_0(const rsp::Message& m) { return std::string_view(m.name).starts_with("v1.0 "); }
} // namespace

TEST_CASE("every message and component of the registry has a valid vector") {
    Names covered, missing;
    for (const Vector& v : all_vectors())
        if (v.verdict == "valid" && v.is_plain()) covered.insert(v.type);
    for (const rsp::Message& m : rsp::messages())
        if (!is_of_v1_0(m) && !covered.contains(m.name)) missing.insert(m.name);
    for (const std::string& name : missing) MESSAGE("no valid vector: " << name);
    CHECK(missing.empty());
}

TEST_CASE("every alternative and every component of every message is in some valid vector") {
    Names covered;
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        Members context{&covered, v.message()->type};
        (void)v.message()->read(v.der, {.tally = false}, &context, [](void* c, const void* value) {
            members(*static_cast<Members*>(c)->item, value, *static_cast<Members*>(c)->names);
        });
    }
    for (const rsp::Message& m : rsp::messages())
        for (const asn1::Field& f : m.type->fields) {
            if (is_of_v1_0(m)) break;
            const std::string name = std::string(m.type->name) + "." + f.name;
            CHECK_MESSAGE(covered.contains(name), name);
        }
}

TEST_CASE("every code with a name is in some valid vector") {
    std::map<const asn1::Type*, std::set<int64_t>> seen;
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        std::vector<Found> found;
        Walk walk{.found = &found};
        (void)is_strict_der(*v.message()->type, v.der, walk);
        for (const Found& f : found) {
            int64_t value = 0;
            if (f.type->kind == asn1::Kind::integer && asn1::load_integer(value, f.content))
                seen[f.type].insert(value);
        }
    }
    for (const auto& one : seen)
        for (const asn1::NamedValue& n : one.first->names)
            CHECK_MESSAGE(one.second.contains(n.value), std::string(n.name));
}

TEST_CASE("every deviation of the decoder is in some wild vector") {
    Names seen;
    for (const Vector& v : all_vectors())
        for (const ExpectedDeviation& d : v.deviations) seen.insert(d.name);
    for (uint8_t i = 0; i < static_cast<uint8_t>(asn1::Deviation::count_); ++i)
        CHECK_MESSAGE(seen.contains(asn1::name(static_cast<asn1::Deviation>(i))),
                      asn1::name(static_cast<asn1::Deviation>(i)));
}

TEST_CASE("a valid vector is read with its value, strictly too, and written again as it came") {
    size_t count = 0;
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        CAPTURE(v.id);
        REQUIRE(v.message());
        REQUIRE(v.value);
        asn1::Deviations seen;
        CHECK(hex(check_value(v, {.seen = &seen})) == hex(v.der));
        CHECK_FALSE(seen.any());
        CHECK(hex(check_value(v, {.strict = true})) == hex(v.der));
        ++count;
    }
    CHECK(count > 700);
}

TEST_CASE("the value of a valid vector, which nobody here printed, gives its octets") {
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        CAPTURE(v.id);
        REQUIRE(v.value);
        const auto made = binding::messages_from_json(v.value->dump(), v.message());
        INFO((made.fault ? made.fault->path + ": " + made.fault->reason : std::string()));
        CHECK_FALSE(made.fault);
        if (made.fault) continue;
        REQUIRE(made.messages.size() == 1);
        CHECK(hex(made.messages[0].der) == hex(v.der));
    }
}

TEST_CASE("a valid vector is recognised by its tag: its type is named, or among the others that read it") {
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        const asn1::Tag tag = v.message()->type->tag;
        if (tag < 0xBF20 && tag != 0xE0 && tag != 0xE1 && tag != 0xE3) continue;
        CAPTURE(v.id);
        const auto r = rsp::recognise(v.der);
        REQUIRE(r.message);
        CHECK((r.message == v.message() || std::ranges::find(r.others, v.message()) != r.others.end()));
    }
}

TEST_CASE("a wild vector is understood and its deviations are named, or it is refused by name") {
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "wild" || v.is_body()) continue;
        CAPTURE(v.id);
        REQUIRE(v.message());
        if (!v.error) {
            check_deviations(v);
            continue;
        }
        const Ok read = v.message()->read(v.der, {.tally = false}, nullptr, [](void*, const void*) {});
        REQUIRE_FALSE(read);
        check_error(*v.error, read.error());
    }
}

TEST_CASE("an invalid vector is refused with its code, field and octet, strictly too") {
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "invalid" || v.is_body()) continue;
        CAPTURE(v.id);
        REQUIRE(v.message());
        asn1::Deviations seen;
        const Ok read =
            v.message()->read(v.der, {.seen = &seen, .tally = false}, nullptr, [](void*, const void*) {});
        REQUIRE_FALSE(read);
        check_error(*v.error, read.error());
        const Ok strict =
            v.message()->read(v.der, {.strict = true, .tally = false}, nullptr, [](void*, const void*) {});
        REQUIRE_FALSE(strict);
        if (!seen.any()) check_error(*v.error, strict.error()); // otherwise it stops earlier
    }
}

TEST_CASE("a vector of v1.0.1 means the same message of v1.2, in both directions") {
    Names described;
    for (const Vector& v : all_vectors()) {
        if (v.edition != "v1.0.1") continue;
        CAPTURE(v.id);
        Vector today = v;
        today.der = today.encoded = v.v12;
        CHECK(hex(check_value(today, {.strict = true})) == hex(v.v12));
        const rsp::Path path = v.direction == "I>E"   ? rsp::Path::esipa_request
                               : v.direction == "E>I" ? rsp::Path::esipa_answer
                               : v.direction == "I>C" ? rsp::Path::es10_command
                                                      : rsp::Path::es10_answer;
        OwnedBytes room(rsp::room_for(v.der.size() + v.v12.size()));
        OwnedBytes other(room.size());
        const auto reading = rsp::to_v12(path, v.der, rsp::Edition::v1_0, other);
        INFO((reading ? std::string() : told(reading.error())));
        REQUIRE(reading);
        CHECK(hex(reading->message) == hex(v.v12));
        const auto back = rsp::from_v12(path, v.v12, rsp::Edition::v1_0, room);
        INFO((back ? std::string() : told(back.error())));
        REQUIRE(back);
        CHECK(hex(*back) == hex(v.der));
        // and as itself, where the form is described
        const bool renamed = v.type.starts_with("ImmediateEnable");
        const std::string name = renamed ? "EnableUsingDD" + v.type.substr(15) : v.type;
        const rsp::Message* old = rsp::message_named("v1.0 " + name);
        if (!old) continue;
        described.insert(old->name);
        Shown shown{old->type, {}};
        const Ok read = old->read(v.der, {.strict = true, .tally = false}, &shown, show);
        INFO((read ? std::string() : told(read.error())));
        REQUIRE(read);
        CHECK(hex(*shown.der) == hex(v.der));
    }
    const Names inside{
        "v1.0 IpaEuiccDataRequest", "v1.0 IpaEuiccDataResponse", "v1.0 ProfileDownloadTriggerResult"};
    for (const rsp::Message& m : rsp::messages()) // components and these are inside the others
        if (is_of_v1_0(m) && m.type->tag >= 0xBF20 && !inside.contains(m.name))
            CHECK_MESSAGE(described.contains(m.name), m.name);
}

namespace {
struct Binding {
    bool esipa, request;
    binding::EsipaFunction esipa_function{};
    binding::Es9Function es9_function{};
    explicit Binding(const Vector& v)
        : esipa(v.interface == "ESipa JSON"), request(v.direction == "I>E" || v.direction == "I>S") {
        if (esipa)
            esipa_function = *binding::esipa_function_of_path("/gsma/rsp2/esipa/" + v.type);
        else
            es9_function = *binding::function_of_path("/gsma/rsp2/es9plus/" + v.type);
    }
    Result<OwnedBytes> read(std::string_view body) const {
        if (esipa)
            return request ? binding::esipa_request_from_json(esipa_function, body)
                           : binding::esipa_answer_from_json(esipa_function, body);
        if (request) return binding::request_from_json(es9_function, body);
        auto answer = binding::answer_from_json(es9_function, 200, body);
        if (!answer) return tl::unexpected<Error>(answer.error());
        return std::move(answer->der);
    }
    Result<std::string> write(Bytes der) const {
        if (esipa)
            return request ? binding::esipa_request_to_json(esipa_function, der)
                           : binding::esipa_answer_to_json(esipa_function, der);
        return request ? binding::request_to_json(es9_function, der)
                       : binding::answer_to_json(es9_function, {.der = owned(der)});
    }
};
} // namespace

TEST_CASE("a JSON body stands for its octets, in both directions; what is tolerated is counted") {
    size_t count = 0;
    for (const Vector& v : all_vectors()) {
        if (!v.is_body()) continue;
        CAPTURE(v.id);
        const Binding b(v);
        const size_t before =
            v.deviations.empty() ? 0 : tolerated(v.deviations[0].name, v.deviations[0].field);
        const auto der = b.read(v.body);
        ++count;
        if (v.error) {
            REQUIRE_FALSE(der);
            check_error(*v.error, der.error());
            continue;
        }
        INFO((der ? std::string() : told(der.error())));
        REQUIRE(der);
        CHECK(hex(*der) == hex(v.der));
        if (!v.deviations.empty()) CHECK(tolerated(v.deviations[0].name, v.deviations[0].field) > before);
        if (v.verdict != "valid") continue;
        const auto text = b.write(v.der);
        REQUIRE(text);
        const bool same_body = json::parse(*text) == json::parse(v.body);
        CHECK_MESSAGE(same_body, *text);
    }
    CHECK(count > 30);
}
