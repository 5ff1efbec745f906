#pragma once
// All that can be told of a software eUICC without giving a secret away: identity, memory, profiles, eIMs,
// what waits. docs/euicc.md#what-show-tells
#include "apps/common/soft_card.h"
#include <nlohmann/json_fwd.hpp>

namespace halyard::app {

/// What a view is made from.
struct CardInside {
    const euicc::Identity& identity;
    const euicc::State& state;
    std::span<const crypto::Certificate> cis; // like identity.keys
    /// The file system of a profile; files and octets are counted, nothing else of it is shown.
    std::function<Result<profile::Image>(const euicc::StoredProfile&)> image;
};
CardInside inside(const SoftCard&);

/// Members as docs/euicc.md has them. Errors: those of what is stored and cannot be read.
Result<nlohmann::ordered_json> card_view(const CardInside&);
/// The same for people, in lines of 100 columns at most. Control characters that peers put in names become
/// "?".
std::string card_view_text(const nlohmann::ordered_json&);

} // namespace halyard::app
