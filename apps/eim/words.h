#pragma once
// Operations and devices as JSON words them.
#include "eim/server.h"
#include <nlohmann/json.hpp>

namespace halyard::eim_app {
using Json = nlohmann::ordered_json;

/// A request that cannot be understood: which member, and why.
struct Complaint {
    std::string member, reason;
};
template <class T> using Read = tl::expected<T, Complaint>;

/// One operation. Unknown members are refused.
Read<eim::NewOperation> read_operation(const Json&);
/// One device: eid, name, euicc_certificate, eum_certificate (base64 DER) or several of them in certificates,
/// association_token.
Read<eim::Device> read_device(const Json&);

/// The commands of a package, { "enable": { "iccid": …, "rollback": true } } … as an EuiccPackage.
Read<OwnedBytes> read_commands(const Json&);

/// `full` adds what was sent and received, decoded and as octets.
Json describe(const eim::Operation&, bool full);
Json describe(const eim::Device&);
Json describe(const eim::Evidence&);

} // namespace halyard::eim_app
