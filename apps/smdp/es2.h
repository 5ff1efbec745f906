#pragma once
#include "apps/smdp/operators.h"
#include "net/http.h"

namespace halyard::smdp_app {

/// ES2+ over HTTP: POST /gsma/rsp2/es2plus/<function> in JSON, by clients that TLS has authenticated. A
/// function that failed is an answer (200); 400 is for what is no JSON object, 403 for a certificate that is
/// no operator's, 404 for other paths, 503 for what may be repeated. SGP.22 §6.5
net::Response
es2(smdp::Es2&, const smdp::Config&, const std::vector<Requester>&, const net::Request&, Time now);

} // namespace halyard::smdp_app
