#pragma once
// A subscriber's number, concealed. 3GPP TS 33.501 §6.12, TS 24.501 §9.11.3.4
#include "base/random.h"
#include "profile/image.h"

namespace halyard::uicc {

/// Value of the SUCI of a USIM's IMSI: 01, PLMN(3), routing indicator(2), scheme, key identifier, scheme
/// output. What the home network wants stands in EF.SUCI_Calc_Info of DF.SAIP (5FD0 4F01): the first scheme
/// of its list that is known and has a key; the null scheme when there is none. Errors: missing_field "imsi",
/// bad_value "imsi", and those of `random`.
Result<OwnedBytes> suci(const profile::Image&, uint32_t usim, Random& random);

} // namespace halyard::uicc
