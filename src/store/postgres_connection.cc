#include "base/log.h"
#include "store/portable_sql.h"
#include "store/postgres_link.h"
#include <cstring>
#include <libpq-fe.h>
#include <poll.h>

namespace halyard::store {
namespace {
// "23505" as a number that fits an error's detail; 0: none.
uint32_t number_of(std::string_view state) {
    uint32_t out = 0;
    for (const char c : state)
        out = out * 36 + static_cast<uint32_t>(c >= '0' && c <= '9' ? c - '0' : c - 'A' + 10);
    return out;
}
std::string_view field(const PGresult* r, int which) {
    const char* text = PQresultErrorField(r, which);
    return text ? text : "";
}
std::string without_break(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}
} // namespace

void PostgresConnection::hear(void* connection, const PGresult* notice) {
    if (field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) != "WARNING") return;
    static_cast<PostgresConnection*>(connection)->warned_ = true;
    log(LogLevel::warning, "postgresql: " + std::string(field(notice, PG_DIAG_MESSAGE_PRIMARY)));
}

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const PostgresTarget& target) {
    std::vector<const char*> names, values;
    target.keywords(names, values);
    std::unique_ptr<PostgresConnection> c(new PostgresConnection);
    c->link_ = PQconnectdbParams(names.data(), values.data(), 1);
    if (PQstatus(c->link_) != CONNECTION_OK) {
        log(LogLevel::error, "postgresql: " + without_break(PQerrorMessage(c->link_)));
        return fail(Errc::unreachable, "postgresql");
    }
    PQsetNoticeReceiver(c->link_, hear, c.get());
    TRY(c->settle(target));
    return c;
}

PostgresConnection::~PostgresConnection() {
    cache_.clear();
    PQfinish(link_);
}

Ok PostgresConnection::settle(const PostgresTarget& target) {
    auto q = TRY(prepare("SELECT set_config('search_path', ?, false), current_setting('synchronous_commit'), "
                         "current_setting('fsync'), current_setting('server_encoding'), pg_is_in_recovery(), "
                         "set_config('statement_timeout', CASE current_setting('statement_timeout') WHEN '0' "
                         "THEN '30s' ELSE current_setting('statement_timeout') END, false), "
                         "set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' "
                         "THEN '10s' ELSE current_setting('lock_timeout') END, false), "
                         "set_config('idle_in_transaction_session_timeout', CASE "
                         "current_setting('idle_in_transaction_session_timeout') WHEN '0' THEN '60s' ELSE "
                         "current_setting('idle_in_transaction_session_timeout') END, false)"));
    if (!TRY(q.bind(target.schema).step())) return fail(Errc::storage, "postgresql");
    // RR-01: what is acknowledged is on disk.
    if (q.text(1) == "off") return fail(Errc::rejected, "store: synchronous_commit is off");
    if (q.text(2) == "off") return fail(Errc::rejected, "store: fsync is off");
    if (q.text(3) != "UTF8") return fail(Errc::rejected, "store: the database's encoding is not UTF8");
    if (q.integer(4) != 0) return fail(Errc::rejected, "store: the server is a standby");
    return {};
}

Result<pg_result*> PostgresConnection::judge(pg_result* result) {
    const auto status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        changes_ = std::atoll(PQcmdTuples(result));
        return result;
    }
    const std::string state(field(result, PG_DIAG_SQLSTATE)), said(field(result, PG_DIAG_MESSAGE_PRIMARY));
    PQclear(result);
    const uint32_t number = number_of(state);
    // Constraints; a transaction that another one made impossible, and that may begin again.
    if (state.starts_with("23") || state == "40001" || state == "40P01")
        return fail(Errc::conflict, "postgresql", number);
    if (PQstatus(link_) == CONNECTION_BAD) {
        log(LogLevel::warning, "postgresql: connection lost" + (said.empty() ? said : ": " + said));
        return fail(Errc::storage, "postgresql: connection lost", number);
    }
    log(LogLevel::error, "postgresql: " + state + " " + said);
    if (state == "0A000" || state == "26000" || state.starts_with("42")) stale_ = true;
    return fail(Errc::storage, "postgresql", number);
}

Result<Statement> PostgresConnection::prepare(const char* sql) {
    std::unique_ptr<PostgresStatement>& known = cache_[sql];
    if (known) return Statement(*known);
    const std::string name = "h" + std::to_string(cache_.size());
    PQclear(TRY(judge(PQprepare(link_, name.c_str(), to_postgres(sql).c_str(), 0, nullptr))));
    const std::unique_ptr<PGresult, decltype(&PQclear)> described(
        TRY(judge(PQdescribePrepared(link_, name.c_str()))), PQclear);
    std::vector<unsigned> types;
    for (int i = 0; i < PQnparams(described.get()); ++i) types.push_back(PQparamtype(described.get(), i));
    known = std::make_unique<PostgresStatement>(*this, name, std::move(types));
    return Statement(*known);
}

Ok PostgresConnection::execute(const char* sql) {
    PQclear(TRY(judge(PQexec(link_, to_postgres(sql).c_str()))));
    return {};
}

Ok PostgresConnection::command(const char* sql, const char* tag) {
    warned_ = false;
    const std::unique_ptr<PGresult, decltype(&PQclear)> done(TRY(judge(PQexec(link_, sql))), PQclear);
    if (std::strcmp(PQcmdStatus(done.get()), tag) != 0) // COMMIT of what failed is answered ROLLBACK
        return fail(Errc::storage, "postgresql: transaction was rolled back");
    return {};
}

Ok PostgresConnection::commit() {
    const Ok done = command("COMMIT", "COMMIT");
    if (!done && PQstatus(link_) == CONNECTION_BAD)
        return fail(Errc::storage, "postgresql: outcome of commit unknown");
    // The wait for a synchronous standby was given up: here it is, there it may not be.
    if (done && warned_) return fail(Errc::storage, "postgresql: outcome of commit unknown");
    return done;
}

bool PostgresConnection::alive() {
    if (!reusable()) return false;
    pollfd waiting{PQsocket(link_), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0; // nobody asked it anything: what it has to say is farewell
}
bool PostgresConnection::reusable() const {
    return !stale_ && PQstatus(link_) == CONNECTION_OK && PQtransactionStatus(link_) == PQTRANS_IDLE;
}

} // namespace halyard::store
