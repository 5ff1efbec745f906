#pragma once
// A PostgreSQL of the test's own, in a directory that goes with it, on a socket in there.
#include "tests/e2e/run.h"

namespace halyard::stores {

class PostgresServer {
  public:
    /// The one of this program, started when it is first asked for; null, said aloud, when none is installed.
    static PostgresServer* one();
    /// One more, for what nobody else shall feel; as one().
    static std::unique_ptr<PostgresServer> another();
    ~PostgresServer();

    /// A new empty database, as `--store` takes it.
    std::string database(const std::string& options = "");
    void drop(const std::string& where);
    /// Of `database()`'s server and any database. `sql` as psql takes it; what it printed, bare.
    std::string sql(const std::string& where, const std::string& sql);
    e2e::Ran psql(const std::string& where, const std::string& sql);
    std::string admin(const std::string& text) { return sql(url("postgres"), text); }
    std::string url(const std::string& database, const std::string& options = "") const;
    /// As a power cut would end it; start() recovers.
    void crash();
    void start();
    /// A synchronous standby on the next port; a URL of both. From then on a commit waits for it.
    void add_standby();
    std::string url_of_both(const std::string& where) const;
    /// The primary is gone for good and the standby promoted.
    void fail_over();

  private:
    explicit PostgresServer(std::string programs);
    e2e::Words as_server(const e2e::Words& command) const;
    app::Process serve(const std::string& data, int port);

    std::string programs_; // directory of initdb, postgres, psql
    std::string user_;     // of the system; empty: this one
    e2e::Directory directory_;
    std::string data_;
    app::Process process_, standby_;
    int databases_ = 0;
};

} // namespace halyard::stores
