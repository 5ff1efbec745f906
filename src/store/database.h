#pragma once
// A database as row code sees it, SQLite (sqlite.h) or PostgreSQL (postgres.h): prepared statements only,
// jobs that are transactions. Statements are written once, in the words of portable_sql.h.
#include "base/octets.h"
#include "base/time.h"
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace halyard::store {

/// A prepared statement as one kind of database keeps it. Parameters count from 1, columns from 0.
struct Prepared {
    virtual ~Prepared() = default;
    virtual void bind(int at, int64_t value) = 0;
    virtual void bind(int at, std::string_view text) = 0;
    virtual void bind(int at, Bytes octets) = 0;
    virtual void bind_null(int at) = 0;
    virtual Result<bool> step() = 0;
    /// Forgets parameters and rows.
    virtual void reset() = 0;
    virtual int64_t integer(int column) const = 0;
    virtual std::string text(int column) const = 0;
    virtual OwnedBytes octets(int column) const = 0;
    virtual bool is_null(int column) const = 0;
};

/// One use of a prepared statement: bound in order, then stepped. Resets it when dropped.
class Statement {
  public:
    explicit Statement(Prepared& prepared) : prepared_(&prepared) {}
    Statement(Statement&& other) noexcept
        : prepared_(std::exchange(other.prepared_, nullptr)), next_(other.next_) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement() {
        if (prepared_) prepared_->reset();
    }

    /// The next parameter. Text and octets are copied.
    Statement& bind(int64_t value) { return prepared_->bind(next_++, value), *this; }
    Statement& bind(std::string_view text) { return prepared_->bind(next_++, text), *this; }
    Statement& bind(Bytes octets) { return prepared_->bind(next_++, octets), *this; }
    Statement& bind_null() { return prepared_->bind_null(next_++), *this; }
    template <class T> Statement& bind_optional(const std::optional<T>& value) {
        return value ? bind(Bytes(*value)) : bind_null();
    }
    /// True when there is a row. Errors: conflict for a constraint, and for a transaction that must begin
    /// again; bad_value for text that the database cannot hold; storage with the database's own code as
    /// detail.
    Result<bool> step() { return prepared_->step(); }
    /// For statements without rows.
    Ok run() {
        while (TRY(step())) {
        }
        return {};
    }

    int64_t integer(int column) const { return prepared_->integer(column); }
    std::string text(int column) const { return prepared_->text(column); }
    OwnedBytes octets(int column) const { return prepared_->octets(column); }
    bool is_null(int column) const { return prepared_->is_null(column); }

  private:
    Prepared* prepared_;
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
    virtual ~Connection() = default;
    /// `sql` must be a string literal: it is the key of the statement cache. A statement is used by one
    /// Statement at a time.
    virtual Result<Statement> prepare(const char* sql) = 0;
    /// Several statements without parameters: schema.
    virtual Ok execute(const char* sql) = 0;
    /// Rows the last statement changed.
    virtual int64_t changes() const = 0;
};

/// From one version of a schema to the next.
struct Migration {
    int from;
    const char* sql;
    Ok (*then)(Connection&) = nullptr; // for what SQL cannot say
};

/// The tables of one server.
struct Schema {
    const char* name;   // of its schema in PostgreSQL
    const char* tables; // run when there are none yet
    int version;
    std::span<const Migration> migrations = {};
};

/// Thread-safe.
class Database {
  public:
    virtual ~Database() = default;
    /// Runs `job` in a transaction and returns when it is on disk; a job that fails changes nothing. Errors:
    /// the job's own; conflict when it must begin again; storage. After a storage error the job may have been
    /// committed all the same: repeat only what finds itself by its natural key (RR-07).
    virtual Ok write(const std::function<Ok(Connection&)>& job) = 0;
    /// Runs `job`, which only reads: sees everything acknowledged by write().
    virtual Ok read(const std::function<Ok(Connection&)>& job) = 0;
    /// Nothing can be written any more: the process must end and start again (RR-03).
    virtual bool broken() const = 0;
    /// A consistent copy, made while others write. Errors: storage; conflict when the file exists;
    /// unsupported where the database has its own means.
    virtual Ok backup(const std::filesystem::path& to) = 0;
};

/// A file, made with mode 0600 when it is not there; or one that is in memory only. An older schema is
/// brought to its version step by step, all steps or none. Errors: storage; unsupported when there is no step
/// from its version.
Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file, const Schema&);
Result<std::unique_ptr<Database>> open_sqlite_in_memory(const Schema&);

} // namespace halyard::store
