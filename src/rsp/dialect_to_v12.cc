// From the form of an older or newer edition to that of v1.2. Each rule walks one message; what it does not
// name is copied. SGP.32 v1.0.1 to v1.3, change lists
#include "base/tolerated.h"
#include "rsp/dialect_writer.h"
#include <algorithm>

namespace halyard::rsp {
using asn1::Tlv;
namespace dialect {
namespace {
constexpr uint8_t kUndefinedError[] = {127};

// Some cards and mocks leave out the tag of the alternative: what stands there tells which it is.
Ok package_result(Translation& t, const Tlv& tlv) {
    const Tlv first = TRY(t.next(tlv.content, "euiccPackageResult"));
    asn1::Tag alternative = 0;
    if (first.tag == 0x80) alternative = 0xA2;
    if (first.tag == 0x30) // only a result has a sequence number
        alternative = TRY(t.find(first.content, 0x83, "euiccPackageResult")) ? 0xA0 : 0xA1;
    if (!alternative) return t.copy(tlv), Ok{};
    TRY(tolerate("tag of the alternative left out", "euiccPackageResult"));
    const size_t choice = t.out.open();
    t.rename(alternative, tlv.content);
    t.out.close(0xBF51, choice);
    return {};
}

Ok epr_and_notifications(Translation& t, const Tlv& both) {
    const size_t sequence = t.out.open();
    TRY(t.each(both.content, "ePRAndNotifications", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xA0) t.saw(Edition::v1_2);
        if (tlv.tag == 0xBF51) return package_result(t, tlv);
        if (tlv.tag != 0xBF2B) return t.copy(tlv), Ok{};
        t.saw(Edition::v1_0);
        // Results listed here have no place in v1.2; the card keeps them until they are acknowledged.
        const Lists lists = TRY(lists_of(t, tlv, "notificationList"));
        t.rename(0xA0, lists.notifications.value_or(Bytes()));
        return {};
    }));
    t.out.close(0x30, sequence);
    return {};
}

// `data.whole` is empty when its tag was left out.
Ok euicc_data(Translation& t, const Tlv& data) {
    std::optional<Lists> lists;
    std::optional<Tlv> address;
    TRY(t.each(data.content, "ipaEuiccData", [&](const Tlv& tlv) -> Ok {
        switch (tlv.tag) {
        case 0x80: address = tlv; break;
        case 0xBF2B: lists = TRY(lists_of(t, tlv, "notificationsList")); break;
        case 0xA0:
        case 0x81:
        case 0xA2:
        case 0x87: t.saw(Edition::v1_2); break;
        default: break;
        }
        return {};
    }));
    if (!lists && !address) return data.whole.empty() ? t.rename(0xA0, data.content) : t.copy(data), Ok{};
    t.saw(Edition::v1_0);
    const size_t sequence = t.out.open();
    if (lists && lists->notifications) t.out.put(0xA0, *lists->notifications);
    if (address) t.out.put(0x81, address->content);
    if (lists && lists->results) TRY(wrap_results(t, *lists->results));
    TRY(t.each(data.content, "ipaEuiccData", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0x80 && tlv.tag != 0xBF2B) t.copy(tlv);
        return {};
    }));
    t.out.close(0xA0, sequence);
    t.changed = true;
    return {};
}

// A first member that no alternative has as its tag.
bool is_bare_data(asn1::Tag first) {
    constexpr asn1::Tag kMembers[] = {0xA2, 0xBF20, 0xBF22, 0x83, 0x84, 0xA5, 0xA6, 0x87, 0xA8, 0xA9};
    return std::find(std::begin(kMembers), std::end(kMembers), first) != std::end(kMembers);
}

Ok data_response(Translation& t, const Tlv& response) {
    const size_t choice = t.out.open();
    if (is_bare_data(TRY(t.next(response.content, "ipaEuiccDataResponse")).tag)) {
        TRY(tolerate("tag of the alternative left out", "ipaEuiccDataResponse"));
        TRY(euicc_data(t, {.tag = 0xA0, .content = response.content}));
        t.changed = true;
        t.out.close(0xBF52, choice);
        return {};
    }
    TRY(t.each(response.content, "ipaEuiccDataResponse", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xA0) return euicc_data(t, tlv);
        if (tlv.tag == 0xA1) t.saw(Edition::v1_2);
        if (tlv.tag != 0x81) return t.copy(tlv), Ok{};
        t.saw(Edition::v1_0);
        const size_t error = t.out.open();
        t.rename(0x02, tlv.content);
        t.out.close(0xA1, error);
        return {};
    }));
    t.out.close(0xBF52, choice);
    return {};
}

