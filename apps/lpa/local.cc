#include "apps/lpa/local.h"
#include "ipa/back_writer.h"
#include "ipa/epr.h"
#include "rsp/es9p.h"
#include <algorithm>

namespace halyard::lpa {
namespace {
const char* event_name(const asn1::BitSet<rsp::NotificationEvent>& operation) {
    using Event = rsp::NotificationEvent;
    if (operation.has(Event::notification_install)) return "install";
    if (operation.has(Event::notification_enable)) return "enable";
    if (operation.has(Event::notification_disable)) return "disable";
    if (operation.has(Event::notification_delete)) return "delete";
    return "unknown";
}
template <class Code> Ok accepted(Code code, const char* where) {
    if (code != Code::ok) return fail(Errc::rejected, where, static_cast<uint32_t>(code));
    return {};
}
} // namespace

Result<std::vector<Profile>> profiles(Card& card) {
    const OwnedBytes answer = TRY(card.ask(rsp::ProfileInfoListRequest{}));
    const auto response = TRY(asn1::decode<rsp::ProfileInfoListResponse>(answer));
    const auto* list = std::get_if<0>(&response.is);
    if (!list) return fail(Errc::rejected, "profileInfoListError");
    std::vector<Profile> out;
    TRY(list->for_each([&](const rsp::ProfileInfo& p) {
        out.push_back({.iccid = p.iccid.value_or(Iccid{}),
                       .enabled = p.profile_state == rsp::ProfileState::enabled,
                       .name = std::string(p.profile_name.value_or("")),
                       .provider = std::string(p.service_provider_name.value_or("")),
                       .nickname = std::string(p.profile_nickname.value_or("")),
                       .profile_class = p.profile_class.value_or(rsp::ProfileClass::operational)});
    }));
    return out;
}

Ok enable(Card& card, const Iccid& iccid) {
    rsp::EnableProfileRequest request{.refresh_flag = true};
    request.profile_identifier.is = iccid;
    const OwnedBytes answer = TRY(card.ask(request));
    TRY(accepted(TRY(asn1::decode<rsp::EnableProfileResponse>(answer)).enable_result, "enableResult"));
    return card.restart();
}

Ok disable(Card& card, const Iccid& iccid) {
    rsp::DisableProfileRequest request{.refresh_flag = true};
    request.profile_identifier.is = iccid;
    const OwnedBytes answer = TRY(card.ask(request));
    TRY(accepted(TRY(asn1::decode<rsp::DisableProfileResponse>(answer)).disable_result, "disableResult"));
    return card.restart();
}

Ok remove(Card& card, const Iccid& iccid) {
    rsp::DeleteProfileRequest request;
    request.is = iccid;
    const OwnedBytes answer = TRY(card.ask(request));
    return accepted(TRY(asn1::decode<rsp::DeleteProfileResponse>(answer)).delete_result, "deleteResult");
}

Ok set_default_smdp(Card& card, std::string_view address) {
    // BF3F is ES10a's; BF65 means the same for an eIM. SGP.22 §5.7.4
    const asn1::Tagged<rsp::SetDefaultDpAddressRequest, 0xBF3F> request{{.default_dp_address = address}};
    const OwnedBytes answer = TRY(card.ask(request));
    const auto response = TRY(asn1::decode<asn1::Tagged<rsp::SetDefaultDpAddressResponse, 0xBF3F>>(answer));
    return accepted(response.value.set_default_dp_address_result, "setDefaultDpAddressResult");
}

Result<std::vector<Pending>> notifications(Card& card) {
    const OwnedBytes answer = TRY(card.ask(rsp::RetrieveNotificationsListRequest{}));
    const Bytes list = TRY(ipa::list_in(answer, 0xA0));
    std::vector<Pending> out;
    for (Bytes rest = list; !rest.empty();) {
        const auto tlv = TRY(asn1::read_tlv(rest, "pendingNotification"));
        rest = tlv.rest;
        Pending one{.octets = owned(tlv.whole)};
        const auto take = [&](const rsp::NotificationMetadata& m) {
            one.number = m.seq_number;
            one.event = event_name(m.profile_management_operation);
            one.address = m.notification_address;
            one.iccid = m.iccid;
        };
        if (tlv.tag == 0xBF37)
            take(TRY(asn1::decode<rsp::ProfileInstallationResult>(tlv.whole))
                     .profile_installation_result_data.value.notification_metadata);
        else
            take(TRY(asn1::decode<rsp::OtherSignedNotification>(tlv.whole)).tbs_other_notification.value);
        out.push_back(std::move(one));
    }
    std::sort(out.begin(), out.end(), [](const Pending& a, const Pending& b) { return a.number < b.number; });
    return out;
}

Result<std::vector<Pending>> deliver(Card& card, Servers& servers) {
    auto all = TRY(notifications(card));
    std::vector<std::string> silent;
    for (Pending& p : all) {
        if (std::find(silent.begin(), silent.end(), p.address) != silent.end()) {
            p.not_sent = Error{Errc::unreachable, "behind an earlier one"};
            continue;
        }
        OwnedBytes buffer(p.octets.size() + 32);
        const Bytes message =
            TRY(ipa::BackWriter(buffer).tlv(0xA0, p.octets).header(0xBF3D).finish("handleNotification"));
        const auto taken = servers.exchange(p.address, message, rsp::Interface::es9p);
        if (!taken) {
            p.not_sent = taken.error();
            silent.push_back(p.address);
            continue;
        }
        const OwnedBytes answer = TRY(card.ask(rsp::NotificationSentRequest{p.number}));
        TRY(accepted(TRY(asn1::decode<rsp::NotificationSentResponse>(answer)).delete_notification_status,
                     "deleteNotificationStatus"));
        p.sent = true;
    }
    return all;
}

} // namespace halyard::lpa
