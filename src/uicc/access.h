#pragma once
// Access rules in expanded form, as records of EF.ARR hold them. ETSI TS 102 221 §9.2.4, ISO/IEC 7816-4
#include "base/octets.h"

namespace halyard::uicc {

/// What a command does to a file: the bit of the access mode octet. ETSI TS 102 221 §9.3
enum class Access : uint8_t {
    none = 0x00,
    read = 0x01, // and search
    update = 0x02,
    deactivate = 0x08,
    activate = 0x10,
};

/// A command as rules may describe it: by what it does or by octets of its header.
struct Attempt {
    Access access = Access::none; // none: only a rule that names the instruction allows it (INCREASE)
    uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
};

/// Who knows whether a PIN of this reference is verified or needs not be.
struct Verifier {
    virtual ~Verifier() = default;
    virtual bool satisfied(uint8_t key_reference) const = 0;
};

/// True when a rule of the record is for this attempt and its conditions hold. A condition that is not known
/// here, a record that cannot be read and the absence of a rule all mean: never.
bool allowed(Bytes record, const Attempt&, const Verifier&);

} // namespace halyard::uicc
