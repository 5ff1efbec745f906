#include "apps/smdp/site.h"
#include "apps/common/soft_card.h"
#include "apps/common/test_ci.h"
#include "profile/package.h"
#include "store/settings.h"
#include <nlohmann/json.hpp>

namespace halyard::smdp_app {
namespace {
Result<std::string> settle_address(const std::filesystem::path& file, const std::string& wanted) {
    std::string stored;
    if (std::filesystem::exists(file)) {
        const OwnedBytes text = TRY(app::read_file(file));
        const auto json = nlohmann::json::parse(text_of(text), nullptr, false);
        if (!json.is_object() || !json.contains("address") || !json["address"].is_string())
            return fail(Errc::bad_value, "smdp.json");
        stored = json["address"];
    }
    if (!stored.empty() && !wanted.empty() && stored != wanted) return fail(Errc::conflict, "address");
    if (!stored.empty()) return stored;
    const std::string address = wanted.empty() ? "smdp.halyard.test" : wanted;
    TRY(app::write_file(file, bytes_of(nlohmann::json{{"address", address}}.dump() + "\n")));
    return address;
}

// The address of all nodes of one database.
Result<std::string> settle_address(store::Database& database, const std::string& wanted) {
    const std::string mine = wanted.empty() ? "smdp.halyard.test" : wanted;
    const OwnedBytes kept = TRY(store::settle(database, "address", bytes_of(mine)));
    if (!wanted.empty() && text_of(kept) != wanted) return fail(Errc::conflict, "address");
    return std::string(text_of(kept));
}

Result<std::optional<Secret<16>>> key_field(const std::string& text, const char* where) {
    if (text.empty()) return std::optional<Secret<16>>{};
    OwnedBytes octets = TRY(from_hex(text, where));
    if (octets.size() != 16) return fail(Errc::bad_length, where, static_cast<uint32_t>(octets.size()));
    std::optional<Secret<16>> out{Secret<16>(std::span<const uint8_t, 16>(octets.data(), 16))};
    wipe(octets);
    return out;
}

} // namespace

Result<std::unique_ptr<Site>>
Site::open(const app::StoreAt& at, const std::string& address, const std::string& key_source) {
    TRY(app::make_directory(at.directory));
    auto site = std::make_unique<Site>();
    if (at.postgres.empty()) site->config.address = TRY(settle_address(at.directory / "smdp.json", address));
    site->store = TRY(store::SmdpStore::open(at.directory / "smdp.db", at.postgres));
    if (!at.postgres.empty()) site->config.address = TRY(settle_address(site->store->database(), address));
    site->storage_key =
        TRY(StorageKey::open(at.directory, key_source, *site->store, site->random, Time(app::now_ms())));
    site->config.storage_key = site->storage_key->key().clone();
    site->config.keeper = site->storage_key.get();
    site->vault.emplace(site->config.storage_key, *site->store, site->random, site->config.keeper);
    return site;
}

Ok Site::mark_lab() {
    (void)TRY(store::settle(store->database(), "lab", bytes_of("published profiles or keys were taken")));
    return {};
}
Result<bool> Site::is_marked_lab() { return TRY(store::setting(store->database(), "lab")).has_value(); }

Ok Site::load_credentials(const app::PkiDirectory& pki) {
    auto auth = TRY(pki.credential("smdp-auth"));
    auto pb = TRY(pki.credential("smdp-pb"));
    const auto anchor = TRY(pki.anchor());
    TRY(app::check_ci_for(lab, TRY(pki.certificate("ci"))));
    const Time now(app::now_ms());
    // What our peers would refuse is better found at the start than in the field.
    TRY(rsp::check_under_anchor(auth.certificate, rsp::Role::dp_auth, anchor, now));
    TRY(rsp::check_under_anchor(pb.certificate, rsp::Role::dp_pb, anchor, now));
    TRY(rsp::check_same_server(auth.certificate, pb.certificate));
    const std::string oid = TRY(rsp::server_oid(auth.certificate));
    if (!config.oid.empty() && oid != config.oid) return fail(Errc::conflict, "registeredID of smdp-auth");
    for (const smdp::Credentials& known : config.credentials)
        if (same(known.ci.key_id, anchor.key_id)) return fail(Errc::conflict, "ci");
    config.oid = oid;
    config.oid_der = TRY(asn1::oid_from_text(config.oid));
    config.credentials.push_back(
        {anchor, std::move(auth.key), std::move(pb.key), auth.certificate.der, pb.certificate.der});
    return {};
}

Result<rsp::ProfileClass> class_of(const std::string& text) {
    if (text == "operational") return rsp::ProfileClass::operational;
    if (text == "provisioning") return rsp::ProfileClass::provisioning;
    if (text == "test") return rsp::ProfileClass::test;
    return fail(Errc::bad_value, "class");
}

Result<OwnedBytes> read_package(const std::string& file, const char* where) {
    OwnedBytes raw = TRY(app::read_file(file, 16u << 20, where));
    if (!raw.empty() && raw[0] != 0xA0) raw = TRY(from_hex(text_of(raw), where)); // the usual text form
    return raw;
}

Result<smdp::Order> place(Site& site, const OrderRequest& r) {
    const OwnedBytes raw = TRY(read_package(r.profile, "profile"));
    profile::Personal personal;
    if (!r.iccid.empty()) personal.iccid = TRY(iccid_from_text(r.iccid));
    if (!r.imsi.empty()) personal.imsi = r.imsi;
    personal.k = TRY(key_field(r.k, "k"));
    personal.opc = TRY(key_field(r.opc, "opc"));
    if (personal.k) personal.algorithm = profile::AkaAlgorithm::milenage;
    if (!r.pin1.empty()) personal.pin1 = r.pin1;
    if (!r.puk1.empty()) personal.puk1 = r.puk1;
    if (!r.spn.empty()) personal.service_provider = r.spn;
    const SecretBytes package = TRY(profile::personalise(raw, personal));
    if (TRY(site.gate.judge(package.reveal()))) TRY(site.mark_lab());
    smdp::NewOrder order;
    order.package = owned(package.reveal());
    order.name = r.name.empty() ? "Halyard profile" : r.name;
    if (!r.eid.empty()) order.eid = TRY(eid_from_text(r.eid));
    order.matching_id = r.matching_id;
    order.type = r.type;
    order.operator_id = r.operator_id;
    order.stock = r.stock;
    if (!r.expires.empty())
        order.expires =
            std::chrono::duration_cast<Time>(Seconds(TRY(app::seconds_from_text(r.expires, "expires"))));
    order.metadata = TRY(
        app::metadata_for(order.package, TRY(class_of(r.profile_class)), order.name, site.config.address));
    auto server = site.server();
    auto placed = server.place(order, Time(app::now_ms()));
    wipe(order.package);
    return placed;
}

} // namespace halyard::smdp_app
