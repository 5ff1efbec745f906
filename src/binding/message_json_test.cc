// JSON of messages and back. Octets: see rsp/testing.h; other values worked out by hand from the tag tables.
#include "binding/message_json.h"
#include "rsp/testing.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using asn1::Kind, asn1::Type;
using binding::messages_from_json;
using Json = nlohmann::ordered_json;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

// DER -> JSON -> DER
void check_round(const rsp::Message& message, Bytes der) {
    INFO(std::string(message.name));
    CAPTURE(hex(der));
    const asn1::Walk walk = asn1::walk(*message.type, der);
    REQUIRE_FALSE(walk.error);
    const std::string json = binding::json_of(walk.root);
    CAPTURE(json);
    const auto made = messages_from_json(json, &message);
    CHECK_MESSAGE(!made.fault, (made.fault ? made.fault->path + " " + made.fault->reason : ""));
    REQUIRE(made.messages.size() == 1);
    CHECK(hex(made.messages[0].der) == hex(der));
}

// Octets of any type, made from its description and nothing else: `turn` chooses alternatives and values.
struct Maker {
    unsigned turn;
    bool full;

    static void wrap(asn1::Tag tag, Bytes content, OwnedBytes& out) {
        for (int shift = 24; shift >= 0; shift -= 8)
            if (tag >> shift) out.push_back(static_cast<uint8_t>(tag >> shift));
        if (content.size() > 0xFF) {
            out.insert(
                out.end(),
                {0x82, static_cast<uint8_t>(content.size() >> 8), static_cast<uint8_t>(content.size())});
        } else {
            if (content.size() > 0x7F) out.push_back(0x81);
            out.push_back(static_cast<uint8_t>(content.size()));
        }
        append(out, content);
    }
    void make(const Type& type, asn1::Tag tag, asn1::Size size, OwnedBytes& out) const {
        if (type.kind == Kind::exact) return make(*type.item, tag, size, out);
        if (type.kind == Kind::any) return append(out, octets("0402A1B2"));
        OwnedBytes content;
        if (type.kind == Kind::sequence) {
            for (const asn1::Field& f : type.fields)
                if (f.required || full) make(*f.type, asn1::tag_of(f), f.size, content);
            if (full) append(content, octets("9F7E0100")); // of an edition to come
        } else if (type.kind == Kind::choice) {
            const asn1::Field& f = type.fields[turn % type.fields.size()];
            make(*f.type, asn1::tag_of(f), f.size, content);
        } else if (type.kind == Kind::list || type.kind == Kind::view) {
            for (unsigned n = 0; n < (full ? 2 : turn % 2); ++n)
                make(*type.item, type.item->tag, {}, content);
        } else {
            content = leaf(type, size);
        }
        if (tag)
            wrap(tag, content, out);
        else
            append(out, content);
    }
    OwnedBytes leaf(const Type& type, asn1::Size size) const {
        const size_t min = std::max(size.min, type.size.min), max = std::min(size.max, type.size.max);
        const size_t n = std::clamp<size_t>(turn % 5, min, max);
        switch (type.kind) {
        case Kind::integer: {
            const OwnedBytes large = octets(turn % 2 ? "7FFFFFFFFFFFFFFF" : "0080000000000001");
            if (asn1::loads(type, large)) return large;
            return octets(turn % 3 ? "7E" : "00C8"); // a number without a name
        }
        case Kind::boolean: return octets(turn % 2 ? "00" : "FF");
        case Kind::null: return {};
        case Kind::bits: return octets(turn % 2 ? "008101" : "00"); // bits 0, 7 and 15
        case Kind::oid: return octets("883703");                    // 2.999.3
        case Kind::raw:
            return octets("30030201050302"
                          "0001");
        case Kind::utf8: return OwnedBytes(n, 'x');
        default: return OwnedBytes(n, 0xA5);
        }
    }
};

