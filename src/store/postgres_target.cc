// Where to connect: libpq's own settings, judged before anything is sent.
#include "base/log.h"
#include "store/postgres_link.h"
#include <cstdlib>
#include <libpq-fe.h>

namespace halyard::store {
namespace {
using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

std::string value_of(const Options& options, std::string_view keyword) {
    for (const PQconninfoOption* o = options.get(); o && o->keyword; ++o)
        if (keyword == o->keyword) return o->val ? o->val : "";
    return "";
}

// Of a list of hosts, as libpq takes it: all on this machine.
bool on_this_machine(std::string_view hosts) {
    while (!hosts.empty()) {
        const std::string_view one = hosts.substr(0, hosts.find(','));
        const bool here = one.empty() || one[0] == '/' || one[0] == '@' || one == "localhost" ||
                          one == "::1" || one.starts_with("127.");
        if (!here) return false;
        hosts.remove_prefix(std::min(hosts.size(), one.size() + 1));
    }
    return true;
}

// What the string says, without environment and service files.
Result<Options> parse(const std::string& conninfo) {
    const bool uri = conninfo.starts_with("postgresql://") || conninfo.starts_with("postgres://");
    if (!uri && conninfo.find('=') == std::string::npos)
        return fail(Errc::bad_value, "store: postgresql://… or keyword=value is expected");
    char* message = nullptr;
    Options said(PQconninfoParse(conninfo.c_str(), &message), PQconninfoFree);
    if (!said) {
        // The message quotes the string, in which a password may be.
        if (message && conninfo.find('@') == std::string::npos &&
            conninfo.find("password") == std::string::npos)
            log(LogLevel::error, std::string("store: ") + message);
        PQfreemem(message);
        return fail(Errc::bad_value, "store");
    }
    return said;
}
} // namespace

void PostgresTarget::keywords(std::vector<const char*>& names, std::vector<const char*>& values) const {
    const auto add = [&](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
    };
    // What the string says overrides these …
    add("fallback_application_name", "halyard");
    add("connect_timeout", "5");
    add("keepalives_idle", "30");
    add("keepalives_interval", "10");
    add("tcp_user_timeout", "30000");
    add("dbname", conninfo.c_str());
    // … and is overridden by these.
    add("target_session_attrs", "read-write"); // decisions are made from the primary (RR-27)
    add("client_encoding", "UTF8");
    if (verify_tls) add("sslmode", "verify-full");
    add(nullptr, nullptr);
}

Result<PostgresTarget> PostgresTarget::judge(const std::string& conninfo, const std::string& schema) {
    const Options said = TRY(parse(conninfo));
    if (!value_of(said, "password").empty() || !value_of(said, "sslpassword").empty())
        return fail(Errc::rejected, "store: no password here; PGPASSFILE, passfile or a service file has it");
    if (std::getenv("PGPASSWORD"))
        return fail(Errc::rejected, "PGPASSWORD: others can read it; PGPASSFILE, passfile or a service file");
    PostgresTarget target{conninfo, schema};
    std::vector<const char*> names, values;
    target.keywords(names, values);
    // Together with environment and service file; a connection that is only begun tells a server nothing.
    const std::unique_ptr<PGconn, decltype(&PQfinish)> begun(
        PQconnectStartParams(names.data(), values.data(), 1), PQfinish);
    const Options all(begun ? PQconninfo(begun.get()) : nullptr, PQconninfoFree);
    if (!all) return fail(Errc::storage, "postgresql");
    const std::string hosts = value_of(all, "host"), addresses = value_of(all, "hostaddr");
    if (on_this_machine(addresses.empty() ? hosts : addresses)) return target;
    const std::string mode = value_of(all, "sslmode");
    target.verify_tls = mode.empty() || mode == "prefer"; // libpq's default
    if (!target.verify_tls && mode != "verify-full" && mode != "verify-ca")
        return fail(Errc::rejected,
                    "store: sslmode; a server on another machine needs verify-full or verify-ca");
    return target;
}

} // namespace halyard::store
