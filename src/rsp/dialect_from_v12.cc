// From the form of v1.2 to that of an older edition. What it lacks is left out where the meaning stays, and
// refused by name where it does not. SGP.32 v1.0.1 to v1.3, change lists
#include "rsp/dialect_writer.h"

namespace halyard::rsp {
using asn1::Tlv;
namespace dialect {
namespace {
bool before(const Translation& t, Edition e) { return t.edition < e; }

// eidValue came into compact notifications with v1.2; it is not signed.
Ok notification(Translation& t, const Tlv& tlv) {
    if (tlv.tag != 0xA1 || !before(t, Edition::v1_2)) return t.copy(tlv), Ok{};
    const size_t compact = t.out.open();
    TRY(t.each(tlv.content, "compactOtherSignedNotification", [&](const Tlv& part) -> Ok {
        return part.tag == 0x5A ? t.leave_out() : t.copy(part), Ok{};
    }));
    t.out.close(0xA1, compact);
    return {};
}
Ok notifications(Translation& t, asn1::Tag tag, Bytes content) {
    const size_t list = t.out.open();
    TRY(t.each(content, "notificationList", [&](const Tlv& tlv) { return notification(t, tlv); }));
    t.out.close(tag, list);
    return {};
}
Ok epr_and_notifications(Translation& t, const Tlv& both) {
    const size_t sequence = t.out.open();
    TRY(t.each(both.content, "ePRAndNotifications", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0xA0) return t.copy(tlv), Ok{};
        if (!before(t, Edition::v1_1)) return notifications(t, 0xA0, tlv.content);
        const size_t response = t.out.open();
        TRY(notifications(t, 0xA0, tlv.content));
        t.out.close(0xBF2B, response);
        t.changed = true;
        return {};
    }));
    t.out.close(0x30, sequence);
    return {};
}

Ok euicc_data_v1_0(Translation& t, const Tlv& data) {
    std::optional<Tlv> list, epr_list, address;
    TRY(t.each(data.content, "ipaEuiccData", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xA0) list = tlv;
        if (tlv.tag == 0x81) address = tlv;
        if (tlv.tag == 0xA2) epr_list = tlv;
        return {};
    }));
    const size_t sequence = t.out.open();
    if (address) t.rename(0x80, address->content);
    TRY(t.each(data.content, "ipaEuiccData", [&](const Tlv& tlv) -> Ok {
        switch (tlv.tag) {
        case 0xA0:
        case 0x81:
        case 0xA2: return {};
        case 0x87: return t.leave_out(), Ok{}; // eimTransactionId
        default: return t.copy(tlv), Ok{};
        }
    }));
    if (list || epr_list) {
        const size_t response = t.out.open(), both = t.out.open();
        if (list) TRY(notifications(t, 0xA0, list->content));
        if (epr_list) TRY(unwrap_results(t, list ? 0xA1 : 0xA2, epr_list->content));
        if (list && epr_list) t.out.close(0xA3, both);
        t.out.close(0xBF2B, response);
        t.changed = true;
    }
    t.out.close(0xA0, sequence);
    return {};
}
Ok euicc_data(Translation& t, const Tlv& data) {
    if (before(t, Edition::v1_1)) return euicc_data_v1_0(t, data);
    const size_t sequence = t.out.open();
    TRY(t.each(data.content, "ipaEuiccData", [&](const Tlv& tlv) -> Ok {
        return tlv.tag == 0xA0 ? notifications(t, 0xA0, tlv.content) : (t.copy(tlv), Ok{});
    }));
    t.out.close(0xA0, sequence);
    return {};
}

Ok data_response(Translation& t, const Tlv& response) {
    const Tlv one = TRY(t.only(response.content, "ipaEuiccDataResponse"));
    const size_t choice = t.out.open();
    if (one.tag == 0xA0) {
        TRY(euicc_data(t, one));
    } else if (one.tag == 0xA1 && before(t, Edition::v1_1)) {
        const auto code = TRY(t.find(one.content, 0x02, "ipaEuiccDataResponseError"));
        if (!code) return t.refuse(Errc::missing_field, "ipaEuiccDataErrorCode", one);
        t.rename(0x81, known_code(t, code->content, {104}));
    } else {
        t.copy(one);
    }
    t.out.close(0xBF52, choice);
    return {};
}

