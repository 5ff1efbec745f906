#include "apps/common/card_view.h"
#include "apps/common/card_files.h"
#include "apps/common/files.h"
#include "rsp/device_text.h"
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using nlohmann::ordered_json;

template <class E> std::string name_of(E value) {
    for (const auto& n : asn1_names(E{}))
        if (n.value == static_cast<int64_t>(value)) return n.name;
    return std::to_string(static_cast<int>(value));
}
// The names of the bits that are set.
template <class E> std::vector<std::string> names_of(const asn1::BitSet<E>& set) {
    std::vector<std::string> out;
    for (const auto& n : asn1_names(E{}))
        if (set.has(static_cast<E>(n.value))) out.push_back(n.name);
    return out;
}
// "notificationInstall" is "install" to people.
std::vector<std::string> events_of(uint64_t mask) {
    asn1::BitSet<rsp::NotificationEvent> set;
    set.mask = mask;
    std::vector<std::string> out = names_of(set);
    for (std::string& name : out) {
        name.erase(0, std::string_view("notification").size());
        name[0] = static_cast<char>(name[0] - 'A' + 'a');
    }
    return out;
}
std::string oid_text(Bytes content) { return asn1::Oid{content}.text(); }
ordered_json iccid_or_null(const std::optional<Iccid>& iccid) {
    return iccid ? ordered_json(to_text(*iccid)) : ordered_json();
}
std::string date(Time t) { return text_from_seconds(std::chrono::duration_cast<Seconds>(t).count()); }

ordered_json certificate_view(const crypto::Certificate& c) {
    std::string subject;
    for (const auto& [key, value] : {std::pair("CN", &c.subject_common_name),
                                     std::pair("O", &c.subject_organization),
                                     std::pair("C", &c.subject_country),
                                     std::pair("serialNumber", &c.subject_serial_number)})
        if (!value->empty()) subject += (subject.empty() ? "" : ", ") + std::string(key) + "=" + *value;
    return {{"subject", subject},
            {"serial", hex(c.serial)},
            {"not_before", date(c.not_before)},
            {"not_after", date(c.not_after)}};
}

Result<ordered_json> cis_view(const CardInside& card) {
    ordered_json out = ordered_json::array();
    for (size_t i = 0; i < card.identity.keys.size(); ++i) {
        const euicc::KeySet& k = card.identity.keys[i];
        ordered_json one{{"key_id", hex(k.ci_key_id)}, {"curve", crypto::name(k.ci_key.curve)}};
        if (i < card.cis.size()) one["ci"] = certificate_view(card.cis[i]);
        one["eum"] = certificate_view(TRY(crypto::Certificate::parse(k.eum_certificate, "eum")));
        one["euicc"] = certificate_view(TRY(crypto::Certificate::parse(k.euicc_certificate, "euicc")));
        out.push_back(std::move(one));
    }
    return out;
}

ordered_json owner_view(const rsp::OperatorId& owner) {
    ordered_json out{{"mcc_mnc", rsp::to_text(owner.mcc_mnc)}};
    if (owner.gid1) out["gid1"] = hex(*owner.gid1);
    if (owner.gid2) out["gid2"] = hex(*owner.gid2);
    return out;
}

