#include "apps/common/card_view.h"
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using nlohmann::ordered_json;
constexpr size_t kColumns = 100;

// What a peer chose to write must not move the cursor of a terminal.
std::string harmless(std::string text) {
    for (size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<uint8_t>(text[i]);
        const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0;
        if (c < 0x20 || c == 0x7F) text[i] = '?';
        if (c1) text.replace(i, 2, "?");
    }
    return text;
}
size_t columns(std::string_view utf8) {
    return static_cast<size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}
// Octets of the longest beginning that is no wider.
size_t prefix(std::string_view utf8, size_t width) {
    size_t at = 0;
    for (size_t used = 0; at < utf8.size(); ++at)
        if ((utf8[at] & 0xC0) != 0x80 && used++ == width) break;
    return at;
}
std::string text_of(const ordered_json& v) {
    return v.is_string() ? v.get<std::string>() : v.is_null() ? "" : v.dump();
}
std::string joined(const ordered_json& list, const char* between = ", ") {
    std::string out;
    for (const auto& one : list) out += (out.empty() ? "" : between) + text_of(one);
    return out;
}

class Page {
  public:
    std::string out;
    void heading(const std::string& text) { out += "\n" + text + "\n"; }
    void plain(const std::string& text) { out += harmless(text) + "\n"; }
    // "label  text", broken at spaces where it is too long; nothing for an empty text.
    void line(size_t indent, const std::string& label, const std::string& raw) {
        if (raw.empty()) return;
        const size_t left = indent + 16;
        std::string now = std::string(indent, ' ') + label;
        now.resize(std::max(now.size() + 1, left), ' ');
        bool fresh = true; // nothing but the margin stands in this line
        const std::string text = harmless(raw);
        for (size_t at = 0; at < text.size();) {
            const size_t end = std::min(text.find(' ', at), text.size());
            std::string word = text.substr(at, end - at);
            at = end + 1;
            if (!fresh && columns(now) + 1 + columns(word) > kColumns) {
                out += now + "\n";
                now.assign(left, ' ');
                fresh = true;
            }
            for (; columns(now) + columns(word) > kColumns; fresh = true) { // longer than a line: cut
                const size_t fits = prefix(word, kColumns - columns(now));
                out += now + word.substr(0, fits) + "\n";
                word.erase(0, fits);
                now.assign(left, ' ');
            }
            now += (fresh ? "" : " ") + word;
            fresh = false;
        }
        out += now + "\n";
    }
};

void show_memory(Page& page, const ordered_json& v) {
    const auto& m = v["memory_map"];
    page.line(0,
              "memory",
              text_of(m["configured"]) + " octets: profiles " + text_of(m["profiles"]) +
                  ", revocation lists " + text_of(m["crls"]) + ", free " + text_of(m["free"]));
    for (const auto& c : v["crls"])
        page.line(2,
                  "list",
                  "of CI " + text_of(c["ci_key_id"]) + ", number " + text_of(c["number"]) +
                      (c["part"] == 0 ? std::string() : ", part " + text_of(c["part"])) + ", " +
                      text_of(c["octets"]) + " octets");
}

void show_standing(Page& page, const ordered_json& v) {
    const auto& i = v["immediate_enable"];
    page.line(0, "default SM-DP+", text_of(v["default_smdp"]));
    page.line(0, "root SM-DS", text_of(v["root_smds"]));
    std::string immediate = i["enabled"] == true ? "on" : "off";
    if (i["smdp_oid"] != "") immediate += ", for SM-DP+ " + text_of(i["smdp_oid"]);
    if (i["smdp_address"] != "") immediate += " at " + text_of(i["smdp_address"]);
    page.line(0, "immediate", immediate);
    page.line(0, "rules table", v["rules_authorisation_table"] == true ? "there is one" : "none");
    const auto& r = v["rollback"];
    page.line(0,
              "rollback",
              r.is_null() ? "not possible"
                          : "possible to " + text_of(r["back_to"]) + ", by the order of " +
                                text_of(r["eim_id"]) + " with counter " + text_of(r["counter"]));
    if (!v["return_from_fallback"].is_null())
        page.line(0, "fallback", "active; returns to " + text_of(v["return_from_fallback"]));
    if (v["emergency_active"] == true)
        page.line(0, "emergency", "profile active; returns to " + text_of(v["return_from_emergency"]));
    if (const auto& n = v["installing"]; !n.is_null())
        page.line(0,
                  "installing",
                  text_of(n["iccid"]) + " from " + text_of(n["address"]) + " (" + text_of(n["smdp_oid"]) +
                      "), transaction " + text_of(n["transaction_id"]));
    page.line(0, "next number", text_of(v["next_seq"]));
}

void show_certificate(Page& page, const char* label, const ordered_json& c) {
    if (c.is_null()) return;
    page.line(4,
              label,
              text_of(c["subject"]) + "; " + text_of(c["not_before"]).substr(0, 10) + " to " +
                  text_of(c["not_after"]).substr(0, 10));
}

