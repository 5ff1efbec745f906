#pragma once
// The eIM by itself, with a card whose answers a test may take, keep, forge and repeat: no IPA in between.
#include "tests/loop/world.h"
#include <functional>

namespace halyard::loop {

/// An eIM's store that fails when it is told to.
class FaultyStore : public eim::Store {
  public:
    explicit FaultyStore(eim::Store& to) : to_(&to) {}
    std::function<bool(const eim::Change&)> fails; // true: nothing is written
    size_t commits = 0;
    Ok commit(const eim::Change& change) override {
        ++commits;
        if (fails && fails(change)) return fail(Errc::storage, "injected");
        return to_->commit(change);
    }
    void redirect(eim::Store& to) { to_ = &to; }
    using Eid_ = const Eid&;
    Result<std::optional<eim::Device>> device(Eid_ e) override { return to_->device(e); }
    Result<std::vector<eim::Device>> devices(const std::optional<Eid>& a, size_t n) override {
        return to_->devices(a, n);
    }
    Result<std::optional<eim::Operation>> operation(std::string_view id) override {
        return to_->operation(id);
    }
    Result<std::optional<eim::Operation>> by_transaction(Bytes id) override {
        return to_->by_transaction(id);
    }
    Result<std::optional<eim::Operation>> by_counter(Eid_ e, uint64_t n) override {
        return to_->by_counter(e, n);
    }
    Result<std::optional<eim::Operation>> by_idempotency_key(std::string_view k) override {
        return to_->by_idempotency_key(k);
    }
    Result<std::vector<eim::Operation>> open_operations(Eid_ e) override { return to_->open_operations(e); }
    Result<std::vector<eim::Operation>> operations(const eim::OperationFilter& f) override {
        return to_->operations(f);
    }
    Result<std::vector<eim::Operation>> overdue(Time t, size_t n) override { return to_->overdue(t, n); }
    Result<std::optional<eim::RelaySession>> session(Bytes id) override { return to_->session(id); }
    Result<bool> knows_address(Eid_ e, std::string_view a) override { return to_->knows_address(e, a); }
    Result<std::vector<eim::Forward>> due_forwards(Time t, size_t n) override {
        return to_->due_forwards(t, n);
    }
    Result<size_t> waiting_forwards(Eid_ e) override { return to_->waiting_forwards(e); }
    Ok forward_done(int64_t id) override { return to_->forward_done(id); }
    Ok forward_later(int64_t id, Time t) override { return to_->forward_later(id, t); }
    Result<std::vector<eim::Evidence>> evidence(std::string_view id) override { return to_->evidence(id); }

  private:
    eim::Store* to_;
};

/// A world with one device whose IPA has done its first poll; from then on the test speaks for it.
struct Desk {
    explicit Desk(uint64_t seed = 1);
    World w;
    Device& d;
    Eid eid;

    /// ESipa, straight into the eIM; the answer must come.
    OwnedBytes ask(Bytes message);
    /// What the device gets: the request inside BF4F; empty when nothing is there.
    OwnedBytes poll(bool state_changed = false);
    /// GetEimPackage's error code, 0 when there is a package.
    int poll_error(const Eid&);
    /// BF51… or another result to the eIM, as of `eid`; the numbers acknowledged.
    std::vector<uint64_t> provide(Bytes result);
    std::vector<uint64_t> provide(const Eid& as, Bytes result);
    /// A package into the card, which is reset where that completes a change of profile.
    OwnedBytes execute(Bytes package);
    /// Polls, executes, provides until nothing is left.
    void serve();
    eim::Device device();
    eim::State state(const std::string& id) { return w.eim.operation(id).state; }
    std::vector<eim::Evidence> evidence(const std::string& operation = {});

    /// An audit that is out, with the card's answer to it, which nobody has told the eIM.
    struct Out {
        std::string id;
        OwnedBytes request, result;
    };
    Out audit_out();

    /// BF51{A0{data, signature}} and BF51{A1{…}} as this card would sign them.
    OwnedBytes
    signed_result(const eim::Operation&, uint64_t number, Bytes results, std::string_view eim_id = {});
    OwnedBytes signed_error(const eim::Operation&, rsp::EuiccPackageErrorCode, std::string_view eim_id = {});
    OwnedBytes unsigned_error(const eim::Operation&);
    /// BF54 with an installation result of this card.
    OwnedBytes
    installation(const eim::Operation&, uint64_t number, std::string_view iccid, bool success = true);
    /// Pending notification 30… of this card.
    OwnedBytes notification(uint64_t number,
                            std::string_view address,
                            rsp::NotificationEvent = rsp::NotificationEvent::notification_enable);
    /// BF3D{A0{…}} into the eIM.
    Result<OwnedBytes> notify(Bytes pending);
    std::optional<int64_t> token(); // of this eIM, as the card has it
};

/// Packages and commands.
OwnedBytes psmos(std::vector<rsp::Psmo>);
OwnedBytes ecos(std::vector<rsp::Eco>);
rsp::Psmo enable(std::string_view iccid, bool rollback = true);
rsp::Psmo disable(std::string_view iccid);
rsp::Psmo remove(std::string_view iccid);
rsp::Psmo list();

/// A device with its bootstrap profile enabled and a second one, disabled.
struct Fleet : Desk {
    Fleet();
    std::string order(OwnedBytes package, bool force = false);
    std::string why(const std::string& id) { return w.eim.operation(id).reason; }
    std::string bootstrap, spare;
};

/// tag, length, content.
OwnedBytes wrap(uint32_t tag, std::initializer_list<Bytes> parts);

} // namespace halyard::loop
