#include "tests/fuzz/card_model.h"
#include "tests/fuzz/card_sequence.h"

namespace halyard::fuzz {
namespace {
OwnedBytes joined(std::initializer_list<Bytes> parts) {
    OwnedBytes out;
    for (const Bytes part : parts) append(out, part);
    return out;
}
} // namespace

std::vector<OwnedBytes> card_sequence_seeds() {
    // The ICCIDs by their places in origin(): 0 enabled, 1 disabled, 2 and 3 to come, 4 unknown
    const auto op = [](CardModel::Kind kind, unsigned profile) {
        unsigned octet = profile * 16; // the only one of these 16 that is of the kind and below
        while (octet % static_cast<unsigned>(CardModel::Kind::kinds) != static_cast<unsigned>(kind)) ++octet;
        return static_cast<uint8_t>(octet);
    };
    using Kind = CardModel::Kind;
    const OwnedBytes enable1{package, 1, op(Kind::enable, 1)},
        back1{package, 1, op(Kind::enable_with_rollback, 1)}, enable0{package, 1, op(Kind::enable, 0)},
        enable2{package, 1, op(Kind::enable, 2)}, remove1{package, 1, op(Kind::remove, 1)},
        remove2{package, 1, op(Kind::remove, 2)}, swap{package, 5, op(Kind::disable, 0), op(Kind::enable, 1)},
        replay{package, 0, op(Kind::enable, 1)}, whole{download, 0, 255}, other_whole{download, 1, 255},
        files{location, 9, authenticate, 1, authenticate, 1, present, 2, present, 0, present, 3};
    std::vector<OwnedBytes> out{
        joined({enable1, OwnedBytes{reset}, files, OwnedBytes{deliver, 0, deliver, 0, deliver, 0}}),
        joined({back1, OwnedBytes{roll_back, roll_back, reset}, files}),
        joined({whole,
                other_whole,
                enable2,
                OwnedBytes{reset},
                files,
                enable0,
                remove2,
                OwnedBytes{location, 3, reset}}),
        joined({whole, remove1, other_whole, whole}),
        joined({swap, remove1, replay, remove2, OwnedBytes{power_cut}, files}),
        {other, 0, other, 3, other, 9, other, 12, other, 20, other, 25},
        joined(
            {OwnedBytes{package, 0x81, op(Kind::enable, 1)}, OwnedBytes{package, 0x83, op(Kind::list, 0)}}),
        {download, 0, 4, leave, download, 0, 4, reset, download, 0, 5, download, 0, 255},
    };
    const std::vector<OwnedBytes> lives{enable1, back1, whole, files, swap};
    for (uint8_t how = 0; how < 9; ++how)
        for (const OwnedBytes& life : lives)
            out.push_back(
                joined({OwnedBytes{fault, how}, life, OwnedBytes{roll_back}, enable0, files, whole}));
    for (uint8_t n = 1; n < 12; ++n) {
        out.push_back(joined({OwnedBytes{download, 0, n, power_cut}, whole, enable2}));
        out.push_back(joined({OwnedBytes{download, 0, n, fault, 0, reset, reset}, whole}));
        out.push_back(joined({OwnedBytes{download, 0, n, fault, 0, leave, leave, reset}, whole}));
    }
    return out;
}

} // namespace halyard::fuzz
