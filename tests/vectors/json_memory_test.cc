// What the JSON bindings may cost: whatever a body holds, reading it takes at most four times its octets from
// the heap, and a little for what does not depend on it (docs/bindings.md). SR-48
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include "binding/message_json.h"
#include "binding/server_json.h"
#include "tests/vectors/heap.h"
#include "tests/vectors/load.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::vectors;
using nlohmann::json;

namespace {
constexpr size_t kAllowance = 16 << 10;

struct Reading {
    std::string name, body; // a body that is taken
    std::function<bool(std::string_view)> read;
};

Reading reading(const Vector& v) {
    const bool request = v.direction == "I>E" || v.direction == "I>S";
    if (v.interface == "ESipa JSON") {
        const auto f = *binding::esipa_function_of_path("/gsma/rsp2/esipa/" + v.type);
        return {v.id, v.body, [=](std::string_view body) {
                    return (request ? binding::esipa_request_from_json(f, body)
                                    : binding::esipa_answer_from_json(f, body))
                        .has_value();
                }};
    }
    const auto f = *binding::function_of_path("/gsma/rsp2/es9plus/" + v.type);
    return {v.id, v.body, [=](std::string_view body) {
                if (request) return binding::request_from_json(f, body).has_value();
                return binding::answer_from_json(f, 200, body).has_value();
            }};
}
template <class T> Reading between_servers(const std::string& members) {
    return {rsp::kServerMessage<T>.name, "{" + members + "}", [](std::string_view body) {
                return binding::server_from_json<T>(body).has_value();
            }};
}

#define REQUEST R"("header":{"functionRequesterIdentifier":"2.999.1","functionCallIdentifier":"FCI-1"},)"
#define DONE R"("header":{"functionExecutionStatus":{"status":"Executed-Success"}})"
#define EID R"("eid":"89049032123451234512345678901235")"
#define ICCID R"("iccid":"8900012345678901234")"

// Every function of every JSON binding, in both directions.
const std::vector<Reading>& readings() {
    static const std::vector<Reading> all = [] {
        std::vector<Reading> out;
        for (const Vector& v : all_vectors())
            if (v.is_body() && v.verdict == "valid" && !v.body.empty()) out.push_back(reading(v));
        out.push_back({"ES11",
                       "{" DONE
                       R"(,"transactionId":"A1","eventEntries":[{"eventId":"E","rspServerAddress":"a.b"}]})",
                       [](std::string_view body) {
                           return binding::answer_from_json(
                                      rsp::Es9Function::authenticate_client, 200, body, rsp::Interface::es11)
                               .has_value();
                       }});
        out.push_back(
            {"failure",
             R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
             R"({"subjectCode":"8.1","reasonCode":"6.1","message":"m"}}}})",
             [](std::string_view body) {
                 return binding::answer_from_json(rsp::Es9Function::cancel_session, 200, body).has_value();
             }});
        out.push_back(
            between_servers<rsp::DownloadOrderRequest>(REQUEST EID "," ICCID R"(,"profileType":"p")"));
        out.push_back(between_servers<rsp::DownloadOrderAnswer>(DONE "," ICCID));
        out.push_back(between_servers<rsp::ConfirmOrderRequest>(
            REQUEST ICCID
            "," EID R"(,"matchingId":"A1","confirmationCode":"1","smdsAddress":"d.e","releaseFlag":true)"));
        out.push_back(between_servers<rsp::ConfirmOrderAnswer>(
            DONE "," EID R"(,"matchingId":"A1","smdpAddress":"s.e")"));
        out.push_back(between_servers<rsp::CancelOrderRequest>(
            REQUEST ICCID "," EID R"(,"matchingId":"A1","finalProfileStatusIndicator":"Available")"));
        out.push_back(between_servers<rsp::ReleaseProfileRequest>(REQUEST ICCID));
        out.push_back(between_servers<rsp::HandleDownloadProgressInfoRequest>(
            REQUEST EID "," ICCID R"(,"profileType":"p","timestamp":"2026-11-26T03:04:05Z",)"
                        R"("notificationPointId":4,"notificationPointStatus":{"status":"Failed",)"
                        R"("statusCodeData":{"subjectCode":"8.2.10","reasonCode":"4.2",)"
                        R"("subjectIdentifier":"x","message":"y"}},"resultData":"vzcCBQA=")"));
        out.push_back(between_servers<rsp::RegisterEventRequest>(
            REQUEST EID R"(,"rspServerAddress":"s.e","eventId":"E","forwardingIndicator":false)"));
        out.push_back(between_servers<rsp::DeleteEventRequest>(REQUEST EID R"(,"eventId":"E")"));
        return out;
    }();
    return all;
}

std::string repeated(std::string_view text, size_t size) {
    std::string out;
    while (out.size() < size) out += text;
    return out;
}
std::string list_of(std::string_view element, size_t size) {
    return "[" + repeated(std::string(element) + ",", size) + std::string(element) + "]";
}
std::string member_list(size_t size) { // different names, as short as they can be
    constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    std::string out = "{\"\":0";
    for (size_t i = 1; out.size() < size; ++i) {
        out += ",\"";
        for (size_t rest = i; rest; rest >>= 6) out += kDigits[rest & 63];
        out += "\":0";
    }
    return out + "}";
}
// A TLV of so many octets with the tag BF36, BF37, BF51 …
std::string tlv_text(std::string_view tag, size_t size, std::string_view slash = "/") {
    OwnedBytes der = *from_hex(tag);
    for (const size_t octet : {size_t{0x83}, size >> 16, size >> 8, size})
        der.push_back(static_cast<uint8_t>(octet));
    der.resize(der.size() + size, 0xFF); // "////" in base64
    std::string out = "\"";
    for (const char c : base64(der)) out += c == '/' ? std::string(slash) : std::string(1, c);
    return out + "\"";
}

std::vector<std::string> hostile_values(size_t size) {
    std::string deep = repeated(R"({"a":)", 5 * 28) + "0" + std::string(28, '}');
    return {list_of("0", size),
            list_of("{}", size),
            list_of("[]", size),
            list_of("\"\"", size),
            list_of(R"({"eventId":"","rspServerAddress":""})", size),
            list_of(R"({"eventId":"\u0041","rspServerAddress":""})", size),
            list_of(deep, size),
            R"([{"eventId":"\/)" + std::string(size, 'a') + R"(","rspServerAddress":"\/)" +
                std::string(size, 'a') + "\"}]",
            member_list(size),
            "{" + repeated("\"\":0,", size) + "\"\":0}", // one name, many times
            "{\"\\u0061" + std::string(size, 'a') + "\":0}",
            "\"" + std::string(size, 'A') + "\"",
            "\"\\/" + std::string(size, 'A') + "\"",
            "\"" + repeated("\\u0041", size) + "\"",
            "\"" + repeated("\\/", size) + "\"",
            "\"" + repeated("\xF0\x9D\x84\x9E", size) + "\"",
            tlv_text("BF36", size / 4 * 3),
            tlv_text("30", size / 4 * 3, "\\/"),
            repeated(" ", size) + "0",
            std::string(size, '1'),
            "\"" + std::string(size, 'A'), // never closed
            repeated(R"([{"a":)", size)};
}

