#pragma once
#include "eim/server.h"
#include "net/http.h"

namespace halyard::eim_app {

/// ESipa over HTTP in its ASN.1 binding: POST /gsma/rsp2/asn1. Errors of a function travel inside the
/// message; HTTP status 400 for what is no message or is not taken over, 503 when it may be repeated. SGP.32
/// §6.1, §6.3
net::Response esipa(eim::Server&, const net::Request&, Time now);

} // namespace halyard::eim_app
