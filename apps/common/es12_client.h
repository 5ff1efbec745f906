#pragma once
#include "net/https_client.h"
#include "rsp/es2p.h"

namespace halyard::app {

/// ES12 of an SM-DP+, or ES15 of an SM-DS, to any SM-DS over mutual TLS. Thread-safe. Both functions may be
/// repeated with the same functionCallIdentifier until an answer comes: the SM-DS answers the same.
class Es12Client {
  public:
    enum class As : uint8_t { smdp, smds };

    /// `options` with the certificate and key of the caller (CERT.DPtls, CERT.DStls) and what SM-DS are
    /// trusted by; their certificates must carry the SM-DS's TLS role. Errors: missing_field
    /// "certificate_file"; HttpsClient's.
    static Result<Es12Client> open(net::HttpsClient::Options options, As = As::smdp);

    /// `address`: "host[:port]". A function that failed is an answer; errors: unreachable (503 and 429 too),
    /// unverified, rejected "http status", bad_value for an answer that is none.
    Result<rsp::ExecutionStatus> register_event(std::string_view address, const rsp::RegisterEventRequest&);
    Result<rsp::ExecutionStatus> delete_event(std::string_view address, const rsp::DeleteEventRequest&);

  private:
    Es12Client(net::HttpsClient http, As as) : http_(std::move(http)), as_(as) {}
    net::HttpsClient http_;
    As as_;
};

} // namespace halyard::app
