#pragma once
#include "smdp/store.h"
#include "store/database.h"

namespace halyard::store {

/// An SM-DP+'s state in SQLite or PostgreSQL.
class SmdpStore : public smdp::Store {
  public:
    /// `postgres`: what open_postgres() takes; empty: the file. Errors as of those.
    static Result<std::unique_ptr<SmdpStore>> open(const std::filesystem::path& file,
                                                   const std::string& postgres);
    static Result<std::unique_ptr<SmdpStore>> open(const std::filesystem::path& file);
    static Result<std::unique_ptr<SmdpStore>> open_in_memory();

    Result<smdp::Census> census() override;
    Ok commit(const smdp::Change&) override;
    Result<std::optional<smdp::Order>> order(std::string_view matching_id) override;
    Result<std::optional<smdp::Order>> order(const Iccid&) override;
    Result<std::vector<smdp::Order>> orders(size_t limit) override;
    Result<std::optional<smdp::Order>> default_order(const Eid&) override;
    Result<std::optional<smdp::Order>>
    available(std::string_view operator_id, std::string_view type, uint8_t dice) override;
    Result<bool> has_type(std::string_view operator_id, std::string_view type) override;
    Result<std::vector<smdp::Pool>> pools() override;
    Result<smdp::Sealed> sealed_package(const Iccid&) override;
    Result<std::optional<smdp::Binding>> binding(const Iccid&) override;
    Result<std::optional<smdp::Session>> session(Bytes transaction_id) override;
    Result<std::vector<smdp::Notification>> notifications(const Iccid&) override;
    Ok forget_sessions(Time before) override;
    Result<std::optional<smdp::Call>> call(std::string_view operator_id, std::string_view call_id) override;
    Ok forget_calls(Time before) override;
    Result<std::vector<smdp::Outgoing>> due(std::string_view target, Time now, size_t limit) override;
    Result<std::vector<smdp::Outgoing>>
    claim(std::string_view target, Time now, Time until, size_t limit) override;
    Ok give_up(const smdp::Outgoing&) override;
    Result<std::vector<std::string>> event_targets() override;
    Ok delivered(const smdp::Outgoing&, std::optional<smdp::EventState> event) override;
    Ok postpone(const smdp::Outgoing&) override;
    // The factory: smdp_factory.cc
    Ok add_template(const smdp::Template&, uint64_t low_water) override;
    Result<std::optional<smdp::Template>>
    profile_template(std::string_view operator_id, std::string_view type, uint32_t version) override;
    Result<std::vector<smdp::Template>> templates() override;
    Ok remove_type(std::string_view operator_id, std::string_view type) override;
    Ok set_low_water(std::string_view operator_id, std::string_view type, uint64_t low_water) override;
    Result<std::vector<smdp::Level>> levels() override;
    Result<std::vector<bool>> put_in_stock(std::span<const smdp::Stocked>) override;
    // Keys of what is sealed: smdp_keys.cc
    Result<std::vector<smdp::DataKey>> data_keys(std::optional<std::string_view> operator_id) override;
    Ok add_data_key(const smdp::DataKey&) override;
    Ok rewrap(std::span<const smdp::DataKey>) override;
    Result<size_t> drop_idle_keys() override;
    Result<smdp::Outdated> outdated(smdp::Resealed::Of, std::optional<Iccid> after, size_t limit) override;
    Ok reseal(std::span<const smdp::Resealed> before, std::span<const smdp::Resealed> after) override;
    Database& database() { return *db_; }

  private:
    explicit SmdpStore(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    std::unique_ptr<Database> db_;
};

} // namespace halyard::store
