#include "apps/lpa/servers.h"
#include "rsp/chain.h"
#include <thread>

namespace halyard::lpa {

Result<Servers> Servers::open(const Options& options) {
    const auto client = [&](rsp::Role role) {
        net::HttpsClient::Options http;
        http.trust = options.trust;
        http.trust.policies = {rsp::policy_oid(role)};
        http.connect_to = options.connect_to;
        http.total_timeout = std::chrono::seconds(120); // a package of some 100 kB over a slow bearer
        return app::Es9Client::open(std::move(http), "gsma-rsp-lpad", options.form);
    };
    auto smdp = TRY(client(rsp::Role::dp_tls));
    auto smds = TRY(client(rsp::Role::ds_tls));
    return Servers(std::move(smdp), std::move(smds), options.patience);
}

Result<rsp::Es9Answer> Servers::exchange(std::string_view address, Bytes message, rsp::Interface role) {
    using Clock = std::chrono::steady_clock;
    app::Es9Client& client = role == rsp::Interface::es11 ? smds_ : smdp_;
    for (const auto end = Clock::now() + patience_;;) {
        auto answer = client.exchange(address, message, role);
        if (answer || answer.error().code != Errc::unreachable || Clock::now() >= end) return answer;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

} // namespace halyard::lpa
