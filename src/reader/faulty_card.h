#pragma once
// A card with a fault plan around it, and the storage that belongs to it.
#include "reader/card_port.h"
#include "reader/fault_plan.h"
#include <memory>

namespace halyard::reader {

/// What has happened so far, shared by a card and its storage: the same plan and the same commands give the
/// same faults.
class FaultClock {
  public:
    /// `card`: so that several cards under one plan do not all fail at once.
    explicit FaultClock(FaultPlan plan, uint32_t card = 0);

    struct Applied {
        const FaultRule* rule = nullptr; // the first that applies, slowness aside
        std::chrono::nanoseconds each{0}, per_octet{0};
    };
    Applied command(Bytes apdu);
    const FaultRule* commit();
    bool power_lost = false; // in a commit of this command

  private:
    bool applies(size_t rule, Bytes apdu);

    FaultPlan plan_;
    uint64_t apdus_ = 0, commits_ = 0;
    std::vector<uint64_t> met_, dice_; // for each rule: times its INS or tag came by; its random sequence
    uint32_t tag_ = 0;                 // of the STORE DATA chain that is under way
    bool chain_ends_ = false;
};

/// Storage whose commits fail by plan. `store` must outlive it.
class FaultyStore final : public euicc::CardStore {
  public:
    FaultyStore(euicc::CardStore& store, std::shared_ptr<FaultClock> clock)
        : store_(store), clock_(std::move(clock)) {}
    Result<OwnedBytes> load() override { return store_.load(); }
    Result<euicc::StoredImage> load_image(uint16_t profile) override { return store_.load_image(profile); }
    Ok commit(std::span<const euicc::CardWrite>) override;

  private:
    euicc::CardStore& store_;
    std::shared_ptr<FaultClock> clock_;
};

class FaultyCard final : public CardPort {
  public:
    FaultyCard(CardPort& card, std::shared_ptr<FaultClock> clock) : card_(card), clock_(std::move(clock)) {}
    Bytes atr() override { return card_.atr(); }
    Result<Answer> transmit(Bytes apdu) override;
    Ok power(Power) override;

  private:
    Result<Answer> power_cut();
    void corrupt(OwnedBytes& answer);

    CardPort& card_;
    std::shared_ptr<FaultClock> clock_;
    bool corrupting_ = false; // the answer that is being fetched
    OwnedBytes seen_;         // its last octets
};

} // namespace halyard::reader
