#pragma once
#include "smdp/store.h"
#include "store/sqlite.h"

namespace halyard::store {

/// An SM-DP+'s state in SQLite.
class SmdpStore : public smdp::Store {
  public:
    static Result<std::unique_ptr<SmdpStore>> open(const std::filesystem::path& file);
    static Result<std::unique_ptr<SmdpStore>> open_in_memory();

    Ok commit(const smdp::Change&) override;
    Result<std::optional<smdp::Order>> order(std::string_view matching_id) override;
    Result<std::optional<smdp::Order>> order(const Iccid&) override;
    Result<std::vector<smdp::Order>> orders(size_t limit) override;
    Result<OwnedBytes> sealed_package(std::string_view matching_id) override;
    Result<std::optional<smdp::Binding>> binding(std::string_view matching_id) override;
    Result<std::optional<smdp::Session>> session(Bytes transaction_id) override;
    Result<std::vector<smdp::Notification>> notifications(const Iccid&) override;
    Ok forget_sessions(Time before) override;
    Database& database() { return *db_; }

  private:
    explicit SmdpStore(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    std::unique_ptr<Database> db_;
};

} // namespace halyard::store