Result<ordered_json> profile_view(const CardInside& card, const euicc::StoredProfile& p) {
    const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
    ordered_json out{{"iccid", to_text(p.iccid)},
                     {"aid", hex(euicc::isdp_aid(p.number))},
                     {"state", p.enabled ? "enabled" : "disabled"},
                     {"class", name_of(meta.profile_class)},
                     {"name", std::string(meta.profile_name)},
                     {"provider", std::string(meta.service_provider_name)},
                     {"nickname", p.nickname}};
    out["owner"] = meta.profile_owner ? owner_view(*meta.profile_owner) : ordered_json();
    out["policy_rules"] =
        meta.profile_policy_rules ? names_of(*meta.profile_policy_rules) : std::vector<std::string>();
    out["fallback"] = p.fallback;
    out["fallback_allowed"] = meta.fallback_allowed.value_or(false);
    out["ecall_indication"] = meta.ecall_indication.value_or(false);
    auto& configured = out["notification_configuration"] = ordered_json::array();
    if (meta.notification_configuration_info)
        TRY(meta.notification_configuration_info->for_each(
            [&](const rsp::NotificationConfigurationInformation& n) {
                configured.push_back({{"events", events_of(n.profile_management_operation.mask)},
                                      {"address", std::string(n.notification_address)}});
            }));
    out["smdp_oid"] = p.dp_oid.empty() ? ordered_json() : ordered_json(oid_text(p.dp_oid));
    out["ci_key_id"] = hex(p.ci_key_id);
    out["preloaded"] = p.preloaded;
    size_t files = 0;
    uint64_t content = 0;
    const profile::Image image = TRY(card.image(p));
    for (const profile::Node& n : image.nodes) {
        files += !n.is_directory();
        content += n.content.size();
    }
    out["memory"] = p.memory;
    out["files"] = files;
    out["content"] = content;
    out["administration"] = p.memory - std::min(p.memory, content);
    return out;
}

// Of a raw key or a certificate, by the alternative of the choice.
ordered_json key_view(const std::variant<asn1::Raw, asn1::Raw>& is) {
    const auto with = [](const char* kind, const std::optional<crypto::PublicKey>& key) {
        ordered_json out{{"kind", kind}};
        if (key) out["curve"] = crypto::name(key->curve);
        if (key) out["key_id"] = hex(crypto::key_identifier(*key));
        return out;
    };
    if (const auto* spki = std::get_if<0>(&is)) {
        const auto key = crypto::public_key_from_spki(spki->der());
        return with("public key", key ? std::optional(*key) : std::nullopt);
    }
    const auto certificate = crypto::Certificate::parse(std::get<1>(is).der());
    if (!certificate) return with("certificate", std::nullopt);
    ordered_json out = with("certificate", certificate->public_key);
    out.update(certificate_view(*certificate));
    return out;
}

Result<ordered_json> eim_view(const euicc::Eim& e) {
    const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(e.configuration));
    ordered_json out{{"eim_id", e.id}, {"counter", e.counter}};
    if (e.token) out["association_token"] = *e.token;
    out["type"] = data.eim_id_type ? ordered_json(name_of(*data.eim_id_type)) : ordered_json();
    out["fqdn"] = data.eim_fqdn ? ordered_json(std::string(*data.eim_fqdn)) : ordered_json();
    out["protocols"] =
        data.eim_supported_protocol ? names_of(*data.eim_supported_protocol) : std::vector<std::string>();
    out["key"] = data.eim_public_key_data ? key_view(data.eim_public_key_data->is) : ordered_json();
    out["tls"] =
        data.trusted_public_key_data_tls ? key_view(data.trusted_public_key_data_tls->is) : ordered_json();
    out["ci_key_id"] = data.euicc_ci_pk_id ? ordered_json(hex(*data.euicc_ci_pk_id)) : ordered_json();
    out["indirect_download"] = data.indirect_profile_download.has_value();
    return out;
}

ordered_json notification_view(const euicc::StoredNotification& n) {
    const bool result = n.der.size() > 1 && n.der[0] == 0xBF && n.der[1] == 0x37;
    return {{"seq", n.seq},
            {"operation", n.operation},
            {"events", events_of(n.operation)},
            {"kind", result ? "installation result" : "notification"},
            {"address", n.address},
            {"iccid", n.iccid ? to_text(*n.iccid) : ""},
            {"octets", n.der.size()}};
}

