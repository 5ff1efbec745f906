#include "ipa/epr.h"

namespace halyard::ipa {
namespace {
using asn1::read_tlv, asn1::Tlv;

Result<uint64_t> number_in(Bytes content, const char* where) {
    int64_t value = 0;
    if (!asn1::load_integer(value, content) || value < 0) return fail(Errc::bad_value, where);
    return static_cast<uint64_t>(value);
}

/// The content of the first TLV of `in`, which must have this tag.
Result<Bytes> content_of(Bytes in, asn1::Tag tag, const char* where) {
    const Tlv tlv = TRY(read_tlv(in, where));
    if (tlv.tag != tag) return fail(Errc::bad_tag, where, tlv.tag);
    return tlv.content;
}

Ok read_results(ResultFacts& facts, Bytes results) {
    return for_each_tlv(results, [&](const Tlv& result) {
        const bool ok = result.content.size() == 1 && result.content[0] == 0;
        facts.enabled = facts.enabled || (result.tag == 0x83 && ok);
        facts.switched = facts.switched || ((result.tag == 0x83 || result.tag == 0x84) && ok);
        facts.changed = facts.changed || (result.tag >= 0x83 && result.tag <= 0x85 && ok);
        facts.rolled_back = facts.rolled_back || (result.tag == 0x8C && ok);
        return true;
    });
}
} // namespace

Result<ResultFacts> inspect_result(Bytes result) {
    const Bytes choice = TRY(content_of(result, 0xBF51, "euiccPackageResult"));
    const Tlv alternative = TRY(read_tlv(choice, "euiccPackageResult"));
    ResultFacts facts;
    if (alternative.tag == 0xA2) { // unsigned error: the fields themselves
        TRY(for_each_tlv(alternative.content, [&](const Tlv& tlv) {
            if (tlv.tag == 0x80) facts.eim_id = tlv.content;
            return true;
        }));
        return facts;
    }
    // Some cards leave out the tag of the alternative.
    const bool bare = alternative.tag == 0x30;
    if (!bare && alternative.tag != 0xA0 && alternative.tag != 0xA1)
        return fail(Errc::bad_tag, "euiccPackageResult", alternative.tag);
    const Bytes data =
        TRY(content_of(bare ? choice : alternative.content, 0x30, "euiccPackageResultDataSigned"));
    bool numbered = false;
    Bytes results;
    Bytes number;
    Bytes code; // of a signed error, or the only result as some cards write it
    TRY(for_each_tlv(data, [&](const Tlv& tlv) {
        if (tlv.tag == 0x80) facts.eim_id = tlv.content;
        if (tlv.tag == 0x83 && !numbered) number = tlv.content, numbered = true;
        if (tlv.tag == 0x30 && results.empty()) results = tlv.content;
        if (tlv.tag == 0x02) code = tlv.content;
        return true;
    }));
    if (alternative.tag == 0xA1 || (bare && !numbered)) return facts;
    if (!numbered) return fail(Errc::missing_field, "seqNumber");
    facts.is_signed = true;
    facts.number = TRY(number_in(number, "seqNumber"));
    TRY(read_results(facts, results));
    // Of which command it is does not show: the worst is assumed.
    if (results.empty() && code.size() == 1 && code[0] == 0)
        facts.switched = facts.enabled = facts.changed = true;
    return facts;
}

Result<PackageFacts> inspect_package(Bytes request) {
    const Bytes content = TRY(content_of(request, 0xBF51, "euiccPackageRequest"));
    const Tlv signed_part = TRY(read_tlv(content, "euiccPackageSigned"));
    if (signed_part.tag != 0x30) return fail(Errc::bad_tag, "euiccPackageSigned", signed_part.tag);
    if (signed_part.rest.empty()) return fail(Errc::missing_field, "eimSignature");
    TRY(content_of(signed_part.rest, 0x5F37, "eimSignature"));
    PackageFacts facts;
    TRY(for_each_tlv(signed_part.content, [&](const Tlv& tlv) {
        if (tlv.tag == 0x82) facts.eim_transaction_id = tlv.content;
        if (tlv.tag == 0x81) facts.counter = number_in(tlv.content, "counterValue").value_or(0);
        facts.ecos = facts.ecos || tlv.tag == 0xA1;
        if (tlv.tag != 0xA0) return true;
        facts.psmos = true;
        // A list that does not parse to its end is the card's to refuse; what was read so far still counts.
        (void)for_each_tlv(tlv.content, [&](const Tlv& psmo) {
            if (psmo.tag != 0xA3) return true;
            (void)for_each_tlv(psmo.content, [&](const Tlv& field) {
                facts.rollback = facts.rollback || field.tag == 0x05;
                return true;
            });
            return true;
        });
        return true;
    }));
    if (!facts.psmos && !facts.ecos) return fail(Errc::missing_field, "euiccPackage");
    return facts;
}

Result<NotificationFacts> inspect_notification(Bytes notification) {
    const auto pending = TRY(asn1::decode<rsp::PendingNotification>(notification));
    NotificationFacts facts;
    const auto take = [&](const rsp::NotificationMetadata& metadata) {
        facts.number = metadata.seq_number;
        facts.address = metadata.notification_address;
        facts.iccid = metadata.iccid;
    };
    if (const auto* pir = std::get_if<0>(&pending.is)) {
        const auto& data = pir->value.profile_installation_result_data.value;
        take(data.notification_metadata);
        facts.transaction_id = data.transaction_id;
        facts.installed = std::holds_alternative<rsp::SuccessResult>(data.final_result.is);
        return facts;
    }
    if (const auto* other = std::get_if<1>(&pending.is)) {
        take(other->value.tbs_other_notification.value);
        return facts;
    }
    return fail(Errc::unsupported, "compact notification");
}

Result<Bytes> list_in(Bytes response, asn1::Tag list_tag) {
    const Bytes choice = TRY(content_of(response, 0xBF2B, "retrieveNotificationsListResponse"));
    const Tlv list = TRY(read_tlv(choice, "notificationList"));
    if (list.tag == 0x81) return fail(Errc::rejected, "notificationsListResultError", 127);
    if (list.tag != list_tag) return fail(Errc::bad_tag, "notificationList", list.tag);
    return list.content;
}

} // namespace halyard::ipa
