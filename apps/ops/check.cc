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
    for (const std::string& file : o.lists.files) problems.add(file, app::load_crls({file}, now));
    for (const std::string& file : o.lists.issuers) problems.readable(file, file);
    problems.readable("crl.ca", o.lists.ca);
    if (o.lists.deny_file.empty()) return;
    const auto text = app::read_file(o.lists.deny_file, 64u << 20, "deny");
    problems.add(o.lists.deny_file, text);
    if (!text) return;
    const auto read = rsp::DenyList::parse(text_of(*text));
    if (!read)
        problems.all.push_back(
            {0, o.lists.deny_file + ":" + std::to_string(read.error().detail), read.error().where});
}

} // namespace halyard::ops
