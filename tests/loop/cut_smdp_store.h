#pragma once
// An SM-DP+'s store whose process is killed at one of its writes: just before it, or just after it is on the
// disk.
#include "smdp/store.h"

namespace halyard::loop {

class CutSmdpStore final : public smdp::Store {
  public:
    explicit CutSmdpStore(smdp::Store& real) : real_(real) {}
    /// The write after the next `pass` ones is the last thing that happens. `durable`: it is on the disk
    /// then.
    void cut_at(size_t pass, bool durable) {
        planned_ = true;
        pass_ = pass;
        durable_ = durable;
    }
    bool is_dead() const { return dead_; }

    Ok commit(const smdp::Change& c) override {
        return write([&] { return real_.commit(c); });
    }
    Ok delivered(const smdp::Outgoing& o, std::optional<smdp::EventState> event) override {
        return write([&] { return real_.delivered(o, event); });
    }
    Ok give_up(const smdp::Outgoing& o) override {
        return write([&] { return real_.give_up(o); });
    }
    Result<std::vector<smdp::Outgoing>>
    claim(std::string_view target, Time now, Time until, size_t limit) override {
        std::vector<smdp::Outgoing> out;
        TRY(write([&]() -> Ok {
            out = TRY(real_.claim(target, now, until, limit));
            return {};
        }));
        return out;
    }
    Ok postpone(const smdp::Outgoing& o) override {
        return write([&] { return real_.postpone(o); });
    }
    Ok forget_sessions(Time before) override {
        return write([&] { return real_.forget_sessions(before); });
    }
    Ok forget_calls(Time before) override {
        return write([&] { return real_.forget_calls(before); });
    }
    Ok add_template(const smdp::Template& t, uint64_t low_water) override {
        return write([&] { return real_.add_template(t, low_water); });
    }
    Ok remove_type(std::string_view op, std::string_view type) override {
        return write([&] { return real_.remove_type(op, type); });
    }
    Ok set_low_water(std::string_view op, std::string_view type, uint64_t low_water) override {
        return write([&] { return real_.set_low_water(op, type, low_water); });
    }
    Result<std::vector<bool>> put_in_stock(std::span<const smdp::Stocked> all) override {
        std::vector<bool> out;
        TRY(write([&]() -> Ok {
            out = TRY(real_.put_in_stock(all));
            return {};
        }));
        return out;
    }
    Ok add_data_key(const smdp::DataKey& k) override {
        return write([&] { return real_.add_data_key(k); });
    }
    Ok rewrap(std::span<const smdp::DataKey> keys) override {
        return write([&] { return real_.rewrap(keys); });
    }
    Result<size_t> drop_idle_keys() override {
        size_t out = 0;
        TRY(write([&]() -> Ok {
            out = TRY(real_.drop_idle_keys());
            return {};
        }));
        return out;
    }
    Ok reseal(std::span<const smdp::Resealed> before, std::span<const smdp::Resealed> after) override {
        return write([&] { return real_.reseal(before, after); });
    }
    Result<std::optional<smdp::Template>>
    profile_template(std::string_view op, std::string_view type, uint32_t version) override {
        return read([&] { return real_.profile_template(op, type, version); });
    }
    Result<std::vector<smdp::Template>> templates() override {
        return read([&] { return real_.templates(); });
    }
    Result<std::vector<smdp::Level>> levels() override {
        return read([&] { return real_.levels(); });
    }
    Result<std::vector<smdp::DataKey>> data_keys(std::optional<std::string_view> op) override {
        return read([&] { return real_.data_keys(op); });
    }
    Result<smdp::Outdated>
    outdated(smdp::Resealed::Of of, std::optional<Iccid> after, size_t limit) override {
        return read([&] { return real_.outdated(of, after, limit); });
    }
    Result<std::optional<smdp::Order>> order(std::string_view id) override {
        return read([&] { return real_.order(id); });
    }
    Result<std::optional<smdp::Order>> order(const Iccid& iccid) override {
        return read([&] { return real_.order(iccid); });
    }
    Result<std::vector<smdp::Order>> orders(size_t limit) override {
        return read([&] { return real_.orders(limit); });
    }
    Result<std::optional<smdp::Order>> default_order(const Eid& eid) override {
        return read([&] { return real_.default_order(eid); });
    }
    Result<std::optional<smdp::Order>>
    available(std::string_view op, std::string_view type, uint8_t dice) override {
        return read([&] { return real_.available(op, type, dice); });
    }
    Result<bool> has_type(std::string_view op, std::string_view type) override {
        return read([&] { return real_.has_type(op, type); });
    }
    Result<std::vector<smdp::Pool>> pools() override {
        return read([&] { return real_.pools(); });
    }
    Result<smdp::Sealed> sealed_package(const Iccid& iccid) override {
        return read([&] { return real_.sealed_package(iccid); });
    }
    Result<std::optional<smdp::Binding>> binding(const Iccid& iccid) override {
        return read([&] { return real_.binding(iccid); });
    }
    Result<std::optional<smdp::Session>> session(Bytes id) override {
        return read([&] { return real_.session(id); });
    }
    Result<std::vector<smdp::Notification>> notifications(const Iccid& iccid) override {
        return read([&] { return real_.notifications(iccid); });
    }
    Result<std::optional<smdp::Call>> call(std::string_view op, std::string_view id) override {
        return read([&] { return real_.call(op, id); });
    }
    Result<std::vector<smdp::Outgoing>> due(std::string_view target, Time now, size_t limit) override {
        return read([&] { return real_.due(target, now, limit); });
    }
    Result<std::vector<std::string>> event_targets() override {
        return read([&] { return real_.event_targets(); });
    }

  private:
    template <class F> Ok write(F&& f) {
        if (dead_) return fail(Errc::storage, "killed");
        const bool last = planned_ && pass_-- == 0;
        if (last && !durable_) dead_ = true;
        if (dead_) return fail(Errc::storage, "killed");
        const Ok done = f();
        if (!last) return done;
        dead_ = true;
        return fail(Errc::storage, "killed");
    }
    template <class F> auto read(F&& f) -> decltype(f()) {
        if (dead_) return fail(Errc::storage, "killed");
        return f();
    }
    smdp::Store& real_;
    bool planned_ = false, durable_ = false, dead_ = false;
    size_t pass_ = 0;
};

} // namespace halyard::loop
