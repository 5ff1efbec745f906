#include "apps/eim/words.h"
#include "apps/common/files.h"
#include "apps/eim/members.h"
#include "eim/activation_code.h"
#include "eim/package.h"
#include <algorithm>

namespace halyard::eim_app {

Read<std::string> text(const Json& json, const char* member, bool required) {
    if (!json.contains(member)) {
        if (!required) return std::string();
        return complain(member, "is missing");
    }
    if (!json[member].is_string()) return complain(member, "must be a string");
    return json[member].get<std::string>();
}
Read<bool> flag(const Json& json, const char* member) {
    if (!json.contains(member)) return false;
    if (!json[member].is_boolean()) return complain(member, "must be true or false");
    return json[member].get<bool>();
}
Read<Eid> eid_of(const Json& json) {
    const auto eid = eid_from_text(READ(text(json, "eid")));
    if (!eid) return complain("eid", "must be 32 digits");
    return *eid;
}
Read<Iccid> iccid_of(const Json& json) {
    const auto iccid = iccid_from_text(READ(text(json, "iccid")));
    if (!iccid) return complain("iccid", "must be 18 to 20 digits");
    return *iccid;
}
std::optional<Complaint> unknown(const Json& json, std::initializer_list<std::string_view> members) {
    for (const auto& [key, value] : json.items())
        if (std::find(members.begin(), members.end(), key) == members.end())
            return Complaint{key, "is not a member of this object"};
    return std::nullopt;
}

namespace {
Read<Time> read_expires(const Json& json) {
    const std::string expires = READ(text(json, "expires", false));
    if (expires.empty()) return Time(0);
    const auto seconds = app::seconds_from_text(expires, "expires");
    if (!seconds) return complain("expires", "must be like 2026-12-31T12:00:00Z");
    return std::chrono::duration_cast<Time>(Seconds(*seconds));
}

Read<std::string> read_activation_code(const Json& json) {
    std::string code = READ(text(json, "activation_code"));
    const auto parsed = eim::parse_activation_code(code);
    if (!parsed) {
        const std::string_view where = parsed.error().where; // "activationCode: address"
        const size_t colon = where.find(": ");
        const std::string part = colon == where.npos ? "" : ", bad " + std::string(where.substr(colon + 2));
        return complain("activation_code", "must be like 1$smdp.example$MATCHING-ID" + part);
    }
    if (parsed->confirmation_code && !json.contains("confirmation_code"))
        return complain("confirmation_code", "is missing: the activation code asks for one");
    return code;
}

// One of: an activation code, the SM-DS, the default SM-DP+.
Read<std::string> read_source(const Json& json) {
    const bool by_default = READ(flag(json, "default_smdp"));
    const int ways = json.contains("activation_code") + json.contains("smds") + by_default;
    if (ways > 1) return complain("activation_code", "only one of activation_code, smds and default_smdp");
    if (by_default) return std::string(eim::kDefaultSmdp);
    if (!json.contains("smds")) return read_activation_code(json);
    std::string source = std::string(eim::kSmds) + READ(text(json, "smds"));
    if (!eim::parse_source(source))
        return complain("smds", "must be an address, host[:port], or empty for the eUICC's root SM-DS");
    return source;
}

Read<std::shared_ptr<const SecretBytes>> read_confirmation_code(const Json& json) {
    if (!json.contains("confirmation_code")) return std::shared_ptr<const SecretBytes>();
    const std::string code = READ(text(json, "confirmation_code"));
    if (code.empty() || code.size() > 255)
        return complain("confirmation_code", "must be 1 to 255 octets long");
    return std::make_shared<const SecretBytes>(bytes_of(code));
}

Read<OwnedBytes> read_tags(const Json& json) {
    if (!json.contains("tags")) return OwnedBytes{0xBF, 0x22, 0x84, 0xA5, 0xA6, 0xA8, 0xA9};
    if (!json["tags"].is_array() || json["tags"].empty())
        return complain("tags", "must be a list of tags in hex");
    OwnedBytes list;
    for (const Json& tag : json["tags"]) {
        const auto octets = tag.is_string() ? from_hex(tag.get<std::string>()) : fail(Errc::bad_value);
        if (!octets || octets->empty() || octets->size() > 2)
            return complain("tags", "must be a list of tags in hex");
        append(list, *octets);
    }
    if (!eim::check_tag_list(list))
        return complain("tags", "may hold A0, 81, A2, BF20, BF22, 83, 84, A5, A6, A8, A9");
    return list;
}

// Whose certificates are meant by A5 and A6. SGP.32 §2.11.1.2
Read<OwnedBytes> read_ci(const Json& json) {
    if (!json.contains("ci")) return OwnedBytes{};
    const auto octets =
        json["ci"].is_string() ? from_hex(json["ci"].get<std::string>()) : fail(Errc::bad_value);
    if (!octets || octets->empty() || octets->size() > 20)
        return complain("ci", "must be a SubjectKeyIdentifier, up to 20 octets in hex");
    return *octets;
}

// What a kind that is one command, or several, asks of the eUICC.
Read<OwnedBytes> read_package(const std::string& kind, const Json& json) {
    if (kind == "package") {
        if (!json.contains("commands")) return complain("commands", "is missing");
        return read_commands(json["commands"]);
    }
    Json body = Json::object();
    for (const char* member : {"iccid", "rollback"})
        if (json.contains(member)) body[member] = json[member];
    const std::string command = kind == "audit" ? "listProfileInfo" : kind;
    auto package = read_commands(Json::array({Json{{command, body}}}));
    if (package) return package;
    // Here the members stand beside the kind.
    const std::string within = "commands[0]." + command + ".";
    const Complaint& c = package.error();
    return complain(c.member.starts_with(within) ? c.member.substr(within.size()) : c.member, c.reason);
}

// Members that only some kinds have.
struct Shape {
    std::string_view kind;
    std::initializer_list<std::string_view> members;
};
const Shape kShapes[] = {
    {"download", {"activation_code", "smds", "default_smdp", "confirmation_code", "iccid"}},
    {"package", {"commands"}},
    {"enable", {"iccid", "rollback"}},
    {"disable", {"iccid"}},
    {"delete", {"iccid"}},
    {"audit", {}},
    {"data", {"tags", "ci"}},
};
} // namespace

Read<eim::NewOperation> read_operation(const Json& json) {
    if (!json.is_object()) return complain("operation", "must be an object");
    const std::string kind = READ(text(json, "kind"));
    const auto shape =
        std::find_if(std::begin(kShapes), std::end(kShapes), [&](const Shape& s) { return s.kind == kind; });
    if (shape == std::end(kShapes))
        return complain("kind", "must be download, package, enable, disable, delete, audit or data");
    for (const auto& [key, value] : json.items()) {
        constexpr std::string_view kAll[] = {"eid", "kind", "after", "expires", "force"};
        if (std::find(std::begin(kAll), std::end(kAll), key) == std::end(kAll) &&
            std::find(shape->members.begin(), shape->members.end(), key) == shape->members.end())
            return complain(key, "is not a member of an operation of kind " + kind);
    }
    eim::NewOperation out{.eid = READ(eid_of(json))};
    out.after = READ(text(json, "after", false));
    out.expires = READ(read_expires(json));
    out.force = READ(flag(json, "force"));
    if (kind == "download") {
        out.kind = eim::Kind::download;
        out.activation_code = READ(read_source(json));
        out.confirmation_code = READ(read_confirmation_code(json));
        if (json.contains("iccid")) out.iccid = READ(iccid_of(json));
    } else if (kind == "data") {
        out.kind = eim::Kind::data;
        out.tag_list = READ(read_tags(json));
        out.ci = READ(read_ci(json));
    } else {
        out.package = READ(read_package(kind, json));
    }
    return out;
}

namespace {
Read<OwnedBytes> read_base64(const Json& json, const char* member) {
    auto octets = from_base64(READ(text(json, member, false)), member);
    if (!octets) return complain(member, "must be base64 of a DER certificate");
    return std::move(*octets);
}

// The pair of one CI; none: not given.
Read<std::optional<eim::Identity>> read_certificates(const Json& json) {
    eim::Identity out;
    out.euicc_certificate = READ(read_base64(json, "euicc_certificate"));
    out.eum_certificate = READ(read_base64(json, "eum_certificate"));
    if (out.euicc_certificate.empty() != out.eum_certificate.empty())
        return complain(out.euicc_certificate.empty() ? "euicc_certificate" : "eum_certificate",
                        "is missing");
    if (out.euicc_certificate.empty()) return std::optional<eim::Identity>{};
    return std::optional(std::move(out));
}

// "certificates": what the eUICC has under each CI.
Read<std::vector<eim::Identity>> read_identities(const Json& json) {
    std::vector<eim::Identity> out;
    if (auto one = READ(read_certificates(json))) out.push_back(std::move(*one));
    if (!json.contains("certificates")) return out;
    if (!json["certificates"].is_array()) return complain("certificates", "must be a list");
    for (size_t i = 0; i < json["certificates"].size(); ++i) {
        const Json& pair = json["certificates"][i];
        const std::string at = "certificates[" + std::to_string(i) + "]";
        if (!pair.is_object()) return complain(at, "must be an object");
        if (const auto bad = unknown(pair, {"euicc_certificate", "eum_certificate"}))
            return complain(at + "." + bad->member, bad->reason);
        auto read = read_certificates(pair);
        if (!read) return complain(at + "." + read.error().member, read.error().reason);
        if (!*read) return complain(at + ".euicc_certificate", "is missing");
        out.push_back(std::move(**read));
    }
    return out;
}
} // namespace

Read<eim::Device> read_device(const Json& json) {
    if (!json.is_object()) return complain("euicc", "must be an object");
    if (const auto bad = unknown(
            json,
            {"eid", "name", "euicc_certificate", "eum_certificate", "certificates", "association_token"}))
        return complain(bad->member, bad->reason);
    eim::Device d;
    d.eid = READ(eid_of(json));
    if (!valid_check_digits(d.eid)) return complain("eid", "must be 32 digits with valid check digits");
    d.name = READ(text(json, "name", false));
    if (d.name.size() > 255) return complain("name", "is longer than 255 octets");
    d.identities = READ(read_identities(json));
    if (json.contains("association_token")) {
        const Json& token = json["association_token"];
        if (!token.is_number_unsigned() || token.get<uint64_t>() > INT64_MAX)
            return complain("association_token", "must be an integer that is not negative");
        d.token = token.get<int64_t>();
    }
    return d;
}

} // namespace halyard::eim_app
