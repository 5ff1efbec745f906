// From one CI to the next: cards that know both, servers that have moved or stand under both. SGP.22 §5.6.1
#include "tests/loop/world.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
euicc::KeySet keys_of(const Pki& pki, const Eid& eid, Random& random) {
    auto credential = pki.euicc(eid, random);
    return {pki.anchor.key_id,
            pki.anchor.key,
            std::move(credential.key),
            credential.certificate.der,
            pki.eum.certificate.der};
}
smdp::Credentials credentials_of(const Pki& pki) {
    return {pki.anchor,
            pki.dp_auth.key.clone(),
            pki.dp_pb.key.clone(),
            pki.dp_auth.certificate.der,
            pki.dp_pb.certificate.der};
}

struct Rotation {
    explicit Rotation(crypto::Curve second_curve = crypto::Curve::p256)
        : second(world.random, second_curve), device(world.add_device()) {
        device.identity.keys.push_back(keys_of(second, device.identity.eid, world.random));
        world.eim.config.anchors.push_back(second.anchor);
        // euiccCiPKIdToBeUsed and the certificate in the answer to InitiateAuthentication. SGP.22 §6.5.2.6
        world.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to != ipa::Peer::smdp || !answer) return;
            for (const Pki* pki : {&world.pki, &second}) {
                const std::string text = hex(message);
                if (text.find("0414" + hex(pki->anchor.key_id)) != text.npos &&
                    text.find(hex(pki->dp_auth.certificate.der)) != text.npos)
                    used.push_back(pki == &second ? 2 : 1);
            }
        };
    }
    /// Orders, downloads, and tells which CI its sessions were under; 0 when it was not installed.
    int download() {
        const std::string code = world.smdp.order(iccid_text(1), "001010000000001", world.now);
        (void)world.eim.download(device.identity.eid, code);
        REQUIRE(world.poll());
        const bool installed = world.smdp.find(iccid_text(1)).state == smdp::OrderState::installed;
        for (const int ci : used) CHECK(ci == used.front());
        return installed && !used.empty() ? used.front() : 0;
    }

    World world;
    Pki second;
    Device& device;
    std::vector<int> used;
};
} // namespace

TEST_CASE("when a server has moved to a second CI, cards that know both download from it, on either curve") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        Rotation r(curve);
        r.world.smdp.config.credentials.clear();
        r.world.smdp.config.credentials.push_back(credentials_of(r.second));
        CHECK(r.download() == 2);
        CHECK(r.device.card->isdr().state().profiles.size() == 2); // with the bootstrap profile
    }
}

TEST_CASE("when server and card know both CIs, the order of the card's list decides, not the server's") {
    for (const bool swapped : {false, true}) {
        Rotation r;
        auto& credentials = r.world.smdp.config.credentials;
        credentials.insert(credentials.begin(), credentials_of(r.second));
        if (swapped) std::swap(r.device.identity.keys[0], r.device.identity.keys[1]);
        CHECK(r.download() == (swapped ? 2 : 1));
    }
}

TEST_CASE("when a card knows only the CI that a server has left, the download fails and the order waits") {
    Rotation r;
    r.device.identity.keys.pop_back();
    auto& credentials = r.world.smdp.config.credentials;
    credentials.clear();
    credentials.push_back(credentials_of(r.second));
    CHECK(r.download() == 0);
    CHECK(r.used.empty());
    CHECK(r.world.smdp.find(iccid_text(1)).state == smdp::OrderState::released);
}
