#include "rsp/crl.h"
#include "asn1/asn1.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
constexpr asn1::Tag kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kOid = 0x06, kEnumerated = 0x0A,
                    kUtcTime = 0x17, kGeneralizedTime = 0x18, kSequence = 0x30, kBoolean = 0x01;
// Object identifiers as content octets.
constexpr std::string_view kAuthorityKey = "\x55\x1D\x23", kCrlNumber = "\x55\x1D\x14",
                           kReasonCode = "\x55\x1D\x15", kInvalidityDate = "\x55\x1D\x18",
                           kDistributionPoint = "\x55\x1D\x1C", kDeltaIndicator = "\x55\x1D\x1B";
// id-rspExt, 2.23.146.1.2.0.n. SGP.22 v2 §4.6
constexpr std::string_view kExpirationDate("\x67\x81\x12\x01\x02\x00\x01", 7),
    kTotalPartial("\x67\x81\x12\x01\x02\x00\x02", 7), kPartial("\x67\x81\x12\x01\x02\x00\x03", 7);
constexpr std::string_view kEcdsaSha256 = "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02";

// The next TLV of `rest`, of this tag and in DER.
Result<asn1::Tlv> take(Bytes& rest, asn1::Tag tag, const char* where) {
    const auto tlv = TRY(asn1::read_tlv(rest, where));
    if (tlv.tag != tag) return fail(Errc::bad_tag, where, tlv.tag);
    if (tlv.long_length) return fail(Errc::bad_length, where);
    rest = tlv.rest;
    return tlv;
}
bool next_is(Bytes rest, asn1::Tag tag) { return !rest.empty() && rest[0] == tag; }

// UTCTime or GeneralizedTime, to the second and in UTC. RFC 5280 §4.1.2.5
Result<Time> take_time(Bytes& rest, const char* where) {
    const bool utc = next_is(rest, kUtcTime);
    const auto tlv = TRY(take(rest, utc ? kUtcTime : kGeneralizedTime, where));
    const Bytes text = tlv.content;
    if (text.size() != (utc ? 13u : 15u) || text.back() != 'Z') return fail(Errc::bad_value, where);
    const auto digits = [&](size_t at, size_t n) {
        int value = 0;
        for (size_t i = at; i < at + n; ++i)
            value = text[i] >= '0' && text[i] <= '9' && value >= 0 ? value * 10 + (text[i] - '0') : -1;
        return value;
    };
    int year = utc ? digits(0, 2) : digits(0, 4);
    if (year < 0) return fail(Errc::bad_value, where);
    if (utc) year += year < 50 ? 2000 : 1900;
    const size_t at = utc ? 2 : 4;
    using namespace std::chrono;
    const int month = digits(at, 2), day_of_month = digits(at + 2, 2), hour = digits(at + 4, 2),
              minute = digits(at + 6, 2), second = digits(at + 8, 2);
    if (month < 0 || day_of_month < 0) return fail(Errc::bad_value, where);
    const year_month_day date{std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              day(static_cast<unsigned>(day_of_month))};
    if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return fail(Errc::bad_value, where);
    // In 64 bits: sys_days counts in int.
    const int64_t days = sys_days(date).time_since_epoch().count();
    return duration_cast<Time>(Seconds(((days * 24 + hour) * 60 + minute) * 60 + second));
}

// Positive or negative, but in the shortest form.
Result<Bytes> take_integer(Bytes& rest, const char* where) {
    const Bytes n = TRY(take(rest, kInteger, where)).content;
    if (n.empty() || (n.size() > 1 && (n[0] == 0x00 || n[0] == 0xFF) && (n[0] ^ n[1]) < 0x80))
        return fail(Errc::bad_value, where);
    return n;
}
Result<uint32_t> small_number(Bytes value, const char* where) {
    const Bytes n = TRY(take_integer(value, where));
    if (!value.empty() || n.size() > 3 || n[0] & 0x80) return fail(Errc::bad_value, where);
    uint32_t out = 0;
    for (uint8_t octet : n) out = out << 8 | octet;
    return out;
}

