#pragma once
#include "apps/common/es9_client.h"
#include "apps/ipad/eim_book.h"
#include "ipa/engine.h"
#include "net/https_client.h"
#include <map>
#include <optional>
#include <set>
#include <string>

namespace halyard::ipad {

/// How ESipa messages are written on the wire. SGP.32 §6.3, §6.4
enum class Binding : uint8_t { asn1, json };

/// Carries messages to eIMs (ESipa, SGP.32 §6.1), SM-DP+ and SM-DS (ES9+, ES11, SGP.22 §6.5).
class Links {
  public:
    struct Options {
        net::Trust trust; // for SM-DP+ and SM-DS, and for eIMs whose configuration names nothing
        std::map<std::string, std::string> connect_to;
        Binding esipa = Binding::asn1;
        binding::Es9Form es9 = binding::Es9Form::json;
        const char* protocol = "gsma/rsp/v2.1.0"; // X-Admin-Protocol towards eIMs
    };
    Links(Options options, const EimBook& book) : options_(std::move(options)), book_(book) {}
    /// unreachable: no connection, a time-out, or a server that said when to come back; rejected "http
    /// status" with the status for any other that is no answer; bad_value with a header's name for one that
    /// deviates, in a strict scope.
    Result<OwnedBytes> exchange(const ipa::Action&);
    /// The card restarted: connections of the profile before are gone.
    void drop_connections();

  private:
    Result<net::HttpsClient*> eim_client(std::string_view eim_id);
    Result<app::Es9Client*> server_client(bool by_event);
    Result<OwnedBytes> to_eim(const ipa::Action&);
    Result<OwnedBytes> to_eim_in_json(net::HttpsClient&, net::Url&, Bytes message);
    Result<OwnedBytes> to_server(const ipa::Action&);
    Result<net::Response> post(net::HttpsClient&, const net::Url&, std::string content_type, Bytes body);
    net::HttpsClient::Options options_for(net::Trust) const;

    Options options_;
    const EimBook& book_;
    std::map<std::string, net::HttpsClient, std::less<>> eims_;
    unsigned revision_ = 0;
    std::optional<app::Es9Client> smdp_, either_; // SM-DP+ alone; SM-DS, or where their events lead
    std::set<std::string> by_event_;              // authorities of the latter, so that connections are kept
    std::map<std::string, std::chrono::steady_clock::time_point> not_before_; // Retry-After
};

} // namespace halyard::ipad
