#pragma once
#include "net/http.h"
#include "rsp/status_code.h"

namespace halyard::app {

/// One function of ES9+ or ES11 on a message in its ASN.1 form. Errors: storage, conflict and internal for
/// what may be repeated; any other for what is no message.
using Es9Handler = std::function<Result<rsp::Es9Answer>(rsp::Es9Function, Bytes message)>;

/// Whether the path is one of that interface.
bool is_es9(const net::Request&, rsp::Interface);
/// ES9+ or ES11 over HTTP: POST /gsma/rsp2/es9plus/<function> in JSON, /gsma/rsp2/asn1 in ASN.1; the path
/// chooses, whatever the Content-Type says. A function that failed is an answer (200); 400 is for what is no
/// message, 404 for other paths, 503 for what may be repeated. SGP.22 §6.5, §6.6
net::Response serve_es9(const net::Request&, rsp::Interface, const Es9Handler&);

/// 405 with Allow.
net::Response post_only();
/// 503 with Retry-After.
net::Response try_again();
/// 200 with a JSON body, and the version of the protocol that answers the caller's. SGP.22 §6.5
net::Response json_answer(std::string_view protocol, std::string_view body);

} // namespace halyard::app
