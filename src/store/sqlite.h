#pragma once
// SQLite as Halyard uses it (RR-02, RR-03): one writer, group commit, WAL with synchronous=FULL.
#include "store/database.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace halyard::store {

class SqliteStatement final : public Prepared {
  public:
    SqliteStatement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;
    ~SqliteStatement() override;
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
    sqlite3* db_;
    sqlite3_stmt* statement_;
};

class SqliteConnection final : public Connection {
  public:
    /// ":memory:" or a file. Errors: storage.
    static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, bool reader);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    Result<Statement> prepare(const char* sql) override;
    Ok execute(const char* sql) override;
    int64_t changes() const override;

  private:
    SqliteConnection() = default;
    sqlite3* db_ = nullptr;
    std::unordered_map<const char*, std::unique_ptr<SqliteStatement>> cache_;
};

/// Writes go through one connection and share commits, reads have a connection of their own.
class SqliteDatabase final : public Database {
  public:
    static Result<std::unique_ptr<SqliteDatabase>> open(const std::filesystem::path& file, const Schema&);
    static Result<std::unique_ptr<SqliteDatabase>> open_in_memory(const Schema&);

    /// Jobs of several threads may share one commit; a job that fails undoes only itself.
    Ok write(const std::function<Ok(Connection&)>& job) override;
    Ok read(const std::function<Ok(Connection&)>& job) override;
    /// After an I/O error.
    bool broken() const override { return broken_; }
    Ok backup(const std::filesystem::path& to) override;

  private:
    SqliteDatabase() = default;
    static Result<std::unique_ptr<SqliteDatabase>> prepare(const std::string& path, const Schema&);
    struct Job {
        const std::function<Ok(Connection&)>* run;
        Ok result;
        bool done = false;
        std::condition_variable wake;
    };
    void run_jobs(std::unique_lock<std::mutex>& lock);

    std::unique_ptr<SqliteConnection> writer_, reader_; // no reader: in memory, the writer serves both
    std::mutex writing_, reading_;
    std::deque<Job*> queue_;
    bool leading_ = false;
    std::atomic<bool> broken_ = false;
};

} // namespace halyard::store
