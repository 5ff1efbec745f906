#include "store/sqlite.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace halyard::store {
namespace {
auto storage_error(sqlite3* db, int code) {
    const int extended = db ? sqlite3_extended_errcode(db) : code;
    return fail((code & 0xFF) == SQLITE_CONSTRAINT ? Errc::conflict : Errc::storage,
                "sqlite",
                static_cast<uint32_t>(extended));
}
bool is_fatal(const Error& e) {
    if (e.code != Errc::storage) return false;
    const int primary = static_cast<int>(e.detail & 0xFF);
    return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}
} // namespace

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }
void SqliteStatement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_); // no copy of a secret stays behind in the cache
}
void SqliteStatement::bind(int at, int64_t value) { sqlite3_bind_int64(statement_, at, value); }
void SqliteStatement::bind(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}
void SqliteStatement::bind(int at, Bytes octets) {
    // A null pointer would bind NULL, and these columns are NOT NULL.
    static const uint8_t nothing = 0;
    sqlite3_bind_blob(statement_,
                      at,
                      octets.empty() ? &nothing : octets.data(),
                      static_cast<int>(octets.size()),
                      SQLITE_TRANSIENT);
}
void SqliteStatement::bind_null(int at) { sqlite3_bind_null(statement_, at); }
Result<bool> SqliteStatement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return storage_error(db_, code);
}
int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string SqliteStatement::text(int column) const {
    const auto* t = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return t ? std::string(t, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}
OwnedBytes SqliteStatement::octets(int column) const {
    const auto* b = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
    const auto n = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return b ? OwnedBytes(b, b + n) : OwnedBytes();
}
bool SqliteStatement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, bool reader) {
    std::unique_ptr<SqliteConnection> c(new SqliteConnection);
    const int mode = reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int code =
        sqlite3_open_v2(path.c_str(), &c->db_, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    if (code != SQLITE_OK) return storage_error(c->db_, code);
    sqlite3_busy_timeout(c->db_, 5000);
    sqlite3_db_config(c->db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(c->db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(c->db_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    TRY(c->execute("PRAGMA mmap_size=0"));
    if (reader) {
        sqlite3_db_config(c->db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    } else {
        TRY(c->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"));
    }
    return c;
}
SqliteConnection::~SqliteConnection() {
    cache_.clear();
    sqlite3_close_v2(db_);
}
Result<Statement> SqliteConnection::prepare(const char* sql) {
    std::unique_ptr<SqliteStatement>& known = cache_[sql];
    if (!known) {
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        if (code != SQLITE_OK) return storage_error(db_, code);
        known = std::make_unique<SqliteStatement>(db_, statement);
    }
    return Statement(*known);
}
Ok SqliteConnection::execute(const char* sql) {
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return storage_error(db_, code);
    return {};
}
int64_t SqliteConnection::changes() const { return sqlite3_changes64(db_); }

namespace {
Result<int64_t> version_of(Connection& c) {
    auto q = TRY(c.prepare("PRAGMA user_version"));
    return TRY(q.step()) ? q.integer(0) : 0;
}
Result<std::vector<const Migration*>> steps_from(int64_t found, const Schema& schema) {
    std::vector<const Migration*> steps;
    int64_t at = found;
    for (const Migration& m : schema.migrations)
        if (m.from == at && at < schema.version) {
            steps.push_back(&m);
            ++at;
        }
    if (at != schema.version)
        return fail(Errc::unsupported, "database version", static_cast<uint32_t>(found));
    return steps;
}
} // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::prepare(const std::string& path,
                                                                const Schema& schema) {
    std::unique_ptr<SqliteDatabase> db(new SqliteDatabase);
    db->writer_ = TRY(SqliteConnection::open(path, false));
    SqliteConnection& c = *db->writer_;
    const std::string set = "PRAGMA user_version=" + std::to_string(schema.version) + "; COMMIT";
    int64_t found = TRY(version_of(c));
    const bool change = found != schema.version;
    if (change) { // another process may be at it: who comes first does it
        TRY(c.execute("BEGIN IMMEDIATE"));
        found = TRY(version_of(c));
    }
    if (found == 0) {
        TRY(c.execute(schema.tables));
        TRY(c.execute(set.c_str()));
        return db;
    }
    const auto steps = TRY(steps_from(found, schema));
    { // What is damaged is found now and not by the order that meets it (RR-36).
        auto q = TRY(c.prepare("PRAGMA quick_check(1)"));
        if (!TRY(q.step()) || q.text(0) != "ok") return fail(Errc::storage, "database is damaged");
    }
    if (!change) return db;
    for (const Migration* m : steps) { // an error closes the connection, which undoes all of it
        TRY(c.execute(m->sql));
        if (m->then) TRY(m->then(c));
    }
    TRY(c.execute(set.c_str()));
    return db;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& file,
                                                             const Schema& schema) {
    // Made by us first, so that the mode is right from the first octet.
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fail(Errc::storage, "database file", static_cast<uint32_t>(errno));
    ::close(fd);
    auto db = TRY(prepare(file.string(), schema));
    db->reader_ = TRY(SqliteConnection::open(file.string(), true));
    return db;
}
Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open_in_memory(const Schema& schema) {
    return prepare(":memory:", schema);
}

// Whoever comes first leads: it runs what has queued up meanwhile, commits once, and wakes those whose jobs
// are done and the one that leads next. All the others sleep on: with many of them, waking all costs more
// than the jobs.
Ok SqliteDatabase::write(const std::function<Ok(Connection&)>& job) {
    std::unique_lock lock(writing_);
    if (broken_) return fail(Errc::storage, "database is broken");
    Job mine{.run = &job};
    queue_.push_back(&mine); // cppcheck-suppress danglingLifetime ; taken out again before this returns
    while (!mine.done) {
        if (leading_) {
            mine.wake.wait(lock);
            continue;
        }
        leading_ = true;
        run_jobs(lock);
        leading_ = false;
        if (!queue_.empty()) queue_.front()->wake.notify_one();
    }
    return mine.result;
}

void SqliteDatabase::run_jobs(std::unique_lock<std::mutex>& lock) {
    constexpr size_t kGroup = 128;
    std::deque<Job*> jobs;
    while (!queue_.empty() && jobs.size() < kGroup) {
        jobs.push_back(queue_.front());
        queue_.pop_front();
    }
    const bool refused = broken_; // since these were queued: nothing is written any more (RR-03)
    lock.unlock();
    const auto group = [&]() -> Ok {
        if (refused) return fail(Errc::storage, "database is broken");
        std::unique_lock reading(reading_, std::defer_lock);
        if (!reader_) reading.lock();
        TRY(writer_->execute("BEGIN IMMEDIATE"));
        for (Job* j : jobs) {
            TRY(writer_->execute("SAVEPOINT job"));
            j->result = (*j->run)(*writer_);
            if (!j->result) {
                if (is_fatal(j->result.error())) return j->result;
                TRY(writer_->execute("ROLLBACK TO job"));
            }
            TRY(writer_->execute("RELEASE job"));
        }
        return writer_->execute("COMMIT");
    };
    const Ok all = group();
    if (!all && !refused) (void)writer_->execute("ROLLBACK");
    lock.lock();
    if (!all && is_fatal(all.error())) broken_ = true;
    for (Job* j : jobs) {
        if (!all && j->result) j->result = all; // it ran, yet nothing of it is on disk
        j->done = true;
        j->wake.notify_one();
    }
}

Ok SqliteDatabase::read(const std::function<Ok(Connection&)>& job) {
    const std::lock_guard lock(reading_);
    const Ok done = job(reader_ ? *reader_ : *writer_);
    if (!done && is_fatal(done.error())) broken_ = true;
    return done;
}

Ok SqliteDatabase::backup(const std::filesystem::path& to) {
    if (std::filesystem::exists(to)) return fail(Errc::conflict, "backup file");
    return read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("VACUUM INTO ?"));
        return q.bind(to.string()).run();
    });
}

Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file, const Schema& schema) {
    return std::unique_ptr<Database>(TRY(SqliteDatabase::open(file, schema)));
}
Result<std::unique_ptr<Database>> open_sqlite_in_memory(const Schema& schema) {
    return std::unique_ptr<Database>(TRY(SqliteDatabase::open_in_memory(schema)));
}

} // namespace halyard::store
