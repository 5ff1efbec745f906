#include "ipa/epr.h"
#include "ipa/testing.h"

namespace halyard::ipa::testing {

// ---- eIM ----

/// The result is one for this package: same counter, same transaction, or same kind of request.
static bool answers(Bytes result, Bytes package) {
    const auto asked = asn1::read_tlv(package);
    const auto given = asn1::read_tlv(result);
    if (given->tag == 0xA0) {
        const auto tid = asn1::read_tlv(given->content);
        return tid->tag == 0x80 && (contains(package, tlv(0x82, {owned(tid->content)})) ||
                                    contains(package, tlv(0x83, {owned(tid->content)})));
    }
    if (asked->tag != 0xBF51) return asked->tag == given->tag;
    const auto body = asn1::read_tlv(asked->content);
    OwnedBytes counter;
    (void)for_each_tlv(body->content, [&](const asn1::Tlv& part) {
        if (part.tag == 0x81) counter = owned(part.whole);
        return true;
    });
    return (given->tag == 0xBF51 || given->tag == 0x30) && contains(result, counter);
}

/// Whether an eIM of v1.0 can read it: no eidValue around a result, notifications in a BF2B, rPLMN under 81
/// and no cause, no eimTransactionId in BF39. Tag table of v1.0
static bool legible_in_v1_0(const asn1::Tlv& message) {
    const auto first = asn1::read_tlv(message.content);
    if (message.tag == 0xBF50 && first->tag == 0x30)
        return asn1::read_tlv(asn1::read_tlv(first->content)->rest)->tag == 0xBF2B;
    if (message.tag == 0xBF50)
        return first->tag == 0xBF51 || first->tag == 0xBF52 || first->tag == 0xBF54 || first->tag == 0x02;
    bool good = true;
    if (message.tag == 0xBF4F || message.tag == 0xBF39)
        (void)for_each_tlv(message.content, [&](const asn1::Tlv& part) {
            good = good && part.tag != 0x82;
            if (message.tag == 0xBF4F && part.tag == 0x81) good = good && part.content.size() == 3;
            return true;
        });
    return good;
}

Result<OwnedBytes> Eim::exchange(Bytes message) {
    if (down) return fail(Errc::unreachable, "connect");
    received.push_back(owned(message));
    if (intercept)
        if (auto forced = intercept(message)) return *forced;
    const auto outer = asn1::read_tlv(message);
    if (refuses(message) || (v1_0 && !legible_in_v1_0(*outer)))
        return fail(Errc::rejected, "http status", 400);
    if (outer->tag == 0xBF4F) return tlv(0xBF4F, {queue.empty() ? h("020101") : queue.front()});
    if (outer->tag == 0xBF3D) {
        notifications.push_back(owned(outer->content));
        return OwnedBytes{};
    }
    if (outer->tag != 0xBF50) return relay ? relay(message) : fail(Errc::rejected, "http status", 404);
    const auto first = asn1::read_tlv(outer->content);
    if (!v1_0 && first->tag != 0x5A) return fail(Errc::rejected, "http status", 400);
    return take_result(v1_0 ? *first : *asn1::read_tlv(first->rest));
}

Result<OwnedBytes> Eim::take_result(const asn1::Tlv& alternative) {
    OwnedBytes numbers;
    results.push_back(owned(alternative.whole));
    if (!queue.empty() && answers(alternative.whole, queue.front())) queue.erase(queue.begin());
    const auto take = [&](Bytes epr) {
        if (const auto facts = inspect_result(epr); facts && facts->is_signed)
            append(numbers, number(0x80, facts->number));
    };
    if (alternative.tag == 0xBF51) take(alternative.whole);
    if (alternative.tag == 0x30) {
        const auto epr = asn1::read_tlv(alternative.content);
        take(epr->whole);
        Bytes list = asn1::read_tlv(epr->rest)->content;
        if (v1_0) list = asn1::read_tlv(list)->content; // BF2B { A0 { … } }
        (void)for_each_tlv(list, [&](const asn1::Tlv& item) {
            append(numbers, number(0x80, inspect_notification(item.whole)->number));
            notifications.push_back(owned(item.whole));
            return true;
        });
    }
    append(numbers, extra_acknowledgements);
    if (numbers.empty() || !acknowledge) return v1_0 ? h("BF5000") : h("BF50023000");
    return tlv(0xBF50, {tlv(0xBF53, {numbers})});
}

// ---- SM-DP+ ----

Result<OwnedBytes> Smdp::exchange(Bytes message, bool esipa) {
    if (down) return fail(Errc::unreachable, "connect");
    received.push_back(owned(message));
    if (intercept)
        if (auto forced = intercept(message)) return *forced;
    const auto outer = asn1::read_tlv(message);
    const OwnedBytes transaction = tlv(0x80, {h(tid)});
    switch (outer->tag) {
    case 0xBF39:
        return tlv(0xBF39,
                   {tlv(0xA0,
                        {transaction,
                         tlv(0x30,
                             {transaction,
                              h("811000112233445566778899AABBCCDDEEFF"),
                              utf8(0x83, address),
                              tlv(0x84, {OwnedBytes(16, 0x77)})}),
                         signature(),
                         h("0403010203"),
                         h("3003020109")})});
    case 0xBF3B:
        return tlv(0xBF3B,
                   {tlv(0xA0,
                        {transaction,
                         metadata_announced,
                         tlv(0x30, {transaction, confirmation_code ? h("0101FF") : h("010100")}),
                         signature(),
                         h("300302010A"),
                         esipa && confirmation_code ? tlv(0x04, {OwnedBytes(32, 0x99)}) : OwnedBytes{}})});
    case 0xBF3A: return tlv(0xBF3A, {tlv(0xA0, {transaction, bound_package(tid, metadata_bound)})});
    case 0xBF41: cancelled = 1; return h("BF4102A000");
    case 0xBF3D: notifications.push_back(owned(outer->content)); return OwnedBytes{};
    }
    return fail(Errc::rejected, "http status", 404);
}

} // namespace halyard::ipa::testing
