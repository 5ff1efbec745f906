#pragma once
// The numbers of a lab: who gets which EID, ICCID and IMSI. They follow from the seed; keys never do.
#include "apps/lab/lab.h"
#include "base/octets.h"

namespace halyard::lab {
struct DevicePlan {
    Eid eid{};
    std::string name, mode; // "device-0001", direct or indirect
    std::string esipa, es9; // asn1 or json
    std::string dialect;    // "v1.2"
    std::string bootstrap_iccid, bootstrap_imsi;
    std::string iccid, imsi, spare_iccid, spare_imsi;
};
/// Number of the first eUICC, as `pki init --first-euicc` wants it.
uint64_t first_euicc(uint64_t seed);
std::vector<DevicePlan> make_plan(const Options&, const std::vector<Eid>& eids);
} // namespace halyard::lab
