// Operations, devices and evidence as JSON.
#include "apps/common/files.h"
#include "apps/eim/words.h"
#include "eim/activation_code.h"
#include "rsp/device_text.h"
#include "rsp/esipa.h"

namespace halyard::eim_app {
namespace {
std::string when(Time t) { return app::text_from_seconds(t.count() / 1000); }
// Who holds an activation code may take the profile: enough to recognise it, no more.
std::string mask(const std::string& code) {
    const size_t last = code.find_last_of('$');
    return last == std::string::npos || code.size() - last < 9
               ? code
               : code.substr(0, last + 5) + "…" + code.substr(code.size() - 4);
}
std::string cause_name(int64_t cause) {
    for (const auto& n : asn1_names(rsp::StateChangeCause{}))
        if (n.value == cause) return n.name;
    return std::to_string(cause);
}
void describe_source(Json& out, const eim::Operation& o) {
    if (o.activation_code == eim::kDefaultSmdp)
        out["default_smdp"] = true;
    else if (o.activation_code.starts_with(eim::kSmds))
        out["smds"] = o.activation_code.substr(eim::kSmds.size());
    else
        out["activation_code"] = mask(o.activation_code);
    if (!o.code.empty()) out["confirmation_code"] = true; // that there is one
    if (!o.event.empty()) out["event"] = mask(o.event);
}
template <class T> Json decoded(Bytes der) {
    const auto value = asn1::decode<T>(der);
    return value ? Json::parse(asn1::to_json(*value), nullptr, false) : Json();
}
} // namespace

Json describe(const eim::Operation& o, bool full) {
    Json out{
        {"id", o.id}, {"eid", to_text(o.eid)}, {"kind", eim::name(o.kind)}, {"state", eim::name(o.state)}};
    if (o.held) out["held"] = true;
    if (!o.reason.empty()) out["reason"] = o.reason;
    if (!o.package.empty()) out["package"] = decoded<rsp::EuiccPackage>(o.package);
    if (o.kind == eim::Kind::download) describe_source(out, o);
    if (o.iccid) out["iccid"] = to_text(*o.iccid);
    if (!o.tag_list.empty()) out["tags"] = hex(o.tag_list);
    if (!o.ci.empty()) out["ci"] = hex(o.ci);
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
    out["associated"] = !d.identities.empty();
    auto& certificates = out["certificates"] = Json::array();
    for (const eim::Identity& i : d.identities)
        certificates.push_back({{"ci", i.ci.empty() ? Json() : Json(hex(i.ci))}, {"since", when(i.since)}});
    out["counter"] = d.counter;
    if (d.token) out["association_token"] = *d.token;
    const auto dialect = [](std::optional<rsp::Edition> e) { return e ? Json(rsp::name(*e)) : Json(); };
    out["dialect"] = {{"ipa", dialect(d.ipa_edition)}, {"euicc", dialect(d.euicc_edition())}};
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
    if (d.state_change)
        out["last_state_change"] = {{"cause", cause_name(*d.state_change)}, {"at", when(d.state_changed)}};
    if (d.rplmn) out["rplmn"] = rsp::to_text(*d.rplmn);
    out["created"] = when(d.created);
    if (d.last_seen.count()) out["last_seen"] = when(d.last_seen);
    return out;
}

Json describe(const eim::Evidence& e) {
    return {{"received", when(e.received)}, {"what", e.what}, {"octets", hex(e.octets)}};
}

} // namespace halyard::eim_app
