#include "apps/ops/options.h"
#include <algorithm>

namespace halyard::ops {
namespace {
std::optional<std::string> take_pki(ServeOptions& o, const std::vector<std::string>& directories) {
    if (directories.empty()) return "must name a directory";
    o.pki.path = directories.front();
    o.more_pki.clear();
    for (size_t i = 1; i < directories.size(); ++i) o.more_pki.push_back({directories[i]});
    return std::nullopt;
}
} // namespace

Result<std::unique_ptr<ListKeeper>> open_lists(const ServeOptions& o, const std::vector<std::string>& own) {
    std::vector<app::PkiDirectory> all{o.pki};
    all.insert(all.end(), o.more_pki.begin(), o.more_pki.end());
    std::vector<rsp::TrustAnchor> anchors;
    ListOptions lists = o.lists;
    for (const app::PkiDirectory& pki : all) {
        anchors.push_back(TRY(pki.anchor()));
        if (!lists.points) continue;
        for (const std::string& name : own)
            for (const std::string& uri : TRY(pki.certificate(name)).crl_uris)
                if (std::ranges::find(lists.urls, uri) == lists.urls.end()) lists.urls.push_back(uri);
    }
    auto keeper = std::make_unique<ListKeeper>(
        std::move(lists), o.state.empty() ? o.state : o.state / "crls", std::move(anchors), o.resolve);
    std::string what;
    if (const Ok loaded = keeper->load(what); !loaded) {
        const Error& e = loaded.error();
        const std::string line = e.detail ? ":" + std::to_string(e.detail) : "";
        log(LogLevel::error, what + line + ": " + name(e.code) + " at " + e.where);
        return tl::unexpected<Error>(e);
    }
    return keeper;
}

Result<MetricsAddress> metrics_address(std::string_view text) {
    MetricsAddress out;
    const size_t colon = text.rfind(':');
    if (colon != text.npos) {
        std::string_view bind = text.substr(0, colon);
        if (bind.starts_with('[') && bind.ends_with(']')) bind = bind.substr(1, bind.size() - 2);
        out.bind = bind;
    }
    int64_t port = 0;
    if (out.bind.empty() || number_from_text(text.substr(colon + 1), 0, 65535, port)) // npos + 1 is 0
        return fail(Errc::bad_value, "metrics");
    out.port = static_cast<uint16_t>(port);
    return out;
}

namespace {
void add_log_settings(Settings& s, ServeOptions& o) {
    s.choice("log.format", "--log", o.log.format, {"text", "json"}, "text, or json: one object a line");
    s.choice("log.level", "", o.log.level, {"debug", "info", "warn", "error"}, "As --log-level");
    s.flag("log.whole_identifiers",
           "--log-whole-identifiers",
           o.log.whole_identifiers,
           "Write EID, ICCID and IMSI in full instead of masked");
    s.flag("log.requests", "--log-requests", o.log_requests, "One line for each request");
}
} // namespace

void add_common_settings(Settings& s, ServeOptions& o, const std::string& port_key) {
    s.path("state", "--state", o.state, "Directory of this server's state");
    s.text("store",
           "--store",
           o.store,
           "PostgreSQL instead of SQLite: postgresql://[USER@]HOST/DATABASE, without password (PGPASSFILE)");
    s.add({"pki",
           "--pki",
           "Directory with this server's certificates and ci; repeated: further CIs, TLS of the first",
           Kind::paths,
           true,
           [&o](const std::vector<std::string>& v) { return take_pki(o, v); }});
    s.text("address", "--address", o.address, "host[:port] devices are told");
    s.text("bind", "--bind", o.bind, "Address to listen on");
    s.port(port_key, "--port", o.port, "Port to listen on; 0: any");
    s.add({"resolve",
           "--resolve",
           "HOST[:PORT]=ADDR:PORT for calls to others, may be repeated",
           Kind::texts,
           false,
           [&o](const std::vector<std::string>& v) { return parse_resolve(v, o.resolve); }});
    s.flag("lab", "--lab", o.lab, "Laboratory: serve under test CIs, and what was taken with --lab");
    s.flag(
        "strict", "--strict", o.strict, "Refuse whatever deviates from the specification (conformance work)");
    s.add({"metrics.listen",
           "--metrics",
           "[ADDR:]PORT of /metrics, /healthz and /readyz over plain HTTP; ADDR 127.0.0.1, PORT 0: any",
           Kind::text,
           false,
           [&o](const std::vector<std::string>& v) -> std::optional<std::string> {
               if (!metrics_address(v.front())) return "must be [ADDRESS:]PORT";
               o.metrics = v.front();
               return std::nullopt;
           }});
    s.seconds("drain.seconds", "--drain", o.drain, 0, 3600, "What the end grants requests that have begun");
    add_log_settings(s, o);
    add_limit_settings(s, o.limits);
    add_list_settings(s, o.lists);
}

} // namespace halyard::ops