struct Bad {
    const char *type, *json, *path, *reason, *expected;
};
const Bad kBad[] = {
    {"GetEimPackageRequest", "{}", "eidValue", "missing in GetEimPackageRequest", "hex of 16 octets"},
    {"EimAcknowledgements", "[1E999]", "[0]", "is a number with a fraction", "a number from 0 to"},
    {"GetEimPackageRequest", R"({"eidValue":5})", "eidValue", "is a number", "hex of 16 octets"},
    {"GetEimPackageRequest", R"({"eidValue":"89"})", "eidValue", "has 1 octet", "hex of 16 octets"},
    {"GetEimPackageRequest", R"({"eidValue":"8"})", "eidValue", "an odd number of hex digits", "hex of 16"},
    {"GetEimPackageRequest", R"({"eidValue":"8G"})", "eidValue", "no hex digit at character 1", "hex of 16"},
    {"GetEimPackageRequest",
     R"({"eid":"89"})",
     "eid",
     "unknown member of GetEimPackageRequest",
     "eidValue, "},
    {"GetEimPackageRequest", "[]", "", "is an array", "an object with eidValue"},
    {"Psmo", R"({"enable":{"iccid":"98"}})", "enable.iccid", "has 1 octet", "hex of 10 octets"},
    {"Psmo", R"({"explode":{}})", "explode", "unknown alternative of Psmo", "one of enable, disable"},
    {"Psmo", R"({"enable":{},"disable":{}})", "", "has 2 members", "an object with one of enable"},
    {"Psmo", "{}", "", "has 0 members", "an object with one of enable"},
    {"Psmo",
     R"({"enable":{"iccid":"981032547698103254F6","rollbackFlag":true}})",
     "enable.rollbackFlag",
     "is true or false",
     "null"},
    {"EimConfigurationData", R"({"eimId":""})", "eimId", "has 0 octets", "a string of 1 to 128 octets"},
    {"EimConfigurationData",
     R"({"eimId":"e","eimIdType":"eimIdTypeFax"})",
     "eimIdType",
     "no value is called \"eimIdTypeFax\"",
     "eimIdTypeOid (1), eimIdTypeFqdn (2)"},
    {"EimConfigurationData", R"({"eimId":"e","eimIdType":256})", "eimIdType", "is 256", "from 0 to 255"},
    {"EimConfigurationData",
     R"({"eimId":"e","counterValue":-1})",
     "counterValue",
     "is -1",
     "from 0 to 9223372036854775807"},
    {"EimConfigurationData",
     R"({"eimId":"e","counterValue":9223372036854775808})",
     "counterValue",
     "is 9223372036854775808",
     "from 0 to 9223372036854775807"},
    {"EimConfigurationData",
     R"({"eimId":"e","counterValue":1.5})",
     "counterValue",
     "is a number with a fraction",
     "a number from 0"},
    {"EimConfigurationData",
     R"({"eimId":"e","eimSupportedProtocol":["eimRetrieveHttps","eimFax"]})",
     "eimSupportedProtocol",
     "no bit is called \"eimFax\"",
     "eimRetrieveCoaps (1)"},
    {"EimConfigurationData",
     R"({"eimId":"e","eimSupportedProtocol":["bit0","eimRetrieveHttps"]})",
     "eimSupportedProtocol",
     "bit given twice",
     ""},
    {"EimConfigurationData",
     R"({"eimId":"e","eimPublicKeyData":{"eimPublicKey":"0400"}})",
     "eimPublicKeyData.eimPublicKey",
     "is no SEQUENCE",
     "30 included"},
    {"ConfigureImmediateEnable",
     R"({"defaultSmdpOid":"3.1"})",
     "defaultSmdpOid",
     "is \"3.1\"",
     "OBJECT IDENTIFIER"},
    {"EimAcknowledgements", R"([1,"two"])", "[1]", "no value is called", "a number"},
    {"EimAcknowledgements", "{}", "", "is an object", "an array of INTEGER"},
    {"ListEim", R"({"...":["0401"]})", "...", "is not one TLV", "TLVs in hex"},
    {"ListEim", R"({"...":"040100"})", "...", "is a string", "TLVs in hex"},
    // 5A is the EID's own tag: what is unknown must not look like what is known
    {"GetEimPackageRequest",
     R"({"eidValue":"89049032123451234512345678901235","...":["5A00"]})",
     "...",
     "5A is eidValue",
     "none of them a member"},
    {"GetEimPackageRequest",
     R"({"eidValue":"89049032123451234512345678901235","...":["8000"]})",
     "...",
     "80 is notifyStateChange",
     "none of them a member"},
    {"SmdpSigned2",
     R"({"transactionId":"01","ccRequiredFlag":true,"...":["5F4900"]})",
     "...",
     "5F49 is bppEuiccOtpk",
     "none of them a member"},
    {"EUICCSigned2",
     R"({"transactionId":"01","euiccOtpk":"04","...":["0400"]})",
     "hashCc",
     "bad length",
     "other values"},
    // a key of one component would be taken for one that kept its 30
    {"EimPublicKeyData", R"({"eimPublicKey":"3006300430000500"})", "", "would be read otherwise", "mistaken"},
    {"ListEim", R"({"...":[],"...":[]})", "...", "member given twice", "each member once"},
    {"ListEim", "{", "", "no JSON from octet 1", "a JSON value"},
    {nullptr, "{}", "", "which message", "--type"},
    {nullptr, R"({"type":"Nothing","value":{}})", "type", "no message is called Nothing", "asn1 types"},
    {nullptr, R"({"messages":[]})", "messages", "no message", "at least one"},
    {nullptr, R"({"messages":[{"type":"ListEim"}]})", "messages[0].value", "missing", "the value"},
    {nullptr, R"({"messages":[{"value":{}}]})", "messages[0].type", "missing", "the name"},
    {nullptr,
     R"({"messages":[{"type":"DeleteEim","value":{"eimId":7}}]})",
     "messages[0].value.eimId",
     "is a number",
     "a string"},
    {nullptr, R"({"messages":[],"error":{}})", "error", "stopped with an error", "all read"},
    {"ListEim", R"({"type":"DeleteEim","value":{"eimId":"e"}})", "type", "is DeleteEim", "ListEim"},
};
} // namespace