// v1.0: [0] errorResponse alone, as octets; later: [0] the reason, one octet.
Ok download_error(Translation& t, const Tlv& error) {
    const auto first = TRY(t.find(error.content, 0x80, "profileDownloadError"));
    if (TRY(t.find(error.content, 0x04, "profileDownloadError"))) {
        t.saw(Edition::v1_2);
        return t.copy(error), Ok{};
    }
    const bool fits_both = first && first->content.size() == 1;
    if (fits_both && t.edition != Edition::v1_0) return t.copy(error), Ok{};
    if (!fits_both) t.saw(Edition::v1_0);
    const size_t sequence = t.out.open();
    t.rename(0x80, kUndefinedError);
    if (first) t.out.put(0x04, first->content);
    TRY(t.each(error.content, "profileDownloadError", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0x80) t.copy(tlv);
        return {};
    }));
    t.out.close(0x30, sequence);
    return {};
}

Ok trigger_result(Translation& t, const Tlv& result) {
    const size_t sequence = t.out.open();
    TRY(t.each(result.content, "profileDownloadTriggerResult", [&](const Tlv& tlv) -> Ok {
        return tlv.tag == 0x30 ? download_error(t, tlv) : (t.copy(tlv), Ok{});
    }));
    t.out.close(0xBF54, sequence);
    return {};
}

// One alternative of ProvideEimPackageResult or TransferEimPackageResponse.
Ok result(Translation& t, const Tlv& tlv) {
    switch (tlv.tag) {
    case 0x30: return epr_and_notifications(t, tlv);
    case 0xBF51: return package_result(t, tlv);
    case 0xBF52: return data_response(t, tlv);
    case 0xBF54: return trigger_result(t, tlv);
    case 0xBF60:
    case 0xBF61: t.saw(Edition::v1_3); break;
    default: break;
    }
    return t.copy(tlv), Ok{};
}

Ok provided(Translation& t, Bytes content) {
    const size_t message = t.out.open();
    bool with_eid = false;
    TRY(t.each(content, "provideEimPackageResult", [&](const Tlv& tlv) -> Ok {
        switch (tlv.tag) {
        case 0x5A:
            with_eid = true;
            t.saw(Edition::v1_2);
            return t.copy(tlv), Ok{};
        case 0xA0: t.saw(Edition::v1_2); return t.copy(tlv), Ok{};
        case 0x02: { // the bare code of v1.0 and v1.1
            if (with_eid) t.saw(Edition::v1_1);
            const size_t error = t.out.open();
            t.rename(0x02, tlv.content);
            t.out.close(0xA0, error);
            return {};
        }
        default: return result(t, tlv);
        }
    }));
    t.out.close(0xBF50, message);
    return {};
}

Ok provide(Translation& t, const Tlv& message) { return provided(t, message.content); }

// The result alone, as a whole message.
Ok provide_bare(Translation& t, const Tlv& message) {
    TRY(tolerate("message without its envelope", "provideEimPackageResult"));
    t.changed = true;
    return provided(t, message.whole);
}

Ok handle_notification(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "handleNotificationEsipa"));
    const size_t choice = t.out.open();
    switch (one.tag) {
    case 0xA1: // in v1.0 the alternatives stand right in it
        t.saw(Edition::v1_0);
        TRY(provided(t, one.content));
        t.changed = true;
        break;
    case 0xBF50:
        t.saw(Edition::v1_2);
        TRY(provided(t, one.content));
        break;
    case 0xBF37: // some write a notification without its tag
    case 0x30: t.rename(0xA0, one.whole); break;
    default: t.copy(one);
    }
    t.out.close(0xBF3D, choice);
    return {};
}

Ok transfer_response(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "transferEimPackageResponse"));
    const size_t choice = t.out.open();
    TRY(result(t, one));
    t.out.close(0xBF4E, choice);
    return {};
}

// 81 is rPLMN in v1.0 and stateChangeCause later. A cause is one octet, an rPLMN three: the form decides.
Ok poll(Translation& t, const Tlv& message) {
    const bool later = TRY(t.find(message.content, 0x82, "getEimPackageRequest")).has_value();
    const size_t sequence = t.out.open();
    TRY(t.each(message.content, "getEimPackageRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x81 && tlv.content.size() == 3 && !later) {
            t.saw(Edition::v1_0);
            t.rename(0x82, tlv.content);
            return {};
        }
        if (tlv.tag == 0x81 || tlv.tag == 0x82) t.saw(Edition::v1_2);
        return t.copy(tlv), Ok{};
    }));
    t.out.close(0xBF4F, sequence);
    return {};
}

Ok initiate(Translation& t, const Tlv& message) {
    if (TRY(t.find(message.content, 0x82, "initiateAuthenticationRequestEsipa"))) t.saw(Edition::v1_2);
    return {};
}

