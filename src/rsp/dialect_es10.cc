// ES10b: between IPA and eUICC, both directions. SGP.32 §5.9
#include "rsp/dialect_writer.h"

namespace halyard::rsp::dialect {
using asn1::Tlv;
namespace {
constexpr uint8_t kTrue[] = {0xFF};
constexpr uint8_t kUndefinedError[] = {127};
} // namespace

Bytes known_code(Translation& t, Bytes code, std::initializer_list<uint8_t> unknown) {
    for (const uint8_t u : unknown)
        if (code.size() == 1 && code[0] == u) return t.changed = true, Bytes(kUndefinedError);
    return code;
}
// The notificationList or euiccPackageResultList out of a RetrieveNotificationsListResponse of v1.0. An error
// there means: none could be read; they stay on the card.
Result<Lists> lists_of(const Translation& t, const Tlv& response, const char* where) {
    const Tlv one = TRY(t.only(response.content, where));
    switch (one.tag) {
    case 0xA0: return Lists{one.content, {}};
    case 0x81: return Lists{};
    case 0xA2: return Lists{{}, one.content};
    case 0xA3: break;
    default: return t.refuse(Errc::bad_tag, where, one);
    }
    Lists both;
    TRY(t.each(one.content, "notificationAndEprList", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xA0) both.notifications = tlv.content;
        if (tlv.tag == 0xA1) both.results = tlv.content;
        return {};
    }));
    if (!both.notifications) return t.refuse(Errc::missing_field, "notificationList", one);
    if (!both.results) return t.refuse(Errc::missing_field, "euiccPackageResultList", one);
    return both;
}

// Elements of v1.0 are the bare alternatives; v1.2 puts each into a BF51.
Ok wrap_results(Translation& t, Bytes elements) {
    const size_t list = t.out.open();
    TRY(t.each(elements, "euiccPackageResultList", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0xBF51) return t.copy(tlv), Ok{};
        t.rename(0xBF51, tlv.whole);
        return {};
    }));
    t.out.close(0xA2, list);
    return {};
}

// v1.0 lists the alternatives without the BF51 around each.
Ok unwrap_results(Translation& t, asn1::Tag tag, Bytes content) {
    const size_t list = t.out.open();
    TRY(t.each(content, "euiccPackageResultList", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag != 0xBF51) return t.copy(tlv), Ok{};
        t.out.put(tlv.content);
        t.changed = true;
        return {};
    }));
    t.out.close(tag, list);
    return {};
}

namespace {

// ---- To v1.2

// Bits 3 and 4 of v1.0 are bits 5 and 6 later; what later stands in their place is something else.
Ok memory_reset_to_v12(Translation& t, const Tlv& message) {
    if (t.known && *t.known != Edition::v1_0) return {}; // the reset of SGP.22
    const Tlv options = TRY(t.only(message.content, "resetOptions"));
    asn1::Bits bits;
    if (options.tag != 0x82) return t.refuse(Errc::bad_tag, "resetOptions", options);
    if (!asn1::load_bits(bits.mask, options.content) || bits.mask >> 5)
        return t.refuse(Errc::bad_value, "resetOptions", options);
    asn1::Scratch scratch;
    const uint64_t mask = (bits.mask & 7) | (bits.mask & 0x18) << 2;
    const size_t sequence = t.out.open();
    t.rename(0x82, asn1::save_bits(mask, scratch));
    t.out.close(0xBF64, sequence);
    t.saw(Edition::v1_0);
    return {};
}

Ok memory_reset_result_to_v12(Translation& t, const Tlv& message) {
    if (t.known && *t.known != Edition::v1_0) return {};
    const size_t sequence = t.out.open();
    TRY(t.each(message.content, "resetResult", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x02)
            t.rename(0x80, tlv.content);
        else
            t.copy(tlv);
        return {};
    }));
    t.out.close(0xBF64, sequence);
    t.changed = true;
    t.saw(Edition::v1_0);
    return {};
}

// EnableUsingDD leaves no choice: the eUICC refreshes.
Ok immediate_enable_to_v12(Translation& t, const Tlv& message) {
    if (!message.content.empty()) return t.saw(Edition::v1_2), Ok{};
    const size_t sequence = t.out.open();
    t.rename(0x80, kTrue);
    t.out.close(0xBF5A, sequence);
    t.saw(Edition::v1_0);
    return {};
}

Ok notifications_list_to_v12(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "retrieveNotificationsListResponse"));
    const size_t choice = t.out.open();
    if (one.tag == 0xA3) { // the results are asked for on their own later
        t.saw(Edition::v1_0);
        t.rename(0xA0, TRY(lists_of(t, message, "notificationAndEprList")).notifications.value_or(Bytes()));
    } else if (one.tag == 0xA2) {
        TRY(wrap_results(t, one.content));
        if (t.changed) t.saw(Edition::v1_0);
    } else {
        t.copy(one);
    }
    t.out.close(0xBF2B, choice);
    return {};
}

constexpr ToV12 kToV12[] = {
    {Path::es10_command, 0xBF34, memory_reset_to_v12},
    {Path::es10_command, 0xBF5A, immediate_enable_to_v12},
    {Path::es10_answer, 0xBF2B, notifications_list_to_v12},
    {Path::es10_answer, 0xBF34, memory_reset_result_to_v12},
};

// ---- From v1.2

