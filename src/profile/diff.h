#pragma once
// What two packages mean differently: elements by kind and identification, files by path. The order of
// elements and how a value is coded count only where they change what a card makes of it.
#include "profile/package.h"

namespace halyard::profile {

struct Change {
    enum class Kind : uint8_t { added, removed, changed };
    Kind kind = Kind::changed;
    std::string what;  // "akaParameter 7" or "file 7FD06F07 ef-imsi"
    std::string where; // component, attribute, "record 2" or "octets 3 to 8"; empty for the whole
    std::string before, after;
    bool secret = false; // before and after are left empty
};
const char* name(Change::Kind);

struct Difference {
    std::vector<Change> changes;
    bool same_octets = false;
    bool reordered = false; // elements stand in another order
};

/// Errors as parse(), of the first package that has one.
Result<Difference> diff(Bytes before, Bytes after, bool show_secrets = false);

} // namespace halyard::profile
