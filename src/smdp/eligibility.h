#pragma once
#include "base/result.h"
#include "rsp/common.h"

namespace halyard::smdp {

/// Why an eUICC cannot take a profile, by what it says of itself; nullptr when nothing speaks against it.
/// Judged are what the package's header asks for (version, mandatory services), the policy rules the eUICC
/// forbids, and test profiles. Errors: of a package that cannot be read. SGP.22 §5.6.3, §4.3
Result<const char*>
why_not_eligible(Bytes package, const rsp::StoreMetadataRequest& metadata, const rsp::EuiccInfo2&);

/// Free non-volatile memory, extCardResource tag 82; nullopt when the eUICC does not tell. ETSI TS 102 226
std::optional<uint64_t> free_memory(Bytes ext_card_resource);

} // namespace halyard::smdp