struct Worst {
    double times = 0; // of the body, the allowance taken off
    std::string where;
};
// False when reading the body takes more than it may.
bool within(const Reading& r, const std::string& body, Worst& worst) {
    const HeapPeak peak;
    (void)r.read(body);
    const size_t took = peak.octets();
    const double times =
        static_cast<double>(took > kAllowance ? took - kAllowance : 0) / static_cast<double>(body.size());
    if (times > worst.times) worst = {times, r.name + " " + body.substr(0, 80)};
    return took <= 4 * body.size() + kAllowance;
}
std::string with_member(const std::string& body, const std::string& name, const std::string& text) {
    json changed = json::parse(body);
    changed[name] = "@@";
    std::string out = changed.dump();
    return out.replace(out.find("\"@@\""), 4, text);
}
} // namespace

TEST_CASE("the meter sees a tree of values for what it is") {
    const std::string body = R"({"x":)" + list_of("0", 100000) + "}";
    const HeapPeak peak;
    const json tree = json::parse(body);
    CHECK(peak.octets() > 8 * body.size()); // 16 octets for each two characters
    {
        const HeapPeak none;
        CHECK(none.octets() == 0);
    }
    const HeapPeak again;
    const std::string copy = body;
    CHECK(again.octets() >= body.size());
    CHECK(again.octets() < body.size() + 64);
}

