#pragma once
// One connection to PostgreSQL, by libpq. For postgres*.cc only.
#include "store/database.h"
#include <unordered_map>
#include <vector>

struct pg_conn;
struct pg_result;

namespace halyard::store {

/// Where to connect, judged. Errors: as open_postgres().
struct PostgresTarget {
    std::string conninfo;
    std::string schema;      // search path
    bool verify_tls = false; // to add sslmode=verify-full: the server is on another machine
    static Result<PostgresTarget> judge(const std::string& conninfo, const std::string& schema);
    /// Keywords and values in libpq's order of precedence; null-terminated, valid as long as this object.
    void keywords(std::vector<const char*>& names, std::vector<const char*>& values) const;
};

class PostgresConnection;

class PostgresStatement final : public Prepared {
  public:
    PostgresStatement(PostgresConnection& connection, std::string name, std::vector<unsigned> types)
        : connection_(connection), name_(std::move(name)), types_(std::move(types)), values_(types_.size()) {}
    PostgresStatement(const PostgresStatement&) = delete;
    PostgresStatement& operator=(const PostgresStatement&) = delete;
    ~PostgresStatement() override;
    void bind(int at, int64_t value) override;
    void bind(int at, std::string_view text) override;
    void bind(int at, Bytes octets) override;
    void bind_null(int at) override;
    Result<bool> step() override;
    void reset() override;
    int64_t integer(int column) const override;
    std::string text(int column) const override;
    OwnedBytes octets(int column) const override;
    bool is_null(int column) const override;

  private:
    struct Value {
        OwnedBytes octets; // as they go over the wire
        bool null = true;
    };
    void put(int at, unsigned type, Bytes octets);
    Ok execute();
    Bytes cell(int column) const;

    PostgresConnection& connection_;
    std::string name_;
    std::vector<unsigned> types_; // of the parameters, as the server sees them
    std::vector<Value> values_;
    const char* wrong_ = nullptr; // what was bound that cannot be
    pg_result* result_ = nullptr;
    int row_ = -1;
};

class PostgresConnection final : public Connection {
  public:
    static Result<std::unique_ptr<PostgresConnection>> open(const PostgresTarget&);
    ~PostgresConnection() override;
    PostgresConnection(const PostgresConnection&) = delete;
    PostgresConnection& operator=(const PostgresConnection&) = delete;

    Result<Statement> prepare(const char* sql) override;
    Ok execute(const char* sql) override;
    int64_t changes() const override { return changes_; }

    Ok begin() { return command("BEGIN", "BEGIN"); }
    /// Error: storage "outcome of commit unknown" when the connection died in it.
    Ok commit();
    void rollback() { (void)command("ROLLBACK", "ROLLBACK"); }
    /// No: the server closed it while nobody used it.
    bool alive();
    /// May be used again: open, outside any transaction, statements still right.
    bool reusable() const;

  private:
    friend class PostgresStatement;
    PostgresConnection() = default;
    /// Search path, time limits where there are none; refuses a server that may lose what it acknowledges.
    Ok settle(const PostgresTarget&);
    Ok command(const char* sql, const char* tag);
    /// The result, when it is one; an error is logged as the server said it, without values.
    Result<pg_result*> judge(pg_result*);
    static void hear(void* connection, const pg_result* notice);

    pg_conn* link_ = nullptr;
    std::unordered_map<const char*, std::unique_ptr<PostgresStatement>> cache_;
    int64_t changes_ = 0;
    bool stale_ = false;  // the server's plan or our statement is of another schema
    bool warned_ = false; // the server said WARNING since the last command
};

/// Makes or migrates the tables under a lock that all processes take.
Ok settle_postgres_schema(PostgresConnection&, const Schema&);

} // namespace halyard::store
