#include "euicc/install_checks.h"
#include "profile/elements.h"

namespace halyard::euicc {
namespace {
constexpr uint8_t kUsim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

const OwnedBytes* content_of(const profile::Image& image, uint32_t application, uint16_t fid) {
    const auto file = image.child(application, fid);
    return file ? &image.nodes[*file].content : nullptr;
}
bool begins(const OwnedBytes* content, Bytes with) {
    return content && content->size() >= with.size() && same(Bytes(*content).first(with.size()), with);
}
// EF.IMSI is length, then nibble-swapped digits, the first nibble being parity. 3GPP TS 31.102 §4.2.2
bool imsi_begins(Bytes imsi, const std::array<uint8_t, 3>& plmn) {
    if (imsi.size() < 5) return false;
    const auto digit = [&](size_t n) { return (n % 2 ? imsi[1 + n / 2] >> 4 : imsi[1 + n / 2]) & 0xF; };
    // PLMN: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1. 3GPP TS 24.008 §10.5.1.3
    const int mnc3 = plmn[1] >> 4;
    return digit(1) == (plmn[0] & 0xF) && digit(2) == plmn[0] >> 4 && digit(3) == (plmn[1] & 0xF) &&
           digit(4) == (plmn[2] & 0xF) && digit(5) == plmn[2] >> 4 && (mnc3 == 0xF || digit(6) == mnc3);
}

// A nibble of E stands for any digit; a GID without octets for any, no GID for none. SGP.22 §2.9.2
bool operator_allows(const rsp::OperatorId& rule, const rsp::OperatorId& owner) {
    for (size_t i = 0; i < rule.mcc_mnc.size(); ++i)
        for (const int shift : {0, 4}) {
            const int wanted = rule.mcc_mnc[i] >> shift & 0xF;
            if (wanted != 0xE && wanted != (owner.mcc_mnc[i] >> shift & 0xF)) return false;
        }
    const auto gid = [](const std::optional<Bytes>& wanted, const std::optional<Bytes>& given) {
        const Bytes has = given.value_or(Bytes());
        return wanted ? wanted->empty() || same(*wanted, has) : has.empty();
    };
    return gid(rule.gid1, owner.gid1) && gid(rule.gid2, owner.gid2);
}
} // namespace

bool policy_is_authorised(Bytes rat, const rsp::StoreMetadataRequest& metadata) {
    using rsp::PprIds;
    if (!metadata.profile_policy_rules) return true;
    for (const PprIds rule : {PprIds::ppr1, PprIds::ppr2}) {
        if (!metadata.profile_policy_rules->has(rule)) continue;
        const auto table = asn1::decode<rsp::GetRatResponse>(rat);
        if (!table || !metadata.profile_owner) return false;
        bool allowed = false;
        const Ok read = table->rat.for_each([&](const rsp::ProfilePolicyAuthorisationRule& entry) -> Ok {
            if (!entry.ppr_ids.has(rule)) return {};
            return entry.allowed_operators.for_each([&](const rsp::OperatorId& one) {
                allowed = allowed || operator_allows(one, *metadata.profile_owner);
            });
        });
        if (!read || !allowed) return false;
    }
    return true;
}

bool owner_matches(const rsp::OperatorId& owner, const profile::Image& image) {
    const auto usim = image.application(kUsim);
    if (!usim) return true;
    const OwnedBytes* imsi = content_of(image, *usim, 0x6F07);
    if (imsi && !imsi_begins(*imsi, owner.mcc_mnc)) return false;
    if (owner.gid1 && !owner.gid1->empty() && !begins(content_of(image, *usim, 0x6F3E), *owner.gid1))
        return false;
    return !owner.gid2 || owner.gid2->empty() || begins(content_of(image, *usim, 0x6F3F), *owner.gid2);
}

bool has_test_keys_only(const profile::Image& image) {
    for (const profile::Aka& aka : image.akas) {
        const auto parameter = asn1::decode<profile::AkaParameter>(aka.element);
        if (!parameter) return false;
        const auto* algorithm = std::get_if<profile::AlgoParameter>(&parameter->configuration.is);
        if (!algorithm) continue; // mapped to another application, whose own key is judged
        bool zero = true, counting = algorithm->key.size() == 16;
        for (size_t i = 0; i < algorithm->key.size(); ++i) {
            zero &= algorithm->key[i] == 0;
            counting &= algorithm->key[i] == i;
        }
        if (!zero && !counting) return false;
    }
    return true;
}

} // namespace halyard::euicc
