#include "crypto/certificate.h"
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace halyard::crypto {
namespace {
constexpr const char* kPermittedEins = "2.23.146.1.2.2.0";

template <auto Free> struct Deleter {
    template <class T> void operator()(T* p) const { Free(p); }
};
using Cert = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
struct NamesFree {
    void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};

std::string text_of_oid(const ASN1_OBJECT* oid) {
    char text[128];
    const int n = OBJ_obj2txt(text, sizeof text, oid, 1);
    return n > 0 ? std::string(text, std::min<size_t>(static_cast<size_t>(n), sizeof text - 1))
                 : std::string();
}

OwnedBytes der_of_name(const X509_NAME* name) {
    const uint8_t* data = nullptr;
    size_t size = 0;
    if (X509_NAME_get0_der(name, &data, &size) != 1) return {};
    return OwnedBytes(data, data + size);
}

std::string attribute(const X509_NAME* name, int nid) {
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    uint8_t* utf8 = nullptr;
    const int n = ASN1_STRING_to_UTF8(&utf8, value);
    if (n < 0) return {};
    std::string out(reinterpret_cast<char*>(utf8), static_cast<size_t>(n));
    OPENSSL_free(utf8);
    return out;
}

// Howard Hinnant's civil-from-days, inverted: no time_t, no time zone, good to the year 9999.
int64_t days_from_civil(int64_t y, unsigned m, unsigned d) {
    y -= m <= 2;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const auto yoe = static_cast<unsigned>(y - era * 400);
    const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + static_cast<int64_t>(doe) - 719468;
}

std::optional<Time> time_of(const ASN1_TIME* t) {
    std::tm tm{};
    if (ASN1_TIME_to_tm(t, &tm) != 1) return std::nullopt;
    const int64_t days = days_from_civil(
        tm.tm_year + int64_t{1900}, static_cast<unsigned>(tm.tm_mon + 1), static_cast<unsigned>(tm.tm_mday));
    return std::chrono::duration_cast<Time>(
        Seconds(((days * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60 + tm.tm_sec));
}

void read_names(const X509* x, Certificate& c) {
    const std::unique_ptr<GENERAL_NAMES, NamesFree> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_RID) c.san_registered_ids.push_back(text_of_oid(name->d.registeredID));
        if (name->type == GEN_DNS)
            c.san_dns_names.emplace_back(
                reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    }
}

void read_policies(const X509* x, Certificate& c) {
    auto* policies =
        static_cast<CERTIFICATEPOLICIES*>(X509_get_ext_d2i(x, NID_certificate_policies, nullptr, nullptr));
    for (int i = 0; policies && i < sk_POLICYINFO_num(policies); ++i)
        c.policies.push_back(text_of_oid(sk_POLICYINFO_value(policies, i)->policyid));
    CERTIFICATEPOLICIES_free(policies);
}

void read_extended_key_usage(const X509* x, Certificate& c) {
    auto* usage = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x, NID_ext_key_usage, nullptr, nullptr));
    for (int i = 0; usage && i < sk_ASN1_OBJECT_num(usage); ++i)
        c.extended_key_usage.push_back(text_of_oid(sk_ASN1_OBJECT_value(usage, i)));
    EXTENDED_KEY_USAGE_free(usage);
}

void read_basic_constraints(const X509* x, Certificate& c) {
    auto* basic =
        static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(x, NID_basic_constraints, nullptr, nullptr));
    if (!basic) return;
    c.has_basic_constraints = true;
    c.is_ca = basic->ca != 0;
    if (basic->pathlen) c.path_length = static_cast<uint32_t>(ASN1_INTEGER_get(basic->pathlen));
    BASIC_CONSTRAINTS_free(basic);
}

void read_name_constraints(const X509* x, Certificate& c) {
    auto* constraints =
        static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(x, NID_name_constraints, nullptr, nullptr));
    if (!constraints) return;
    c.has_name_constraints = true;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); ++i) {
        const GENERAL_NAME* base = sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base;
        if (base->type != GEN_DIRNAME) continue;
        c.permitted_organization = attribute(base->d.directoryName, NID_organizationName);
        c.permitted_serial_prefix = attribute(base->d.directoryName, NID_serialNumber);
    }
    NAME_CONSTRAINTS_free(constraints);
}

void read_distribution_points(const X509* x, Certificate& c) {
    auto* points =
        static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(x, NID_crl_distribution_points, nullptr, nullptr));
    for (int i = 0; points && i < sk_DIST_POINT_num(points); ++i) {
        const DIST_POINT_NAME* name = sk_DIST_POINT_value(points, i)->distpoint;
        if (!name || name->type != 0) continue; // 0: fullName
        for (int n = 0; n < sk_GENERAL_NAME_num(name->name.fullname); ++n) {
            const GENERAL_NAME* one = sk_GENERAL_NAME_value(name->name.fullname, n);
            if (one->type != GEN_URI) continue;
            const ASN1_IA5STRING* uri = one->d.uniformResourceIdentifier;
            c.crl_uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                    static_cast<size_t>(ASN1_STRING_length(uri)));
        }
    }
    CRL_DIST_POINTS_free(points);
}

