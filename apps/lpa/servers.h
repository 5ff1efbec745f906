#pragma once
// SM-DP+ and SM-DS as a consumer LPA reaches them: server authentication with the certificate's role.
// SGP.22 §2.6.6, §6.5, §6.6
#include "apps/common/es9_client.h"
#include <map>

namespace halyard::lpa {

class Servers {
  public:
    struct Options {
        net::Trust trust; // CIs of the servers' TLS certificates
        std::map<std::string, std::string> connect_to;
        binding::Es9Form form = binding::Es9Form::json;
        std::chrono::milliseconds patience{0}; // how long an unreachable server is tried again
    };
    static Result<Servers> open(const Options&);

    /// One ES9+ or ES11 message. `role`: what the certificate must say, dp_tls or ds_tls. The same message is
    /// sent again while nobody answers and patience lasts: servers take repeated requests (SGP.22 §5.6).
    /// Errors: Es9Client's.
    Result<rsp::Es9Answer> exchange(std::string_view address, Bytes message, rsp::Interface role);

  private:
    Servers(app::Es9Client smdp, app::Es9Client smds, std::chrono::milliseconds patience)
        : smdp_(std::move(smdp)), smds_(std::move(smds)), patience_(patience) {}
    app::Es9Client smdp_, smds_;
    std::chrono::milliseconds patience_;
};

} // namespace halyard::lpa
