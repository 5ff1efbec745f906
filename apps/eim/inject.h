#pragma once
// Sending packages to devices that can be reached: TransferEimPackage as an HTTPS client. SGP.32 §3.1.1.2
#include "eim/server.h"
#include "net/https_client.h"

namespace halyard::eim_app {

class Injector {
  public:
    struct Options {
        std::vector<std::string> allowed; // "host[:port]": no other device is ever called (SR-19)
        net::HttpsClient::Options http;   // with our own certificate
    };
    static Result<Injector> open(Options);

    struct Outcome {
        size_t sent = 0;                    // packages
        std::vector<uint64_t> acknowledged; // sequence numbers taken over
        eim::Transferred::End end = eim::Transferred::End::done;
        int code = 0; // refused
    };
    /// Sends what is waiting for the eUICC to the device at `url`, one after the other, until nothing is
    /// left, the device will report later, or it refuses. Errors: bad_value "url"; rejected "url" when it is
    /// not allowed; not_found "eid"; unreachable, unverified … of the exchange; rejected "http status".
    Result<Outcome> run(eim::Server&, const Eid&, std::string_view url, Time now);

  private:
    Injector(std::vector<std::string> allowed, net::HttpsClient http)
        : allowed_(std::move(allowed)), http_(std::move(http)) {}
    Result<OwnedBytes> post(const net::Url&, Bytes message);
    std::vector<std::string> allowed_; // authorities
    net::HttpsClient http_;
};

} // namespace halyard::eim_app
