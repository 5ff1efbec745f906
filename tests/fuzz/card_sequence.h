#pragma once
// The steps an input of card_sequence is made of, each with the octets behind it.
#include "tests/fuzz/target.h"

namespace halyard::fuzz {

enum Step : uint8_t {
    package,      // eIM, counter, operations
    download,     // which profile, units to send
    deliver,      // which of the numbers that wait
    roll_back,    //
    location,     // UPDATE BINARY of EF.LOCI
    authenticate, // SEQ
    present,      // a PIN or PUK, right or wrong
    leave,        // the ISD-R's channel is closed and opened anew
    reset,        //
    power_cut,    //
    fault,        // of one of the next commits
    other,        // a command of a real life
    steps
};

std::vector<OwnedBytes> card_sequence_seeds();

} // namespace halyard::fuzz
