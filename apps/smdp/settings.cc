#include "apps/ops/check.h"
#include "apps/smdp/operators.h"
#include "apps/smdp/site.h"

namespace halyard::smdp_app {

void add_settings(ops::Settings& s, ServeOptions& o) {
    ops::add_common_settings(s, o, "es9.port");
    s.rule([&o]() -> std::optional<ops::Problem> { // with PostgreSQL too: it has the storage key
        if (!o.state.empty()) return std::nullopt;
        return ops::Problem{0, "state", "missing, as is --state"};
    });
    s.add({"rebind",
           "--no-rebind",
           "Refuse a retry with another one-time key of the eUICC (8.2/3.7)",
           ops::Kind::flag,
           false,
           [&o](const std::vector<std::string>& v) {
               o.rebind = v.front() == "true";
               return std::optional<std::string>();
           }})
        .flag_value = "false";
    s.path("storage_key", "--storage-key", o.storage_key, "FILE, credential:NAME or pkcs11:URI");
    s.texts("smds.alternative",
            "--smds",
            o.smds.alternative,
            "SM-DS that events may be registered at, host[:port]; passes them on to the root");
    s.texts("smds.root", "--root-smds", o.smds.root, "The same for a root SM-DS");
    s.path("smds.ca", "--smds-ca", o.smds_ca, "PEM for the TLS of SM-DS, if another one than the CI");
    s.flag(
        "own_keys", "--own-keys", o.own_keys, "Protect profiles with keys of their own (ReplaceSessionKeys)");
    s.port("es2.port", "--es2-port", o.es2_port, "Port of ES2+ for operators; 0: any");
    s.path(
        "es2.client_ca", "--es2-client-ca", o.es2_client_ca, "PEM: operators' certificates must be under it");
    s.path("es2.operators", "--operators", o.operators, "JSON: who may call ES2+, and where callbacks go");
    s.path("es2.callback_ca", "--callback-ca", o.callback_ca, "PEM for operators' listeners, if another one");
}

std::vector<ops::Problem> check_files(const ServeOptions& o) {
    ops::Problems problems;
    std::vector<app::PkiDirectory> all{o.pki};
    all.insert(all.end(), o.more_pki.begin(), o.more_pki.end());
    Site site; // credentials are judged as at the start, without its state
    site.lab = o.lab;
    for (const app::PkiDirectory& pki : all) problems.add(pki.path.string(), site.load_credentials(pki));
    ops::check_common(o, "smdp-tls", problems);
    if (!o.operators.empty()) {
        const auto read = load_operators(o.operators);
        problems.add(o.operators, read);
        bool callbacks = false;
        if (read)
            for (const Requester& r : *read) callbacks = callbacks || r.callback;
        if (callbacks && o.callback_ca.empty() && o.es2_client_ca.empty())
            problems.add("es2.callback_ca", "missing: operators have callbacks");
    }
    if (o.es2_port && o.operators.empty()) problems.add("es2.operators", "missing: es2.port is given");
    if (o.es2_port && o.es2_client_ca.empty()) problems.add("es2.client_ca", "missing: es2.port is given");
    problems.readable("es2.client_ca", o.es2_client_ca);
    problems.readable("smds.ca", o.smds_ca);
    problems.readable("es2.callback_ca", o.callback_ca);
    return problems.all;
}

} // namespace halyard::smdp_app
