#include "pki/mint.h"
#include "asn1/asn1.h"
#include "crypto/hash.h"
#include <cstdio>

namespace halyard::pki {
namespace {
using rsp::Role;

// X.509 is small enough to be put together TLV by TLV; every length is known when its header is written.
OwnedBytes tlv(uint8_t tag, std::initializer_list<Bytes> parts) {
    OwnedBytes content;
    for (Bytes part : parts) append(content, part);
    OwnedBytes out = asn1::Raw{content}.der();
    out[0] = tag;
    return out;
}
OwnedBytes oid(std::string_view dotted) {
    const auto content = asn1::oid_from_text(dotted);
    HALYARD_ASSERT(content); // callers pass constants, or texts that were checked
    return tlv(0x06, {*content});
}
OwnedBytes text(uint8_t tag, std::string_view value) { return tlv(tag, {bytes_of(value)}); }
const uint8_t kTrue[] = {0x01, 0x01, 0xFF};

OwnedBytes attribute(std::string_view type, uint8_t tag, std::string_view value) {
    return tlv(0x31, {tlv(0x30, {oid(type), text(tag, value)})});
}

OwnedBytes name_of(const Subject& s) {
    OwnedBytes rdns;
    // Order as in SGP.26: country, organisation, serial number, common name.
    if (!s.country.empty()) append(rdns, attribute("2.5.4.6", 0x13, s.country));
    if (!s.organization.empty()) append(rdns, attribute("2.5.4.10", 0x0C, s.organization));
    if (!s.organizational_unit.empty()) append(rdns, attribute("2.5.4.11", 0x0C, s.organizational_unit));
    if (!s.serial_number.empty()) append(rdns, attribute("2.5.4.5", 0x13, s.serial_number));
    if (!s.common_name.empty()) append(rdns, attribute("2.5.4.3", 0x0C, s.common_name));
    return tlv(0x30, {rdns});
}

// UTCTime to 2049, GeneralizedTime from 2050 on. RFC 5280 §4.1.2.5
Result<OwnedBytes> time_of(Time t, const char* where) {
    using namespace std::chrono;
    const sys_time<milliseconds> at{milliseconds(t.count())};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(at) - day};
    const int year = static_cast<int>(date.year());
    if (year < 1950 || year > 9999) return fail(Errc::bad_value, where, static_cast<uint32_t>(year));
    char out[32];
    const bool utc = year < 2050;
    std::snprintf(out,
                  sizeof out,
                  utc ? "%02d%02u%02u%02d%02d%02dZ" : "%04d%02u%02u%02d%02d%02dZ",
                  utc ? year % 100 : year,
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text(utc ? 0x17 : 0x18, out);
}

OwnedBytes extension(std::string_view id, bool critical, Bytes value) {
    return tlv(0x30, {oid(id), critical ? Bytes(kTrue) : Bytes{}, tlv(0x04, {value})});
}

OwnedBytes key_usage(Role role) {
    if (role == Role::ci || role == Role::eum) return {0x03, 0x02, 0x01, 0x06}; // keyCertSign, cRLSign
    return {0x03, 0x02, 0x07, 0x80};                                            // digitalSignature
}

OwnedBytes basic_constraints(Role role) {
    if (role == Role::ci) return tlv(0x30, {kTrue});
    const uint8_t no_ca_below[] = {0x02, 0x01, 0x00};
    return tlv(0x30, {kTrue, no_ca_below});
}

OwnedBytes alternative_names(const Request& r) {
    OwnedBytes names;
    for (const std::string& dns : r.dns_names) append(names, text(0x82, dns));
    if (!r.registered_id.empty()) append(names, tlv(0x88, {*asn1::oid_from_text(r.registered_id)}));
    return tlv(0x30, {names});
}

// permittedSubtrees with one directoryName: O and the serialNumber that EIDs start with. SGP.26 §3.1
OwnedBytes name_constraints(const Request& r) {
    const OwnedBytes directory =
        name_of({.organization = r.permitted_organization, .serial_number = r.eid_prefix});
    return tlv(0x30, {tlv(0xA0, {tlv(0x30, {tlv(0xA4, {directory})})})});
}

OwnedBytes distribution_point(const std::string& uri) {
    return tlv(0x30, {tlv(0x30, {tlv(0xA0, {tlv(0xA0, {text(0x86, uri)})})})});
}

OwnedBytes extensions(const Request& r, const crypto::PublicKey& key, Bytes authority, bool eim_tls) {
    const bool ca = r.role == Role::ci || r.role == Role::eum;
    const bool tls = r.role == Role::dp_tls || r.role == Role::ds_tls || eim_tls;
    OwnedBytes all;
    if (!authority.empty()) append(all, extension("2.5.29.35", false, tlv(0x30, {tlv(0x80, {authority})})));
    append(all, extension("2.5.29.14", false, tlv(0x04, {crypto::key_identifier(key)})));
    append(all, extension("2.5.29.15", true, key_usage(r.role)));
    if (*rsp::policy_oid(r.role))
        append(all, extension("2.5.29.32", !tls, tlv(0x30, {tlv(0x30, {oid(rsp::policy_oid(r.role))})})));
    if (tls)
        append(all,
               extension("2.5.29.37", true, tlv(0x30, {oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")})));
    if (ca) append(all, extension("2.5.29.19", true, basic_constraints(r.role)));
    if (!r.registered_id.empty() || !r.dns_names.empty())
        append(all, extension("2.5.29.17", false, alternative_names(r)));
    if (r.role == Role::eum) append(all, extension("2.5.29.30", true, name_constraints(r)));
    if (!r.crl_uri.empty()) append(all, extension("2.5.29.31", false, distribution_point(r.crl_uri)));
    return tlv(0xA3, {tlv(0x30, {all})});
}

Ok check(const Request& r) {
    if (!r.registered_id.empty()) TRY(asn1::oid_from_text(r.registered_id, "registeredID"));
    if (r.subject.common_name.empty()) return fail(Errc::missing_field, "commonName");
    if (r.role == Role::eum && (r.eid_prefix.empty() || r.permitted_organization.empty()))
        return fail(Errc::missing_field, "nameConstraints");
    if (r.validity.to < r.validity.from) return fail(Errc::bad_value, "validity");
    return {};
}

Result<crypto::Certificate> issue(const Request& r,
                                  const crypto::PublicKey& key,
                                  const crypto::PrivateKey& signer,
                                  Bytes issuer_name,
                                  Bytes authority,
                                  bool eim_tls,
                                  Random& random) {
    TRY(check(r));
    auto serial = TRY(random.draw<8>());
    serial[0] = static_cast<uint8_t>((serial[0] & 0x7F) | 0x40); // positive, always eight octets
    const OwnedBytes version = {0xA0, 0x03, 0x02, 0x01, 0x02};
    const OwnedBytes algorithm = tlv(0x30, {oid("1.2.840.10045.4.3.2")});
    const OwnedBytes validity =
        tlv(0x30, {TRY(time_of(r.validity.from, "notBefore")), TRY(time_of(r.validity.to, "notAfter"))});
    const OwnedBytes subject = name_of(r.subject);
    const OwnedBytes tbs = tlv(0x30,
                               {version,
                                tlv(0x02, {serial}),
                                algorithm,
                                issuer_name.empty() ? Bytes(subject) : issuer_name,
                                validity,
                                subject,
                                crypto::to_spki(key),
                                extensions(r, key, authority, eim_tls)});
    const uint8_t no_unused_bits[] = {0x00};
    const OwnedBytes signature = TRY(crypto::sign_der(signer, tbs));
    return crypto::Certificate::parse(tlv(0x30, {tbs, algorithm, tlv(0x03, {no_unused_bits, signature})}));
}

} // namespace

Result<Credential> mint_ci(const Request& r, Random& random) {
    Credential out;
    out.key = TRY(crypto::PrivateKey::generate(r.curve, random));
    out.certificate = TRY(issue(r, out.key.public_key(), out.key, {}, {}, false, random));
    return out;
}

Result<crypto::Certificate> certify(
    const Request& r, const crypto::PublicKey& key, const Credential& issuer, bool eim_tls, Random& random) {
    if (!issuer.certificate.subject_key_id) return fail(Errc::missing_field, "issuer subjectKeyIdentifier");
    return issue(
        r, key, issuer.key, issuer.certificate.subject, *issuer.certificate.subject_key_id, eim_tls, random);
}

Result<Credential> mint(const Request& r, const Credential& issuer, Random& random) {
    Credential out;
    out.key = TRY(crypto::PrivateKey::generate(issuer.key.curve(), random));
    out.certificate = TRY(certify(r, out.key.public_key(), issuer, false, random));
    return out;
}

Result<Credential> mint_eim_tls(const Request& r, const Credential& issuer, Random& random) {
    Credential out;
    out.key = TRY(crypto::PrivateKey::generate(issuer.key.curve(), random));
    out.certificate = TRY(certify(r, out.key.public_key(), issuer, true, random));
    return out;
}

Result<Eid> make_eid(std::string_view prefix, uint64_t number) {
    const std::string digits = std::to_string(number);
    if (prefix.empty() || prefix.size() + digits.size() > 30) return fail(Errc::bad_length, "eidPrefix");
    std::string all(prefix);
    all.append(30 - prefix.size() - digits.size(), '0');
    all += digits + "00";
    return with_check_digits(TRY(eid_from_text(all, "eidPrefix")));
}

} // namespace halyard::pki
