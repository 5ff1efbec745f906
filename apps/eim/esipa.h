#pragma once
#include "eim/server.h"
#include "net/http.h"

namespace halyard::eim_app {

/// ESipa over HTTP: POST /gsma/rsp2/asn1, or /gsma/rsp2/esipa/<function> in JSON; the path chooses, whatever
/// the Content-Type says. Errors of a function travel inside the message; HTTP status 400 for what is no
/// message or is not taken over, 503 when it may be repeated. SGP.32 §6.1, §6.3, §6.4
net::Response esipa(eim::Server&, const net::Request&, Time now);

} // namespace halyard::eim_app
