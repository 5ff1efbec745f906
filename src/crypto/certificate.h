#pragma once
#include "base/time.h"
#include "crypto/keys.h"
#include <optional>
#include <string>
#include <vector>

namespace halyard::crypto {

/// keyUsage bits as in RFC 5280 §4.2.1.3: bit n of the BIT STRING is 1 << n.
enum KeyUsage : uint16_t { digital_signature = 1 << 0, key_cert_sign = 1 << 5, crl_sign = 1 << 6 };

/// What RSP's chain rules look at in an X.509 certificate. Parsing judges form only; rsp/chain.h judges the
/// rest.
struct Certificate {
    OwnedBytes der;                  // as received
    OwnedBytes tbs;                  // as received: what the signature is over
    OwnedBytes signature;            // DER ECDSA-Sig-Value
    std::string signature_algorithm; // dotted OID
    bool v3 = false;
    OwnedBytes serial;          // content octets, big-endian
    OwnedBytes issuer, subject; // complete DER names
    std::string subject_common_name, subject_organization, subject_serial_number, subject_country;
    Time not_before{}, not_after{};
    std::optional<PublicKey> public_key; // absent: not one of our curves
    OwnedBytes spki;                     // complete DER SubjectPublicKeyInfo
    std::optional<OwnedBytes> subject_key_id, authority_key_id;
    std::vector<std::string> policies; // dotted OIDs
    bool policies_critical = false;
    std::vector<std::string> san_registered_ids, san_dns_names;
    std::optional<uint16_t> key_usage; // KeyUsage bits
    bool key_usage_critical = false;
    std::vector<std::string> extended_key_usage;
    bool has_basic_constraints = false, is_ca = false, basic_constraints_critical = false;
    std::optional<uint32_t> path_length;
    bool has_name_constraints = false;
    std::string permitted_organization, permitted_serial_prefix; // RSP's single directoryName. SGP.26 §3.1
    std::vector<std::string> permitted_eins; // permittedEins of v3 EUMs: an EID starts with one of them
    std::vector<std::string> crl_uris;       // cRLDistributionPoints
    std::vector<std::string>
        unknown_critical; // dotted OIDs of critical extensions that are none of the above

    /// Errors: bad_value "certificate" with the whole input consumed or not; unsupported for what is no
    /// X.509.
    static Result<Certificate> parse(Bytes der, const char* where = "certificate");
    /// Concatenated PEM or one DER.
    static Result<std::vector<Certificate>> parse_file(Bytes content, const char* where = "certificate");
    std::string to_pem() const;
    bool signed_by(const PublicKey& issuer_key) const;
};

} // namespace halyard::crypto
