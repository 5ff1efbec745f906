#include "apps/ops/options.h"

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

void add_common_settings(Settings& s, ServeOptions& o, const std::string& port_key) {
    s.path("state", "--state", o.state, "Directory of this server's state").required = true;
    s.add({"pki",
           "--pki",
           "Directory with this server's certificates and ci; repeated: further CIs, TLS of the first",
           Kind::paths,
           true,
           [&o](const std::vector<std::string>& v) { return take_pki(o, v); }});
    s.text("address", "--address", o.address, "host[:port] devices are told");
    s.text("bind", "--bind", o.bind, "Address to listen on");
    s.port(port_key, "--port", o.port, "Port to listen on; 0: any");
    s.paths("crl.files", "--crl", o.crls, "Revocation list for EUMs and eUICCs, DER or PEM; may be repeated");
    s.add({"resolve",
           "--resolve",
           "HOST[:PORT]=ADDR:PORT for calls to others, may be repeated",
           Kind::texts,
           false,
           [&o](const std::vector<std::string>& v) { return parse_resolve(v, o.resolve); }});
    s.flag(
        "strict", "--strict", o.strict, "Refuse whatever deviates from the specification (conformance work)");
}

} // namespace halyard::ops
