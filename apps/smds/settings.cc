#include "apps/ops/check.h"
#include "apps/smds/site.h"

namespace halyard::smds_app {

void add_settings(ops::Settings& s, ServeOptions& o) {
    ops::add_common_settings(s, o, "es11.port");
    s.rule([&o]() -> std::optional<ops::Problem> {
        if (!o.state.empty() || !o.store.empty()) return std::nullopt;
        return ops::Problem{0, "state", "missing, as are --state and --store"};
    });
    s.port("es12.port", "--es12-port", o.es12_port, "ES12 and ES15 port; 0: any");
    s.path("es12.client_ca",
           "--client-ca",
           o.client_ca,
           "CA of SM-DP+ and SM-DS that may call, PEM; default the CI");
    s.text("parent", "--parent", o.parent, "host[:port] of the root's ES15; without it this is a root");
}

std::vector<ops::Problem> check_files(const ServeOptions& o) {
    ops::Problems problems;
    Site site; // credentials are judged as at the start, without its state
    site.lab = o.lab;
    problems.add(o.pki.path.string(), site.load_credentials(o.pki));
    for (const app::PkiDirectory& pki : o.more_pki)
        problems.add(pki.path.string(), site.load_credentials(pki));
    ops::check_common(o, "smds-tls", problems);
    problems.readable("es12.client_ca", o.client_ca);
    return problems.all;
}

} // namespace halyard::smds_app