TEST_CASE("an honest body is read within four times its size, tables of the first use included") {
    Worst worst;
    CHECK(readings().size() > 40);
    for (const Reading& r : readings()) {
        CAPTURE(r.name);
        CHECK(r.read(r.body));
        CHECK(within(r, r.body, worst));
    }
}

TEST_CASE("a member of every kind and size, known or not, is read or refused within four times the body") {
    Worst worst;
    for (const size_t size : {500, 8000, 60000})
        for (const std::string& value : hostile_values(size))
            for (const Reading& r : readings()) {
                const json body = json::parse(r.body);
                for (const auto& member : body.items())
                    if (!within(r, with_member(r.body, member.key(), value), worst))
                        FAIL_CHECK(r.name << " " << member.key() << " " << value.substr(0, 60));
                if (!within(r, with_member(r.body, "other", value), worst))
                    FAIL_CHECK(r.name << " other " << value.substr(0, 60));
            }
    CAPTURE(worst.where);
    MESSAGE("worst: " << worst.times << " times, " << worst.where);
    CHECK(worst.times <= 4);
}

TEST_CASE("a body of the greatest size is read or refused within four times that size") {
    Worst worst;
    for (const size_t size : {1000000, 4000000})
        for (const std::string& value : hostile_values(size)) {
            const std::string bodies[] = {R"({"other":)" + value + "}", value};
            for (const Reading& r : readings()) {
                if (r.name != "body-poll" && r.name != "ES11" && r.name != "DownloadOrderRequest")
                    continue; // one of each limit
                for (const std::string& body : bodies)
                    if (!within(r, body, worst)) FAIL_CHECK(r.name << " " << value.substr(0, 60));
            }
        }
    CHECK(worst.times <= 4);
}

TEST_CASE("a profile package of a megabyte comes out of its answer whole, within four times the body") {
    const auto f = binding::EsipaFunction::get_bound_profile_package;
    Worst worst;
    for (const size_t size : {100000, 300000, 1000000, 1500000})
        for (const char* slash : {"/", "\\/"}) {
            const std::string body = R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}},)"
                                     R"("transactionId":"A1B2C3D4","boundProfilePackage":)" +
                                     tlv_text("BF36", size, slash) + "}";
            const Reading es9{"ES9+", body, [&](std::string_view text) {
                                  const auto answer = binding::answer_from_json(
                                      rsp::Es9Function::get_bound_profile_package, 200, text);
                                  return answer && answer->der.size() > size;
                              }};
            const Reading esipa{"ESipa", body, [&](std::string_view text) {
                                    const auto answer = binding::esipa_answer_from_json(f, text);
                                    return answer && answer->size() > size;
                                }};
            for (const Reading* r : {&es9, &esipa}) {
                CHECK(r->read(body));
                CHECK(within(*r, body, worst));
            }
        }
    MESSAGE("a package: " << worst.times << " times");
    CHECK(worst.times <= 3);
}

// ---- Writing ----

TEST_CASE("writing a body takes at most four times the message, a package of a megabyte included") {
    const auto es9 = rsp::Es9Function::get_bound_profile_package;
    const auto esipa = binding::EsipaFunction::get_bound_profile_package;
    Worst worst;
    for (const size_t size : {100, 10000, 300000, 1000000, 1500000}) {
        const std::string body = R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}},)"
                                 R"("transactionId":"A1B2C3D4","boundProfilePackage":)" +
                                 tlv_text("BF36", size) + "}";
        const auto answer = binding::answer_from_json(es9, 200, body);
        REQUIRE(answer);
        const auto message = binding::esipa_answer_from_json(esipa, body);
        REQUIRE(message);
        const auto writes = [&](const char* name, size_t octets, auto&& write) {
            const HeapPeak peak;
            CHECK(write().size() > octets);
            const double times = static_cast<double>(peak.octets()) / static_cast<double>(octets);
            if (octets >= 100000 && times > worst.times) worst = {times, name};
            CHECK(peak.octets() <= 4 * octets + kAllowance);
        };
        writes("ES9+", answer->der.size(), [&] { return *binding::answer_to_json(es9, *answer); });
        writes("ESipa", message->size(), [&] { return *binding::esipa_answer_to_json(esipa, *message); });
    }
    MESSAGE("writing: " << worst.times << " times, " << worst.where);
}

