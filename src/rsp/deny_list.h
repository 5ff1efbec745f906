#pragma once
// Who is not served although its certificates are in order, and lists that change while a server runs. SR-23
#include "base/octets.h"
#include "crypto/certificate.h"
#include "rsp/crl.h"
#include "rsp/mutual_authentication.h"
#include <memory>

namespace halyard::rsp {

/// What an operator denies. Parsed from a text of lines, "#" begins a comment:
///   eid 89049032000000000000000000000112
///   eid 89049032000000000000000000000200-89049032000000000000000000000299
///   eid 89049044*                        every EID that begins so
///   eum F541…                            subjectKeyIdentifier of an EUM's certificate
///   certificate F541… 0123…              serial number, behind its issuer's subjectKeyIdentifier
///   oid 2.999.10                         SM-DP+ or SM-DS that may not register events
class DenyList {
  public:
    /// Errors: bad_value naming the column that is wrong, with the number of the line as detail; limit
    /// "lines" above kMaxLines.
    static Result<DenyList> parse(std::string_view text);
    static constexpr size_t kMaxLines = 1'000'000;

    bool has_eid(const Eid&) const;
    bool has_eum(Bytes key_id) const;
    bool has_certificate(Bytes issuer_key_id, Bytes serial) const;
    bool has_oid(std::string_view oid) const;
    /// Lines that say something.
    size_t size() const { return eids_.size() + eums_.size() + certificates_.size() + oids_.size(); }

  private:
    struct Range {
        Eid first, last;
    };
    struct Serial {
        OwnedBytes issuer, serial;
        auto operator<=>(const Serial&) const = default;
    };
    Ok add(std::string_view kind, std::string_view first, std::string_view second);
    Ok add_eids(std::string_view text);
    void settle();
    // Each sorted; ranges do not overlap.
    std::vector<Range> eids_;
    std::vector<OwnedBytes> eums_;
    std::vector<Serial> certificates_;
    std::vector<std::string> oids_;
};

/// What is looked into, as of now.
struct Lists {
    Revocation revocation;
    DenyList denied;
};

/// Lists as a server asks for them with each request: whoever keeps them may put others in their place.
/// Thread-safe.
struct LiveLists {
    virtual ~LiveLists() = default;
    /// Never null.
    virtual std::shared_ptr<const Lists> now() const = 0;
    /// For the operator: `kind` is the first word of the line ("eid"), `who` what it is about.
    virtual void refused(const char* kind, const std::string& who) = 0;
};

/// Why an eUICC that has proven who it is is not served: 8.1.2/6.1 for its EUM, 8.1.3/6.1 for itself, as for
/// revoked certificates. `live` may be null.
std::optional<Refusal>
denied(LiveLists* live, const Eid&, const crypto::Certificate& euicc, Bytes eum_certificate);
/// The same for an EID that was proven before.
bool is_denied(LiveLists* live, const Eid&);
/// For an SM-DP+ or SM-DS that calls.
bool is_denied(LiveLists* live, std::string_view oid);

} // namespace halyard::rsp
