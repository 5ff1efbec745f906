#pragma once
// `halyard lab`: the whole SGP.32 loop on one machine, with the programs an operator would run.
// docs/adr/0006-lab.md
#include "base/result.h"
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace halyard::lab {

struct Options {
    unsigned devices = 10;
    bool once = false;               // end when everything is confirmed
    bool json = false;               // print one object instead of a story
    std::filesystem::path profile;   // operational profile template; empty: our own sample
    std::string download = "direct"; // direct, indirect, both
    std::string esipa = "asn1";      // asn1, json, both: the binding between devices and eIM
    bool compact = false;            // devices announce minimizeEsipaBytes
    std::string es9 =
        "json";        // json, asn1, both (devices by turns, eIM ASN.1): the binding towards the SM-DP+
    bool smds = false; // devices find their downloads by events at an SM-DS
    std::vector<std::string> dialects{"v1.2"}; // of the devices, in turn
    std::filesystem::path state; // empty: a new directory under the system's temporary one, removed by --once
    uint64_t seed = 1;           // EIDs, ICCIDs and IMSIs follow from it; keys never do
    std::string curve = "p256";
    unsigned timeout_seconds = 600;
};

/// What one device went through, as the eIM tells it and as the card itself answers.
struct DeviceReport {
    std::string eid;
    std::string mode;                 // direct or indirect
    std::string esipa;                // asn1 or json
    std::string dialect;              // the edition of SGP.32 its IPA and eUICC are built to
    std::string seen_ipa, seen_euicc; // what the eIM recognised; empty when it does not say
    std::string iccid, imsi;          // ordered
    std::string spare_iccid;
    bool downloaded = false;           // the SM-DP+ handed out the bound package
    bool installed = false;            // verified profile installation result
    bool enabled = false;              // verified package result
    bool audited = false;              // signed profile list shows what we expect, and nothing else
    bool cleaned = false;              // spare profile disabled and deleted
    std::string card_iccid, card_imsi; // EF.ICCID and EF.IMSI read from the card
    std::string failure;               // why it is not confirmed; empty when it is
    double seconds = 0;
    bool confirmed() const { return failure.empty(); }
};

struct Report {
    std::vector<DeviceReport> devices;
    int restarts = 0; // processes the lab had to start again
    double seconds = 0;
};

/// The object `--json` prints.
std::string to_json(const Report&);
/// A table for people.
std::string to_text(const Report&);

/// Runs it. Exit status: 0 when every device is confirmed by verified signatures, 1 otherwise; when the lab
/// could not run at all, `--json` prints {"error":…} instead of a report.
int run(const Options&);

} // namespace halyard::lab