Ok trigger_result(Translation& t, const Tlv& result) {
    if (!before(t, Edition::v1_1)) return t.copy(result), Ok{};
    const size_t sequence = t.out.open();
    TRY(t.each(result.content, "profileDownloadTriggerResult", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0x30) return t.copy(tlv), Ok{};
        const size_t error = t.out.open();
        if (const auto response = TRY(t.find(tlv.content, 0x04, "profileDownloadError")))
            t.out.put(0x80, response->content);
        t.out.close(0x30, error);
        return t.leave_out(), Ok{}; // the reason
    }));
    t.out.close(0xBF54, sequence);
    return {};
}

Ok error_with_cid(Translation& t, const Tlv& error) {
    const auto code = TRY(t.find(error.content, 0x81, "eimPackageErrorWithCid"));
    if (!code) return t.refuse(Errc::missing_field, "eimPackageErrorCode", error);
    t.rename(0x02, code->content);
    return {};
}

Ok result(Translation& t, const Tlv& tlv) {
    switch (tlv.tag) {
    case 0x30: return epr_and_notifications(t, tlv);
    case 0xBF52: return data_response(t, tlv);
    case 0xBF54: return trigger_result(t, tlv);
    case 0xBF60: return t.rename(0x05, {}), Ok{};
    case 0xBF61: return error_with_cid(t, tlv);
    default: return t.copy(tlv), Ok{};
    }
}

Ok provided(Translation& t, asn1::Tag tag, Bytes content) {
    const size_t message = t.out.open();
    TRY(t.each(content, "provideEimPackageResult", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x5A && before(t, Edition::v1_1)) return t.leave_out(), Ok{};
        if (tlv.tag != 0xA0 || !before(t, Edition::v1_2)) return result(t, tlv);
        const auto code = TRY(t.find(tlv.content, 0x02, "eimPackageResultResponseError"));
        if (!code) return t.refuse(Errc::missing_field, "eimPackageResultErrorCode", tlv);
        t.rename(0x02, code->content);
        return {};
    }));
    t.out.close(tag, message);
    return {};
}

Ok provide(Translation& t, const Tlv& message) { return provided(t, 0xBF50, message.content); }

Ok handle_notification(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "handleNotificationEsipa"));
    const size_t choice = t.out.open();
    if (one.tag == 0xA0) {
        TRY(notifications(t, 0xA0, one.content));
    } else if (one.tag == 0xBF50) {
        TRY(provided(t, before(t, Edition::v1_1) ? 0xA1 : 0xBF50, one.content));
        t.changed |= before(t, Edition::v1_1);
    } else {
        t.copy(one);
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

Ok poll(Translation& t, const Tlv& message) {
    const size_t sequence = t.out.open();
    TRY(t.each(message.content, "getEimPackageRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x81) return t.leave_out(), Ok{}; // stateChangeCause
        if (tlv.tag == 0x82) return t.rename(0x81, tlv.content), Ok{};
        return t.copy(tlv), Ok{};
    }));
    t.out.close(0xBF4F, sequence);
    return {};
}

Ok initiate(Translation& t, const Tlv& message) {
    const size_t sequence = t.out.open();
    TRY(t.each(message.content, "initiateAuthenticationRequestEsipa", [&](const Tlv& tlv) -> Ok {
        return tlv.tag == 0x82 ? t.leave_out() : t.copy(tlv), Ok{}; // eimTransactionId
    }));
    t.out.close(0xBF39, sequence);
    return {};
}

struct Asked {
    std::optional<Tlv> tags, criterion; // criterion: for notifications
    bool notifications = false, results = false;
};
Result<Asked> asked(const Translation& t, const Tlv& request) {
    Asked a;
    TRY(t.each(request.content, "ipaEuiccDataRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x5C) a.tags = tlv;
        if (tlv.tag == 0xA1) a.criterion = tlv;
        if (tlv.tag == 0xA2) return t.refuse(Errc::unsupported, "searchCriteriaEuiccPackageResult", tlv);
        return {};
    }));
    if (!a.tags) return t.refuse(Errc::missing_field, "tagList", request);
    for (size_t i = 0; i < a.tags->content.size(); ++i) {
        const uint8_t tag = a.tags->content[i];
        a.notifications |= tag == 0xA0;
        a.results |= tag == 0xA2;
        i += (tag & 0x1F) == 0x1F;
    }
    // One criterion would select from both lists.
    if (a.criterion && a.results)
        return t.refuse(Errc::unsupported, "searchCriteriaNotification", *a.criterion);
    return a;
}
Ok data_request(Translation& t, const Tlv& request) {
    static constexpr uint8_t kAddress[] = {0x80}, kLists[] = {0xBF, 0x2B}, kResultsOnly[] = {0x82, 0x00};
    const Asked a = TRY(asked(t, request));
    const size_t sequence = t.out.open(), list = t.out.open();
    bool lists_done = false;
    for (size_t i = 0; i < a.tags->content.size(); ++i) {
        const Bytes at = a.tags->content.subspan(i);
        const size_t size = (at[0] & 0x1F) == 0x1F && at.size() > 1 ? 2 : 1;
        i += size - 1;
        const bool is_list = at[0] == 0xA0 || at[0] == 0xA2;
        t.changed |= is_list || at[0] == 0x81;
        if (!is_list) t.out.put(at[0] == 0x81 ? Bytes(kAddress) : at.first(size));
        if (is_list && !std::exchange(lists_done, true)) t.out.put(kLists);
    }
    t.out.close(0x5C, list);
    if (const auto key = TRY(t.find(request.content, 0x04, "euiccCiPKIdentifierToBeUsed"))) t.copy(*key);
    if (a.criterion) t.copy(*a.criterion);
    if (a.results && !a.notifications) t.out.put(0xA1, kResultsOnly);
    TRY(t.each(request.content, "ipaEuiccDataRequest", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x83) return t.leave_out(), Ok{}; // eimTransactionId
        if (tlv.tag != 0x5C && tlv.tag != 0x04 && tlv.tag != 0xA1) t.copy(tlv);
        return {};
    }));
    t.out.close(0xBF52, sequence);
    return {};
}

