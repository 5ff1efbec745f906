#pragma once
// What a device says of itself, as people write it.
#include "base/octets.h"

namespace halyard::rsp {

/// MCC and MNC as three octets. 3GPP TS 24.008 §10.5.1.3
using Plmn = std::array<uint8_t, 3>;

/// "262-01", "310-410". bad_value `where` for anything else.
Result<Plmn> plmn_from_text(std::string_view text, const char* where = "rPLMN");
/// The same back; hex of the octets when they are no PLMN.
std::string to_text(const Plmn&);

/// DeviceInfo.imei of 15 digits: swapped digits, but for the last octet, whose high half is the check digit.
/// bad_value `where`. SGP.22 §4.2
Result<std::array<uint8_t, 8>> imei_from_text(std::string_view digits, const char* where = "imei");

} // namespace halyard::rsp
