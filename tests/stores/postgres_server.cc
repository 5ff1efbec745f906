#include "tests/stores/postgres_server.h"
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <pwd.h>
#include <thread>
#include <unistd.h>

namespace halyard::stores {
using e2e::Ran, e2e::Words;
namespace {
// Debian keeps them out of the path; the newest version.
std::string find_programs() {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
        if (std::filesystem::exists(entry.path() / "bin/initdb")) found.push_back(entry.path() / "bin");
    if (!found.empty()) return *std::max_element(found.begin(), found.end());
    const Ran ran = e2e::shell("command -v initdb");
    return ran.status == 0 ? std::filesystem::path(ran.out).parent_path().string() : "";
}
} // namespace

PostgresServer* PostgresServer::one() {
    static const std::string programs = find_programs();
    if (programs.empty()) {
        MESSAGE("SKIPPED: no PostgreSQL server is installed (package postgresql)");
        return nullptr;
    }
    static PostgresServer server(programs);
    return &server;
}

std::unique_ptr<PostgresServer> PostgresServer::another() {
    if (!one()) return nullptr;
    return std::unique_ptr<PostgresServer>(new PostgresServer(one()->programs_));
}

PostgresServer::PostgresServer(std::string programs)
    : programs_(std::move(programs)), data_(directory_ / "data") {
    if (::geteuid() == 0) { // which a server refuses to be
        const passwd* other = ::getpwnam("postgres");
        if (!other) other = ::getpwnam("nobody");
        REQUIRE(other);
        user_ = other->pw_name;
        REQUIRE(::chown(directory_.path().c_str(), other->pw_uid, other->pw_gid) == 0);
    }
    const Ran made = e2e::run(as_server({programs_ + "/initdb",
                                         "-D",
                                         data_,
                                         "-U",
                                         "halyard",
                                         "-A",
                                         "trust",
                                         "-E",
                                         "UTF8",
                                         "--locale=C.UTF-8",
                                         "--no-sync"}));
    INFO(made);
    REQUIRE(made.status == 0);
    start();
}
PostgresServer::~PostgresServer() {
    for (app::Process* p : {&standby_, &process_}) {
        if (!p->running()) continue;
        p->signal(SIGQUIT);
        p->wait(std::chrono::seconds(10));
    }
}

Words PostgresServer::as_server(const Words& command) const {
    Words all{"/usr/bin/setpriv", "--pdeathsig", "INT"}; // it ends with this program, however that ends
    if (!user_.empty()) {
        const passwd* p = ::getpwnam(user_.c_str());
        all.insert(
            all.end(),
            {"--reuid", std::to_string(p->pw_uid), "--regid", std::to_string(p->pw_gid), "--clear-groups"});
    }
    all.push_back("--");
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

app::Process PostgresServer::serve(const std::string& data, int port) {
    auto started = app::Process::start({as_server({programs_ + "/postgres",
                                                   "-D",
                                                   data,
                                                   "-k",
                                                   directory_.path(),
                                                   "-p",
                                                   std::to_string(port),
                                                   "-c",
                                                   "listen_addresses=",
                                                   "-c",
                                                   "recovery_init_sync_method=syncfs"}),
                                        directory_ / "log"});
    REQUIRE(started);
    const std::string at = url("postgres", "&port=" + std::to_string(port));
    for (int i = 0; i < 600; ++i) {
        if (psql(at, "SELECT 1").status == 0) return std::move(*started);
        std::this_thread::sleep_for(e2e::milliseconds(50));
    }
    FAIL("PostgreSQL does not answer: " << e2e::read_text(directory_ / "log"));
    return {};
}
void PostgresServer::start() { process_ = serve(data_, 5432); }
void PostgresServer::crash() {
    process_.signal(SIGQUIT); // its immediate shutdown: no checkpoint, no farewell to transactions
    REQUIRE(process_.wait(std::chrono::seconds(30)));
}

void PostgresServer::add_standby() {
    const std::string data = directory_ / "standby";
    const Ran copied = e2e::run(as_server({programs_ + "/pg_basebackup",
                                           "-D",
                                           data,
                                           "-h",
                                           directory_.path(),
                                           "-U",
                                           "halyard",
                                           "-R",
                                           "-c",
                                           "fast",
                                           "--no-sync"}));
    INFO(copied);
    REQUIRE(copied.status == 0);
    admin("ALTER SYSTEM SET synchronous_standby_names='*'");
    standby_ = serve(data, 5433);
    admin("SELECT pg_reload_conf()");
    for (int i = 0; i < 600; ++i) {
        if (admin("SELECT count(*) FROM pg_stat_replication WHERE sync_state='sync'") == "1") return;
        std::this_thread::sleep_for(e2e::milliseconds(50));
    }
    FAIL("the standby does not follow: " << e2e::read_text(directory_ / "log"));
}
std::string PostgresServer::url_of_both(const std::string& where) const {
    std::string out = where;
    out.insert(out.find("&user="), "," + directory_.path() + "&port=5432,5433");
    return out;
}
void PostgresServer::fail_over() {
    crash();
    CHECK(sql(url("postgres", "&port=5433"), "SELECT pg_promote()") == "t");
}

std::string PostgresServer::url(const std::string& database, const std::string& options) const {
    return "postgresql:///" + database + "?host=" + directory_.path() + "&user=halyard" + options;
}
Ran PostgresServer::psql(const std::string& where, const std::string& sql) {
    return e2e::run({programs_ + "/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", where, "-c", sql});
}
std::string PostgresServer::sql(const std::string& where, const std::string& text) {
    Ran ran = psql(where, text);
    INFO(ran);
    REQUIRE(ran.status == 0);
    while (!ran.out.empty() && ran.out.back() == '\n') ran.out.pop_back();
    return ran.out;
}
void PostgresServer::drop(const std::string& where) {
    const size_t from = where.find("///") + 3;
    admin("DROP DATABASE " + where.substr(from, where.find('?') - from) + " WITH (FORCE)");
}
std::string PostgresServer::database(const std::string& options) {
    const std::string name = "test" + std::to_string(++databases_);
    admin("CREATE DATABASE " + name);
    return url(name, options);
}

} // namespace halyard::stores