// SEQUENCE OF PrintableString, which the library does not know. False: damaged. SGP.22 v3 §4.5.2.1
bool read_permitted_eins(const X509* x, Certificate& c) {
    ASN1_OBJECT* oid = OBJ_txt2obj(kPermittedEins, 1);
    const int at = X509_get_ext_by_OBJ(x, oid, -1);
    ASN1_OBJECT_free(oid);
    if (at < 0) return true;
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    const uint8_t* p = ASN1_STRING_get0_data(value);
    const uint8_t* const end = p + ASN1_STRING_length(value);
    ASN1_SEQUENCE_ANY* eins = d2i_ASN1_SEQUENCE_ANY(nullptr, &p, end - p);
    bool sound = eins && p == end;
    for (int i = 0; sound && i < sk_ASN1_TYPE_num(eins); ++i) {
        const ASN1_TYPE* one = sk_ASN1_TYPE_value(eins, i);
        sound = ASN1_TYPE_get(one) == V_ASN1_PRINTABLESTRING;
        if (sound)
            c.permitted_eins.emplace_back(
                reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->value.printablestring)),
                static_cast<size_t>(ASN1_STRING_length(one->value.printablestring)));
    }
    sk_ASN1_TYPE_pop_free(eins, ASN1_TYPE_free);
    return sound;
}

void read_key_usage(const X509* x, Certificate& c) {
    auto* usage = static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(x, NID_key_usage, nullptr, nullptr));
    if (!usage) return;
    uint16_t bits = 0;
    for (int n = 0; n < 9; ++n)
        if (ASN1_BIT_STRING_get_bit(usage, n)) bits = static_cast<uint16_t>(bits | 1 << n);
    c.key_usage = bits;
    ASN1_BIT_STRING_free(usage);
}

void read_criticality(const X509* x, Certificate& c) {
    for (int i = 0; i < X509_get_ext_count(x); ++i) {
        X509_EXTENSION* extension = X509_get_ext(x, i);
        if (!X509_EXTENSION_get_critical(extension)) continue;
        switch (OBJ_obj2nid(X509_EXTENSION_get_object(extension))) {
        case NID_key_usage: c.key_usage_critical = true; break;
        case NID_certificate_policies: c.policies_critical = true; break;
        case NID_basic_constraints: c.basic_constraints_critical = true; break;
        case NID_name_constraints:
        case NID_ext_key_usage:
        case NID_subject_alt_name:
        case NID_subject_key_identifier:
        case NID_authority_key_identifier:
        case NID_crl_distribution_points: break;
        default:
            if (auto oid = text_of_oid(X509_EXTENSION_get_object(extension)); oid != kPermittedEins)
                c.unknown_critical.push_back(std::move(oid));
        }
    }
}

std::optional<OwnedBytes> octets_of(const ASN1_OCTET_STRING* s) {
    if (!s) return std::nullopt;
    const uint8_t* data = ASN1_STRING_get0_data(s);
    return OwnedBytes(data, data + ASN1_STRING_length(s));
}

// What is there twice, or damaged, would read as absent. RFC 5280 §4.2
bool sound_extensions(const X509* x) {
    for (int i = 0; i < X509_get_ext_count(x); ++i) {
        X509_EXTENSION* extension = X509_get_ext(x, i);
        if (X509_get_ext_by_OBJ(x, X509_EXTENSION_get_object(extension), i) >= 0) return false;
        const X509V3_EXT_METHOD* method = X509V3_EXT_get(extension);
        if (!method || !method->it) continue; // not one of those that are read here
        void* const value = X509V3_EXT_d2i(extension);
        if (!value) return false;
        ASN1_item_free(static_cast<ASN1_VALUE*>(value), ASN1_ITEM_ptr(method->it));
    }
    return true;
}

void read_key_identifiers(const X509* x, Certificate& c) {
    auto* own =
        static_cast<ASN1_OCTET_STRING*>(X509_get_ext_d2i(x, NID_subject_key_identifier, nullptr, nullptr));
    c.subject_key_id = octets_of(own);
    ASN1_OCTET_STRING_free(own);
    auto* issuer =
        static_cast<AUTHORITY_KEYID*>(X509_get_ext_d2i(x, NID_authority_key_identifier, nullptr, nullptr));
    if (issuer) c.authority_key_id = octets_of(issuer->keyid);
    AUTHORITY_KEYID_free(issuer);
}

