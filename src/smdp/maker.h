#pragma once
// Makes packages of a type: its template, opened once, and a subscriber's data.
#include "profile/package.h"
#include "smdp/vault.h"

namespace halyard::smdp {

/// A new version of a type. Errors: bad_value "operator", "type"; what is wrong with the package; conflict
/// "version" when two do it at once.
struct NewType {
    std::string operator_id, type;
    Bytes package; // the template
    std::string name, profile_class;
    uint64_t low_water = 0;
};
Result<Template> add_type(Vault&, Store&, const NewType&, Time now);

class Maker {
  public:
    /// `version` 0: the current one. Errors: not_found "type"; those of Vault::open().
    static Result<Maker>
    open(Vault&, Store&, std::string_view operator_id, std::string_view type, uint32_t version = 0);
    const Template& kind() const { return template_; }
    Bytes package() const { return package_.reveal(); }
    /// The package that profile::personalise() makes of the template.
    Result<SecretBytes> make(const profile::Personal& p) const {
        return profile::personalise(package_.reveal(), p);
    }
    /// For the stock: `metadata` is StoreMetadataRequest, `size` the octets of the package.
    Result<Stocked>
    stocked(Vault&, const profile::Personal&, uint64_t size, OwnedBytes metadata, Time now) const;

  private:
    Template template_;
    SecretBytes package_;
};

/// The package of an order: as it was placed, or made now. Errors: unverified when what the store holds is
/// another profile's.
Result<SecretBytes> package_of(Vault&, Store&, const Order&);

/// Operators and types: 1 to 64 of a-z, A-Z, 0-9, "-", "_", ".".
bool is_name(std::string_view);

} // namespace halyard::smdp
