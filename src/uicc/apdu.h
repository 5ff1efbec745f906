#pragma once
// Command and response APDUs as octets. ETSI TS 102 221 §10
#include "base/octets.h"
#include <optional>

namespace halyard::uicc {

/// A command APDU taken apart; `data` borrows from the octets it came in.
struct Apdu {
    uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
    unsigned channel = 0;     // 0 to 19, as the class octet says
    bool proprietary = false; // class 8X or CX, else 0X or 4X
    Bytes data;
    std::optional<unsigned> le; // 1 to 256; absent: case 1 or 3
};

/// Short APDUs of the classes 0X, 4X, 8X and CX. The status word that refuses the octets, or 0: 6700 for a
/// length that cannot be, 6882 for secure messaging, 6E00 for other classes. ETSI TS 102 221 §10.1.1
unsigned parse(Bytes in, Apdu& out);

/// A status word as octets.
OwnedBytes sw(unsigned word);
/// The status word at the end of a response APDU.
unsigned word_of(Bytes response);

} // namespace halyard::uicc
