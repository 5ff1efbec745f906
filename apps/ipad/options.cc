#include "apps/ipad/options.h"
#include "apps/common/files.h"
#include "apps/common/secrets.h"
#include "base/log.h"
#include "rsp/confirmation_code.h"
#include "rsp/device_text.h"
#include <algorithm>

namespace halyard::ipad {
namespace {
/// DER as it is; text is tried as hex, then as base64.
Result<OwnedBytes> unarmour(OwnedBytes raw) {
    const auto looks_like_der = [](const OwnedBytes& bytes) {
        return !bytes.empty() &&
               (bytes[0] == 0xBF || (bytes[0] == 0x30 && bytes.size() > 1 && bytes[1] >= 0x80));
    };
    if (looks_like_der(raw)) return raw;
    if (auto bytes = from_hex(text_of(raw))) return std::move(*bytes);
    if (auto bytes = from_base64(text_of(raw))) return std::move(*bytes);
    return raw;
}

const std::map<std::string, rsp::IpaCapabilities::IpaFeatures> kFeatures = {
    {"eimDownloadDataHandling", rsp::IpaCapabilities::IpaFeatures::eim_download_data_handling},
    {"eimCtxParams1Generation", rsp::IpaCapabilities::IpaFeatures::eim_ctx_params1_generation},
    {"eimProfileMetadataVerification", rsp::IpaCapabilities::IpaFeatures::eim_profile_metadata_verification},
    {"minimizeEsipaBytes", rsp::IpaCapabilities::IpaFeatures::minimize_esipa_bytes},
};
} // namespace

Result<OwnedBytes> read_initial_eim(const std::string& path) {
    const auto decoded = [&](const auto& message) -> Ok {
        return message ? Ok{} : fail(message.error().code, "initial-eim", message.error().detail);
    };
    const OwnedBytes der = TRY(unarmour(TRY(app::read_file(path, 1u << 20, "initial-eim"))));
    const auto tlv = TRY(asn1::read_tlv(der, "initial-eim"));
    if (tlv.tag == 0xBF57) {
        TRY(decoded(asn1::decode<rsp::AddInitialEimRequest>(der)));
        return der;
    }
    if (tlv.tag == 0xBF55) {
        const auto listed = asn1::decode<rsp::GetEimConfigurationDataResponse>(der);
        TRY(decoded(listed));
        return asn1::encode(rsp::AddInitialEimRequest{listed->eim_configuration_data_list});
    }
    TRY(decoded(asn1::decode<rsp::EimConfigurationData>(der)));
    return asn1::encode(rsp::AddInitialEimRequest{{.content = der}});
}

Ok add_trust(Options& options, const std::string& path) {
    OwnedBytes raw = TRY(app::read_file(path, 1u << 20, "trust"));
    if (text_of(raw).find("-----BEGIN") != std::string_view::npos) {
        options.trust_pem += text_of(raw);
        options.trust_pem += '\n';
    } else
        options.trust.push_back(std::move(raw));
    return {};
}

Ok set_device(Options& options, const std::string& tac, const std::vector<std::string>& features) {
    using Features = rsp::IpaCapabilities::IpaFeatures;
    using Protocols = rsp::IpaCapabilities::IpaSupportedProtocols;
    ipa::Config& ipa = options.ipa;
    ipa.capabilities.ipa_features = {Features::direct_rsp_server_communication};
    if (ipa.download == ipa::Config::Download::indirect)
        ipa.capabilities.ipa_features = {Features::direct_rsp_server_communication,
                                         Features::indirect_rsp_server_communication};
    for (const auto& feature : features) {
        const auto found = kFeatures.find(feature);
        if (found == kFeatures.end()) return fail(Errc::unsupported, "feature");
        ipa.capabilities.ipa_features.mask |= asn1::bit(static_cast<unsigned>(found->second)).mask;
    }
    ipa.capabilities.ipa_supported_protocols = asn1::BitSet<Protocols>{Protocols::ipa_retrieve_https};
    if (!options.inject.listen.empty())
        ipa.capabilities.ipa_supported_protocols->mask |=
            asn1::bit(static_cast<unsigned>(Protocols::ipa_inject_https)).mask;
    const OwnedBytes octets = TRY(from_hex(tac, "tac"));
    if (octets.size() != ipa.device.tac.size()) return fail(Errc::bad_length, "tac");
    std::copy(octets.begin(), octets.end(), ipa.device.tac.begin());
    auto& device = ipa.device.device_capabilities;
    device.eutran_epc_supported_release = std::array<uint8_t, 3>{15, 0, 0}; // an LTE-M module
    device.lpa_svn = std::array<uint8_t, 3>{2, 5, 0};
    return {};
}

std::optional<Sha256> CodeFile::hash(Bytes transaction_id) {
    const auto code = app::read_confirmation_code(file, "confirmation-code-file");
    if (!code) {
        log(LogLevel::error,
            std::string("confirmation code: ") + name(code.error().code) + " at " + code.error().where);
        return std::nullopt;
    }
    return rsp::hash_cc(rsp::hash_of_code(code->reveal()), transaction_id);
}

Ok set_place(Options& options, const std::string& imei, const std::string& rplmn) {
    if (!rplmn.empty()) options.ipa.rplmn = TRY(rsp::plmn_from_text(rplmn, "rplmn"));
    if (!imei.empty()) options.ipa.device.imei = TRY(rsp::imei_from_text(imei, "imei"));
    return {};
}

} // namespace halyard::ipad
