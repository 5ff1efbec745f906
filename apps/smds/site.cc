#include "apps/smds/site.h"
#include "apps/common/test_ci.h"

namespace halyard::smds_app {

Result<std::unique_ptr<Site>> Site::open(const app::StoreAt& at) {
    if (at.postgres.empty()) TRY(app::make_directory(at.directory));
    auto site = std::make_unique<Site>();
    site->store = TRY(store::SmdsStore::open(at.directory / "smds.db", at.postgres));
    return site;
}

Ok Site::load_credentials(const app::PkiDirectory& pki) {
    auto auth = TRY(pki.credential("smds-auth"));
    const auto anchor = TRY(pki.anchor());
    TRY(app::check_ci_for(lab, TRY(pki.certificate("ci"))));
    // What our peers would refuse is better found at the start than in the field.
    TRY(rsp::check_under_anchor(auth.certificate, rsp::Role::ds_auth, anchor, Time(app::now_ms())));
    const std::string named = TRY(rsp::server_oid(auth.certificate));
    if (!oid.empty() && oid != named) return fail(Errc::conflict, "registeredID of smds-auth");
    for (const smds::Credentials& known : config.credentials)
        if (same(known.ci.key_id, anchor.key_id)) return fail(Errc::conflict, "ci");
    oid = named;
    config.oid_der = TRY(asn1::oid_from_text(oid));
    config.credentials.push_back({anchor, std::move(auth.key), auth.certificate.der});
    return {};
}

} // namespace halyard::smds_app
