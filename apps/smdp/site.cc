#include "apps/smdp/site.h"
#include "apps/common/soft_card.h"
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

Result<Secret<32>> stored_key(const std::filesystem::path& file) {
    const SecretBytes stored = TRY(app::read_secret(file));
    if (stored.size() != 32) return fail(Errc::bad_length, "storage.key");
    return Secret<32>(stored.reveal().first<32>());
}
// Made when the database has none yet. What was sealed under another key would be lost, download by download,
// so that is found now.
Result<Secret<32>> storage_key(const std::filesystem::path& file, store::Database& database, Random& random) {
    constexpr const char* kName = "storage key";
    Secret<32> key;
    if (std::filesystem::exists(file)) {
        key = TRY(stored_key(file));
    } else {
        if (TRY(store::setting(database, kName)))
            return fail(Errc::not_found, "storage.key: the database has one, copy it from where it was made");
        TRY(random.fill(key.writable()));
        TRY(app::write_secret(file, key.reveal()));
    }
    const Sha256 check = crypto::hmac_sha256(key.reveal(), {bytes_of("halyard storage key")});
    if (TRY(store::settle(database, kName, check)) != owned(check))
        return fail(Errc::conflict, "storage.key: the database has another one");
    return key;
}

Result<std::optional<Secret<16>>> key_field(const std::string& text, const char* where) {
    if (text.empty()) return std::optional<Secret<16>>{};
    OwnedBytes octets = TRY(from_hex(text, where));
    if (octets.size() != 16) return fail(Errc::bad_length, where, static_cast<uint32_t>(octets.size()));
    std::optional<Secret<16>> out{Secret<16>(std::span<const uint8_t, 16>(octets.data(), 16))};
    wipe(octets);
    return out;
}

Result<rsp::ProfileClass> class_of(const std::string& text) {
    if (text == "operational") return rsp::ProfileClass::operational;
    if (text == "provisioning") return rsp::ProfileClass::provisioning;
    if (text == "test") return rsp::ProfileClass::test;
    return fail(Errc::bad_value, "class");
}
} // namespace

Result<std::unique_ptr<Site>> Site::open(const app::StoreAt& at, const std::string& address) {
    TRY(app::make_directory(at.directory));
    auto site = std::make_unique<Site>();
    if (at.postgres.empty()) site->config.address = TRY(settle_address(at.directory / "smdp.json", address));
    site->store = TRY(store::SmdpStore::open(at.directory / "smdp.db", at.postgres));
    if (!at.postgres.empty()) site->config.address = TRY(settle_address(site->store->database(), address));
    site->config.storage_key =
        TRY(storage_key(at.directory / "storage.key", site->store->database(), site->random));
    return site;
}

Ok Site::load_credentials(const app::PkiDirectory& pki) {
    auto auth = TRY(pki.credential("smdp-auth"));
    auto pb = TRY(pki.credential("smdp-pb"));
    const auto anchor = TRY(pki.anchor());
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

Result<smdp::Order> place(Site& site, const OrderRequest& r) {
    OwnedBytes raw = TRY(app::read_file(r.profile, 16u << 20, "profile"));
    if (!raw.empty() && raw[0] != 0xA0) raw = TRY(from_hex(text_of(raw), "profile")); // the usual text form
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
