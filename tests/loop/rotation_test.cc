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
    explicit Rotation(crypto::Curve second_curve = crypto::Curve::p256,
                      ipa::Config::Download mode = ipa::Config::Download::direct)
        : second(world.random, second_curve), device(world.add_device(mode)) {
        device.identity.keys.push_back(keys_of(second, device.identity.eid, world.random));
        world.eim.config.anchors.push_back(second.anchor);
        world.eim.relayed = [this](Bytes message) { ++relayed[asn1::read_tlv(message)->tag]; };
        // euiccCiPKIdToBeUsed and the certificate in the answer to InitiateAuthentication. SGP.22 §6.5.2.6
        world.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to == ipa::Peer::card || !answer) return;
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
        ordered = world.eim.download(device.identity.eid, code);
        REQUIRE(world.poll());
        const bool installed = world.smdp.find(iccid_text(1)).state == smdp::OrderState::installed;
        for (const int ci : used) CHECK(ci == used.front());
        return installed && !used.empty() ? used.front() : 0;
    }

    void move_server() {
        world.smdp.config.credentials.clear();
        world.smdp.config.credentials.push_back(credentials_of(second));
    }
    eim::Operation download_order() { return world.eim.operation(ordered); }
    eim::Device known() { return **world.eim.store->device(device.identity.eid); }
    /// An audit of the profiles, decided.
    eim::Operation audit() {
        const auto id = world.eim.audit(device.identity.eid);
        REQUIRE(world.poll());
        return world.eim.operation(id);
    }
    /// The eIM's own questions to the device so far.
    std::vector<eim::Operation> questions() {
        std::vector<eim::Operation> out;
        const auto all = *world.eim.store->operations({});
        for (const auto& o : all)
            if (o.kind == eim::Kind::data && o.automatic) out.push_back(o);
        return out;
    }
    std::string of_card(size_t key) { return hex(device.identity.keys[key].euicc_certificate); }

    World world;
    Pki second;
    Device& device;
    std::string ordered;
    std::vector<int> used;
    std::map<asn1::Tag, int> relayed;
};
eim::Identity pair_of(const euicc::KeySet& keys) {
    return {.euicc_certificate = keys.euicc_certificate, .eum_certificate = keys.eum_certificate};
}
constexpr auto kDirect = ipa::Config::Download::direct, kIndirect = ipa::Config::Download::indirect;
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

// SGP.22 §5.6.1: the installation result is signed with the key of the session's CI; SGP.32 §2.11.2.1: a
// package result with the one of the eIM's entry, or the card's first.
TEST_CASE("when the server is under the second CI and the eIM under the first, both results are proven, each "
          "under its own") {
    for (const auto mode : {kDirect, kIndirect})
        for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
            Rotation r(curve, mode);
            r.move_server();
            REQUIRE(r.download() == 2);
            CHECK(r.download_order().state == eim::State::succeeded);
            CHECK(r.download_order().offers == 1);
            CHECK(hex(r.download_order().ci) == hex(r.second.anchor.key_id));
            const auto audit = r.audit();
            CHECK(audit.state == eim::State::succeeded);
            CHECK(hex(audit.ci) == hex(r.world.pki.anchor.key_id));
            const auto known = r.known();
            REQUIRE(known.identities.size() == 2);
            CHECK(hex(known.identities[0].euicc_certificate) == r.of_card(0));
            CHECK(hex(known.identities[1].euicc_certificate) == r.of_card(1));
            CHECK(known.profiles.size() == 2);
            // One question for what the card is, one for the certificates of the other CI.
            REQUIRE(r.questions().size() == 2);
            CHECK(r.questions()[0].ci.empty());
            CHECK(hex(r.questions()[1].ci) == hex(r.second.anchor.key_id));
            CHECK(hex(r.questions()[1].tag_list) == "A5A6");
        }
}

TEST_CASE("when the eIM's entry names the second CI, package results verify under it") {
    Rotation r;
    REQUIRE(r.audit().state == eim::State::succeeded);
    // As an updateEim with euiccCiPKId would leave it. SGP.32 §2.11.1.1.2
    std::swap(r.device.identity.keys[0], r.device.identity.keys[1]);
    const auto audit = r.audit();
    CHECK(audit.state == eim::State::succeeded);
    CHECK(hex(audit.ci) == hex(r.second.anchor.key_id));
}

TEST_CASE("when a card got its second CI after the eIM has asked, the result that came too early is judged "
          "again") {
    Rotation r;
    auto second = std::move(r.device.identity.keys.back());
    r.device.identity.keys.pop_back();
    REQUIRE(r.audit().state == eim::State::succeeded);
    REQUIRE(r.known().identities.size() == 1);
    r.device.identity.keys.push_back(std::move(second));
    r.move_server();
    REQUIRE(r.download() == 2);
    REQUIRE(r.world.poll());
    CHECK(r.download_order().state == eim::State::succeeded);
    CHECK(r.download_order().offers == 1);
    CHECK(hex(r.download_order().ci) == hex(r.second.anchor.key_id));
    CHECK(r.known().identities.size() == 2);
    CHECK(r.questions().size() == 3); // what it is, what it is now, the new certificates
}

