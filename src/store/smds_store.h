#pragma once
#include "smds/store.h"
#include "store/database.h"

namespace halyard::store {

/// An SM-DS's state in SQLite or PostgreSQL.
class SmdsStore : public smds::Store {
  public:
    /// `postgres`: what open_postgres() takes; empty: the file. Errors as of those.
    static Result<std::unique_ptr<SmdsStore>> open(const std::filesystem::path& file,
                                                   const std::string& postgres);
    static Result<std::unique_ptr<SmdsStore>> open(const std::filesystem::path& file);
    static Result<std::unique_ptr<SmdsStore>> open_in_memory();

    Result<smds::Census> census() override;
    Ok commit(const smds::Change&) override;
    Result<std::vector<smds::Event>> events(const Eid&) override;
    Result<std::vector<smds::Event>> events(uint64_t after, size_t limit) override;
    Result<std::optional<smds::Call>> call(std::string_view requester, std::string_view id) override;
    Result<std::optional<smds::Session>> session(Bytes transaction_id) override;
    Result<std::vector<smds::Forward>> due(Time now, size_t limit) override;
    Ok postpone(const smds::Forward&) override;
    Ok acknowledged(const smds::Forward&) override;
    Result<std::vector<smds::Forward>> claim(Time now, Time until, size_t limit) override;
    Ok give_up(const smds::Forward&) override;
    Ok forget(Time sessions_before, Time calls_before) override;
    Database& database() { return *db_; }

  private:
    explicit SmdsStore(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    std::unique_ptr<Database> db_;
};

} // namespace halyard::store
