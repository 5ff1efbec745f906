#pragma once
// The directory of one eIM: database; keys come from a PKI directory.
#include "apps/common/es9_client.h"
#include "apps/common/pki_files.h"
#include "crypto/hash.h"
#include "eim/server.h"
#include "store/eim_store.h"

namespace halyard::eim_app {

struct ServeOptions {
    std::filesystem::path state;
    app::PkiDirectory pki;
    std::vector<app::PkiDirectory> more_pki; // whose CIs eUICCs and SM-DP+ may be under, too
    std::vector<std::string> crls;           // files
    std::string eim_id;                      // empty: the first dNSName of eim-tls
    std::string bind = "127.0.0.1";
    uint16_t port = 0, api_port = 0;
    std::map<std::string, std::string> resolve; // SM-DP+ host → address:port
    std::vector<std::string> forward_to;
    std::vector<std::string> smds;      // SM-DS that may be asked for devices; the first: their root
    std::vector<std::string> inject_to; // devices that packages may be sent to
    std::filesystem::path inject_trust; // CA of their certificates; empty: our CI
    std::string es9 = "json";           // or asn1: the binding towards SM-DP+
    bool strict = false;                // refuse every deviation of a peer
};
/// Serves ESipa and the REST API until SIGTERM or SIGINT. Prints {"esipa":"https://…","api":"https://…"} when
/// ready. Exit status 0, or 3 when the database broke and only a restart helps.
Result<int> serve(const ServeOptions&);

/// A new API token: 256 random bits (SR-29). Shown once; the store keeps its hash.
Result<std::string>
create_token(store::EimStore&, const std::string& name, std::chrono::seconds life, Random&, Time now);
/// The name of the token in "Bearer …"; nullopt when it is none, revoked or expired.
Result<std::optional<std::string>> authenticate(store::EimStore&, std::string_view authorization, Time now);

Result<std::string> eim_id_of(const app::PkiDirectory&, const std::string& wanted);
/// Signing key, CI and id out of the PKI directory.
Result<eim::Config> load_config(const app::PkiDirectory&, const std::string& eim_id);

} // namespace halyard::eim_app
