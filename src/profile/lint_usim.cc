// Rules about what the USIM's files say, and its authentication.
#include "profile/lint_model.h"
#include <set>

namespace halyard::profile::linting {
namespace {

bool bit(const OwnedBytes& table, unsigned service) {
    const size_t octet = (service - 1) / 8;
    return octet < table.size() && table[octet] >> (service - 1) % 8 & 1;
}

void check_imsi(const LintFile& f, Report& report) {
    const OwnedBytes& c = f.content;
    const std::string digits = imsi_from_ef(c);
    bool good = c.size() == 9 && digits.size() >= 6 && c[0] == digits.size() / 2 + 1 &&
                (c[1] & 15) == (digits.size() % 2 ? 9 : 1);
    for (size_t i = good ? 1u + c[0] : 9; i < 9; ++i) good &= c[i] == 0xFF;
    if (good && digits.size() % 2 == 0) good = c[c[0]] >> 4 == 15;
    if (!good)
        report.file(
            "imsi-form",
            f,
            "length, then 9 for an odd and 1 for an even count of digits, digits swapped, F behind them");
}

void check_acc(const LintFile& f, const std::string& imsi, Report& report) {
    if (f.content.size() != 2 || imsi.empty()) return;
    const auto classes = static_cast<unsigned>(f.content[0] << 8 | f.content[1]);
    const auto digit = static_cast<unsigned>(imsi.back() - '0');
    if ((classes & 0x3FF) != 1u << digit)
        report.file("acc-mismatch",
                    f,
                    "EF.ACC " + hex(f.content) + ": the IMSI ends in " + std::to_string(digit) +
                        ", so of classes 0 to 9 it should be " + std::to_string(digit));
}

// Countries whose network codes all have three digits, where two are a mistake. ITU-T E.212 annex
constexpr std::string_view kThreeDigits[] = {"302", "310", "311", "312", "313", "314", "315", "316", "334",
                                             "338", "342", "344", "346", "348", "350", "352", "354", "356",
                                             "358", "360", "364", "365", "366", "376", "708", "722", "732"};

void check_ad(const LintFile& f, const std::string& imsi, Report& report) {
    const OwnedBytes& c = f.content;
    if (c.size() < 4 || ((c[3] & 15) != 2 && (c[3] & 15) != 3))
        return report.file("ad-form", f, "four octets, the last of them 02 or 03: the length of the MNC");
    if (imsi.size() < 6) return;
    const auto country = std::string_view(imsi).substr(0, 3);
    const bool three =
        std::find(std::begin(kThreeDigits), std::end(kThreeDigits), country) != std::end(kThreeDigits);
    const bool europe = country[0] == '2'; // every country of zone 2 has two
    if ((three && (c[3] & 15) == 2) || (europe && (c[3] & 15) == 3))
        report.file("ad-mnc",
                    f,
                    "networks of country " + std::string(country) + " have codes of " +
                        (three ? "three" : "two") + " digits, EF.AD says " + std::to_string(c[3] & 15));
}

// Services of EF.UST and the files they stand for, as FIDs below the ADF; either of two DFs counts. 3GPP TS
// 31.102 §4.2.8
struct Service {
    unsigned number;
    const char* name;
    std::initializer_list<const char*> files;
};
const Service kServices[] = {
    {2, "FDN", {"6F3B"}},
    {4, "SDN", {"6F49"}},
    {6, "BDN", {"6F4D"}},
    {8, "outgoing calls", {"6F81", "6F83"}},
    {9, "incoming calls", {"6F80", "6F82"}},
    {10, "SMS", {"6F3C", "6F43"}},
    {11, "SMS status reports", {"6F47"}},
    {12, "SMS parameters", {"6F42"}},
    {13, "advice of charge", {"6F37", "6F39", "6F41"}},
    {15, "CBMI", {"6F45"}},
    {16, "CBMIR", {"6F50"}},
    {17, "GID1", {"6F3E"}},
    {18, "GID2", {"6F3F"}},
    {19, "SPN", {"6F46"}},
    {20, "PLMNwAcT", {"6F60"}},
    {21, "MSISDN", {"6F40"}},
    {24, "eMLPP", {"6FB5"}},
    {27, "GSM access", {"5F3B"}},
    {34, "EST", {"6F56"}},
    {35, "ACL", {"6F57"}},
    {36, "DCK", {"6F2C"}},
    {37, "CNL", {"6F32"}},
    {42, "OPLMNwAcT", {"6F61"}},
    {43, "HPLMNwAcT", {"6F62"}},
    {45, "PNN", {"6FC5"}},
    {46, "OPL", {"6FC6"}},
    {47, "MBDN", {"6FC7", "6FC9"}},
    {48, "MWIS", {"6FCA"}},
    {49, "CFIS", {"6FCB"}},
    {51, "SPDI", {"6FCD"}},
    {52, "MMS", {"6FCE", "6FD0"}},
    {71, "EHPLMN", {"6FD9"}},
    {73, "EHPLMNPI", {"6FDB"}},
    {74, "LRPLMNSI", {"6FDC"}},
    {85, "EPS", {"6FE3", "6FE4"}},
    {96, "NASCONFIG", {"6FE8"}},
    {122, "5GS mobility", {"5FC04F01", "5FC04F02", "5FC04F03", "5FC04F04"}},
    {123, "5G keys", {"5FC04F05"}},
    {126, "UAC", {"5FC04F06"}},
    {129, "5GS OPL", {"5FC04F08"}},
    {132, "URSP", {"5FC04F0B"}},
};

const LintFile* below(const Model& m, size_t adf, const char* path) {
    const OwnedBytes ids = *from_hex(path);
    const LintFile* f = &m.files[adf];
    for (size_t i = 0; f && i + 1 < ids.size(); i += 2)
        f = m.child(static_cast<size_t>(f - m.files.data()), static_cast<uint16_t>(ids[i] << 8 | ids[i + 1]));
    return f;
}

void check_ust(const Model& m, size_t adf, const LintFile& ust, Report& report) {
    for (const Service& s : kServices) {
        std::string absent;
        bool any = false;
        for (const char* path : s.files) {
            const LintFile* f = below(m, adf, path);
            any |= f && (f->explicit_ && f->kind != FileKind::directory);
            if (!f) absent += (absent.empty() ? "" : ", ") + std::string(path);
        }
        const std::string service = "service " + std::to_string(s.number) + " (" + s.name + ")";
        if (bit(ust.content, s.number) && !absent.empty())
            report.file(
                "ust-file-missing", ust, service + " without " + absent + ": add the files or clear the bit");
        if (!bit(ust.content, s.number) && any) {
            if ((s.number - 1) / 8 >= ust.content.size())
                report.file("ust-size",
                            ust,
                            service + " lies behind the end of EF.UST: make it " +
                                std::to_string((s.number - 1) / 8 + 1) + " octets long");
            else
                report.file("ust-service-unset",
                            ust,
                            "files of " + service + " are there: set the bit or leave them out");
        }
    }
    // SUCI: calculated by the terminal from a file of DF.5GS, or by the USIM from one of DF.SAIP.
    if (bit(ust.content, 124)) {
        const char* const path = bit(ust.content, 125) ? "5FD04F01" : "5FC04F07";
        if (!below(m, adf, path))
            report.file("ust-file-missing", ust, std::string("service 124 (SUCI) without ") + path);
    }
}

void check_est(const LintFile& est, const LintFile& ust, Report& report) {
    static constexpr std::pair<unsigned, unsigned> kPairs[] = {{1, 2}, {2, 6}, {3, 35}}; // FDN, BDN, ACL
    for (const auto& [enabled, service] : kPairs)
        if (bit(est.content, enabled) && !bit(ust.content, service))
            report.file("est-service",
                        est,
                        "service " + std::to_string(enabled) +
                            " is enabled, but EF.UST does not have service " + std::to_string(service));
}
} // namespace

void check_usim(const Model& m, Report& report) {
    for (size_t adf : m.applications(kUsimAid)) {
        const LintFile* imsi_file = m.child(adf, 0x6F07);
        const std::string imsi = imsi_file ? imsi_from_ef(imsi_file->content) : "";
        if (imsi_file) check_imsi(*imsi_file, report);
        if (const LintFile* acc = m.child(adf, 0x6F78)) check_acc(*acc, imsi, report);
        if (const LintFile* ad = m.child(adf, 0x6FAD)) check_ad(*ad, imsi, report);
        const LintFile* ust = m.child(adf, 0x6F38);
        if (ust) check_ust(m, adf, *ust, report);
        if (const LintFile* est = m.child(adf, 0x6F56); est && ust) check_est(*est, *ust, report);
        const bool has_aka =
            std::any_of(m.akas.begin(), m.akas.end(), [&](const auto& a) { return a.second == adf; });
        if (!has_aka)
            report.file("aka-missing", m.files[adf], "put an akaParameter behind the USIM's elements");
    }
}

void check_aka(const Model& m, Report& report) {
    for (const auto& [index, directory] : m.akas) {
        const auto aka = asn1::decode<AkaParameter>(m.elements[index].der);
        if (!aka) continue;
        if (const auto* mapping = std::get_if<MappingParameter>(&aka->configuration.is)) {
            if (m.applications(mapping->source).empty())
                report.element("aka-mapping", index, "there is no application " + hex(mapping->source));
            continue;
        }
        const auto& p = std::get<AlgoParameter>(aka->configuration.is);
        const bool tuak = p.algorithm == AkaAlgorithm::tuak;
        const bool test = p.algorithm == AkaAlgorithm::usim_test_algorithm;
        if (p.key.size() != 16 && !(tuak && p.key.size() == 32))
            report.element("aka-key-length",
                           index,
                           "a key of " + std::to_string(p.key.size()) +
                               " octets: " + (tuak ? "16 or 32" : "16"));
        if (!test && p.opc.size() != (tuak ? 32u : 16u))
            report.element("aka-key-length",
                           index,
                           (tuak ? "a TOPc of " : "an OPc of ") + std::to_string(p.opc.size()) +
                               " octets: " + (tuak ? "32" : "16"));
        if (test) report.element("test-algorithm", index, "use milenage or tuak for real subscribers");
        if (is_public(p.key))
            report.element("public-key", index, "the key is published or trivial: personalise it");
        if (!test && is_public(p.opc))
            report.element("public-opc", index, "the OPc is published or trivial: personalise it");
    }
}

} // namespace halyard::profile::linting
