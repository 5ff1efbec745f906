#pragma once
#include "asn1/asn1.h"
#include <optional>

namespace halyard::ipa {

/// Cuts a bound profile package, as received, into the units that go to the card one STORE DATA chain each.
/// Every unit is a slice of the package: nothing is copied. SGP.22 §2.5.5, SGP.32 §3.2.3.2
class BppSegments {
  public:
    BppSegments() = default;
    /// Checks the whole structure first, so that a broken package never reaches the card. Errors: those of
    /// read_tlv, bad_tag, missing_field, each naming the component.
    static Result<BppSegments> open(Bytes bound_profile_package);
    bool done() const { return at_ == package_.size(); }
    /// The next unit; nothing after the last.
    std::optional<Bytes> next();

  private:
    explicit BppSegments(Bytes package) : package_(package) {}
    Bytes package_;
    size_t at_ = 0;
};

} // namespace halyard::ipa
