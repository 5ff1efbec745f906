#include "apps/lab/lab.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::lab {
namespace {
template <class Condition> auto count(const Report& report, Condition condition) {
    return std::count_if(report.devices.begin(), report.devices.end(), condition);
}
const char* tick(bool yes) { return yes ? "yes" : "-"; }
} // namespace

std::string to_json(const Report& report) {
    nlohmann::ordered_json out;
    out["devices"] = report.devices.size();
    out["downloaded"] = count(report, [](const auto& d) { return d.downloaded; });
    out["installed"] = count(report, [](const auto& d) { return d.installed; });
    out["enabled"] = count(report, [](const auto& d) { return d.enabled; });
    out["audited"] = count(report, [](const auto& d) { return d.audited; });
    out["cleaned"] = count(report, [](const auto& d) { return d.cleaned; });
    out["confirmed"] = count(report, [](const auto& d) { return d.confirmed(); });
    out["failed"] = count(report, [](const auto& d) { return !d.confirmed(); });
    out["restarts"] = report.restarts;
    out["seconds"] = static_cast<double>(static_cast<int64_t>(report.seconds * 1000)) / 1000;
    auto& devices = out["per_device"] = nlohmann::ordered_json::array();
    for (const DeviceReport& d : report.devices) {
        nlohmann::ordered_json one{{"eid", d.eid},
                                   {"download", d.mode},
                                   {"esipa", d.esipa},
                                   {"dialect", d.dialect},
                                   {"recognised", {{"ipa", d.seen_ipa}, {"euicc", d.seen_euicc}}},
                                   {"iccid", d.iccid},
                                   {"imsi", d.imsi},
                                   {"card_iccid", d.card_iccid},
                                   {"card_imsi", d.card_imsi},
                                   {"downloaded", d.downloaded},
                                   {"installed", d.installed},
                                   {"enabled", d.enabled},
                                   {"audited", d.audited},
                                   {"cleaned", d.cleaned},
                                   {"confirmed", d.confirmed()}};
        if (!d.confirmed()) one["failure"] = d.failure;
        devices.push_back(one);
    }
    return out.dump();
}

std::string to_text(const Report& report) {
    std::string out;
    char line[256];
    std::snprintf(line,
                  sizeof line,
                  "%-32s  %-8s  %-7s  %-10s  %-10s  %-9s  %-7s  %-7s  %-7s  %-20s  %s\n",
                  "EID",
                  "download",
                  "dialect",
                  "recognised",
                  "downloaded",
                  "installed",
                  "enabled",
                  "audited",
                  "cleaned",
                  "EF.ICCID on the card",
                  "confirmed");
    out += line;
    for (const DeviceReport& d : report.devices) {
        std::snprintf(line,
                      sizeof line,
                      "%-32s  %-8s  %-7s  %-10s  %-10s  %-9s  %-7s  %-7s  %-7s  %-20s  %s\n",
                      d.eid.c_str(),
                      d.mode.c_str(),
                      d.dialect.c_str(),
                      (d.seen_ipa + "/" + d.seen_euicc).c_str(),
                      tick(d.downloaded),
                      tick(d.installed),
                      tick(d.enabled),
                      tick(d.audited),
                      tick(d.cleaned),
                      d.card_iccid.c_str(),
                      d.confirmed() ? "yes" : d.failure.c_str());
        out += line;
    }
    const auto confirmed = count(report, [](const auto& d) { return d.confirmed(); });
    std::snprintf(line,
                  sizeof line,
                  "\n%zu devices, %td confirmed by verified signatures, %td not, in %.1f s%s\n",
                  report.devices.size(),
                  confirmed,
                  static_cast<std::ptrdiff_t>(report.devices.size()) - confirmed,
                  report.seconds,
                  report.restarts ? " (processes were restarted on the way)" : "");
    return out + line;
}

} // namespace halyard::lab
