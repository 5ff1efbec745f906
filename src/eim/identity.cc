#include "eim/identity.h"
#include "rsp/es10.h"
#include <algorithm>

namespace halyard::eim {
namespace {
constexpr Time kAskAgain = std::chrono::hours(24); // a device that cannot tell is not asked at each poll

Identity* find(Device& device, Bytes ci) {
    for (Identity& known : device.identities)
        if (same(known.ci, ci)) return &known;
    return nullptr;
}
} // namespace

Result<Identity> identity_of(Bytes euicc_der, Bytes eum_der, Time since) {
    auto euicc = TRY(crypto::Certificate::parse(euicc_der, "euiccCertificate"));
    auto eum = TRY(crypto::Certificate::parse(eum_der, "eumCertificate"));
    return Identity{.ci = std::move(eum.authority_key_id).value_or(OwnedBytes{}),
                    .euicc_certificate = std::move(euicc.der),
                    .eum_certificate = std::move(eum.der),
                    .key = std::move(euicc.spki),
                    .since = since};
}

Result<bool> learn(Device& device,
                   Bytes euicc_der,
                   Bytes eum_der,
                   std::span<const rsp::TrustAnchor> anchors,
                   const rsp::Revocation& revocation,
                   Time now) {
    Identity found = TRY(identity_of(euicc_der, eum_der, now));
    const auto euicc = TRY(crypto::Certificate::parse(euicc_der, "euiccCertificate"));
    const auto eum = TRY(crypto::Certificate::parse(eum_der, "eumCertificate"));
    if (TRY(rsp::check_euicc_chain(euicc, eum, anchors, now, &revocation)) != device.eid)
        return fail(Errc::unverified, "euiccCertificate: another EID");
    std::erase_if(device.inquiries, [&](const Inquiry& i) { return same(i.ci, found.ci); });
    Identity* known = find(device, found.ci);
    // From a database that kept no CI: it is that one where the key is, and may be it where it is not.
    if (!known) known = find(device, {});
    if (!known) {
        if (device.identities.size() >= kMaxIdentities) return fail(Errc::limit, "euiccCertificate");
        device.identities.push_back(std::move(found));
        return true;
    }
    // A key once proven is not replaced by what an IPA sends unsigned. SR-22
    if (!same(known->key, found.key)) return fail(Errc::conflict, "euiccCertificate: another key");
    found.since = known->since;
    if (*known == found) return false;
    *known = std::move(found);
    return true;
}

const Identity* under(const Device& device, Bytes ci) {
    if (ci.empty()) return nullptr;
    for (const Identity& known : device.identities)
        if (known.ci.size() >= ci.size() && same(Bytes(known.ci).first(ci.size()), ci)) return &known;
    return nullptr;
}

const Identity* with_key(const Device& device, Bytes spki) {
    for (const Identity& known : device.identities)
        if (same(known.key, spki)) return &known;
    return nullptr;
}

const Identity* signer_of(
    const Device& device, std::initializer_list<Bytes> parts, Bytes signature, bool* was_der, Bytes first) {
    const auto signed_by = [&](const Identity& identity) {
        const auto key = crypto::public_key_from_spki(identity.key, "euiccCertificate");
        return key && crypto::verify_tolerant(*key, parts, signature, was_der);
    };
    const Identity* likely = under(device, first);
    if (likely && signed_by(*likely)) return likely;
    for (const Identity& identity : device.identities)
        if (&identity != likely && signed_by(identity)) return &identity;
    return nullptr;
}

OwnedBytes missing_ci(const Device& device, std::span<const rsp::TrustAnchor> anchors, Time now) {
    if (device.identities.size() >= anchors.size()) return {}; // one key under each
    const auto info = asn1::decode<rsp::EuiccInfo2>(Bytes(device.euicc_info2), {.tally = false});
    if (!info) return {};
    OwnedBytes out;
    const auto is_it = [&](Bytes ci) {
        const auto trusts = [&](const rsp::TrustAnchor& anchor) { return same(anchor.key_id, ci); };
        return std::any_of(anchors.begin(), anchors.end(), trusts) && !under(device, ci) &&
               !asked_lately(device, ci, now);
    };
    const Ok all = info->euicc_ci_pk_id_list_for_signing.for_each([&](Bytes ci) -> Ok {
        if (out.empty() && is_it(ci)) out = owned(ci);
        return {};
    });
    return all ? out : OwnedBytes{};
}

bool asked_lately(const Device& device, Bytes ci, Time now) {
    return std::any_of(device.inquiries.begin(), device.inquiries.end(), [&](const Inquiry& i) {
        return same(i.ci, ci) && now < i.asked + kAskAgain;
    });
}

void remember_inquiry(Device& device, Bytes ci, Time now) {
    std::erase_if(device.inquiries, [&](const Inquiry& i) { return same(i.ci, ci); });
    if (device.inquiries.size() > kMaxIdentities) device.inquiries.erase(device.inquiries.begin());
    device.inquiries.push_back({owned(ci), now});
}

} // namespace halyard::eim
