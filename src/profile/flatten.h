#pragma once
#include "profile/package.h"

namespace halyard::profile {

/// One component of an element: "pinCodes.pinconfig.pinAppl1.pinValue" and its value in notation.
struct Leaf {
    std::string path, value;
    bool secret = false; // a key, a code, or what keys are derived from
};
/// Every component of an element in order; components that are left out and have a DEFAULT count with it. Of
/// template elements and file management only header and template: their files are told by path.
Result<std::vector<Leaf>> flatten(const Element&);

} // namespace halyard::profile
