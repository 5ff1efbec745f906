#pragma once
#include "eim/store.h"
#include "store/database.h"

namespace halyard::store {

/// An API token as it is kept: never the token itself (SR-29).
struct ApiToken {
    std::string name, prefix; // the first characters, to recognise it by
    Sha256 hash{};
    Time created{}, expires{0}; // expires 0: never
    bool revoked = false;
};

/// An eIM's state in SQLite.
class EimStore : public eim::Store {
  public:
    static Result<std::unique_ptr<EimStore>> open(const std::filesystem::path& file);
    static Result<std::unique_ptr<EimStore>> open_in_memory();

    Ok commit(const eim::Change&) override;
    Result<std::optional<eim::Device>> device(const Eid&) override;
    Result<std::vector<eim::Device>> devices(const std::optional<Eid>& after, size_t limit) override;
    Result<std::optional<eim::Operation>> operation(std::string_view id) override;
    Result<std::optional<eim::Operation>> by_transaction(Bytes) override;
    Result<std::optional<eim::Operation>> by_counter(const Eid&, uint64_t) override;
    Result<std::optional<eim::Operation>> by_idempotency_key(std::string_view) override;
    Result<std::vector<eim::Operation>> open_operations(const Eid&) override;
    Result<std::vector<eim::Operation>> operations(const eim::OperationFilter&) override;
    Result<std::vector<eim::Operation>> overdue(Time now, size_t limit) override;
    Result<std::optional<eim::RelaySession>> session(Bytes transaction_id) override;
    Result<bool> knows_address(const Eid&, std::string_view address) override;
    Result<std::vector<eim::Forward>> due_forwards(Time now, size_t limit) override;
    Result<size_t> waiting_forwards(const Eid&) override;
    Ok forward_done(int64_t id) override;
    Ok forward_later(int64_t id, Time due) override;
    Result<std::vector<eim::Evidence>> evidence(std::string_view operation) override;

    /// conflict when the name is taken.
    Ok add_token(const ApiToken&);
    Result<std::optional<ApiToken>> token(const Sha256& hash);
    Result<std::vector<ApiToken>> tokens();
    /// not_found.
    Ok revoke_token(std::string_view name);
    Database& database() { return *db_; }

  private:
    explicit EimStore(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    template <class... Args> Result<std::vector<eim::Operation>> list(const char* sql, const Args&... args);
    template <class... Args> Result<std::optional<eim::Operation>> one(const char* sql, const Args&... args);
    std::unique_ptr<Database> db_;
};

} // namespace halyard::store
