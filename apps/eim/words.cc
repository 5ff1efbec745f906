#include "apps/eim/words.h"
#include "apps/common/files.h"
#include "eim/package.h"
#include "rsp/eim_package.h"
#include <deque>

namespace halyard::eim_app {
namespace {
using tl::unexpected;

auto complain(std::string member, std::string reason) {
    return unexpected<Complaint>({std::move(member), std::move(reason)});
}
template <class T> Read<T> read(Result<T> r, const std::string& member) {
    if (r) return std::move(*r);
    return complain(member, name(r.error().code));
}
Read<std::string> text(const Json& json, const char* member, bool required = true) {
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
std::optional<Complaint> unknown(const Json& json, std::initializer_list<std::string_view> members) {
    for (const auto& [key, value] : json.items())
        if (std::find(members.begin(), members.end(), key) == members.end())
            return Complaint{key, "is not a member of this object"};
    return std::nullopt;
}
// The commands borrow; this keeps what they borrow until they are encoded.
struct Kept {
    std::deque<OwnedBytes> octets;
    std::deque<std::string> texts;
};

Read<rsp::EimConfigurationData> eim_configuration(const Json& body, Kept& kept) {
    if (const auto bad = unknown(body, {"configuration"})) return unexpected(*bad);
    const auto base = text(body, "configuration");
    if (!base) return unexpected(base.error());
    auto der = from_base64(*base, "configuration");
    if (!der) return complain("configuration", "must be base64 of an EimConfigurationData (30…)");
    kept.octets.push_back(std::move(*der));
    const auto decoded = asn1::decode<rsp::EimConfigurationData>(kept.octets.back());
    if (!decoded)
        return complain("configuration",
                        std::string(name(decoded.error().code)) + " at " + decoded.error().where);
    return *decoded;
}

Read<Iccid> iccid_of(const Json& body) {
    const auto digits = text(body, "iccid");
    if (!digits) return unexpected(digits.error());
    const auto iccid = iccid_from_text(*digits);
    if (!iccid) return complain("iccid", "must be 18 to 20 digits");
    return *iccid;
}

Read<rsp::Psmo> read_psmo(const std::string& command, const Json& body) {
    rsp::Psmo psmo;
    if (command == "listProfileInfo") {
        if (const auto bad = unknown(body, {})) return unexpected(*bad);
        // As an audit asks: the response fits everywhere, no icons.
        static const OwnedBytes package = eim::audit_package();
        static const auto decoded = asn1::decode<rsp::EuiccPackage>(package);
        (void)std::get<0>(decoded->is).for_each([&](const rsp::Psmo& p) { psmo = p; });
        return psmo;
    }
    if (command == "getRAT" || command == "unsetFallbackAttribute") {
        if (const auto bad = unknown(body, {})) return unexpected(*bad);
        if (command == "getRAT")
            psmo.is = rsp::GetRAT{};
        else
            psmo.is = rsp::UnsetFallbackAttribute{};
        return psmo;
    }
    if (const auto bad = unknown(body, {"iccid", command == "enable" ? "rollback" : "iccid"}))
        return unexpected(*bad);
    const auto iccid = iccid_of(body);
    if (!iccid) return unexpected(iccid.error());
    if (command == "enable") {
        rsp::Enable enable{.iccid = *iccid};
        // Without being told otherwise a device must find its way back (RR-11).
        const auto rollback = flag(body, "rollback");
        if (!rollback) return unexpected(rollback.error());
        if (!body.contains("rollback") || *rollback) enable.rollback_flag = asn1::Null{};
        psmo.is = enable;
    } else if (command == "disable") {
        psmo.is = rsp::Disable{.iccid = *iccid};
    } else if (command == "delete") {
        psmo.is = rsp::Delete{.iccid = *iccid};
    } else {
        psmo.is = rsp::SetFallbackAttribute{.iccid = *iccid};
    }
    return psmo;
}
Read<rsp::Eco> read_eco(const std::string& command, const Json& body, Kept& kept) {
    rsp::Eco eco;
    if (command == "listEim") {
        if (const auto bad = unknown(body, {})) return unexpected(*bad);
        eco.is = rsp::ListEim{};
    } else if (command == "deleteEim") {
        if (const auto bad = unknown(body, {"eim_id"})) return unexpected(*bad);
        const auto id = text(body, "eim_id");
        if (!id) return unexpected(id.error());
        kept.texts.push_back(*id);
        eco.is = rsp::DeleteEim{.eim_id = kept.texts.back()};
    } else {
        const auto data = eim_configuration(body, kept);
        if (!data) return unexpected(data.error());
        if (command == "addEim")
            eco.is.emplace<0>(*data);
        else
            eco.is.emplace<2>(*data);
    }
    return eco;
}
constexpr std::string_view kPsmos[] = {"enable",
                                       "disable",
                                       "delete",
                                       "getRAT",
                                       "listProfileInfo",
                                       "setFallbackAttribute",
                                       "unsetFallbackAttribute"};
constexpr std::string_view kEcos[] = {"addEim", "deleteEim", "updateEim", "listEim"};
template <size_t N> bool is_one_of(const std::string& s, const std::string_view (&all)[N]) {
    return std::find(std::begin(all), std::end(all), s) != std::end(all);
}
std::string when(Time t) { return app::text_from_seconds(t.count() / 1000); }
// Who holds an activation code may take the profile: enough to recognise it, no more.
std::string mask(const std::string& code) {
    const size_t last = code.find_last_of('$');
    return last == std::string::npos || code.size() - last < 9
               ? code
               : code.substr(0, last + 5) + "…" + code.substr(code.size() - 4);
}
template <class T> Json decoded(Bytes der) {
    const auto value = asn1::decode<T>(der);
    return value ? Json::parse(asn1::to_json(*value), nullptr, false) : Json();
}
} // namespace

Read<OwnedBytes> read_commands(const Json& commands) {
    if (!commands.is_array() || commands.empty())
        return complain("commands", "must be a list with at least one command");
    Kept kept;
    std::vector<rsp::Psmo> psmos;
    std::vector<rsp::Eco> ecos;
    for (const Json& one : commands) {
        if (!one.is_object() || one.size() != 1)
            return complain("commands", "each must be an object with one member");
        const std::string command = one.begin().key();
        const Json& body = one.begin().value();
        if (!body.is_object()) return complain(command, "must be an object");
        if (is_one_of(command, kPsmos)) {
            const auto psmo = read_psmo(command, body);
            if (!psmo) return complain(command + "." + psmo.error().member, psmo.error().reason);
            psmos.push_back(*psmo);
        } else if (is_one_of(command, kEcos)) {
            const auto eco = read_eco(command, body, kept);
            if (!eco) return complain(command + "." + eco.error().member, eco.error().reason);
            ecos.push_back(*eco);
        } else {
            return complain("commands", "knows no command " + command);
        }
    }
    if (!psmos.empty() && !ecos.empty())
        return complain("commands", "profile and eIM commands cannot be in one package");
    rsp::EuiccPackage package;
    if (!psmos.empty())
        package.is.emplace<0>().items = psmos;
    else
        package.is.emplace<1>().items = ecos;
    auto der = asn1::encode(package);
    if (!der) return complain("commands", std::string(name(der.error().code)) + " at " + der.error().where);
    if (const auto ok = eim::check_package(*der); !ok) return complain("commands", ok.error().where);
    return std::move(*der);
}

Read<eim::NewOperation> read_operation(const Json& json) {
    if (!json.is_object()) return complain("operation", "must be an object");
    if (const auto bad = unknown(json,
                                 {"eid",
                                  "kind",
                                  "commands",
                                  "activation_code",
                                  "iccid",
                                  "rollback",
                                  "tags",
                                  "after",
                                  "expires",
                                  "force"}))
        return unexpected(*bad);
    eim::NewOperation out;
    const auto eid = text(json, "eid");
    if (!eid) return unexpected(eid.error());
    const auto parsed = eid_from_text(*eid);
    if (!parsed) return complain("eid", "must be 32 digits");
    out.eid = *parsed;
    const auto kind = text(json, "kind");
    if (!kind) return unexpected(kind.error());
    const auto after = text(json, "after", false), expires = text(json, "expires", false);
    if (!after) return unexpected(after.error());
    if (!expires) return unexpected(expires.error());
    out.after = *after;
    if (!expires->empty()) {
        const auto seconds = app::seconds_from_text(*expires, "expires");
        if (!seconds) return complain("expires", "must be like 2026-12-31T12:00:00Z");
        out.expires = std::chrono::duration_cast<Time>(Seconds(*seconds));
    }
    const auto force = flag(json, "force");
    if (!force) return unexpected(force.error());
    out.force = *force;
    if (*kind == "download") {
        out.kind = eim::Kind::download;
        const auto code = text(json, "activation_code");
        if (!code) return unexpected(code.error());
        out.activation_code = *code;
        if (json.contains("iccid")) {
            const auto iccid = iccid_of(json);
            if (!iccid) return unexpected(iccid.error());
            out.iccid = *iccid;
        }
        return out;
    }
    if (*kind == "data") {
        out.kind = eim::Kind::data;
        if (!json.contains("tags")) {
            out.tag_list = {0xBF, 0x22, 0x84, 0xA5, 0xA6, 0xA8, 0xA9};
            return out;
        }
        if (!json["tags"].is_array() || json["tags"].empty())
            return complain("tags", "must be a list of hex tags");
        for (const Json& tag : json["tags"]) {
            const auto octets = tag.is_string() ? from_hex(tag.get<std::string>()) : fail(Errc::bad_value);
            if (!octets || octets->empty()) return complain("tags", "must be a list of hex tags");
            append(out.tag_list, *octets);
        }
        return out;
    }
    Json commands;
    if (*kind == "package") {
        if (!json.contains("commands")) return complain("commands", "is missing");
        commands = json["commands"];
    } else if (*kind == "audit") {
        commands = Json::array({Json{{"listProfileInfo", Json::object()}}});
    } else if (*kind == "enable" || *kind == "disable" || *kind == "delete") {
        Json body = Json::object();
        for (const char* member : {"iccid", "rollback"})
            if (json.contains(member)) body[member] = json[member];
        commands = Json::array({Json{{*kind, body}}});
    } else {
        return complain("kind", "must be download, package, enable, disable, delete, audit or data");
    }
    auto package = read_commands(commands);
    if (!package) return unexpected(package.error());
    out.package = std::move(*package);
    return out;
}

Read<eim::Device> read_device(const Json& json) {
    if (!json.is_object()) return complain("euicc", "must be an object");
    if (const auto bad =
            unknown(json, {"eid", "name", "euicc_certificate", "eum_certificate", "association_token"}))
        return unexpected(*bad);
    eim::Device d;
    const auto eid = text(json, "eid");
    if (!eid) return unexpected(eid.error());
    const auto parsed = eid_from_text(*eid);
    if (!parsed || !valid_check_digits(*parsed))
        return complain("eid", "must be 32 digits with valid check digits");
    d.eid = *parsed;
    const auto label = text(json, "name", false);
    if (!label) return unexpected(label.error());
    d.name = *label;
    const auto euicc = text(json, "euicc_certificate", false), eum = text(json, "eum_certificate", false);
    if (!euicc) return unexpected(euicc.error());
    if (!eum) return unexpected(eum.error());
    if (euicc->empty() != eum->empty())
        return complain(euicc->empty() ? "euicc_certificate" : "eum_certificate", "is missing");
    auto first = read(from_base64(*euicc), "euicc_certificate");
    auto second = read(from_base64(*eum), "eum_certificate");
    if (!first) return unexpected(first.error());
    if (!second) return unexpected(second.error());
    d.euicc_certificate = std::move(*first);
    d.eum_certificate = std::move(*second);
    if (json.contains("association_token")) {
        if (!json["association_token"].is_number_integer())
            return complain("association_token", "must be an integer");
        d.token = json["association_token"].get<int64_t>();
    }
    return d;
}

Json describe(const eim::Operation& o, bool full) {
    Json out{
        {"id", o.id}, {"eid", to_text(o.eid)}, {"kind", eim::name(o.kind)}, {"state", eim::name(o.state)}};
    if (o.held) out["held"] = true;
    if (!o.reason.empty()) out["reason"] = o.reason;
    if (!o.package.empty()) out["package"] = decoded<rsp::EuiccPackage>(o.package);
    if (!o.activation_code.empty()) out["activation_code"] = mask(o.activation_code);
    if (o.iccid) out["iccid"] = to_text(*o.iccid);
    if (!o.tag_list.empty()) out["tags"] = hex(o.tag_list);
    if (!o.after.empty()) out["after"] = o.after;
    if (!o.resolves.empty()) out["resolves"] = o.resolves;
    if (o.automatic) out["automatic"] = true;
    if (o.force) out["force"] = true;
    if (o.cancel_requested) out["cancel_requested"] = true;
    out["created"] = when(o.created);
    out["created_by"] = o.created_by;
    out["changed"] = when(o.changed);
    if (o.expires.count()) out["expires"] = when(o.expires);
    out["offers"] = o.offers;
    out["attempts"] = o.attempts;
    if (o.unsigned_errors) out["unsigned_errors"] = o.unsigned_errors;
    if (o.counter) out["counter"] = o.counter;
    out["transaction_id"] = hex(o.transaction_id);
    if (!full) return out;
    if (!o.request.empty()) out["request_der"] = base64(o.request);
    if (!o.result.empty()) {
        if (o.kind == eim::Kind::package) out["result"] = decoded<rsp::EuiccPackageResult>(o.result);
        if (o.kind == eim::Kind::download) out["result"] = decoded<rsp::ProfileInstallationResult>(o.result);
        if (o.kind == eim::Kind::data) out["result"] = decoded<rsp::IpaEuiccDataResponse>(o.result);
        out["result_der"] = base64(o.result);
    }
    return out;
}

Json describe(const eim::Device& d) {
    Json out{{"eid", to_text(d.eid)}};
    if (!d.name.empty()) out["name"] = d.name;
    out["associated"] = !d.euicc_key.empty();
    out["counter"] = d.counter;
    out["profiles_known"] = d.profiles_known;
    auto& profiles = out["profiles"] = Json::array();
    for (const auto& p : d.profiles) {
        Json one{{"iccid", to_text(p.iccid)}, {"state", p.enabled ? "enabled" : "disabled"}};
        if (!p.name.empty()) one["name"] = p.name;
        if (!p.provider.empty()) one["provider"] = p.provider;
        if (p.fallback) one["fallback"] = true;
        profiles.push_back(std::move(one));
    }
    if (d.profiles_as_of.count()) {
        out["profiles_as_of"] = when(d.profiles_as_of);
        out["profiles_evidence"] = d.profiles_evidence;
    }
    out["created"] = when(d.created);
    if (d.last_seen.count()) out["last_seen"] = when(d.last_seen);
    return out;
}

Json describe(const eim::Evidence& e) {
    return {{"received", when(e.received)}, {"what", e.what}, {"octets", hex(e.octets)}};
}

} // namespace halyard::eim_app
