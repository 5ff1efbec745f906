#pragma once
#include "base/octets.h"

namespace halyard::ipa {

/// FNV-1a in 63 bits, so that it is an INTEGER like any other: recognises what was seen before, proves
/// nothing.
class Hash {
  public:
    Hash& add(Bytes octets) {
        for (const uint8_t octet : octets) value_ = (value_ ^ octet) * 1099511628211u;
        return *this;
    }
    uint64_t value() const { return value_ & 0x7FFFFFFFFFFFFFFFu; }

  private:
    uint64_t value_ = 14695981039346656037u;
};

} // namespace halyard::ipa
