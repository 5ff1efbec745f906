// The commands of a package.
#include "apps/eim/members.h"
#include "eim/package.h"
#include "rsp/eim_package.h"
#include <algorithm>
#include <deque>

namespace halyard::eim_app {
namespace {
// The commands borrow; this keeps what they borrow until they are encoded.
struct Kept {
    std::deque<OwnedBytes> octets;
    std::deque<std::string> texts;
    std::vector<rsp::Psmo> psmos;
    std::vector<rsp::Eco> ecos;
};

Read<rsp::EimConfigurationData> eim_configuration(const Json& body, Kept& kept) {
    auto der = from_base64(READ(text(body, "configuration")), "configuration");
    if (!der || der->empty())
        return complain("configuration", "must be base64 of an EimConfigurationData (30…)");
    kept.octets.push_back(std::move(*der));
    const auto decoded = asn1::decode<rsp::EimConfigurationData>(kept.octets.back());
    if (!decoded)
        return complain("configuration",
                        std::string("is no EimConfigurationData: ") + name(decoded.error().code) + " at " +
                            decoded.error().where);
    return *decoded;
}

// As an audit asks: the response fits everywhere, no icons.
rsp::Psmo list_profile_info() {
    static const OwnedBytes package = eim::audit_package();
    static const auto decoded = asn1::decode<rsp::EuiccPackage>(package);
    rsp::Psmo psmo;
    (void)std::get<0>(decoded->is).for_each([&](const rsp::Psmo& p) { psmo = p; });
    return psmo;
}

Read<rsp::Psmo> read_psmo(const std::string& command, const Json& body) {
    rsp::Psmo psmo;
    if (command == "listProfileInfo") return list_profile_info();
    if (command == "getRAT")
        psmo.is = rsp::GetRAT{};
    else if (command == "unsetFallbackAttribute")
        psmo.is = rsp::UnsetFallbackAttribute{};
    else if (command == "disable")
        psmo.is = rsp::Disable{.iccid = READ(iccid_of(body))};
    else if (command == "delete")
        psmo.is = rsp::Delete{.iccid = READ(iccid_of(body))};
    else if (command == "setFallbackAttribute")
        psmo.is = rsp::SetFallbackAttribute{.iccid = READ(iccid_of(body))};
    else {
        rsp::Enable enable{.iccid = READ(iccid_of(body))};
        // Without being told otherwise a device must find its way back (RR-11).
        const bool rollback = READ(flag(body, "rollback"));
        if (!body.contains("rollback") || rollback) enable.rollback_flag = asn1::Null{};
        psmo.is = enable;
    }
    return psmo;
}
Read<rsp::Eco> read_eco(const std::string& command, const Json& body, Kept& kept) {
    rsp::Eco eco;
    if (command == "listEim") {
        eco.is = rsp::ListEim{};
    } else if (command == "deleteEim") {
        kept.texts.push_back(READ(text(body, "eim_id")));
        if (kept.texts.back().empty() || kept.texts.back().size() > 128)
            return complain("eim_id", "must have 1 to 128 octets");
        eco.is = rsp::DeleteEim{.eim_id = kept.texts.back()};
    } else if (command == "addEim") {
        eco.is.emplace<0>(READ(eim_configuration(body, kept)));
    } else {
        eco.is.emplace<2>(READ(eim_configuration(body, kept)));
    }
    return eco;
}

struct Shape {
    std::string_view command;
    bool eco;
    std::initializer_list<std::string_view> members;
};
const Shape kShapes[] = {
    {"enable", false, {"iccid", "rollback"}},
    {"disable", false, {"iccid"}},
    {"delete", false, {"iccid"}},
    {"getRAT", false, {}},
    {"listProfileInfo", false, {}},
    {"setFallbackAttribute", false, {"iccid"}},
    {"unsetFallbackAttribute", false, {}},
    {"addEim", true, {"configuration"}},
    {"deleteEim", true, {"eim_id"}},
    {"updateEim", true, {"configuration"}},
    {"listEim", true, {}},
};

Read<bool> read_command(const Json& one, Kept& kept) {
    if (!one.is_object() || one.size() != 1) return complain("", "must be an object with one member");
    const std::string command = one.begin().key();
    const Json& body = one.begin().value();
    const auto shape = std::find_if(
        std::begin(kShapes), std::end(kShapes), [&](const Shape& s) { return s.command == command; });
    if (shape == std::end(kShapes)) return complain("", "holds no command that is known: " + command);
    if (!body.is_object()) return complain(command, "must be an object");
    const auto within = [&](const Complaint& c) { return complain(command + "." + c.member, c.reason); };
    if (const auto bad = unknown(body, shape->members)) return within(*bad);
    if (shape->eco) {
        const auto eco = read_eco(command, body, kept);
        if (!eco) return within(eco.error());
        kept.ecos.push_back(*eco);
        return true;
    }
    const auto psmo = read_psmo(command, body);
    if (!psmo) return within(psmo.error());
    kept.psmos.push_back(*psmo);
    return true;
}
} // namespace

Read<OwnedBytes> read_commands(const Json& commands) {
    if (!commands.is_array() || commands.empty())
        return complain("commands", "must be a list with at least one command");
    Kept kept;
    for (size_t i = 0; i < commands.size(); ++i) {
        const auto ok = read_command(commands[i], kept);
        if (ok) continue;
        const std::string at = "commands[" + std::to_string(i) + "]";
        return complain(ok.error().member.empty() ? at : at + "." + ok.error().member, ok.error().reason);
    }
    if (!kept.psmos.empty() && !kept.ecos.empty())
        return complain("commands", "profile and eIM commands cannot be in one package");
    rsp::EuiccPackage package;
    if (!kept.psmos.empty())
        package.is.emplace<0>().items = kept.psmos;
    else
        package.is.emplace<1>().items = kept.ecos;
    auto der = asn1::encode(package);
    if (!der)
        return complain("commands",
                        std::string("cannot be encoded: ") + name(der.error().code) + " at " +
                            der.error().where);
    if (const auto ok = eim::check_package(*der); !ok) {
        if (ok.error().code == Errc::limit) return complain("commands", "are too many for one package");
        return complain("commands", std::string("break a rule: ") + ok.error().where);
    }
    return std::move(*der);
}

} // namespace halyard::eim_app
