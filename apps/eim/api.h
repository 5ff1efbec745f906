#pragma once
#include "apps/common/peer_ledger.h"
#include "apps/eim/inject.h"
#include "eim/server.h"
#include "net/https_server.h"
#include "store/eim_store.h"

namespace halyard::eim_app {

/// The `/v1` REST API (docs/api.md): JSON in and out, errors as application/problem+json (RFC 9457).
class Api {
  public:
    /// `injector`: none when packages are not sent to devices.
    Api(eim::Server& server,
        store::EimStore& store,
        const app::PeerLedger& peers,
        std::string eim_id,
        Injector* injector = nullptr)
        : server_(server), store_(store), peers_(peers), eim_id_(std::move(eim_id)), injector_(injector) {}
    net::Response handle(const net::Request&, Time now);

  private:
    net::Response route(const net::Request&, const std::string& who, Time now);
    net::Response import(const net::Request&, Time now);
    net::Response search_devices(const net::Request&);
    net::Response inject(const net::Request&, Time now);
    net::Response search_deviations(const net::Request&);
    net::Response create(const net::Request&, const std::string& who, Time now);
    net::Response search_operations(const net::Request&);
    net::Response operation(std::string_view id, std::string_view verb, const net::Request&, Time now);

    eim::Server& server_;
    store::EimStore& store_;
    const app::PeerLedger& peers_;
    std::string eim_id_;
    Injector* injector_;
};

} // namespace halyard::eim_app
