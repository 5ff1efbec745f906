#pragma once
#include "binding/es9_asn1.h"
#include "net/https_client.h"
#include <atomic>
#include <memory>

namespace halyard::app {

/// ES9+ to any SM-DP+, ES11 to any SM-DS: messages in their ASN.1 form in and out, JSON or ASN.1 on the wire.
/// Thread-safe.
class Es9Client {
  public:
    /// `user_agent`: "gsma-rsp-ipad" of a device, "gsma-rsp-eim" of an eIM.
    static Result<Es9Client>
    open(net::HttpsClient::Options, std::string user_agent, binding::Es9Form form = binding::Es9Form::json);
    /// `address`: "host[:port]". The answer is read in whichever form it comes. A function that failed is an
    /// answer; errors: unreachable, unverified, rejected "http status", bad_value for an answer that is none.
    /// What went wrong is logged with address and function. What deviates in headers and body is counted, or
    /// refused as bad_value with the header's name, as the caller's PeerScope says.
    Result<rsp::Es9Answer>
    exchange(std::string_view address, Bytes message, rsp::Interface = rsp::Interface::es9p);
    void close_idle() { http_.close_idle(); }
    /// Seconds the server asked to stay away in its last 503 or 429; 0 otherwise.
    int retry_after() const { return *retry_after_; }

  private:
    Es9Client(net::HttpsClient http, std::string user_agent, binding::Es9Form form)
        : http_(std::move(http)), user_agent_(std::move(user_agent)), form_(form) {}
    Result<rsp::Es9Answer> read(rsp::Es9Function, rsp::Interface, const net::Response&) const;
    net::HttpsClient http_;
    std::string user_agent_;
    binding::Es9Form form_;
    std::unique_ptr<std::atomic<int>> retry_after_ =
        std::make_unique<std::atomic<int>>(0); // shared by threads
};

} // namespace halyard::app