TEST_CASE(
    "when a card got its second CI late and its download is relayed, the session itself brings the key") {
    Rotation r(crypto::Curve::p256, kIndirect);
    auto second = std::move(r.device.identity.keys.back());
    r.device.identity.keys.pop_back();
    REQUIRE(r.audit().state == eim::State::succeeded);
    r.device.identity.keys.push_back(std::move(second));
    r.move_server();
    REQUIRE(r.download() == 2);
    CHECK(r.download_order().state == eim::State::succeeded);
    CHECK(r.known().identities.size() == 2);
    CHECK(r.questions().size() == 1);
    CHECK(r.relayed[0xBF3B] == 1); // asked of the SM-DP+ once, though the key was stored first
}

TEST_CASE("when the eIM learns to trust a CI later, the result of then is proven without another download") {
    Rotation r;
    r.world.eim.config.anchors.pop_back();
    r.move_server();
    REQUIRE(r.download() == 2);
    CHECK_FALSE(eim::is_final(r.download_order().state));
    CHECK(r.known().identities.size() == 1);
    r.world.eim.config.anchors.push_back(r.second.anchor);
    REQUIRE(r.world.poll());
    CHECK(r.download_order().state == eim::State::succeeded);
    CHECK(hex(r.download_order().ci) == hex(r.second.anchor.key_id));
}

TEST_CASE(
    "when the device cannot give the certificates of a CI, nothing waits for them, and the next day it is "
    "asked again") {
    Rotation r;
    bool spoiled = true;
    const std::string asked = "0414" + hex(r.second.anchor.key_id);
    r.world.tap = [&](ipa::Peer to, bool answer, OwnedBytes& message) {
        if (!spoiled || to != ipa::Peer::eim || !answer) return;
        const std::string text = hex(message);
        const size_t at = text.find(asked);
        if (at == text.npos || message[0] != 0xBF || message[1] != 0x4F) return;
        message[at / 2 + 2] ^= 1; // a CI that the card does not know: euiccCiPKIdNotFound
    };
    CHECK(r.audit().state == eim::State::succeeded);
    REQUIRE(r.questions().size() == 2);
    CHECK(r.questions()[1].state == eim::State::failed);
    CHECK(r.questions()[1].reason == "data request refused by the IPA, code 5");
    CHECK(r.audit().state == eim::State::succeeded);
    CHECK(r.questions().size() == 2);
    spoiled = false;
    r.world.now += Time(kDay) + Time(1);
    CHECK(r.audit().state == eim::State::succeeded);
    CHECK(r.questions().size() == 3);
    CHECK(r.known().identities.size() == 2);
}

TEST_CASE("when the inventory holds the certificates of each CI, the device is not asked for them") {
    Rotation r;
    const Eid eid = *pki::make_eid("89049032", 77);
    const euicc::KeySet first = keys_of(r.world.pki, eid, r.world.random);
    const euicc::KeySet other = keys_of(r.second, eid, r.world.random);
    const auto add = [&](std::vector<eim::Identity> given) {
        return r.world.eim.server.add_devices({eim::Device{.eid = eid, .identities = std::move(given)}},
                                              r.world.now);
    };
    // A second key under the same CI is somebody else's, whatever its certificate says. SR-22
    const euicc::KeySet twin = keys_of(r.second, eid, r.world.random);
    const auto refused = add({pair_of(first), pair_of(other), pair_of(twin)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::conflict);
    CHECK(std::string_view(refused.error().where) == "euiccCertificate: another key");
    const auto stranger = add({pair_of(r.device.identity.keys[1])});
    REQUIRE_FALSE(stranger);
    CHECK(std::string_view(stranger.error().where) == "euiccCertificate: another EID");
    REQUIRE(add({pair_of(first), pair_of(other)}));
    const auto known = **r.world.eim.store->device(eid);
    REQUIRE(known.identities.size() == 2);
    CHECK(hex(known.identities[0].ci) == hex(r.world.pki.anchor.key_id));
    CHECK(hex(known.identities[1].ci) == hex(r.second.anchor.key_id));
}

TEST_CASE("when compact forms leave out certificates, those of the session's CI are put back") {
    Rotation r(crypto::Curve::p256, kIndirect);
    using Feature = rsp::IpaCapabilities::IpaFeatures;
    r.device.config.capabilities.ipa_features.mask |=
        asn1::bit(static_cast<unsigned>(Feature::minimize_esipa_bytes)).mask;
    r.move_server();
    size_t shown = 0; // full certificates on ESipa during the session
    const auto before = r.world.tap;
    r.world.tap = [&](ipa::Peer to, bool answer, OwnedBytes& message) {
        before(to, answer, message);
        const bool in_session = to == ipa::Peer::eim && !answer && message[1] == 0x3B;
        if (in_session && hex(message).find(r.of_card(1)) != std::string::npos) ++shown;
    };
    size_t whole = 0; // what the SM-DP+ got
    r.world.eim.relayed = [&](Bytes message) {
        if (hex(message).find(r.of_card(1)) != std::string::npos) ++whole;
    };
    (void)r.download();
    CHECK(r.download_order().state == eim::State::succeeded);
    CHECK(shown == 0);
    CHECK(whole >= 1);
}