// What v1.0 calls BF2B is two lists later, and one criterion there stands for the second of them.
Ok data_request(Translation& t, const Tlv& request) {
    std::optional<Tlv> tags;
    bool criteria = false, only_results = false, later = false;
    TRY(t.each(request.content, "ipaEuiccDataRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x5C) tags = tlv;
        if (tlv.tag == 0xA1) {
            criteria = true;
            only_results = TRY(t.only(tlv.content, "searchCriteria")).tag == 0x82;
        }
        later |= tlv.tag == 0xA2 || tlv.tag == 0x83;
        return {};
    }));
    if (!tags) return t.refuse(Errc::missing_field, "tagList", request);
    const size_t sequence = t.out.open();
    const size_t list = t.out.open();
    bool older = only_results;
    for (size_t i = 0; i < tags->content.size(); ++i) {
        const Bytes at = tags->content.subspan(i);
        static constexpr uint8_t kAddress[] = {0x81}, kCapabilities[] = {0xA8}, kNotifications[] = {0xA0},
                                 kResults[] = {0xA2};
        const bool two = (at[0] & 0x1F) == 0x1F && at.size() > 1;
        const bool lists = two && at[0] == 0xBF && at[1] == 0x2B;
        if (lists && !only_results) t.out.put(kNotifications);
        if (lists && (only_results || !criteria)) t.out.put(kResults);
        if (at[0] == 0x80) t.out.put(kAddress);
        if (at[0] == 0x88) t.out.put(kCapabilities);
        const bool renamed = lists || at[0] == 0x80 || at[0] == 0x88;
        if (!renamed) t.out.put(at.first(two ? 2 : 1));
        older |= renamed;
        later |= at[0] == 0x81 || at[0] == 0xA0 || at[0] == 0xA2;
        i += two;
    }
    t.out.close(0x5C, list);
    TRY(t.each(request.content, "ipaEuiccDataRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0x5C && !(tlv.tag == 0xA1 && only_results)) t.copy(tlv);
        return {};
    }));
    t.out.close(0xBF52, sequence);
    t.changed |= older;
    if (older) t.saw(Edition::v1_0);
    if (later) t.saw(Edition::v1_2);
    return {};
}

// GetEimPackageResponse and TransferEimPackageRequest.
Ok package(Translation& t, const Tlv& message) {
    const size_t choice = t.out.open();
    TRY(t.each(message.content, "eimPackage", [&](const Tlv& tlv) -> Ok {
        return tlv.tag == 0xBF52 ? data_request(t, tlv) : (t.copy(tlv), Ok{});
    }));
    t.out.close(message.tag, choice);
    return {};
}

Ok provided_answer(Translation& t, const Tlv& message) {
    if (message.content.empty()) {
        t.saw(Edition::v1_0);
        const size_t choice = t.out.open();
        t.rename(0x30, {});
        t.out.close(0xBF50, choice);
        return {};
    }
    const Tlv one = TRY(t.next(message.content, "provideEimPackageResultResponse"));
    if (one.tag != 0xBF53) t.saw(Edition::v1_2);
    return {};
}

constexpr ToV12 kRules[] = {
    {Path::esipa_request, 0xBF39, initiate},
    {Path::esipa_request, 0xBF3D, handle_notification},
    {Path::esipa_request, 0xBF4E, transfer_response},
    {Path::esipa_request, 0xBF4F, poll},
    {Path::esipa_request, 0xBF50, provide},
    {Path::esipa_request, 0xBF51, provide_bare},
    {Path::esipa_request, 0xBF52, provide_bare},
    {Path::esipa_request, 0xBF54, provide_bare},
    {Path::esipa_answer, 0xBF4E, package},
    {Path::esipa_answer, 0xBF4F, package},
    {Path::esipa_answer, 0xBF50, provided_answer},
};
} // namespace
} // namespace dialect

Result<Reading> to_v12(Path path, Bytes der, std::optional<Edition> known, Buffer buffer) {
    using namespace dialect;
    Translation t{.in = der, .edition = known.value_or(Edition::v1_2), .out = Writer(buffer), .known = known};
    const Tlv message = TRY(t.only(der, "message"));
    const bool esipa = path == Path::esipa_request || path == Path::esipa_answer;
    for (const ToV12& r : esipa ? std::span<const ToV12>(kRules) : es10_to_v12()) {
        if (r.path != path || r.tag != message.tag) continue;
        TRY(r.rule(t, message));
        if (t.mixed) t.seen.reset();
        if (!t.changed) return Reading{der, t.seen};
        if (t.out.full()) return fail(Errc::no_space, "buffer", static_cast<uint32_t>(buffer.size()));
        return Reading{t.out.written(), t.seen};
    }
    return Reading{der, std::nullopt};
}

std::optional<Edition> edition_of(const EuiccInfo2& info) {
    std::optional<Edition> highest;
    if (!info.iot_specific_info) return highest;
    (void)info.iot_specific_info->iot_version.for_each([&](const std::array<uint8_t, 3>& v) {
        if (v[0] == 0) return;
        const Edition e = v[0] > 1 || v[1] > 3 ? Edition::v1_3 : static_cast<Edition>(v[1]);
        if (!highest || *highest < e) highest = e;
    });
    return highest;
}

} // namespace halyard::rsp
