#pragma once
#include "eim/activation_code.h"
#include "eim/server.h"

namespace halyard::eim {

/// Where the next session of a relayed download goes.
struct Target {
    enum class Kind : uint8_t { smdp, smds, event }; // event: an SM-DP+, or a further SM-DS
    Kind kind = Kind::smdp;
    ActivationCode code;
    bool by_event() const { return kind != Kind::smdp; }
    rsp::Interface interface() const { return by_event() ? rsp::Interface::es11 : rsp::Interface::es9p; }
};

/// `asked`: the address that the IPA named. Errors: not_found where the order does not lead there; a device
/// may choose among what its order and the configuration name, never beyond (SR-19).
Result<Target> target_of(const Operation&, const Config&, std::optional<std::string_view> asked);

using PackageError = rsp::GetBoundProfilePackageResponseEsipa::GetBoundProfilePackageErrorEsipa;
/// What an order ends with when the SM-DP+ says that about its confirmation code; nullptr: it is another
/// error.
const char* code_trouble(PackageError);

} // namespace halyard::eim
