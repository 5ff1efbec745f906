#pragma once
// An SM-DP+ and an SM-DS in this process behind real TLS sockets, with their operators' and servers' sides,
// and eUICCs that are spoken by hand. Clock and configuration are the test's.
#include "apps/common/es9_client.h"
#include "apps/smdp/operators.h"
#include "net/https_server.h"
#include "smds/server.h"
#include "store/smds_store.h"
#include "tests/loop/handset.h"
#include <filesystem>
#include <nlohmann/json.hpp>

namespace halyard::servers {
using nlohmann::ordered_json;
inline constexpr const char* kSmdsAddress = "smds.loop.test";

/// A directory of certificates as PEM, gone at the end.
struct PemFiles {
    explicit PemFiles(const loop::Pki&, Random&);
    ~PemFiles();
    PemFiles(const PemFiles&) = delete;
    std::string path(const std::string& name) const { return (directory / name).string(); }
    std::filesystem::path directory;
};

/// The CI and what it certifies, the same for all of a process: files cost more than everything else here.
struct Ground {
    static const Ground& get();
    loop::SeededRandom random{30};
    loop::Pki pki{random};
    PemFiles pem{pki, random};
};

class Front {
  public:
    explicit Front(uint64_t seed = 31);
    ~Front();

    /// An eUICC and its LPA over ES9+ in that binding.
    loop::Handset handset(binding::Es9Form, uint64_t number = 1);
    /// The same at the SM-DS.
    loop::Handset smds_handset(binding::Es9Form, uint64_t number = 1);
    /// Octets as they are, to a path of the SM-DP+ or SM-DS.
    Result<net::Response>
    post(const std::string& host, const std::string& path, Bytes body, net::Headers = {});

    /// One ES2+ call of an operator "alpha", "beta" or "narrow" (of alpha, for the type "voice" only); "" or
    /// the codes; "HTTP 403" for what is no answer of the protocol.
    std::string es2(const std::string& who, const std::string& function, ordered_json body);
    /// One ES12 or ES15 call, path "es12/registerEvent", with the certificate of NAME.
    std::string es12(const std::string& certificate, const std::string& path, ordered_json body);
    ordered_json last; // the whole answer to the last call of either

    /// The n-th order with a random matching id, which it returns.
    std::string order(unsigned n, rsp::StoreMetadataRequest more = {});
    /// The n-th profile through ES2+ as far as released, with that matching id; `more` goes to confirmOrder.
    void release(unsigned n, const std::string& matching_id, ordered_json more = ordered_json::object());
    smdp::Order at(unsigned n) { return smdp.find(loop::iccid_text(n)); }
    const char* state(unsigned n) { return smdp::name(at(n).state); }

    loop::SeededRandom random;
    const loop::Pki& pki;
    const PemFiles& pem;
    loop::Smdp smdp;
    smdp::Es2 es2_core;
    pki::Credential ds_auth;
    std::unique_ptr<store::SmdsStore> smds_store;
    smds::Config smds_config;
    smds::Server smds;
    std::vector<smdp_app::Requester> operators;
    Time now = loop::kBegin;
    int calls = 0;

  private:
    Ok listen(net::HttpsServer&, const char* certificate, const char* client_ca, net::Handler);
    net::HttpsClient client(const std::string& certificate = {});
    app::Es9Client es9_client(binding::Es9Form);
    std::string call(net::HttpsClient&, const std::string& url, const ordered_json& body);

    net::HttpsServer es9_, es2_, es11_, es12_;
    std::map<std::string, net::HttpsClient> clients_; // by certificate
    std::vector<std::unique_ptr<app::Es9Client>> es9_clients_;
};

} // namespace halyard::servers
