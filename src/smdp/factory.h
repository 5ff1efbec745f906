#pragma once
// The profile factory: types of profile with their templates, what is stored of a subscriber, how much of
// each type is left. docs/factory.md, ADR 0015
#include "base/octets.h"
#include "base/time.h"
#include "smdp/model.h"
#include <span>

namespace halyard::smdp {

/// What lies sealed in the store, and under what.
struct Sealed {
    OwnedBytes octets;
    std::string as;   // of rows before keys had numbers: what they are bound to
    uint32_t key = 0; // number among its operator's keys; 0: the storage key itself (before schema 5)
    // Of packages:
    uint32_t template_version = 0; // 0: a whole package; else a subscriber's data for that template
    uint64_t size = 0;             // octets of the package; 0: not known
};

/// A version of an operator's profile type. Profiles stay with the version they were loaded for.
struct Template {
    std::string operator_id, type;
    uint32_t version = 0;
    bool current = true;       // what is loaded now is made of it
    std::string name;          // of its profiles, for people
    std::string profile_class; // "operational", "provisioning", "test"
    Time created{};
    uint64_t size = 0; // octets of the template
    Sealed sealed;     // empty in lists
};

/// How many profiles of an operator's type are available: a number that is kept, not counted.
struct Level {
    std::string operator_id, type;
    uint64_t available = 0, low_water = 0;
    bool low = false; // below the mark, and said so
};

/// A key of an operator's secrets, wrapped by the storage key. Operator "": the server's own.
struct DataKey {
    std::string operator_id;
    uint32_t id = 0;
    OwnedBytes wrapped;
    bool current = true; // new secrets are sealed under it
    Time created{};
};

/// A profile for the stock: its row, and what it is made of.
struct Stocked {
    Order order;
    Sealed sealed;
};

/// A sealed row that is to be sealed anew.
struct Resealed {
    enum class Of : uint8_t { package, code, profile_template };
    Of of = Of::package;
    Iccid iccid{};                 // of packages and codes
    std::string operator_id, type; // of the profile or the template
    uint32_t version = 0;          // of a template
    uint32_t template_version = 0; // of a package
    Sealed sealed;
};

struct Outdated {
    std::vector<Resealed> rows;
    std::optional<Iccid> last;
};

/// Where the factory keeps its things. Thread-safe; every change is on disk when it returns.
struct FactoryStore {
    virtual ~FactoryStore() = default;
    /// A new current version; the former one is kept for its profiles. Errors: conflict "version" when it
    /// exists.
    virtual Ok add_template(const Template&, uint64_t low_water) = 0;
    /// The version; 0: the current one.
    virtual Result<std::optional<Template>>
    profile_template(std::string_view operator_id, std::string_view type, uint32_t version) = 0;
    /// All versions, without their octets; by operator, type, version.
    virtual Result<std::vector<Template>> templates() = 0;
    /// No version is current any more; those without profiles are gone. Errors: not_found.
    virtual Ok remove_type(std::string_view operator_id, std::string_view type) = 0;
    virtual Ok set_low_water(std::string_view operator_id, std::string_view type, uint64_t low_water) = 0;
    /// Costs as much as there are types, however many profiles there are.
    virtual Result<std::vector<Level>> levels() = 0;
    /// Puts them in stock, all in one commit, but for those whose ICCID is there: true for each that was put.
    virtual Result<std::vector<bool>> put_in_stock(std::span<const Stocked>) = 0;

    /// Keys of an operator, the newest first; of all, without one.
    virtual Result<std::vector<DataKey>> data_keys(std::optional<std::string_view> operator_id) = 0;
    /// It becomes current. Errors: conflict when that number is taken.
    virtual Ok add_data_key(const DataKey&) = 0;
    /// The same keys, wrapped anew: all or nothing. Errors: conflict when there are others than these by now.
    virtual Ok rewrap(std::span<const DataKey>) = 0;
    /// Keys that are not current and seal nothing any more are dropped; how many.
    virtual Result<size_t> drop_idle_keys() = 0;
    /// Rows that are not sealed under the current key of their operator, by ICCID, behind `after`; at most
    /// `limit`. Templates come all at once. `last`: how far was looked; absent at the end.
    virtual Result<Outdated> outdated(Resealed::Of, std::optional<Iccid> after, size_t limit) = 0;
    /// Puts them back in one commit, each unless it changed meanwhile.
    virtual Ok reseal(std::span<const Resealed> before, std::span<const Resealed> after) = 0;
};

} // namespace halyard::smdp
