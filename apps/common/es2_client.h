#pragma once
#include "net/https_client.h"
#include "rsp/es2p.h"

namespace halyard::app {

/// ES2+ of an operator towards its SM-DP+, over mutual TLS. Thread-safe. Functions may be repeated with the
/// same functionCallIdentifier until an answer comes: the SM-DP+ answers the same. SGP.22 §5.3
class Es2Client {
  public:
    /// `options` with the operator's certificate and key and what the SM-DP+ is trusted by; its certificate
    /// must carry the role of an SM-DP+'s TLS. `address`: "host[:port]" of ES2+. Errors: missing_field
    /// "certificate_file"; HttpsClient's.
    static Result<Es2Client> open(net::HttpsClient::Options options, std::string address);

    /// A function that failed is an answer; errors: unreachable (503 and 429 too), unverified, rejected "http
    /// status" (403: the certificate is no operator's), bad_value for an answer that is none.
    Result<rsp::DownloadOrderAnswer> download_order(const rsp::DownloadOrderRequest&);
    Result<rsp::ConfirmOrderAnswer> confirm_order(const rsp::ConfirmOrderRequest&);

  private:
    Es2Client(net::HttpsClient http, std::string address)
        : http_(std::move(http)), address_(std::move(address)) {}
    net::HttpsClient http_;
    std::string address_;
};

} // namespace halyard::app
