#pragma once
// What the sequences of card_sequence.cc begin with, and the servers and networks they need on their way.
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {

struct Origin {
    Origin();
    euicc::CardContent content;
    euicc::Identity identity;
    std::vector<Iccid> iccids;        // one enabled, one disabled, two that may come, one that never does
    std::vector<OwnedBytes> packages; // of those that may come
    uint64_t package_memory = 0;      // that each of them takes; there is room for one
};
const Origin& origin();
inline constexpr const char* kSecondEim = "second.eim.test"; // beside the scene's, with the same key

/// Says an ES10 command to the card; nothing when it is refused, or the card is gone.
using Es10 = std::function<std::optional<OwnedBytes>(Bytes)>;
/// The SM-DP+'s side, up to the units of a bound package; none when the card cannot begin a session because
/// it cannot write. SGP.22 §3.1.3
std::vector<OwnedBytes> bound_units(const Es10&, const Iccid&, Bytes package);

/// Data of AUTHENTICATE for SEQ `sequence`, IND 0, from the network that the samples' keys belong to.
OwnedBytes network_challenge(uint64_t sequence);

} // namespace halyard::fuzz
