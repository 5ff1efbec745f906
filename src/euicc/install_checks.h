#pragma once
// What a card compares between the metadata and the profile that came with them. SGP.22 §2.5.5, §5.5.4
#include "profile/image.h"
#include "rsp/es10.h"

namespace halyard::euicc {

/// The owner's MCC and MNC begin the IMSI of the USIM, and a GID of the owner begins the profile's. A profile
/// without an IMSI has nothing to compare.
bool owner_matches(const rsp::OperatorId&, const profile::Image&);
/// Every network key is a published test key: all zero, or 00 01 … 0F of 3GPP TS 34.108. A profile of class
/// test may have no other.
bool has_test_keys_only(const profile::Image&);
/// Whether a rules authorisation table (GetRatResponse, or empty: no rule) lets a profile of this owner have
/// its policy rules: for each of them a rule has to name it together with the owner. SGP.22 §2.9.2
bool policy_is_authorised(Bytes rat, const rsp::StoreMetadataRequest&);

} // namespace halyard::euicc
