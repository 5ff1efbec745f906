#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace halyard::profile {

/// Bit of UICCCapability (EUICCInfo2) that stands for a member of eUICC-Mandatory-services, by its number:
/// the module has the two lists in different orders. nullopt for a service of a later edition. SGP.22 §4.3
std::optional<unsigned> capability_bit(size_t service);
/// UICCCapability of a platform that offers these.
uint64_t capabilities(std::span<const std::string> services);

} // namespace halyard::profile
