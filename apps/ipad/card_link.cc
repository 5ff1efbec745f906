#include "apps/ipad/card_link.h"
#include "apps/common/soft_card.h"
#include "reader/client.h"

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

// A card of `halyard euicc serve`, or another that speaks as it does.
class SeamCard final : public CardLink {
  public:
    explicit SeamCard(reader::Seam seam) : client_(std::move(seam)) {}
    Result<OwnedBytes> transmit(Bytes apdu) override { return TRY(client_.transmit(apdu)).octets; }
    Result<OwnedBytes> reset() override {
        TRY(client_.power(reader::Power::on));
        return owned(client_.atr());
    }

  private:
    reader::SeamClient client_;
};
} // namespace

Result<std::unique_ptr<CardLink>> open_card(const std::string& description) {
    const size_t colon = description.find(':');
    const std::string_view kind = std::string_view(description).substr(0, colon);
    const std::string rest = colon == std::string::npos ? std::string() : description.substr(colon + 1);
    std::unique_ptr<CardLink> card;
    if (kind == "sim" && colon != std::string::npos) {
        card = std::make_unique<SimCard>(TRY(app::SoftCard::open(rest)));
    } else if (kind == "unix" && !rest.empty()) {
        card = std::make_unique<SeamCard>(reader::Seam{.kind = reader::Seam::Kind::local, .path = rest});
    } else if (kind == "tcp" && !rest.empty()) {
        card = std::make_unique<SeamCard>(
            TRY(reader::seam_from(reader::Seam::Kind::tcp, rest, "127.0.0.1", 35963)));
    } else {
        return fail(Errc::unsupported, "card");
    }
    return card;
}

} // namespace halyard::ipad