Ok memory_reset(Translation& t, const Tlv& message) {
    const Tlv options = TRY(t.only(message.content, "resetOptions"));
    asn1::Bits bits;
    if (options.tag != 0x82) return t.refuse(Errc::bad_tag, "resetOptions", options);
    if (!asn1::load_bits(bits.mask, options.content) || bits.mask >> 7)
        return t.refuse(Errc::bad_value, "resetOptions", options);
    if (bits.has(3)) return t.refuse(Errc::unsupported, "deletePreLoadedTestProfiles", options);
    if (bits.has(4)) return t.refuse(Errc::unsupported, "deleteProvisioningProfiles", options);
    asn1::Scratch scratch;
    const size_t sequence = t.out.open();
    t.rename(0x82, asn1::save_bits((bits.mask & 7) | (bits.mask & 0x60) >> 2, scratch));
    t.out.close(0xBF34, sequence);
    return {};
}
Ok memory_reset_result(Translation& t, const Tlv& message) {
    const size_t sequence = t.out.open();
    TRY(t.each(message.content, "resetResult", [&](const Tlv& tlv) -> Ok {
        if (tlv.tag == 0x80)
            t.rename(0x02, known_code(t, tlv.content, {104}));
        else
            t.copy(tlv);
        return {};
    }));
    t.out.close(0xBF34, sequence);
    t.changed = true;
    return {};
}

Ok immediate_enable(Translation& t, const Tlv& message) {
    const Tlv flag = TRY(t.only(message.content, "refreshFlag"));
    if (flag.content.size() != 1) return t.refuse(Errc::bad_length, "refreshFlag", flag);
    if (flag.content[0] == 0) return t.refuse(Errc::unsupported, "refreshFlag", flag);
    t.rename(0xBF5A, {});
    return {};
}

Ok search_eims(Translation& t, const Tlv& message) {
    if (message.content.empty()) return {};
    return t.refuse(Errc::unsupported, "searchCriteria", TRY(t.next(message.content, "searchCriteria")));
}

// v1.0 does not know indirectProfileDownload, and would skip it.
Ok add_eims(Translation& t, const Tlv& message) {
    const Tlv list = TRY(t.only(message.content, "eimConfigurationDataList"));
    const size_t sequence = t.out.open(), entries = t.out.open();
    TRY(t.each(list.content, "eimConfigurationData", [&](const Tlv& entry) -> Ok {
        const size_t fields = t.out.open();
        TRY(t.each(entry.content, "eimConfigurationData", [&](const Tlv& field) -> Ok {
            return field.tag == 0x89 ? t.leave_out() : t.copy(field), Ok{};
        }));
        t.out.close(entry.tag, fields);
        return {};
    }));
    t.out.close(list.tag, entries);
    t.out.close(0xBF57, sequence);
    return {};
}

// Answers that are one result code: what the edition does not know of it becomes undefinedError.
Ok one_code(Translation& t, const Tlv& message, asn1::Tag tag, uint8_t unknown) {
    const Tlv code = TRY(t.only(message.content, "result"));
    const size_t sequence = t.out.open();
    t.out.put(code.tag, code.tag == tag ? known_code(t, code.content, {unknown}) : code.content);
    t.out.close(message.tag, sequence);
    return {};
}
Ok add_eims_result(Translation& t, const Tlv& message) { return one_code(t, message, 0x81, 7); }
Ok enable_result(Translation& t, const Tlv& message) { return one_code(t, message, 0x80, 5); }
Ok emergency_result(Translation& t, const Tlv& message) { return one_code(t, message, 0x80, 8); }

Ok notifications_list(Translation& t, const Tlv& message) {
    const Tlv one = TRY(t.only(message.content, "retrieveNotificationsListResponse"));
    const size_t choice = t.out.open();
    if (one.tag == 0xA2)
        TRY(unwrap_results(t, 0xA2, one.content));
    else
        t.copy(one);
    t.out.close(0xBF2B, choice);
    return {};
}

constexpr FromV12 kFromV12[] = {
    {Path::es10_command, 0xBF42, Edition::v1_1, nullptr, "ipaeActivation"},
    {Path::es10_command, 0xBF55, Edition::v1_1, search_eims, "getEimConfigurationData"},
    {Path::es10_command, 0xBF57, Edition::v1_1, add_eims, "addInitialEim"},
    {Path::es10_command, 0xBF5A, Edition::v1_1, immediate_enable, "immediateEnable"},
    {Path::es10_command, 0xBF5B, Edition::v1_1, nullptr, "enableEmergencyProfile"},
    {Path::es10_command, 0xBF5C, Edition::v1_1, nullptr, "disableEmergencyProfile"},
    {Path::es10_command, 0xBF5D, Edition::v1_1, nullptr, "executeFallbackMechanism"},
    {Path::es10_command, 0xBF5E, Edition::v1_1, nullptr, "returnFromFallback"},
    {Path::es10_command, 0xBF5F, Edition::v1_1, nullptr, "getConnectivityParameters"},
    {Path::es10_command, 0xBF64, Edition::v1_1, memory_reset, "euiccMemoryReset"},
    {Path::es10_command, 0xBF65, Edition::v1_1, nullptr, "setDefaultDpAddress"},
    {Path::es10_answer, 0xBF2B, Edition::v1_1, notifications_list, "retrieveNotificationsList"},
    {Path::es10_answer, 0xBF57, Edition::v1_1, add_eims_result, "addInitialEim"},
    {Path::es10_answer, 0xBF5A, Edition::v1_1, enable_result, "immediateEnable"},
    {Path::es10_answer, 0xBF5C, Edition::v1_3, emergency_result, "disableEmergencyProfile"},
    {Path::es10_answer, 0xBF64, Edition::v1_1, memory_reset_result, "euiccMemoryReset"},
};
} // namespace

std::span<const ToV12> es10_to_v12() { return kToV12; }
std::span<const FromV12> es10_from_v12() { return kFromV12; }

} // namespace halyard::rsp::dialect