TEST_CASE("when sample messages become JSON and DER again, no octet changes") {
    for (const rsp::Sample& s : rsp::kSamples) {
        const rsp::Message* message = rsp::message_named(s.type);
        REQUIRE_MESSAGE(message, s.type);
        check_round(*message, octets(s.hex));
    }
}

TEST_CASE("when any type of the registry has every member, only the required ones, or more than this edition "
          "knows, no octet changes") {
    size_t rounds = 0;
    for (const rsp::Message& message : rsp::messages())
        for (const bool full : {false, true})
            for (unsigned turn = 0; turn < 15; ++turn) {
                OwnedBytes der;
                Maker{turn, full}.make(*message.type, message.type->tag, {}, der);
                const Ok read = message.read(der, {.tally = false}, nullptr, [](void*, const void*) {});
                INFO(std::string(message.name), " ", hex(der), " ", (read ? "" : read.error().where));
                REQUIRE(read);
                check_round(message, der);
                ++rounds;
            }
    CHECK(rounds == rsp::messages().size() * 30);
}

TEST_CASE("when nothing is forgotten by the older form, both forms are the same") {
    struct Seen {
        const Type* type;
        std::string json;
    };
    for (const rsp::Sample& s : rsp::kSamples) {
        INFO(std::string(s.hex));
        const rsp::Message& message = *rsp::message_named(s.type);
        const OwnedBytes der = octets(s.hex);
        Seen seen{message.type, {}};
        std::vector<asn1::Noted> noted;
        REQUIRE(
            message.read(der, {.noted = &noted, .tally = false}, &seen, [](void* context, const void* value) {
                auto& out = *static_cast<Seen*>(context);
                asn1::to_json(*out.type, value, out.json);
            }));
        const Json now = Json::parse(binding::json_of(asn1::walk(*message.type, der).root));
        // text that is no UTF-8, an arc that oid_from_text does not take
        const bool changed =
            std::string_view(s.type) == "DeleteEim" || std::string_view(s.type) == "DpProprietaryData";
        if (noted.empty() && !changed)
            CHECK(now == Json::parse(seen.json));
        else
            CHECK(now != Json::parse(seen.json));
    }
}

