#pragma once
// SQLite as Halyard uses it (RR-02, RR-03): one writer, group commit, WAL with synchronous=FULL, prepared
// statements only.
#include "base/octets.h"
#include "base/time.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace halyard::store {

/// One use of a prepared statement: bound in order, then stepped. Resets itself when dropped.
class Statement {
  public:
    Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
    Statement(Statement&& other) noexcept
        : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)), next_(other.next_) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    /// The next parameter. Text and octets are copied.
    Statement& bind(int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind(Bytes octets);
    Statement& bind_null();
    template <class T> Statement& bind_optional(const std::optional<T>& value) {
        return value ? bind(Bytes(*value)) : bind_null();
    }
    /// True when there is a row. Errors: storage with SQLite's extended code as detail; conflict for a
    /// constraint.
    Result<bool> step();
    /// For statements without rows.
    Ok run();

    int64_t integer(int column) const;
    std::string text(int column) const;
    OwnedBytes octets(int column) const;
    bool is_null(int column) const;

  private:
    sqlite3* db_;
    sqlite3_stmt* statement_;
    int next_ = 1;
};

/// Octets of a fixed size. storage `where`: the row is damaged.
template <class A> Result<A> fixed(const OwnedBytes& octets, const char* where) {
    A out{};
    if (octets.size() != out.size()) return fail(Errc::storage, where);
    std::copy(octets.begin(), octets.end(), out.begin());
    return out;
}

/// One connection. Not shared between threads.
class Connection {
  public:
    /// ":memory:" or a file (created with mode 0600). Errors: storage.
    static Result<std::unique_ptr<Connection>> open(const std::string& path, bool reader);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// `sql` must be a string literal: it is the key of the statement cache.
    Result<Statement> prepare(const char* sql);
    /// Several statements without parameters: schema, BEGIN, COMMIT.
    Ok execute(const char* sql);
    /// Rows the last statement changed.
    int64_t changes() const;

  private:
    Connection() = default;
    sqlite3* db_ = nullptr;
    std::unordered_map<const char*, sqlite3_stmt*> cache_;
};

/// From one version of a schema to the next.
struct Migration {
    int from;
    const char* sql;
    Ok (*then)(Connection&) = nullptr; // for what SQL cannot say
};

/// A database: writes go through one connection and share commits, reads have a connection of their own.
class Database {
  public:
    /// `schema` is run when the file is new. An older one is brought to `version` step by step, all steps or
    /// none; unsupported when there is no step from its version.
    static Result<std::unique_ptr<Database>>
    open(const std::filesystem::path& file, const char* schema, int version, std::span<const Migration> = {});
    static Result<std::unique_ptr<Database>> open_in_memory(const char* schema, int version);

    /// Runs `job` in a transaction and returns when it is on disk. Jobs of several threads may share one
    /// commit; a job that fails undoes only itself. Errors: the job's own; storage.
    Ok write(const std::function<Ok(Connection&)>& job);
    /// Runs `job` on the reading connection: sees everything acknowledged by write().
    Ok read(const std::function<Ok(Connection&)>& job);
    /// After an I/O error nothing is written any more: the process must end and start again (RR-03).
    bool broken() const { return broken_; }
    /// A consistent copy, made while others write. Errors: storage, conflict when the file exists.
    Ok backup(const std::filesystem::path& to);

  private:
    Database() = default;
    static Result<std::unique_ptr<Database>>
    prepare(const std::string& path, const char* schema, int version, std::span<const Migration>);
    struct Job {
        const std::function<Ok(Connection&)>* run;
        Ok result;
        bool done = false;
    };
    void run_jobs(std::unique_lock<std::mutex>& lock);

    std::unique_ptr<Connection> writer_, reader_; // no reader: in memory, the writer serves both
    std::mutex writing_, reading_;
    std::condition_variable finished_;
    std::deque<Job*> queue_;
    bool leading_ = false;
    std::atomic<bool> broken_ = false;
};

} // namespace halyard::store
