#include "store/postgres.h"
#include "base/log.h"
#include "store/postgres_link.h"
#include <condition_variable>
#include <deque>
#include <libpq-fe.h>
#include <mutex>
#include <random>

namespace halyard::store {
namespace {
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class PostgresDatabase final : public Database {
  public:
    explicit PostgresDatabase(PostgresTarget target) : target_(std::move(target)) {}

    Ok write(const std::function<Ok(Connection&)>& job) override {
        const Loan loan(*this, TRY(take()));
        TRY(loan->begin());
        if (const Ok done = job(*loan); !done) {
            loan->rollback();
            return done;
        }
        return loan->commit();
    }
    Ok read(const std::function<Ok(Connection&)>& job) override {
        const Loan loan(*this, TRY(take()));
        return job(*loan);
    }
    /// Never: the server guards its files, and connections are made anew.
    bool broken() const override { return false; }
    Ok backup(const std::filesystem::path&) override {
        return fail(Errc::unsupported, "backup: PostgreSQL has its own, see pg_dump and pg_basebackup");
    }
    void put_back(std::unique_ptr<PostgresConnection>);
    Result<std::unique_ptr<PostgresConnection>> take();

  private:
    /// A connection while a job has it.
    class Loan {
      public:
        Loan(PostgresDatabase& of, std::unique_ptr<PostgresConnection> c)
            : of_(of), connection_(std::move(c)) {}
        ~Loan() { of_.put_back(std::move(connection_)); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        PostgresConnection* operator->() const { return connection_.get(); }
        PostgresConnection& operator*() const { return *connection_; }

      private:
        PostgresDatabase& of_;
        std::unique_ptr<PostgresConnection> connection_;
    };
    Result<std::unique_ptr<PostgresConnection>> connect(std::unique_lock<std::mutex>&);

    const PostgresTarget target_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::deque<std::unique_ptr<PostgresConnection>> idle_;
    size_t open_ = 0; // idle, lent, or being made
    unsigned failures_ = 0;
    Clock::time_point not_before_{};
    std::minstd_rand dice_{std::random_device{}()};
};

Result<std::unique_ptr<PostgresConnection>> PostgresDatabase::take() {
    std::unique_lock lock(mutex_);
    const bool free = returned_.wait_for(
        lock, std::chrono::seconds(10), [&] { return !idle_.empty() || open_ < kPostgresConnections; });
    if (!free) return fail(Errc::storage, "postgresql: all connections are busy");
    while (!idle_.empty()) {
        auto c = std::move(idle_.back());
        idle_.pop_back();
        if (c->alive()) return c;
        --open_; // the server closed it, so nothing was asked of it: another one may serve
    }
    return connect(lock);
}

// After a failure the next attempt waits, at random within a span that doubles up to five seconds: meanwhile
// callers hear at once that there is no database. RR-16
Result<std::unique_ptr<PostgresConnection>> PostgresDatabase::connect(std::unique_lock<std::mutex>& lock) {
    if (failures_ > 0 && Clock::now() < not_before_)
        return fail(Errc::storage, "postgresql: waiting to connect again");
    ++open_;
    lock.unlock();
    auto made = PostgresConnection::open(target_);
    lock.lock();
    if (made) {
        failures_ = 0;
        return std::move(*made);
    }
    --open_;
    const auto span = static_cast<unsigned>(std::min(5000, 100 << std::min(failures_, 6u)));
    not_before_ = Clock::now() + milliseconds(span / 2 + dice_() % (span / 2 + 1));
    ++failures_;
    returned_.notify_one();
    return fail(Errc::storage, made.error().where, made.error().detail);
}

void PostgresDatabase::put_back(std::unique_ptr<PostgresConnection> c) {
    const bool good = c->reusable();
    if (!good) c.reset();
    {
        const std::lock_guard lock(mutex_);
        if (good)
            idle_.push_back(std::move(c));
        else
            --open_;
    }
    returned_.notify_one();
}
} // namespace

Ok settle_postgres_schema(PostgresConnection& c, const Schema& schema) {
    TRY(c.begin());
    // Others who start now wait here, however long the tables take.
    TRY(c.execute("SET LOCAL lock_timeout=0; SET LOCAL statement_timeout=0; "
                  "SELECT pg_advisory_xact_lock(7234033)"));
    {
        auto q = TRY(c.prepare("SELECT 1 FROM pg_namespace WHERE nspname=CAST(? AS text)"));
        const bool there = TRY(q.bind(std::string_view(schema.name)).step());
        if (!there) TRY(c.execute((std::string("CREATE SCHEMA ") + schema.name).c_str())); // a word of ours
    }
    int64_t at = 0;
    {
        auto known = TRY(c.prepare("SELECT to_regclass('schema_version') IS NOT NULL"));
        if (TRY(known.step()) && known.integer(0) != 0) {
            auto q = TRY(c.prepare("SELECT version FROM schema_version"));
            if (!TRY(q.step())) return fail(Errc::storage, "schema_version");
            at = q.integer(0);
        }
    }
    if (at == 0) {
        TRY(c.execute(schema.tables));
        TRY(c.execute("CREATE TABLE schema_version(version INTEGER NOT NULL) STRICT; "
                      "INSERT INTO schema_version VALUES(0)"));
    }
    const int64_t found = at;
    for (const Migration& m : schema.migrations) {
        if (at == 0 || m.from != at || at >= schema.version) continue;
        TRY(c.execute(m.sql));
        if (m.then) TRY(m.then(c));
        ++at;
    }
    if (at != 0 && at != schema.version)
        return fail(Errc::unsupported, "database version", static_cast<uint32_t>(found));
    if (found != schema.version) {
        auto q = TRY(c.prepare("UPDATE schema_version SET version=?"));
        TRY(q.bind(int64_t{schema.version}).run());
    }
    return c.commit();
}

Result<std::unique_ptr<Database>> open_postgres(const std::string& where, const Schema& schema) {
    const PostgresTarget target = TRY(PostgresTarget::judge(where, schema.name));
    const auto first = TRY(PostgresConnection::open(target));
    TRY(settle_postgres_schema(*first, schema));
    return std::unique_ptr<Database>(std::make_unique<PostgresDatabase>(target));
}

} // namespace halyard::store