struct Extension {
    std::string_view id;
    bool critical = false;
    Bytes value;
};
Result<Extension> take_extension(Bytes& rest) {
    Bytes inside = TRY(take(rest, kSequence, "CRL extension")).content;
    Extension out;
    out.id = text_of(TRY(take(inside, kOid, "CRL extension")).content);
    if (next_is(inside, kBoolean)) {
        const Bytes flag = TRY(take(inside, kBoolean, "CRL extension")).content;
        if (flag.size() != 1 || flag[0] != 0xFF)
            return fail(Errc::bad_value, "CRL extension"); // false is left out
        out.critical = true;
    }
    out.value = TRY(take(inside, kOctetString, "CRL extension")).content;
    if (!inside.empty()) return fail(Errc::bad_length, "CRL extension");
    return out;
}

Result<RevocationReason> reason_of(Bytes value) {
    const Bytes n = TRY(take(value, kEnumerated, "reasonCode")).content;
    // 7 is not used; removeFromCRL (8) has a meaning in delta lists only.
    if (!value.empty() || n.size() != 1 || n[0] > 10 || n[0] == 7 || n[0] == 8)
        return fail(Errc::bad_value, "reasonCode");
    return static_cast<RevocationReason>(n[0]);
}

Result<CrlEntry> take_entry(Bytes& rest) {
    Bytes inside = TRY(take(rest, kSequence, "revokedCertificates")).content;
    CrlEntry out;
    out.serial = TRY(take_integer(inside, "userCertificate"));
    if (out.serial.size() > 1 && out.serial[0] == 0) out.serial = out.serial.subspan(1);
    out.date = TRY(take_time(inside, "revocationDate"));
    if (inside.empty()) return out;
    Bytes extensions = TRY(take(inside, kSequence, "crlEntryExtensions")).content;
    if (!inside.empty()) return fail(Errc::bad_length, "revokedCertificates");
    while (!extensions.empty()) {
        const Extension e = TRY(take_extension(extensions));
        if (e.id == kReasonCode) {
            if (out.reason) return fail(Errc::bad_value, "reasonCode"); // twice
            out.reason = TRY(reason_of(e.value));
        } else if (e.id == kExpirationDate) {
            Bytes value = e.value;
            out.expires = TRY(take_time(value, "expDate"));
            if (!value.empty()) return fail(Errc::bad_length, "expDate");
        } else if (e.critical && e.id != kInvalidityDate) {
            return fail(Errc::unsupported, "crlEntryExtensions");
        }
    }
    return out;
}
} // namespace

// Reads one list; ranges are relative to the octets the list owns.
struct Crl::Reader {
    Crl& crl;
    unsigned seen = 0; // extensions, one bit each

    Range range(Bytes octets) const {
        return {static_cast<size_t>(octets.data() - crl.der_.data()), octets.size()};
    }
    Ok once(unsigned bit) {
        if (seen & 1u << bit) return fail(Errc::bad_value, "CRL extension twice");
        seen |= 1u << bit;
        return {};
    }

    Ok authority_key(Bytes value) {
        Bytes members = TRY(take(value, kSequence, "authorityKeyIdentifier")).content;
        const auto id = TRY(take(members, 0x80, "authorityKeyIdentifier"));
        if (!value.empty()) return fail(Errc::bad_length, "authorityKeyIdentifier");
        crl.authority_key_id_ = range(id.content);
        return {};
    }

    // The URIs of a fullName; other names are nothing to compare.
    Ok distribution_point(Bytes value) {
        Bytes names = TRY(take(value, 0xA0, "issuingDistributionPoint")).content;
        while (!names.empty()) {
            const auto name = TRY(asn1::read_tlv(names, "issuingDistributionPoint"));
            names = name.rest;
            if (name.tag != 0x86) continue;
            if (crl.uris.size() == kMaxUris) return fail(Errc::limit, "issuingDistributionPoint");
            crl.uris.emplace_back(text_of(name.content));
        }
        return {};
    }

