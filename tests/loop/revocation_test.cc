// What SM-DP+ and eIM do about EUMs and eUICCs that are on a list.
#include "pki/mint_crl.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
rsp::Crl list(const pki::Credential& issuer, const crypto::Certificate* revoked) {
    pki::CrlRequest r{.this_update = kBegin - Time(kDay), .next_update = kBegin + Time(30 * kDay)};
    std::vector<rsp::CrlEntry> entries;
    if (revoked) entries.push_back({.serial = revoked->serial, .date = kBegin - Time(kDay)});
    r.revoked = entries;
    return *rsp::Crl::parse(*pki::mint_crl(r, issuer));
}
} // namespace

TEST_CASE("when EUM or eUICC is revoked, the SM-DP+ refuses the eUICC and the order waits for another") {
    SeededRandom random;
    const Pki pki(random);
    Smdp smdp(pki, random);
    Handset phone(pki, smdp, random);
    phone.matching_id = matching_id_of(smdp.order(iccid_text(1), "001010000000001", kBegin));
    const auto answer = [&](std::vector<rsp::Crl> crls) {
        smdp.config.revocation.crls = std::move(crls);
        REQUIRE(codes(phone.initiate()) == "");
        return codes(phone.authenticate());
    };
    CHECK(answer({list(pki.ci, &pki.eum.certificate)}) == "8.1.2/6.1");
    CHECK(answer({list(pki.eum, &phone.euicc.certificate)}) == "8.1.3/6.1");
    CHECK(smdp.find(iccid_text(1)).state == smdp::OrderState::released);
    // Lists that name others, and none at all.
    CHECK(answer({list(pki.ci, &pki.dp_pb.certificate), list(pki.eum, nullptr)}) == "");
    CHECK(answer({}) == "");
    // Too old by more than the week of grace.
    phone.now = kBegin + Time(38 * kDay);
    CHECK(answer({list(pki.ci, nullptr)}) == "8.1.2/6.1");
    phone.now = kBegin + Time(36 * kDay);
    CHECK(answer({list(pki.ci, nullptr)}) == "");
}

TEST_CASE("when a device's EUM or eUICC is revoked, the eIM does not take its key for proven") {
    for (const int revoked : {0, 1, 2}) {
        World w;
        Device& d = w.add_device();
        const auto euicc = *crypto::Certificate::parse(d.identity.keys.front().euicc_certificate);
        w.eim.config.revocation.crls = {list(w.pki.ci, revoked == 1 ? &w.pki.eum.certificate : nullptr),
                                        list(w.pki.eum, revoked == 2 ? &euicc : nullptr)};
        w.eim.audit(d.identity.eid);
        REQUIRE(w.poll());
        CHECK((*w.eim.store->device(d.identity.eid))->identities.empty() == (revoked != 0));
    }
}
