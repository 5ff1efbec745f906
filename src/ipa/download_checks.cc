#include "ipa/download_checks.h"
#include "ipa/epr.h"

namespace halyard::ipa {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

struct HostPort {
    std::string_view host;
    std::string_view port;
};
HostPort split(std::string_view address) {
    const size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || colon < address.rfind(']') + 1) return {address, {}};
    return {address.substr(0, colon), address.substr(colon + 1)};
}

constexpr uint8_t kSubjectAltName[] = {0x55, 0x1D, 0x11};
constexpr uint8_t kCertificatePolicies[] = {0x55, 0x1D, 0x20};
// id-rspRole-ds-auth and id-rspRole-ds-auth-v2: 2.23.146.1.2.1.7, 2.23.146.1.2.1.0.0.2.1
constexpr uint8_t kDsAuth[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x01, 0x07};
constexpr uint8_t kDsAuthV2[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x01, 0x00, 0x00, 0x02, 0x01};

/// What the SEQUENCE in one of the Extensions of a TBSCertificate holds, by walking: an IPA judges names and
/// roles only, the eUICC judges the chain.
Bytes find_extension(Bytes certificate, Bytes oid) {
    Bytes found;
    const auto extension = [&](const asn1::Tlv& item) {
        bool is_it = false;
        (void)for_each_tlv(item.content, [&](const asn1::Tlv& part) {
            if (part.tag == 0x06) is_it = same(part.content, oid);
            if (is_it && part.tag == 0x04) found = part.content;
            return true;
        });
        return found.empty();
    };
    const auto tbs = asn1::read_tlv(certificate);
    if (!tbs || tbs->tag != 0x30) return {};
    (void)for_each_tlv(tbs->content, [&](const asn1::Tlv& part) {
        if (part.tag != 0xA3) return true;
        const auto list = asn1::read_tlv(part.content);
        if (list) (void)for_each_tlv(list->content, extension);
        return false;
    });
    const auto inner = asn1::read_tlv(found);
    return inner && inner->tag == 0x30 ? inner->content : Bytes{};
}

/// Nibble E stands for any digit. SGP.22 §2.4a.1.2
bool operator_matches(const rsp::OperatorId& rule, const rsp::OperatorId& owner) {
    for (size_t i = 0; i < rule.mcc_mnc.size(); ++i)
        for (const int shift : {0, 4}) {
            const int wanted = rule.mcc_mnc[i] >> shift & 0x0F;
            if (wanted != 0x0E && wanted != (owner.mcc_mnc[i] >> shift & 0x0F)) return false;
        }
    const auto fits = [](const std::optional<Bytes>& wanted, const std::optional<Bytes>& is) {
        return !wanted || wanted->empty() || same(*wanted, is.value_or(Bytes{}));
    };
    return fits(rule.gid1, owner.gid1) && fits(rule.gid2, owner.gid2);
}

/// The first rule for this PPR and owner decides; without one the PPR is not allowed.
Result<bool>
rule_allowed(rsp::PprIds ppr, const rsp::OperatorId& owner, const rsp::GetRatResponse& rat, bool consent) {
    std::optional<bool> verdict;
    TRY(rat.rat.for_each([&](const rsp::ProfilePolicyAuthorisationRule& rule) -> Ok {
        if (verdict || !rule.ppr_ids.has(ppr)) return {};
        bool matches = false;
        TRY(rule.allowed_operators.for_each(
            [&](const rsp::OperatorId& allowed) { matches = matches || operator_matches(allowed, owner); }));
        using Flags = rsp::ProfilePolicyAuthorisationRule::PprFlags;
        if (matches) verdict = consent || !rule.ppr_flags.has(Flags::consent_required);
        return {};
    }));
    return verdict.value_or(false);
}
} // namespace

bool same_server(std::string_view asked, std::string_view answered) {
    const HostPort a = split(asked);
    const HostPort b = split(answered);
    const auto equal = [](std::string_view x, std::string_view y) {
        return std::equal(
            x.begin(), x.end(), y.begin(), y.end(), [](char l, char r) { return lower(l) == lower(r); });
    };
    return !a.host.empty() && equal(a.host, b.host) && (a.port.empty() || b.port.empty() || a.port == b.port);
}

bool certificate_names(const rsp::Raw& certificate, std::string_view oid) {
    const auto wanted = asn1::oid_from_text(oid);
    if (!wanted) return false;
    bool found = false;
    (void)for_each_tlv(find_extension(certificate.content, kSubjectAltName), [&](const asn1::Tlv& name) {
        found = found || (name.tag == 0x88 && same(name.content, *wanted));
        return true;
    });
    return found;
}

Bytes registered_id(const rsp::Raw& certificate) {
    Bytes found;
    (void)for_each_tlv(find_extension(certificate.content, kSubjectAltName), [&](const asn1::Tlv& name) {
        if (name.tag == 0x88) found = name.content;
        return found.empty();
    });
    return found;
}

bool is_smds_certificate(const rsp::Raw& certificate) {
    bool found = false;
    (void)for_each_tlv(find_extension(certificate.content, kCertificatePolicies), [&](const asn1::Tlv& one) {
        const auto oid = asn1::read_tlv(one.content); // PolicyInformation begins with it
        if (oid && oid->tag == 0x06)
            found = found || same(oid->content, kDsAuth) || same(oid->content, kDsAuthV2);
        return true;
    });
    return found;
}

Result<bool> rules_allowed(const rsp::StoreMetadataRequest& metadata, Bytes rat_response, bool consent) {
    const auto rat = TRY(asn1::decode<rsp::GetRatResponse>(rat_response));
    const rsp::OperatorId owner = metadata.profile_owner.value_or(rsp::OperatorId{});
    for (const auto ppr : {rsp::PprIds::ppr1, rsp::PprIds::ppr2}) {
        if (!metadata.profile_policy_rules || !metadata.profile_policy_rules->has(ppr)) continue;
        if (!TRY(rule_allowed(ppr, owner, rat, consent))) return false;
    }
    return true;
}

bool same_metadata(const rsp::StoreMetadataRequest& announced,
                   const rsp::BoundProfilePackage& package,
                   Buffer scratch) {
    constexpr size_t kMac = 8;
    size_t used = 0;
    const auto collected =
        package.sequence_of88.for_each([&](const asn1::Tagged<Bytes, 0x88>& segment) -> Ok {
            const Bytes data = segment.value;
            if (data.size() < kMac || data.size() - kMac > scratch.size() - used)
                return fail(Errc::bad_length, "88");
            std::copy(data.begin(), data.end() - kMac, scratch.begin() + static_cast<ptrdiff_t>(used));
            used += data.size() - kMac;
            return {};
        });
    if (!collected) return false;
    const auto bound = asn1::decode<rsp::StoreMetadataRequest>(Bytes(scratch.first(used)));
    if (!bound) return false;
    return bound->iccid == announced.iccid && bound->profile_name == announced.profile_name &&
           bound->service_provider_name == announced.service_provider_name &&
           bound->profile_policy_rules == announced.profile_policy_rules;
}

} // namespace halyard::ipa