    Ok issuing_distribution_point(Bytes value) {
        Bytes members = TRY(take(value, kSequence, "issuingDistributionPoint")).content;
        if (!value.empty()) return fail(Errc::bad_length, "issuingDistributionPoint");
        while (!members.empty()) {
            const auto member = TRY(asn1::read_tlv(members, "issuingDistributionPoint"));
            members = member.rest;
            if (member.tag == 0xA0) {
                TRY(distribution_point(member.content));
                continue;
            }
            // Only some reasons, another issuer's certificates, attribute certificates.
            if (member.tag != 0x81 && member.tag != 0x82)
                return fail(Errc::unsupported, "issuingDistributionPoint", member.tag);
            if (member.content.size() != 1 || member.content[0] != 0xFF)
                return fail(Errc::bad_value, "issuingDistributionPoint");
            (member.tag == 0x81 ? crl.only_user_certificates : crl.only_cas) = true;
        }
        if (crl.only_user_certificates && crl.only_cas)
            return fail(Errc::bad_value, "issuingDistributionPoint");
        return {};
    }

    Ok extension(const Extension& e) {
        if (e.id == kAuthorityKey) {
            TRY(once(0));
            return authority_key(e.value);
        }
        if (e.id == kCrlNumber) {
            TRY(once(1));
            Bytes value = e.value;
            const Bytes n = TRY(take_integer(value, "cRLNumber"));
            if (!value.empty() || n.size() > 20 || n[0] & 0x80) return fail(Errc::bad_value, "cRLNumber");
            crl.number_ = range(n);
            return {};
        }
        if (e.id == kDistributionPoint) {
            TRY(once(2));
            return issuing_distribution_point(e.value);
        }
        if (e.id == kTotalPartial || e.id == kPartial) {
            const bool total = e.id == kTotalPartial;
            TRY(once(total ? 3 : 4));
            (total ? crl.parts : crl.part) =
                TRY(small_number(e.value, total ? "totalPartialCrlNumber" : "partialCrlNumber"));
            return {};
        }
        if (e.id == kDeltaIndicator) return fail(Errc::unsupported, "deltaCRLIndicator");
        if (e.critical) return fail(Errc::unsupported, "CRL critical extension");
        return {};
    }

    Ok extensions(Bytes& rest) {
        Bytes wrapped = TRY(take(rest, 0xA0, "crlExtensions")).content;
        Bytes list = TRY(take(wrapped, kSequence, "crlExtensions")).content;
        if (!wrapped.empty()) return fail(Errc::bad_length, "crlExtensions");
        while (!list.empty()) TRY(extension(TRY(take_extension(list))));
        if (crl.parts > kMaxParts) return fail(Errc::limit, "totalPartialCrlNumber", crl.parts);
        if (crl.part > crl.parts || (crl.parts > 0 && crl.part == 0))
            return fail(Errc::bad_value, "partialCrlNumber");
        return {};
    }

    Ok to_be_signed(Bytes rest, Bytes& algorithm) {
        if (!next_is(rest, kInteger)) return fail(Errc::unsupported, "CRL version"); // v1
        if (TRY(small_number(TRY(take(rest, kInteger, "CRL version")).whole, "CRL version")) != 1)
            return fail(Errc::unsupported, "CRL version");
        algorithm = TRY(take(rest, kSequence, "signature")).whole;
        crl.issuer_ = range(TRY(take(rest, kSequence, "issuer")).whole);
        crl.this_update = TRY(take_time(rest, "thisUpdate"));
        // Without it nobody could tell when the list is too old. RFC 5280 §5.1.2.5
        if (!next_is(rest, kUtcTime) && !next_is(rest, kGeneralizedTime))
            return fail(Errc::missing_field, "nextUpdate");
        crl.next_update = TRY(take_time(rest, "nextUpdate"));
        if (next_is(rest, kSequence)) {
            Bytes revoked = TRY(take(rest, kSequence, "revokedCertificates")).content;
            crl.revoked_ = range(revoked);
            for (; !revoked.empty(); ++crl.count_) TRY(take_entry(revoked));
        }
        if (!rest.empty()) TRY(extensions(rest));
        if (!rest.empty()) return fail(Errc::bad_length, "tbsCertList");
        return {};
    }
};

