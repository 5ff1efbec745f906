#pragma once
// Compact objects put together again and verified, before anybody else sees them. SGP.32 §3.2.3.2
#include "eim/server.h"
#include "rsp/compact.h"

namespace halyard::eim {

// All return the full object. Errors: missing_field with the name of what is not stored, unverified
// "signature", and what the chain rules say of certificates that came along.

Result<OwnedBytes>
full_authenticate(Bytes response, const RelaySession&, const Device&, const Config&, Time now);
Result<OwnedBytes> full_prepare(const rsp::PrepareDownloadResponse&, const RelaySession&, const Device&);
Result<OwnedBytes> full_cancel(const rsp::CancelSessionResponse&, const RelaySession&, const Device&);
/// Not verified here: its signature is judged like that of any notification. `session`: of an installation
/// result, if there is one. `identity`: whose certificates were left out.
Result<OwnedBytes> full_notification(const rsp::PendingNotification&,
                                     const RelaySession* session,
                                     const Device&,
                                     const Identity* identity);

/// EUICCInfo1 (BF20…) out of the euiccInfo2 on file, for an IPA that leaves it out. SGP.32 §3.2.3.2
Result<OwnedBytes> info1_of(Bytes euicc_info2);

} // namespace halyard::eim
