#pragma once
// Storage that may refuse a commit or lose power at it, and whose contents a test may keep and put back. The
// one place of these tests that knows how a CardStore is used.
#include "euicc/card.h"
#include <functional>

namespace halyard::loop {

class PowerCutStore final : public euicc::CardStore {
  public:
    enum class Fault : uint8_t {
        refuse,     // the storage says no, the card keeps its power
        cut_before, // power is lost instead of the commit
        cut_after,  // the commit is durable, and power is lost before anything follows from it
    };
    /// The commit after the next `pass` ones meets the fault, once.
    void plan(Fault fault, size_t pass) {
        fault_ = fault;
        pass_ = pass;
    }
    /// Power is back, nothing is planned.
    void power_on() {
        has_power_ = true;
        fault_.reset();
    }
    /// Planned faults that have come.
    size_t strikes() const { return strikes_; }
    bool has_power() const { return has_power_; }
    /// Commits that are on the disk since restore().
    size_t commits() const { return commits_; }
    /// Called when a commit is on the disk.
    std::function<void()> written;

    /// All that is on the disk.
    const euicc::CardContent& content() const { return disk_.content; }
    void restore(const euicc::CardContent& content) {
        power_on();
        disk_.content = content;
        commits_ = 0;
    }

    Result<OwnedBytes> load() override { return disk_.load(); }
    Result<euicc::StoredImage> load_image(uint16_t profile) override { return disk_.load_image(profile); }
    Ok commit(std::span<const euicc::CardWrite> writes) override {
        if (!has_power_) return fail(Errc::storage, "power");
        const bool strikes = fault_ && pass_ == 0;
        if (fault_ && !strikes) --pass_;
        const std::optional<Fault> fault = strikes ? std::exchange(fault_, std::nullopt) : std::nullopt;
        strikes_ += strikes;
        has_power_ = fault != Fault::cut_before && fault != Fault::cut_after;
        if (fault == Fault::refuse || fault == Fault::cut_before) return fail(Errc::storage, "planned");
        TRY(disk_.commit(writes));
        ++commits_;
        if (written) written();
        return {};
    }

  private:
    euicc::MemoryStore disk_;
    std::optional<Fault> fault_;
    size_t pass_ = 0, commits_ = 0, strikes_ = 0;
    bool has_power_ = true;
};

} // namespace halyard::loop