Ok package(Translation& t, const Tlv& message) {
    const size_t choice = t.out.open();
    TRY(t.each(message.content, "eimPackage", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xBF52) return data_request(t, tlv);
        if (tlv.tag == 0x02 && message.tag == 0xBF4F)
            return t.out.put(0x02, known_code(t, tlv.content, {2, 3, 4})), Ok{};
        return t.copy(tlv), Ok{};
    }));
    t.out.close(message.tag, choice);
    return {};
}

Ok provided_answer(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "provideEimPackageResultResponse"));
    const size_t choice = t.out.open();
    const bool v1_0 = before(t, Edition::v1_1);
    // An empty answer instead would make the IPA forget what was not taken.
    if (one.tag == 0x02 && v1_0) return t.refuse(Errc::unsupported, "provideEimPackageResultError", one);
    if (one.tag == 0x02)
        t.out.put(0x02, known_code(t, one.content, {2, 3, 4}));
    else if (one.tag == 0x30 && v1_0)
        t.leave_out();
    else
        t.copy(one);
    t.out.close(0xBF50, choice);
    return {};
}

Ok authenticate_answer(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "authenticateClientResponseEsipa"));
    const size_t choice = t.out.open();
    t.out.put(one.tag, one.tag == 0x82 ? known_code(t, one.content, {18}) : one.content);
    t.out.close(0xBF3B, choice);
    return {};
}

constexpr FromV12 kRules[] = {
    {Path::esipa_request, 0xBF39, Edition::v1_1, initiate, "initiateAuthentication"},
    {Path::esipa_request, 0xBF3D, Edition::v1_2, handle_notification, "handleNotification"},
    {Path::esipa_request, 0xBF4E, Edition::v1_3, transfer_response, "transferEimPackage"},
    {Path::esipa_request, 0xBF4F, Edition::v1_1, poll, "getEimPackage"},
    {Path::esipa_request, 0xBF50, Edition::v1_2, provide, "provideEimPackageResult"},
    {Path::esipa_answer, 0xBF3B, Edition::v1_3, authenticate_answer, "authenticateClient"},
    {Path::esipa_answer, 0xBF4E, Edition::v1_1, package, "transferEimPackage"},
    {Path::esipa_answer, 0xBF4F, Edition::v1_1, package, "getEimPackage"},
    {Path::esipa_answer, 0xBF50, Edition::v1_2, provided_answer, "provideEimPackageResult"},
};
} // namespace
} // namespace dialect

Result<Bytes> from_v12(Path path, Bytes der, Edition edition, Buffer buffer) {
    using namespace dialect;
    Translation t{der, edition, Writer(buffer)};
    const Tlv message = TRY(t.only(der, "message"));
    const bool esipa = path == Path::esipa_request || path == Path::esipa_answer;
    for (const FromV12& r : esipa ? std::span<const FromV12>(kRules) : es10_from_v12()) {
        if (r.path != path || r.tag != message.tag || edition >= r.since) continue;
        if (!r.rule) return t.refuse(Errc::unsupported, r.name, message);
        TRY(r.rule(t, message));
        if (!t.changed) return der;
        if (t.out.full()) return fail(Errc::no_space, "buffer", static_cast<uint32_t>(buffer.size()));
        return t.out.written();
    }
    return der;
}

} // namespace halyard::rsp