ordered_json result_view(const euicc::StoredResult& r) {
    ordered_json out{{"seq", r.seq}, {"octets", r.der.size()}};
    const auto result = asn1::decode<rsp::EuiccPackageResult>(r.der);
    if (!result) return out;
    if (const auto* good = std::get_if<0>(&result->is)) {
        const auto& data = good->euicc_package_result_data_signed.value;
        out["eim_id"] = std::string(data.eim_id);
        out["counter"] = data.counter_value;
    }
    return out;
}

ordered_json installing_view(const euicc::Installing& i) {
    return {{"iccid", iccid_or_null(i.iccid)},
            {"address", i.address},
            {"smdp_oid", oid_text(i.smdp_oid)},
            {"transaction_id", hex(i.transaction_id)}};
}

void add_memory(const CardInside& card, ordered_json& out) {
    uint64_t profiles = 0, lists = 0;
    for (const auto& p : card.state.profiles) profiles += p.memory;
    auto& crls = out["crls"] = ordered_json::array();
    if (card.state.crls)
        for (const auto& c : *card.state.crls) {
            lists += c.der.size();
            crls.push_back({{"ci_key_id", hex(c.ci_key_id)},
                            {"number", hex(c.number)},
                            {"part", c.part},
                            {"octets", c.der.size()}});
        }
    const uint64_t used = card.state.used_memory(), all = card.identity.memory;
    out["memory"] = all;
    out["memory_free"] = all - std::min(all, used);
    out["memory_map"] = {{"configured", all},
                         {"used", used},
                         {"profiles", profiles},
                         {"crls", lists},
                         {"free", all - std::min(all, used)}};
}
} // namespace

CardInside inside(const SoftCard& card) {
    return {card.identity(), card.card().isdr().state(), card.cis(), [&card](const euicc::StoredProfile& p) {
                return image_of(card, p);
            }};
}

Result<ordered_json> card_view(const CardInside& card) {
    const euicc::State& s = card.state;
    ordered_json out{{"eid", to_text(card.identity.eid)}, {"dialect", rsp::name(card.identity.edition)}};
    // References to members end at the next member: it may move them all.
    add_memory(card, out);
    auto profiles = ordered_json::array(), eims = profiles, notifications = profiles, results = profiles;
    for (const auto& p : s.profiles) profiles.push_back(TRY(profile_view(card, p)));
    for (const auto& e : s.eims) eims.push_back(TRY(eim_view(e)));
    for (const auto& n : s.notifications) notifications.push_back(notification_view(n));
    for (const auto& r : s.results) results.push_back(result_view(r));
    out["profiles"] = std::move(profiles);
    out["eims"] = std::move(eims);
    out["max_eims"] = card.identity.max_eims;
    out["notifications"] = std::move(notifications);
    out["package_results"] = std::move(results);
    out["next_seq"] = s.next_seq;
    out["rollback_possible"] = s.rollback.has_value();
    out["rollback"] = !s.rollback ? ordered_json()
                                  : ordered_json{{"back_to", to_text(s.rollback->back_to)},
                                                 {"eim_id", s.rollback->eim_id},
                                                 {"counter", s.rollback->counter}};
    out["return_from_fallback"] = iccid_or_null(s.return_from_fallback);
    out["emergency_active"] = s.emergency_active;
    out["return_from_emergency"] = iccid_or_null(s.return_from_emergency);
    out["immediate_enable"] = {
        {"enabled", s.immediate_enable.flag},
        {"smdp_oid", s.immediate_enable.smdp_oid.empty() ? "" : oid_text(s.immediate_enable.smdp_oid)},
        {"smdp_address", s.immediate_enable.smdp_address}};
    out["default_smdp"] = s.default_smdp;
    out["root_smds"] = card.identity.root_smds;
    out["installing"] = s.installing ? installing_view(*s.installing) : ordered_json();
    out["rules_authorisation_table"] = !card.identity.rat.empty();
    out["cis"] = TRY(cis_view(card));
    return out;
}

} // namespace halyard::app
