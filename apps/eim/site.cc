#include "apps/eim/site.h"

namespace halyard::eim_app {
namespace {
constexpr std::string_view kPrefix = "hly_";
}

Result<std::string> create_token(
    store::EimStore& store, const std::string& name, std::chrono::seconds life, Random& random, Time now) {
    if (name.empty() || name.size() > 64) return fail(Errc::bad_length, "name");
    const std::string token = std::string(kPrefix) + hex(TRY(random.draw<32>()));
    store::ApiToken kept{.name = name,
                         .prefix = token.substr(0, 10),
                         .hash = crypto::sha256({bytes_of(token)}),
                         .created = now,
                         .expires = life.count() ? now + std::chrono::duration_cast<Time>(life) : Time(0)};
    TRY(store.add_token(kept));
    return token;
}

Result<std::optional<std::string>>
authenticate(store::EimStore& store, std::string_view authorization, Time now) {
    constexpr std::string_view kBearer = "Bearer ";
    if (!authorization.starts_with(kBearer)) return std::optional<std::string>{};
    const std::string_view token = authorization.substr(kBearer.size());
    if (token.size() != kPrefix.size() + 64) return std::optional<std::string>{};
    // Looked up by hash: nothing secret is compared octet by octet.
    const auto kept = TRY(store.token(crypto::sha256({bytes_of(token)})));
    if (!kept || kept->revoked || (kept->expires.count() && now >= kept->expires))
        return std::optional<std::string>{};
    return std::optional<std::string>(kept->name);
}

Result<std::string> eim_id_of(const app::PkiDirectory& pki, const std::string& wanted) {
    if (!wanted.empty()) return wanted;
    const auto tls = TRY(pki.certificate("eim-tls"));
    if (tls.san_dns_names.empty()) return fail(Errc::missing_field, "dNSName of eim-tls");
    return tls.san_dns_names.front();
}

Result<eim::Config> load_config(const app::PkiDirectory& pki, const std::string& eim_id) {
    eim::Config config;
    config.eim_id = TRY(eim_id_of(pki, eim_id));
    auto sign = TRY(pki.credential("eim-sign"));
    const auto anchor = TRY(pki.anchor());
    // What its peers would refuse is better found at the start than in the field.
    TRY(rsp::check_under_anchor(sign.certificate, rsp::Role::eim, anchor, Time(app::now_ms())));
    config.key = std::move(sign.key);
    config.anchors.push_back(anchor);
    return config;
}

} // namespace halyard::eim_app
