#include "pki/mint.h"
#include "crypto/hash.h"
#include "pki/der.h"

namespace halyard::pki {
namespace {
using rsp::Role, rsp::RoleOids, der::extension, der::oid, der::sequence, der::text, der::tlv;

const uint8_t kTrue[] = {0x01, 0x01, 0xFF};

OwnedBytes attribute(std::string_view type, uint8_t tag, std::string_view value) {
    return tlv(0x31, {sequence({oid(type), text(tag, value)})});
}

OwnedBytes name_of(const Subject& s) {
    OwnedBytes rdns;
    // Order as in SGP.26: country, organisation, serial number, common name.
    if (!s.country.empty()) append(rdns, attribute("2.5.4.6", 0x13, s.country));
    if (!s.organization.empty()) append(rdns, attribute("2.5.4.10", 0x0C, s.organization));
    if (!s.organizational_unit.empty()) append(rdns, attribute("2.5.4.11", 0x0C, s.organizational_unit));
    if (!s.serial_number.empty()) append(rdns, attribute("2.5.4.5", 0x13, s.serial_number));
    if (!s.common_name.empty()) append(rdns, attribute("2.5.4.3", 0x0C, s.common_name));
    return sequence({rdns});
}

bool is_tls(Role role) { return role == Role::dp_tls || role == Role::ds_tls || role == Role::eim_tls; }
bool is_eum(Role role) { return role == Role::eum || role == Role::eum_sub; }

OwnedBytes key_usage(const Request& r) {
    if (r.flaw == Flaw::key_usage) return {0x03, 0x02, 0x03, 0x08}; // keyAgreement
    if (rsp::is_ca(r.role)) return {0x03, 0x02, 0x01, 0x06};        // keyCertSign, cRLSign
    return {0x03, 0x02, 0x07, 0x80};                                // digitalSignature
}

// As SGP.26 has them: a CI sets no limit, whoever has no SubCA below sets 0.
std::optional<uint32_t> path_length(const Request& r) {
    if (r.path_length || r.role == Role::ci) return r.path_length;
    if (r.role == Role::ci_sub) return 2; // EUM, EUM SubCA
    return r.role == Role::eum && r.oids == RoleOids::v3 ? 1u : 0u;
}
OwnedBytes basic_constraints(const Request& r) {
    const auto limit = path_length(r);
    return sequence({kTrue, limit ? der::integer(*limit) : OwnedBytes{}});
}

OwnedBytes alternative_names(const Request& r) {
    OwnedBytes names;
    for (const std::string& dns : r.dns_names) append(names, text(0x82, dns));
    if (!r.registered_id.empty()) append(names, tlv(0x88, {*asn1::oid_from_text(r.registered_id)}));
    return sequence({names});
}

// permittedSubtrees with one directoryName: O and, in v2, the serialNumber that EIDs start with. SGP.26 §3.1
OwnedBytes name_constraints(const Request& r) {
    Subject permitted{.organization = r.permitted_organization};
    if (r.oids == RoleOids::v2) permitted.serial_number = r.eid_prefix;
    return sequence({tlv(0xA0, {sequence({tlv(0xA4, {name_of(permitted)})})})});
}

OwnedBytes permitted_eins(const Request& r) {
    OwnedBytes all = text(0x13, r.eid_prefix);
    for (const std::string& ein : r.more_eins) append(all, text(0x13, ein));
    return sequence({all});
}

// One DistributionPoint for each URI, as SGP.26 has it.
OwnedBytes distribution_points(const std::vector<std::string>& uris) {
    OwnedBytes points;
    for (const std::string& uri : uris) append(points, sequence({der::full_name({&uri, 1})}));
    return sequence({points});
}

const char* policy(const Request& r) {
    if (r.flaw != Flaw::policy) return rsp::policy_oid(r.role, r.oids);
    return rsp::policy_oid(r.role == Role::euicc ? Role::dp_auth : Role::euicc, r.oids);
}

OwnedBytes extended_key_usage(const Request& r) {
    const OwnedBytes server = oid("1.3.6.1.5.5.7.3.1"), client = oid("1.3.6.1.5.5.7.3.2");
    return sequence({r.flaw == Flaw::extended_key_usage ? OwnedBytes{} : server, client});
}

OwnedBytes extensions(const Request& r, Bytes key_id, Bytes authority) {
    OwnedBytes all;
    if (!authority.empty()) append(all, extension("2.5.29.35", false, der::authority_key(authority)));
    append(all, extension("2.5.29.14", false, tlv(0x04, {key_id})));
    if (r.flaw != Flaw::critical_extension) append(all, extension("2.5.29.15", true, key_usage(r)));
    if (const char* role = policy(r); *role)
        append(all, extension("2.5.29.32", !is_tls(r.role), sequence({sequence({oid(role)})})));
    if (is_tls(r.role)) append(all, extension("2.5.29.37", true, extended_key_usage(r)));
    if (rsp::is_ca(r.role)) append(all, extension("2.5.29.19", true, basic_constraints(r)));
    if (!r.registered_id.empty() || !r.dns_names.empty())
        append(all, extension("2.5.29.17", false, alternative_names(r)));
    if (is_eum(r.role) && !r.permitted_organization.empty())
        append(all, extension("2.5.29.30", true, name_constraints(r)));
    if (is_eum(r.role) && r.oids == RoleOids::v3 && !r.eid_prefix.empty())
        append(all, extension("2.23.146.1.2.2.0", false, permitted_eins(r)));
    if (!r.crl_uris.empty()) append(all, extension("2.5.29.31", false, distribution_points(r.crl_uris)));
    return tlv(0xA3, {sequence({all})});
}

bool is_printable(std::string_view text) { // the characters of PrintableString that names here need
    for (const char c : text)
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
            std::string_view(" '()+,-./:=?").find(c) == std::string_view::npos)
            return false;
    return true;
}

Ok check(const Request& r) {
    const bool eim = r.role == Role::eim || r.role == Role::eim_tls;
    if (!eim && !*rsp::policy_oid(r.role, r.oids)) return fail(Errc::unsupported, "role: SubCAs are of v3");
    if (!r.registered_id.empty()) TRY(asn1::oid_from_text(r.registered_id, "registeredID"));
    if (r.subject.common_name.empty()) return fail(Errc::missing_field, "commonName");
    if (!is_printable(r.subject.country)) return fail(Errc::bad_value, "countryName");
    if (!is_printable(r.subject.serial_number)) return fail(Errc::bad_value, "serialNumber");
    if (r.role == Role::eum && (r.eid_prefix.empty() || r.permitted_organization.empty()))
        return fail(Errc::missing_field, "nameConstraints");
    if (!is_printable(r.eid_prefix)) return fail(Errc::bad_value, "eidPrefix");
    for (const std::string& ein : r.more_eins)
        if (ein.empty() || !is_printable(ein)) return fail(Errc::bad_value, "permittedEins");
    if (r.validity.to < r.validity.from) return fail(Errc::bad_value, "validity");
    if (r.serial.size() > 20) return fail(Errc::bad_length, "serial");
    if (r.path_length && !rsp::is_ca(r.role)) return fail(Errc::bad_value, "pathLenConstraint");
    if (r.flaw == Flaw::extended_key_usage && !is_tls(r.role))
        return fail(Errc::unsupported, "extended key usage: TLS roles only");
    if (r.flaw == Flaw::policy && eim) return fail(Errc::unsupported, "policy: an eIM has none");
    return {};
}

struct Signer {
    const crypto::PrivateKey& key;
    Bytes name;   // empty: self-signed
    Bytes key_id; // empty: self-signed
};

Result<crypto::Certificate>
issue(const Request& r, Bytes spki, Bytes key_id, const Signer& signer, Random& random) {
    TRY(check(r));
    OwnedBytes serial = r.serial;
    if (serial.empty()) {
        serial = owned(TRY(random.draw<8>()));
        serial[0] = static_cast<uint8_t>((serial[0] & 0x7F) | 0x40); // positive, always eight octets
    }
    const OwnedBytes version = {0xA0, 0x03, 0x02, 0x01, 0x02};
    const OwnedBytes validity =
        sequence({TRY(der::time(r.validity.from, "notBefore")), TRY(der::time(r.validity.to, "notAfter"))});
    const OwnedBytes subject = name_of(r.subject);
    const OwnedBytes tbs = sequence({version,
                                     der::integer(serial),
                                     der::ecdsa_sha256(),
                                     signer.name.empty() ? Bytes(subject) : signer.name,
                                     validity,
                                     subject,
                                     spki,
                                     extensions(r, key_id, signer.key_id)});
    OwnedBytes signature = TRY(crypto::sign_der(signer.key, tbs));
    if (r.flaw == Flaw::signature) signature.back() ^= 0x01;
    return crypto::Certificate::parse(der::signed_by(tbs, signature));
}

Result<crypto::Certificate>
issue_under(const Request& r, Bytes spki, Bytes key_id, const Credential& issuer, Random& random) {
    if (!issuer.certificate.subject_key_id) return fail(Errc::missing_field, "issuer subjectKeyIdentifier");
    const Signer signer{issuer.key, issuer.certificate.subject, *issuer.certificate.subject_key_id};
    return issue(r, spki, key_id, signer, random);
}
} // namespace

Result<Credential> mint_ci(const Request& r, Random& random) {
    Credential out;
    out.key = TRY(crypto::PrivateKey::generate(r.curve, random));
    const auto& key = out.key.public_key();
    out.certificate =
        TRY(issue(r, crypto::to_spki(key), crypto::key_identifier(key), {out.key, {}, {}}, random));
    return out;
}

Result<crypto::Certificate>
certify(const Request& r, const crypto::PublicKey& key, const Credential& issuer, Random& random) {
    return issue_under(r, crypto::to_spki(key), crypto::key_identifier(key), issuer, random);
}

Result<crypto::Certificate>
certify(const Request& r, const crypto::ForeignKey& key, const Credential& issuer, Random& random) {
    return issue_under(r, key.spki, crypto::sha1(key.point), issuer, random);
}

Result<Credential> mint(const Request& r, const Credential& issuer, Random& random) {
    Credential out;
    out.key = TRY(crypto::PrivateKey::generate(issuer.key.curve(), random));
    out.certificate = TRY(certify(r, out.key.public_key(), issuer, random));
    return out;
}

} // namespace halyard::pki
