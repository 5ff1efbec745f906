#pragma once
// One world for the targets that need keys, a card or an eIM: made once in a process, always the same.
#include "tests/fuzz/target.h"
#include "tests/loop/world.h"

namespace halyard::fuzz {

/// A card in the field: its bootstrap profile enabled, a second one installed, one eIM associated.
struct Scene {
    Scene();
    /// `84 LL token` as both sides append it to what they sign.
    OwnedBytes token() const;
    /// The eIM's package request around a signed part.
    OwnedBytes package_request(Bytes signed_part) const;
    /// The signed part: EuiccPackageSigned around A0… or A1….
    OwnedBytes signed_part(uint64_t counter, Bytes transaction_id, Bytes operations) const;

    loop::World world;
    loop::Device& device;
    std::string bootstrap, number;                 // ICCIDs, the former enabled
    euicc::CardContent content;                    // of the card
    std::vector<OwnedBytes> messages;              // that went to and from eIM and SM-DP+
    std::vector<OwnedBytes> commands;              // ES10, to the card and back
    std::vector<std::vector<OwnedBytes>> sessions; // APDUs between two resets
};
Scene& scene();

/// A card that starts from Scene::content, with dice that always fall the same way.
struct TestCard {
    TestCard();
    loop::SeededRandom random{7};
    euicc::MemoryStore store;
    euicc::Card card;
    /// What must hold between any two commands: the store has what the card knows, and it makes sense.
    void check() const;

  private:
    euicc::Card open();
};

} // namespace halyard::fuzz