Result<Crl> Crl::parse(Bytes der) {
    if (der.size() > kMaxSize) return fail(Errc::limit, "CRL", static_cast<uint32_t>(der.size()));
    Crl crl;
    crl.der_ = owned(der);
    Reader reader{crl};
    Bytes rest = crl.der_;
    Bytes inside = TRY(take(rest, kSequence, "CRL")).content;
    if (!rest.empty()) return fail(Errc::bad_length, "CRL", static_cast<uint32_t>(rest.size()));
    const auto tbs = TRY(take(inside, kSequence, "tbsCertList"));
    crl.tbs_ = reader.range(tbs.whole);
    Bytes algorithm;
    TRY(reader.to_be_signed(tbs.content, algorithm));
    if (!same(algorithm, TRY(take(inside, kSequence, "signatureAlgorithm")).whole))
        return fail(Errc::bad_value, "signatureAlgorithm"); // RFC 5280 §5.1.1.2
    crl.ecdsa_sha256 = text_of(algorithm) == kEcdsaSha256;
    const Bytes bits = TRY(take(inside, kBitString, "signatureValue")).content;
    if (bits.empty() || bits[0] != 0 || !inside.empty()) return fail(Errc::bad_value, "signatureValue");
    crl.signature_ = reader.range(bits.subspan(1));
    return crl;
}

Result<std::vector<Crl>> Crl::parse_file(Bytes content) {
    constexpr std::string_view kBegin = "-----BEGIN X509 CRL-----", kEnd = "-----END X509 CRL-----";
    std::vector<Crl> out;
    std::string_view text = text_of(content);
    if (text.find(kBegin) == text.npos) {
        out.push_back(TRY(parse(content)));
        return out;
    }
    for (size_t begin; (begin = text.find(kBegin)) != text.npos;) {
        text.remove_prefix(begin + kBegin.size());
        const size_t end = text.find(kEnd);
        if (end == text.npos) return fail(Errc::truncated, "CRL");
        out.push_back(TRY(parse(TRY(from_base64(text.substr(0, end), "CRL")))));
        text.remove_prefix(end + kEnd.size());
    }
    return out;
}

std::optional<CrlEntry> Crl::find(Bytes serial) const {
    for (Bytes rest = at(revoked_); !rest.empty();) {
        const auto entry = take_entry(rest);
        HALYARD_ASSERT(entry); // all were read when the list was parsed
        if (same(entry->serial, serial)) return *entry;
    }
    return std::nullopt;
}

std::vector<CrlEntry> Crl::entries(size_t limit) const {
    std::vector<CrlEntry> out;
    for (Bytes rest = at(revoked_); !rest.empty() && out.size() < limit;) out.push_back(*take_entry(rest));
    return out;
}

namespace {
constexpr std::pair<RevocationReason, const char*> kReasons[] = {
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "keyCompromise"},
    {RevocationReason::ca_compromise, "cACompromise"},
    {RevocationReason::affiliation_changed, "affiliationChanged"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::cessation_of_operation, "cessationOfOperation"},
    {RevocationReason::certificate_hold, "certificateHold"},
    {RevocationReason::privilege_withdrawn, "privilegeWithdrawn"},
    {RevocationReason::aa_compromise, "aACompromise"}};
}

const char* name(RevocationReason reason) {
    for (const auto& [value, text] : kReasons)
        if (value == reason) return text;
    return "unspecified";
}

Result<RevocationReason> revocation_reason(std::string_view text) {
    for (const auto& [value, word] : kReasons)
        if (text == word) return value;
    return fail(Errc::bad_value, "reason");
}

} // namespace halyard::rsp
