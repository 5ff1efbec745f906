#pragma once
// EIDs: how they are made and what they tell. SGP.29
#include "base/octets.h"

namespace halyard::pki {

/// EIDs of a manufacturer, numbered from `first`: prefix, digits, check digits. bad_value when the prefix is
/// no digits, bad_length when it leaves no room.
Result<Eid> make_eid(std::string_view prefix, uint64_t number);

/// What can be read off an EID without knowing who has which EIN: their length is not in it.
struct EidFacts {
    bool itu_e118 = false;       // starts with 89: assigned by way of ITU-T E.118; others by the GSMA
    std::string country, issuer; // E.118 only: digits 3 to 5 and 6 to 8
    std::string check_digits;    // as they stand
    std::string right_digits;    // as they should be
    bool valid() const { return check_digits == right_digits; }
};
EidFacts describe(const Eid&);

} // namespace halyard::pki