TEST_CASE("writing any message of a JSON binding takes at most four times its size and the allowance") {
    size_t written = 0;
    for (const Vector& v : all_vectors()) {
        if (!v.is_body() || v.verdict != "valid" || v.body.empty() || v.interface != "ESipa JSON") continue;
        const auto f = *binding::esipa_function_of_path("/gsma/rsp2/esipa/" + v.type);
        const bool request = v.direction == "I>E";
        const auto der = request ? binding::esipa_request_from_json(f, v.body)
                                 : binding::esipa_answer_from_json(f, v.body);
        CAPTURE(v.id);
        REQUIRE(der);
        const HeapPeak peak;
        const auto text =
            request ? binding::esipa_request_to_json(f, *der) : binding::esipa_answer_to_json(f, *der);
        CHECK(text);
        CHECK(peak.octets() <= 4 * der->size() + kAllowance);
        ++written;
    }
    CHECK(written > 10);
}

// ---- JSON of the tool: messages_from_json ----

namespace {
Reading as_value_of(const rsp::Message& message, const std::string& text) {
    return {message.name, text, [&](std::string_view given) {
                return !binding::messages_from_json(given, &message).fault.has_value();
            }};
}

// Every array in a value gets its first element so often that the text has about `size` octets.
std::vector<std::string> with_long_lists(const json& value, size_t size) {
    std::vector<std::string> out;
    const json flat = value.flatten();
    std::set<std::string> arrays;
    for (const auto& [path, leaf] : flat.items())
        for (json::json_pointer at(path); !at.empty(); at.pop_back())
            if (const json& there = value.at(at); there.is_array() && !there.empty())
                arrays.insert(at.to_string());
    for (const std::string& path : arrays) {
        json changed = value;
        json& array = changed.at(json::json_pointer(path));
        const std::string element = array[0].dump();
        array = "@@";
        std::string text = changed.dump();
        out.push_back(text.replace(text.find("\"@@\""), 4, list_of(element, size)));
    }
    return out;
}
} // namespace

TEST_CASE("JSON of the tool becomes a message within four times its size") {
    Worst worst;
    size_t taken = 0;
    for (const Vector& v : all_vectors()) {
        if (v.verdict != "valid" || !v.is_plain()) continue;
        const Reading r = as_value_of(*v.message(), v.value->dump());
        CAPTURE(v.id);
        taken += r.read(r.body);
        CHECK(within(r, r.body, worst));
        for (const std::string& text : with_long_lists(*v.value, 60000)) CHECK(within(r, text, worst));
    }
    CHECK(taken > 100);
    MESSAGE("worst: " << worst.times << " times, " << worst.where);
    CHECK(worst.times <= 4);
}

TEST_CASE("whatever stands in JSON of the tool, it is taken or refused within four times its size") {
    Worst worst;
    // A choice, sequences, and lists of both.
    const char* const names[] = {
        "EuiccPackageRequest", "EuiccPackage", "GetEimConfigurationDataResponse", "EUICCInfo2"};
    for (const size_t size : {500, 60000, 1000000})
        for (const std::string& value : hostile_values(size))
            for (const char* name : names) {
                const rsp::Message* message = rsp::message_named(name);
                REQUIRE(message);
                const std::string named =
                    R"({"type":")" + std::string(message->name) + R"(","value":)" + value + "}";
                for (const std::string& text :
                     {value,
                      named,
                      R"({"messages":)" + list_of(value, 1) + "}",
                      R"({"...":)" + value + "}",
                      R"({"...":)" + list_of("\"8000\"", size) + "}",
                      R"({"messages":)" + list_of(named, 1) + "}",
                      R"({"messages":)" +
                          list_of(R"({"type":")" + std::string(message->name) + R"(","value":{}})", size) +
                          "}"})
                    if (const Reading r = as_value_of(*message, text); !within(r, text, worst))
                        FAIL_CHECK(name << " " << text.substr(0, 80));
            }
    MESSAGE("worst: " << worst.times << " times, " << worst.where);
    CHECK(worst.times <= 4);
}