void show_cis(Page& page, const ordered_json& v) {
    page.heading("certificate issuers, the preferred one first");
    for (const auto& c : v["cis"]) {
        page.plain("  " + text_of(c["key_id"]) + "  " + text_of(c["curve"]));
        for (const char* which : {"ci", "eum", "euicc"})
            if (c.contains(which)) show_certificate(page, which, c[which]);
    }
}

void show_profile(Page& page, const ordered_json& p) {
    const std::string kind = text_of(p["class"]), state = text_of(p["state"]);
    page.plain("  " + text_of(p["iccid"]) + "  " + state + "  " + kind +
               (p["preloaded"] == true ? "  put in at manufacture" : ""));
    page.line(4, "name", text_of(p["name"]));
    page.line(4, "provider", text_of(p["provider"]));
    page.line(4, "nickname", text_of(p["nickname"]));
    if (const auto& o = p["owner"]; !o.is_null())
        page.line(4,
                  "owner",
                  text_of(o["mcc_mnc"]) +
                      (o.contains("gid1") ? ", GID1 " + text_of(o["gid1"]) : std::string()) +
                      (o.contains("gid2") ? ", GID2 " + text_of(o["gid2"]) : std::string()));
    page.line(4, "ISD-P", text_of(p["aid"]));
    page.line(4, "policy rules", joined(p["policy_rules"]));
    std::string marks;
    for (const auto& [key, word] : {std::pair("fallback", "fallback attribute"),
                                    std::pair("fallback_allowed", "fallback allowed"),
                                    std::pair("ecall_indication", "emergency profile")})
        if (p[key] == true) marks += (marks.empty() ? "" : ", ") + std::string(word);
    page.line(4, "marks", marks);
    for (const auto& n : p["notification_configuration"])
        page.line(4, "notifies", joined(n["events"]) + " to " + text_of(n["address"]));
    if (!p["smdp_oid"].is_null()) page.line(4, "SM-DP+", text_of(p["smdp_oid"]));
    page.line(4,
              "memory",
              text_of(p["memory"]) + " octets: " + text_of(p["files"]) + " files, " + text_of(p["content"]) +
                  " of content, " + text_of(p["administration"]) + " of administration");
}

std::string key_text(const ordered_json& key) {
    std::string out = text_of(key["kind"]);
    if (key.contains("curve")) out += ", " + text_of(key["curve"]) + ", " + text_of(key["key_id"]);
    if (key.contains("subject"))
        out += "; " + text_of(key["subject"]) + ", until " + text_of(key["not_after"]).substr(0, 10);
    return out;
}

void show_eim(Page& page, const ordered_json& e) {
    page.line(2, "eIM", text_of(e["eim_id"]));
    page.line(4,
              "counter",
              text_of(e["counter"]) + (e.contains("association_token")
                                           ? ", association token " + text_of(e["association_token"])
                                           : std::string()));
    page.line(4, "type", text_of(e["type"]));
    page.line(4, "FQDN", text_of(e["fqdn"]));
    page.line(4,
              "protocols",
              joined(e["protocols"]) + (e["indirect_download"] == true ? "; downloads through it" : ""));
    if (!e["key"].is_null()) page.line(4, "key", key_text(e["key"]));
    if (!e["tls"].is_null()) page.line(4, "TLS", key_text(e["tls"]));
    page.line(4, "CI of results", text_of(e["ci_key_id"]));
}

void show_waiting(Page& page, const ordered_json& v) {
    page.heading("waiting: " + std::to_string(v["notifications"].size()) + " notifications, " +
                 std::to_string(v["package_results"].size()) + " package results");
    for (const auto& n : v["notifications"])
        page.line(2,
                  text_of(n["seq"]),
                  text_of(n["kind"]) + ": " + joined(n["events"]) + " " + text_of(n["iccid"]) + " to " +
                      text_of(n["address"]) + ", " + text_of(n["octets"]) + " octets");
    for (const auto& r : v["package_results"])
        page.line(2,
                  text_of(r["seq"]),
                  "package result" +
                      (r.contains("eim_id")
                           ? " for " + text_of(r["eim_id"]) + ", counter " + text_of(r["counter"])
                           : std::string()) +
                      ", " + text_of(r["octets"]) + " octets");
}
} // namespace

std::string card_view_text(const ordered_json& v) {
    Page page;
    page.line(0, "EID", text_of(v["eid"]));
    page.line(0, "built to", "SGP.32 " + text_of(v["dialect"]));
    page.line(0, "EF.ICCID", v.value("ef_iccid", "-"));
    page.line(0, "EF.IMSI", v.value("ef_imsi", "-"));
    show_memory(page, v);
    show_standing(page, v);
    show_cis(page, v);
    page.heading("profiles: " + std::to_string(v["profiles"].size()));
    for (const auto& p : v["profiles"]) show_profile(page, p);
    page.heading("associated eIMs: " + std::to_string(v["eims"].size()) + " of " +
                 std::to_string(v["max_eims"].get<uint32_t>()));
    for (const auto& e : v["eims"]) show_eim(page, e);
    show_waiting(page, v);
    return page.out;
}

} // namespace halyard::app
