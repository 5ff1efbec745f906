#pragma once
#include "net/http.h"
#include "smds/server.h"

namespace halyard::smds_app {

/// ES11 over HTTP, JSON and ASN.1, for anybody: see app::serve_es9.
net::Response es11(smds::Server&, const net::Request&, Time now);
/// ES12 and ES15 over HTTP, JSON only, for callers with a client certificate (403 without one): POST
/// /gsma/rsp2/es12/<function> and /gsma/rsp2/es15/<function>. What the function refuses, wrong members
/// included, is an answer (200); 400 is for what is no JSON object, 404 for other paths, 503 for what may be
/// repeated. SGP.22 §5.9, §5.10, §6.5
net::Response es12(smds::Server&, const net::Request&, Time now);

} // namespace halyard::smds_app
