#pragma once
#include "net/http.h"
#include "smdp/server.h"

namespace halyard::smdp_app {

/// ES9+ over HTTP: POST /gsma/rsp2/es9plus/<function> in JSON, /gsma/rsp2/asn1 in ASN.1; the path chooses,
/// whatever the Content-Type says. A function that failed is an answer (200); 400 is for what is no message,
/// 404 for other paths, 503 for what may be repeated. SGP.22 §6.5, §6.6
net::Response es9(smdp::Server&, const net::Request&, Time now);

} // namespace halyard::smdp_app
