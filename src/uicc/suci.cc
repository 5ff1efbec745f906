#include "uicc/suci.h"
#include "asn1/asn1.h"
#include "crypto/ecies.h"
#include "uicc/tree.h"

namespace halyard::uicc {
namespace {
constexpr uint8_t kNullScheme = 0x00;

/// MCC, MNC and the rest of an IMSI, digit by digit.
struct Subscriber {
    std::string digits;
    size_t mnc_length = 2;
    size_t plmn_length() const { return 3 + mnc_length; }
};
// EF.IMSI: length, then nibble-swapped digits, the first nibble being parity. EF.AD octet 4: length of the
// MNC. 3GPP TS 31.102 §4.2.2, §4.2.18
Result<Subscriber> subscriber_of(const Image& image, uint32_t usim) {
    const OwnedBytes* const imsi = content_at(image, usim, {0x6F07});
    if (!imsi || imsi->empty()) return fail(Errc::missing_field, "imsi");
    const size_t length = (*imsi)[0];
    if (length < 4 || length > 8 || length >= imsi->size()) return fail(Errc::bad_value, "imsi");
    Subscriber out;
    for (size_t n = 1; n < 2 * length; ++n) {
        const uint8_t octet = (*imsi)[1 + n / 2];
        const auto digit = static_cast<uint8_t>(n % 2 ? octet >> 4 : octet & 0x0F);
        if (digit == 0x0F && n == 2 * length - 1) break; // an even number of digits
        if (digit > 9) return fail(Errc::bad_value, "imsi");
        out.digits.push_back(static_cast<char>('0' + digit));
    }
    const OwnedBytes* const ad = content_at(image, usim, {0x6FAD});
    if (ad && ad->size() >= 4 && ((*ad)[3] & 0x0F) == 3) out.mnc_length = 3;
    if (out.digits.size() <= out.plmn_length()) return fail(Errc::bad_value, "imsi");
    return out;
}

// Two digits an octet, the first one low; F fills up.
OwnedBytes bcd(std::string_view digits) {
    OwnedBytes out;
    for (size_t i = 0; i < digits.size(); i += 2) {
        const int high = i + 1 < digits.size() ? digits[i + 1] - '0' : 0x0F;
        out.push_back(static_cast<uint8_t>(high << 4 | (digits[i] - '0')));
    }
    return out;
}
// MCC2 MCC1, MNC3 MCC3, MNC2 MNC1. 3GPP TS 24.008 §10.5.1.3
OwnedBytes plmn(const Subscriber& s) {
    const auto digit = [&](size_t n) { return s.digits[n] - '0'; };
    const int mnc3 = s.mnc_length == 3 ? digit(5) : 0x0F;
    return {static_cast<uint8_t>(digit(1) << 4 | digit(0)),
            static_cast<uint8_t>(mnc3 << 4 | digit(2)),
            static_cast<uint8_t>(digit(4) << 4 | digit(3))};
}

/// A scheme and the key for it.
struct Choice {
    crypto::Ecies scheme;
    uint8_t key_id;
    Bytes key;
};
// A1 { 80 identifier, 81 key … }: the n-th pair, from 1 on.
std::optional<Choice> key_at(Bytes list, size_t n, crypto::Ecies scheme) {
    while (!list.empty()) {
        const auto id = asn1::read_tlv(list);
        if (!id || id->tag != 0x80 || id->content.size() != 1) return std::nullopt;
        const auto key = asn1::read_tlv(id->rest);
        if (!key || key->tag != 0x81) return std::nullopt;
        if (--n == 0) return Choice{scheme, id->content[0], key->content};
        list = key->rest;
    }
    return std::nullopt;
}
// A0 { scheme, index of the key … }, by priority, then A1, then filling. 3GPP TS 31.102 §4.4.11.8
std::vector<Choice> choices_of(const OwnedBytes* content) {
    std::vector<Choice> out;
    if (!content) return out;
    const auto schemes = asn1::read_tlv(*content);
    if (!schemes || schemes->tag != 0xA0) return out;
    const auto keys = asn1::read_tlv(schemes->rest);
    const Bytes list = schemes->content;
    for (size_t i = 0; i + 1 < list.size(); i += 2) {
        if (list[i] == kNullScheme) break; // nothing behind it is of use any more
        const auto scheme = static_cast<crypto::Ecies>(list[i]);
        const bool known = scheme == crypto::Ecies::profile_a || scheme == crypto::Ecies::profile_b;
        if (!known || !keys || keys->tag != 0xA1 || list[i + 1] == 0) continue;
        if (const auto choice = key_at(keys->content, list[i + 1], scheme)) out.push_back(*choice);
    }
    return out;
}

// EF.Routing_Indicator of DF.5GS; without one it is the digit 0. 3GPP TS 31.102 §4.4.11.11, TS 24.501
std::array<uint8_t, 2> routing_indicator(const Image& image, uint32_t usim) {
    const OwnedBytes* const file = content_at(image, usim, {0x5FC0, 0x4F0A});
    if (!file || file->size() < 2 || ((*file)[0] & 0x0F) == 0x0F) return {0xF0, 0xFF};
    return {(*file)[0], (*file)[1]};
}
} // namespace

Result<OwnedBytes> suci(const Image& image, uint32_t usim, Random& random) {
    const Subscriber subscriber = TRY(subscriber_of(image, usim));
    OwnedBytes out{0x01}; // SUCI of an IMSI
    append(out, plmn(subscriber));
    append(out, routing_indicator(image, usim));
    const OwnedBytes msin = bcd(std::string_view(subscriber.digits).substr(subscriber.plmn_length()));
    for (const Choice& choice : choices_of(content_at(image, usim, {0x5FD0, 0x4F01}))) {
        const auto output = crypto::conceal(choice.scheme, choice.key, msin, random);
        // A key that is none: the next scheme, if there is one.
        if (!output && (output.error().code == Errc::bad_value || output.error().code == Errc::bad_length))
            continue;
        if (!output) return fail(output.error().code, output.error().where, output.error().detail);
        out.push_back(static_cast<uint8_t>(choice.scheme));
        out.push_back(choice.key_id);
        append(out, *output);
        return out;
    }
    out.push_back(kNullScheme);
    out.push_back(0x00);
    append(out, msin);
    return out;
}

} // namespace halyard::uicc
