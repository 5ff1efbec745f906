#include "apps/lab/plan.h"
#include "base/luhn.h"
#include <cstdio>

namespace halyard::lab {
namespace {
// 18 digits and the Luhn digit of ITU-T E.118.
std::string iccid(uint64_t seed, unsigned role, uint64_t number) {
    char digits[32];
    std::snprintf(digits,
                  sizeof digits,
                  "8900101%1u%04u%06u",
                  role % 10,
                  static_cast<unsigned>(seed % 10000),
                  static_cast<unsigned>(number % 1000000));
    return std::string(digits) + luhn_digit(digits);
}
// Test network 001/01.
std::string imsi(uint64_t seed, unsigned role, uint64_t number) {
    char digits[32];
    std::snprintf(digits,
                  sizeof digits,
                  "00101%1u%03u%06u",
                  role % 10,
                  static_cast<unsigned>(seed % 1000),
                  static_cast<unsigned>(number % 1000000));
    return digits;
}
} // namespace

uint64_t first_euicc(uint64_t seed) { return 1 + seed % 10000 * 1000000; }

std::vector<DevicePlan> make_plan(const Options& options, const std::vector<Eid>& eids) {
    std::vector<DevicePlan> out;
    for (uint64_t i = 0; i < eids.size(); ++i) {
        char name[32];
        std::snprintf(name, sizeof name, "device-%04u", static_cast<unsigned>(i + 1));
        DevicePlan d{.eid = eids[i], .name = name};
        // Every round has each dialect once; mode and binding shift from round to round, so that four rounds
        // hold all there is.
        const uint64_t round = i / options.dialects.size(), place = i % options.dialects.size();
        d.dialect = options.dialects[place];
        d.mode =
            options.download == "both" ? ((round + place) % 2 ? "indirect" : "direct") : options.download;
        d.esipa = options.esipa == "both" ? ((round / 2 + place / 2) % 2 ? "json" : "asn1") : options.esipa;
        d.es9 = options.es9 == "both" ? ((round + round / 2 + place) % 2 ? "asn1" : "json") : options.es9;
        d.bootstrap_iccid = iccid(options.seed, 9, i + 1);
        d.bootstrap_imsi = imsi(options.seed, 9, i + 1);
        d.iccid = iccid(options.seed, 1, i + 1);
        d.imsi = imsi(options.seed, 1, i + 1);
        d.spare_iccid = iccid(options.seed, 2, i + 1);
        d.spare_imsi = imsi(options.seed, 2, i + 1);
        out.push_back(std::move(d));
    }
    return out;
}

} // namespace halyard::lab
