#include "smdp/eligibility.h"
#include "profile/capability.h"
#include "profile/package.h"

namespace halyard::smdp {
namespace {
// A later minor version may hold what is skipped; a later major one is refused by every eUICC.
Result<bool> knows_version(uint8_t major, const rsp::EuiccInfo2& info) {
    bool knows = info.profile_version[0] >= major;
    if (info.additional_euicc_profile_package_versions)
        TRY(info.additional_euicc_profile_package_versions->for_each(
            [&](const std::array<uint8_t, 3>& version) { knows = knows || version[0] >= major; }));
    return knows;
}

Result<bool> has_services(const profile::ProfileHeader& header, const rsp::EuiccInfo2& info) {
    bool all = true;
    TRY(header.mandatory_services.for_each([&](const profile::Service& s) -> Ok {
        const size_t service = TRY(asn1::read_tlv(s.tlv.der)).tag - 0x80;
        // One that this edition does not know has no bit that could be looked at: the eUICC decides.
        if (const auto bit = profile::capability_bit(service)) all = all && info.uicc_capability.has(*bit);
        return {};
    }));
    return all;
}
} // namespace

Result<const char*>
why_not_eligible(Bytes package, const rsp::StoreMetadataRequest& metadata, const rsp::EuiccInfo2& info) {
    const auto first = TRY(profile::next_element(package, 0));
    if (!first || first->tag != 0xA0) return fail(Errc::bad_tag, "header");
    const auto header = TRY(asn1::decode<profile::ProfileHeader>(first->der));
    if (!TRY(knows_version(header.major_version, info))) return "profile package of a later version";
    if (!TRY(has_services(header, info))) return "the eUICC lacks a service that the profile needs";
    const auto &wanted = metadata.profile_policy_rules, &forbidden = info.forbidden_profile_policy_rules;
    if (wanted && forbidden && (wanted->mask & forbidden->mask))
        return "the eUICC forbids a policy rule of the profile";
    if (metadata.profile_class == rsp::ProfileClass::test &&
        !info.rsp_capability.has(rsp::RspCapability::test_profile_support))
        return "the eUICC takes no test profiles";
    return nullptr;
}

std::optional<uint64_t> free_memory(Bytes ext_card_resource) {
    for (Bytes rest = ext_card_resource; !rest.empty();) {
        const auto t = asn1::read_tlv(rest);
        if (!t) return std::nullopt;
        if (t->tag == 0x82) {
            if (t->content.empty() || t->content.size() > 8) return std::nullopt;
            uint64_t n = 0;
            for (uint8_t b : t->content) n = n << 8 | b;
            return n;
        }
        rest = t->rest;
    }
    return std::nullopt;
}

} // namespace halyard::smdp
