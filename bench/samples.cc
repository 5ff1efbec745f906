#include "bench/bench.h"
#include "profile/package.h"
#include "rsp/esipa.h"
#include <fstream>

namespace halyard::bench {

Samples::Samples() : world(11), device(world.add_device()) {
    const Eid& eid = device.identity.eid;
    HALYARD_ASSERT(world.run());
    const std::string number = loop::iccid_text(1);
    world.eim.download(eid, world.smdp.order(number, "001011000000001", world.now));
    HALYARD_ASSERT(world.poll());
    const std::string audit = world.eim.audit(eid);
    const std::string enable = world.eim.enable(eid, number);
    HALYARD_ASSERT(world.poll());
    result = world.eim.operation(audit).result;
    package = world.eim.operation(enable).request;
    HALYARD_ASSERT(asn1::decode<rsp::EuiccPackageRequest>(Bytes(package)));
    HALYARD_ASSERT(asn1::decode<rsp::EuiccPackageResult>(Bytes(result)));
    profile = owned(must(profile::sample_operational({.iccid = loop::iccid(loop::iccid_text(2))})).reveal());
}
std::optional<OwnedBytes> published_profile() {
    std::ifstream in("../shared/data/ts48-v7/BERTLV_SUCI.der", std::ios::binary);
    if (!in) return std::nullopt;
    return OwnedBytes(std::istreambuf_iterator<char>(in), {});
}

Samples& samples() {
    static Samples one;
    return one;
}

} // namespace halyard::bench
