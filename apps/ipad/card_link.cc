#include "apps/ipad/card_link.h"
#include "apps/common/soft_card.h"

namespace halyard::ipad {
namespace {
class SimCard final : public CardLink {
  public:
    explicit SimCard(std::unique_ptr<app::SoftCard> card) : card_(std::move(card)) {}
    Result<OwnedBytes> transmit(Bytes apdu) override { return card_->transmit(apdu); }
    Result<OwnedBytes> reset() override {
        TRY(card_->reset());
        return owned(euicc::Card::atr());
    }

  private:
    std::unique_ptr<app::SoftCard> card_;
};
} // namespace

Result<std::unique_ptr<CardLink>> open_card(const std::string& description) {
    constexpr std::string_view kSim = "sim:";
    if (!description.starts_with(kSim)) return fail(Errc::unsupported, "card");
    std::unique_ptr<CardLink> card =
        std::make_unique<SimCard>(TRY(app::SoftCard::open(description.substr(kSim.size()))));
    return card;
}

} // namespace halyard::ipad
