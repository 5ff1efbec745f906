#include "apps/ops/check.h"
#include "rsp/chain.h"

namespace halyard::ops {

void Problems::readable(const std::string& key, const std::string& file) {
    if (!file.empty()) add(key, app::read_file(file, 1u << 20));
}

void check_common(const ServeOptions& o, const std::string& tls, Problems& problems) {
    const Time now(app::now_ms());
    const auto credential = o.pki.credential(tls);
    problems.add(o.pki.path.string(), credential);
    if (credential && now > credential->certificate.not_after)
        problems.add(o.pki.path.string(), tls + " has expired");
    for (const std::string& file : o.crls) problems.add(file, app::load_crls({file}, now));
}

} // namespace halyard::ops
