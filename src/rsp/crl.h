#pragma once
// Certificate revocation lists: X.509 v2 as RFC 5280 has them, partial lists as SGP.22 v2 §4.6 adds them. A
// list of ten MiB is read without building anything from its entries: they stay octets and are walked.
#include "base/octets.h"
#include "base/time.h"
#include <optional>

namespace halyard::rsp {

/// CRLReason. RFC 5280 §5.3.1
enum class RevocationReason : uint8_t {
    unspecified = 0,
    key_compromise = 1,
    ca_compromise = 2,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    certificate_hold = 6,
    privilege_withdrawn = 9,
    aa_compromise = 10,
};
/// "keyCompromise"
const char* name(RevocationReason);
/// The reverse; bad_value "reason".
Result<RevocationReason> revocation_reason(std::string_view text);

/// One revoked certificate. `serial` borrows from the list.
struct CrlEntry {
    Bytes serial; // big-endian, without a leading zero
    Time date{};
    std::optional<RevocationReason> reason;
    std::optional<Time> expires; // id-rsp-expDate: until when the certificate would have been valid
};

/// A list as received. Parsing judges form; rsp/chain.h judges issuer, signature and dates.
class Crl {
  public:
    static constexpr size_t kMaxSize = 10u << 20; // SR-48
    static constexpr size_t kMaxUris = 16;
    static constexpr uint32_t kMaxParts = 1024;

    /// Errors: limit "CRL" above kMaxSize; bad_* and missing_field naming the field; unsupported for v1
    /// lists, delta and indirect lists, lists of some reasons only, and critical extensions that nobody here
    /// understands.
    static Result<Crl> parse(Bytes der);
    /// DER, or PEM with one or more lists.
    static Result<std::vector<Crl>> parse_file(Bytes content);

    Bytes der() const { return der_; }
    Bytes tbs() const { return at(tbs_); }
    Bytes issuer() const { return at(issuer_); } // complete DER name
    Bytes signature() const { return at(signature_); }
    /// Content octets of cRLNumber.
    Bytes number() const { return at(number_); }
    Bytes authority_key_id() const { return at(authority_key_id_); }
    size_t size() const { return count_; }
    /// The entry for a serial number; the list is walked.
    std::optional<CrlEntry> find(Bytes serial) const;
    /// The first `limit` entries.
    std::vector<CrlEntry> entries(size_t limit) const;

    Time this_update{}, next_update{};
    bool ecdsa_sha256 = false;                             // signatureAlgorithm
    bool only_user_certificates = false, only_cas = false; // issuingDistributionPoint
    std::vector<std::string> uris;                         // its distributionPoint; empty: all certificates
    uint32_t part = 0, parts = 0;                          // partial lists: 1 … parts; 0: a whole one

  private:
    struct Range {
        size_t offset = 0, size = 0;
    };
    struct Reader;
    Bytes at(Range r) const { return Bytes(der_).subspan(r.offset, r.size); }
    OwnedBytes der_;
    Range tbs_, issuer_, signature_, number_, authority_key_id_, revoked_;
    size_t count_ = 0;
};

/// Lists to look into, and how strict to be. SR-09
struct Revocation {
    std::vector<Crl> crls;
    /// A certificate whose issuer has no list here is refused.
    bool required = false;
    /// How long a list counts after its nextUpdate.
    Time grace{7 * 86'400'000};
};

} // namespace halyard::rsp
