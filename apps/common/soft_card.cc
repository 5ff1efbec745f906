#include "apps/common/soft_card.h"
#include <charconv>

namespace halyard::app {
namespace {
Ok read_number(std::string_view text, uint32_t& out, const char* where) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || out == 0)
        return fail(Errc::bad_value, where);
    return {};
}

// card.txt, lines: EID, octets of memory, edition, most eIMs, root SM-DS. Cards of before these were asked
// for lack the last ones.
Ok read_options(euicc::Identity& identity, std::string_view text) {
    const auto line = [&] {
        const std::string_view one = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        return one;
    };
    identity.eid = TRY(eid_from_text(line()));
    TRY(read_number(line(), identity.memory, "card.txt: memory"));
    if (const std::string_view edition = line(); !edition.empty())
        identity.edition = TRY(rsp::edition_from(edition));
    if (const std::string_view eims = line(); !eims.empty())
        TRY(read_number(eims, identity.max_eims, "card.txt: eIMs"));
    if (const std::string_view smds = line(); !smds.empty()) identity.root_smds = smds;
    return {};
}

Result<euicc::Identity> load_identity(const std::filesystem::path& directory,
                                      std::vector<crypto::Certificate>& cis) {
    const PkiDirectory files{directory};
    euicc::Identity identity;
    TRY(read_options(identity, text_of(TRY(read_file(directory / "card.txt")))));
    for (size_t i = 0; i < SoftCard::kMaxCis; ++i) {
        const std::string n = std::to_string(i);
        if (!std::filesystem::exists(directory / ("euicc" + n + ".der"))) break;
        auto credential = TRY(files.credential("euicc" + n));
        cis.push_back(TRY(files.certificate("ci" + n)));
        const auto anchor = TRY(rsp::TrustAnchor::from(cis.back()));
        identity.keys.push_back({anchor.key_id,
                                 anchor.key,
                                 std::move(credential.key),
                                 credential.certificate.der,
                                 TRY(files.certificate("eum" + n)).der});
    }
    if (identity.keys.empty()) return fail(Errc::not_found, "euicc0");
    if (std::filesystem::exists(directory / "rat.der")) identity.rat = TRY(read_file(directory / "rat.der"));
    return identity;
}
} // namespace

Result<OwnedBytes> metadata_for(Bytes package,
                                rsp::ProfileClass profile_class,
                                std::string_view name,
                                std::string_view address) {
    const auto facts = TRY(profile::facts(package));
    rsp::StoreMetadataRequest m{.iccid = facts.iccid,
                                .service_provider_name = facts.service_provider,
                                .profile_name = name,
                                .profile_class = profile_class};
    if (m.service_provider_name.size() > 32) m.service_provider_name = m.service_provider_name.substr(0, 32);
    using Event = rsp::NotificationEvent;
    std::vector<rsp::NotificationConfigurationInformation> configuration;
    for (Event e : {Event::notification_enable, Event::notification_disable, Event::notification_delete})
        configuration.push_back({.profile_management_operation = {e}, .notification_address = address});
    if (!address.empty())
        m.notification_configuration_info =
            asn1::List<rsp::NotificationConfigurationInformation>{.items = configuration};
    if (facts.has_mcc_mnc) {
        rsp::OperatorId owner{.mcc_mnc = facts.mcc_mnc};
        if (!facts.gid1.empty()) owner.gid1 = Bytes(facts.gid1);
        if (!facts.gid2.empty()) owner.gid2 = Bytes(facts.gid2);
        m.profile_owner = owner;
    }
    return asn1::encode(m);
}

Ok SoftCard::create(const std::filesystem::path& directory,
                    const PkiDirectory& pki,
                    const Eid& eid,
                    const SoftCardOptions& options) {
    std::vector<CardKeys> keys;
    keys.push_back(TRY(card_keys_of(pki, eid)));
    return create(directory, keys, eid, options);
}

Ok SoftCard::create(const std::filesystem::path& directory,
                    std::span<const CardKeys> keys,
                    const Eid& eid,
                    const SoftCardOptions& options) {
    if (std::filesystem::exists(directory / "card.txt")) return fail(Errc::conflict, "card");
    if (keys.empty()) return fail(Errc::missing_field, "keys");
    if (keys.size() > kMaxCis) return fail(Errc::limit, "keys", static_cast<uint32_t>(keys.size()));
    const std::string& smds = options.root_smds;
    if (smds.empty() || smds.size() > 255 || smds.find_first_of(" \r\n") != smds.npos)
        return fail(Errc::bad_value, "root-smds");
    if (!options.rat.empty()) TRY(asn1::decode<rsp::GetRatResponse>(options.rat, {.strict = true}));
    TRY(make_directory(directory));
    if (!options.rat.empty()) TRY(write_file(directory / "rat.der", options.rat));
    const PkiDirectory files{directory};
    for (size_t i = 0; i < keys.size(); ++i) { // numbers are the order of euiccCiPKIdList
        const std::string n = std::to_string(i);
        TRY(files.store("euicc" + n, keys[i].euicc));
        TRY(files.store("eum" + n, {{}, keys[i].eum}));
        TRY(files.store("ci" + n, {{}, keys[i].ci}));
    }
    const std::string text = to_text(eid) + "\n" + std::to_string(options.memory) + "\n" +
                             rsp::name(options.edition) + "\n" + std::to_string(options.max_eims) + "\n" +
                             options.root_smds + "\n";
    if (!options.bootstrap.empty()) {
        // Before card.txt, which makes it a card: a creation that was cut short can be repeated.
        euicc::Identity identity{.eid = eid, .memory = options.memory};
        auto file = TRY(store::CardFile::open(directory / "state"));
        crypto::SystemRandom random;
        std::filesystem::remove(directory / "state");
        auto isdr = TRY(euicc::Isdr::open(identity, file, random));
        const OwnedBytes metadata =
            TRY(metadata_for(options.bootstrap, rsp::ProfileClass::provisioning, options.bootstrap_name, {}));
        TRY(isdr.preload(options.bootstrap, metadata, true));
    }
    return write_file(directory / "card.txt", bytes_of(text));
}

Result<std::unique_ptr<SoftCard>> SoftCard::open(const std::filesystem::path& directory,
                                                 const StoreWrap& wrap) {
    std::vector<crypto::Certificate> cis;
    auto identity = TRY(load_identity(directory, cis));
    auto file = TRY(store::CardFile::open(directory / "state"));
    std::unique_ptr<SoftCard> out(new SoftCard(std::move(identity), std::move(file)));
    out->cis_ = std::move(cis);
    if (wrap) out->wrapped_ = wrap(out->file_);
    euicc::CardStore& store = wrap ? *out->wrapped_ : out->file_;
    out->card_ = TRY(euicc::Card::open(out->identity_, store, out->random_));
    return out;
}

} // namespace halyard::app