bool read(X509* x, Certificate& c) {
    const ASN1_BIT_STRING* signature = nullptr;
    const X509_ALGOR* algorithm = nullptr;
    X509_get0_signature(&signature, &algorithm, x);
    if (signature->flags & 7) return false; // unused bits: a signature has none, so there is one coding only
    c.signature.assign(signature->data, signature->data + signature->length);
    c.signature_algorithm = text_of_oid(algorithm->algorithm);
    c.v3 = X509_get_version(x) == X509_VERSION_3;
    const ASN1_INTEGER* serial = X509_get0_serialNumber(x);
    c.serial.assign(serial->data, serial->data + serial->length);
    c.issuer = der_of_name(X509_get_issuer_name(x));
    c.subject = der_of_name(X509_get_subject_name(x));
    const X509_NAME* subject = X509_get_subject_name(x);
    c.subject_common_name = attribute(subject, NID_commonName);
    c.subject_organization = attribute(subject, NID_organizationName);
    c.subject_serial_number = attribute(subject, NID_serialNumber);
    c.subject_country = attribute(subject, NID_countryName);
    const auto from = time_of(X509_get0_notBefore(x)), to = time_of(X509_get0_notAfter(x));
    if (!from || !to) return false;
    c.not_before = *from;
    c.not_after = *to;
    uint8_t* spki = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
    if (size <= 0) return false;
    c.spki.assign(spki, spki + size);
    OPENSSL_free(spki);
    if (auto key = public_key_from_spki(c.spki)) c.public_key = *key;
    if (!sound_extensions(x)) return false;
    read_key_identifiers(x, c);
    read_names(x, c);
    read_policies(x, c);
    read_extended_key_usage(x, c);
    read_basic_constraints(x, c);
    read_name_constraints(x, c);
    if (!read_permitted_eins(x, c)) return false;
    read_distribution_points(x, c);
    read_key_usage(x, c);
    read_criticality(x, c);
    return true;
}

// With a certificate the library decodes its public key too, through its providers, which takes ten times as
// long as all the rest and has to be done again here, where only two curves count. A context whose only
// provider is the empty one has nothing to do it with.
OSSL_LIB_CTX* without_decoders() {
    static OSSL_LIB_CTX* const context = [] {
        OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
        if (made) OSSL_PROVIDER_load(made, "null");
        return made;
    }();
    return context;
}

// The first TLV inside the outer SEQUENCE, as it stands in the input: the library would re-encode.
Bytes tbs_of(Bytes der) {
    const auto header = [](Bytes b, size_t& head, size_t& length) {
        if (b.size() < 2) return false;
        head = 2;
        length = b[1];
        if (length < 0x80) return true;
        const size_t n = length & 0x7F;
        if (n == 0 || n > 4 || b.size() < 2 + n) return false;
        length = 0;
        for (size_t i = 0; i < n; ++i) length = length << 8 | b[2 + i];
        head = 2 + n;
        return true;
    };
    size_t head = 0, length = 0;
    if (!header(der, head, length) || der.size() < head) return {};
    const Bytes inside = der.subspan(head);
    if (!header(inside, head, length) || inside.size() - head < length) return {};
    return inside.first(head + length);
}
} // namespace

Result<Certificate> Certificate::parse(Bytes der, const char* where) {
    const uint8_t* p = der.data();
    X509* made = X509_new_ex(without_decoders(), nullptr);
    const bool read_whole = made && d2i_X509(&made, &p, static_cast<long>(der.size()));
    const Cert x(made); // nullptr after a failure: freed already
    ERR_clear_error();
    if (!read_whole) return fail(Errc::bad_value, where);
    if (p != der.data() + der.size()) return fail(Errc::bad_length, where);
    Certificate c;
    c.der = owned(der);
    c.tbs = owned(tbs_of(der));
    const bool ok = !c.tbs.empty() && read(x.get(), c);
    ERR_clear_error();
    if (!ok) return fail(Errc::bad_value, where);
    return c;
}

Result<std::vector<Certificate>> Certificate::parse_file(Bytes content, const char* where) {
    std::vector<Certificate> out;
    if (!content.empty() && content[0] == 0x30) {
        out.push_back(TRY(parse(content, where)));
        return out;
    }
    const Bio bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    while (bio) {
        const Cert x(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!x) {
            // The end, or a block that cannot be read: half a file is not taken for the whole.
            const int reason = ERR_GET_REASON(ERR_peek_last_error());
            ERR_clear_error();
            if (reason != PEM_R_NO_START_LINE) return fail(Errc::bad_value, where);
            break;
        }
        uint8_t* der = nullptr;
        const int size = i2d_X509(x.get(), &der);
        if (size <= 0) return fail(Errc::bad_value, where);
        const OwnedBytes copy(der, der + size);
        OPENSSL_free(der);
        out.push_back(TRY(parse(copy, where)));
    }
    ERR_clear_error();
    if (out.empty()) return fail(Errc::bad_value, where);
    return out;
}

std::string Certificate::to_pem() const {
    const std::string text = base64(der);
    std::string out = "-----BEGIN CERTIFICATE-----\n";
    for (size_t i = 0; i < text.size(); i += 64) out += text.substr(i, 64) + '\n';
    return out + "-----END CERTIFICATE-----\n";
}

bool Certificate::signed_by(const PublicKey& issuer_key) const {
    return verify_der(issuer_key, tbs, signature).has_value();
}

} // namespace halyard::crypto
