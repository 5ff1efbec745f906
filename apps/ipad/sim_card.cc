#include "apps/common/soft_card.h"
#include "apps/ipad/card_link.h"

namespace halyard::ipad {
namespace {
class SimCard : public CardLink {
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
    if (!description.starts_with("sim:")) return fail(Errc::unsupported, "card");
    return std::unique_ptr<CardLink>(new SimCard(TRY(app::SoftCard::open(description.substr(4)))));
}

} // namespace halyard::ipad
