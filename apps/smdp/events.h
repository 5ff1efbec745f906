#pragma once
// Events at SM-DS, over ES12. SGP.22 §3.6.1, §5.9
#include "apps/smdp/site.h"
#include "net/https_client.h"
#include "smdp/outbox.h"

namespace halyard::smdp_app {

/// Sends what the outbox holds for these SM-DS, as this SM-DP+ (its OID and address). `http`: with its TLS
/// certificate and what SM-DS are trusted by. Fills Config::smds. Errors: bad_value "smds"; conflict "smds"
/// for an address given twice; Es12Client's.
Result<smdp::EventSender> event_sender(Site&, const SmdsAddresses&, net::HttpsClient::Options http);

} // namespace halyard::smdp_app
