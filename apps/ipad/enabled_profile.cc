#include "apps/ipad/card_link.h"
#include "ipa/apdu.h"
#include "rsp/eim_package.h"

namespace halyard::ipad {
namespace {
Ok run(CardLink& card, ipa::CardChannel& channel) {
    for (bool complete = false; !complete;) complete = TRY(channel.reply(TRY(card.transmit(channel.next()))));
    return {};
}
} // namespace

Result<std::optional<Iccid>> enabled_profile(CardLink& card) {
    static constexpr uint8_t kList[] = {0xBF, 0x2D, 0x05, 0x5C, 0x03, 0x5A, 0x9F, 0x70};
    ipa::CardChannel channel;
    channel.open();
    TRY(run(card, channel));
    OwnedBytes answer(64 * 1024);
    TRY(channel.begin(kList, answer));
    TRY(run(card, channel));
    const auto response = TRY(asn1::decode<rsp::ProfileInfoListResponse>(channel.answer()));
    std::optional<Iccid> enabled;
    if (const auto* list = std::get_if<0>(&response.is))
        TRY(list->for_each([&](const rsp::ProfileInfo& profile) {
            if (profile.profile_state == rsp::ProfileState::enabled) enabled = profile.iccid;
        }));
    const uint8_t close[] = {0x00, 0x70, 0x80, channel.channel()};
    if (channel.channel()) TRY(card.transmit(close));
    return enabled;
}

} // namespace halyard::ipad