TEST_CASE("when the older form forgot something, the new one shows it") {
    const auto json = [](const char* type, const char* der) {
        const OwnedBytes bytes = octets(der);
        return binding::json_of(asn1::walk(*rsp::message_named(type)->type, bytes).root);
    };
    CHECK(json("GetEimPackageRequest", "BF4F16" HALYARD_EID "9F7E0100") ==
          R"({"eidValue":"89049032123451234512345678901235","...":["9F7E0100"]})");
    CHECK(json("DeleteEim", "30048002C328") == R"({"eimId":{"hex":"C328"}})");
    // profileClass operational, which is DEFAULT
    CHECK(json("StoreMetadataRequest", "BF2515" HALYARD_ICCID "910173920170950102") ==
          R"({"iccid":"981032547698103254F6","serviceProviderName":"s","profileName":"p","profileClass":2})");
}

TEST_CASE("when a DEFAULT is asked for, it is written and told") {
    const auto made = messages_from_json(
        R"({"iccid":"981032547698103254F6","serviceProviderName":"s","profileName":"p","profileClass":"operational"})",
        rsp::message_named("StoreMetadataRequest"));
    REQUIRE(made.messages.size() == 1);
    CHECK(hex(made.messages[0].der) == "BF2515" HALYARD_ICCID "910173920170950102");
    REQUIRE(made.messages[0].deviations.size() == 1);
    CHECK(made.messages[0].deviations[0].what == asn1::Deviation::default_value);
}

TEST_CASE("when JSON is not of the type, the error has path, reason and what was expected") {
    for (const Bad& bad : kBad) {
        INFO(std::string(bad.json));
        const auto made = messages_from_json(bad.json, bad.type ? rsp::message_named(bad.type) : nullptr);
        CHECK(made.messages.empty());
        REQUIRE(made.fault);
        CHECK(made.fault->path == bad.path);
        CHECK_MESSAGE(made.fault->reason.find(bad.reason) != std::string::npos, made.fault->reason);
        CHECK_MESSAGE(made.fault->expected.find(bad.expected) != std::string::npos, made.fault->expected);
    }
}

TEST_CASE("when JSON is deeper or larger than any message, it is refused before it costs anything") {
    const auto deep = messages_from_json(std::string(100000, '['), rsp::message_named("ListEim"));
    REQUIRE(deep.fault);
    CHECK(deep.fault->reason == "more than 64 levels");
    const auto large = messages_from_json(std::string((16u << 20) + 1, ' '), rsp::message_named("ListEim"));
    REQUIRE(large.fault);
    CHECK(large.fault->reason == "more than 16 MiB");
}

TEST_CASE("when names are given instead of numbers, and several messages at once, all are encoded in order") {
    const auto made = messages_from_json(
        R"({"messages":[{"type":"GetEimPackageRequest","value":{"eidValue":"89049032123451234512345678901235",)"
        R"("stateChangeCause":"immediateEnableProfile"}},{"type":"GetEimPackageResponse","value":{"eimPackageError":1}}]})");
    CHECK_FALSE(made.fault);
    REQUIRE(made.messages.size() == 2);
    CHECK(hex(made.messages[0].der) == "BF4F15" HALYARD_EID "810105");
    CHECK(hex(made.messages[1].der) == "BF4F03020101");
}
