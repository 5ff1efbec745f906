#pragma once
// Minting certificates of every RSP role, shaped as SGP.26 shapes them (variant O).
#include "crypto/certificate.h"
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

struct Request {
    rsp::Role role = rsp::Role::ci;
    crypto::Curve curve = crypto::Curve::p256;
    Subject subject;
    Validity validity;
    std::string registered_id;          // dotted OID in subjectAltName; empty: none
    std::vector<std::string> dns_names; // TLS roles
    std::string crl_uri;                // cRLDistributionPoints; empty: none
    std::string eid_prefix;             // EUM: the EIDs it may certify start with this
    std::string permitted_organization; // EUM: O of its eUICCs
};

/// A self-signed CI. Errors: bad_value naming the field that cannot be coded.
Result<Credential> mint_ci(const Request&, Random&);
/// A new key and a certificate for it, signed by `issuer`.
Result<Credential> mint(const Request&, const Credential& issuer, Random&);
/// A TLS credential for an eIM: serverAuth and clientAuth, dNSName, no RSP policy. SGP.32 §2.6 and SGP.26
/// "EIM_tls-dtls"
Result<Credential> mint_eim_tls(const Request&, const Credential& issuer, Random&);
/// The same request signed for an existing key (rotation, tests of single rules).
Result<crypto::Certificate>
certify(const Request&, const crypto::PublicKey& key, const Credential& issuer, bool eim_tls, Random&);

/// EIDs of a manufacturer, numbered from `first`: prefix, digits, check digits. bad_value when the prefix is
/// no digits or too long.
Result<Eid> make_eid(std::string_view prefix, uint64_t number);

} // namespace halyard::pki
