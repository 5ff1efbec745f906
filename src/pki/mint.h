#pragma once
// Minting certificates of every RSP role, shaped as SGP.26 shapes them, in v2 (variant O) and v3 (Ov3, A, B,
// C).
#include "crypto/certificate.h"
#include "crypto/foreign_key.h"
#include "rsp/chain.h"

namespace halyard::pki {

/// A certificate and the key it is for.
struct Credential {
    crypto::PrivateKey key;
    crypto::Certificate certificate;
};

struct Validity {
    Time from{}, to{}; // to the second; from 1950 to the year 9999
};

/// What differs between certificates of one role.
struct Subject {
    std::string country, organization, organizational_unit, serial_number, common_name; // empty: left out
};

/// What is wrong on purpose: the invalid cases of SGP.26, for tests of whoever must refuse them.
enum class Flaw : uint8_t {
    none,
    signature,          // its last octet is another
    policy,             // another role's certificatePolicies
    critical_extension, // keyUsage, which every role has critical, is left out
    key_usage,          // keyAgreement instead
    extended_key_usage, // TLS roles: clientAuth alone
};

struct Request {
    rsp::Role role = rsp::Role::ci;
    rsp::RoleOids oids = rsp::RoleOids::v2;
    crypto::Curve curve = crypto::Curve::p256; // of a CI; all others have their issuer's
    Subject subject;
    Validity validity;
    std::string registered_id;           // dotted OID in subjectAltName; empty: none
    std::vector<std::string> dns_names;  // TLS roles
    std::vector<std::string> crl_uris;   // cRLDistributionPoints; empty: none
    std::string eid_prefix;              // EUM: the EIDs it may certify start with this
    std::vector<std::string> more_eins;  // v3 EUM: further prefixes
    std::string permitted_organization;  // EUM: O of its eUICCs
    std::optional<uint32_t> path_length; // CAs below; default as in SGP.26
    OwnedBytes serial;                   // big-endian, up to 20 octets; empty: eight random ones
    Flaw flaw = Flaw::none;
};

/// A self-signed CI. Errors: bad_value naming the field that cannot be coded.
Result<Credential> mint_ci(const Request&, Random&);
/// A new key and a certificate for it, signed by `issuer`.
Result<Credential> mint(const Request&, const Credential& issuer, Random&);
/// The same request signed for an existing key (rotation, tests of single rules).
Result<crypto::Certificate>
certify(const Request&, const crypto::PublicKey& key, const Credential& issuer, Random&);
/// For a key on a curve that RSP does not know: a certificate that must be refused.
Result<crypto::Certificate>
certify(const Request&, const crypto::ForeignKey& key, const Credential& issuer, Random&);

} // namespace halyard::pki
