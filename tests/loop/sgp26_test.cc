// The published test identity (GSMA SGP.26, variant O) in a card and in an SM-DP+ of ours: nothing of the
// certificates between them is of our making.
#include "tests/loop/hand.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace halyard;
using namespace halyard::loop;

namespace {
const std::filesystem::path& directory() {
    static const char* shared = std::getenv("HALYARD_SHARED");
    static const std::filesystem::path out =
        std::filesystem::path(shared ? shared : "../shared") / "data/sgp26";
    return out;
}
bool is_there() {
    if (std::filesystem::exists(directory())) return true;
    MESSAGE("SKIPPED: no SGP.26 set at " << directory().string());
    return false;
}
OwnedBytes load(const std::string& path) {
    std::ifstream in(directory() / path, std::ios::binary);
    OwnedBytes out(std::istreambuf_iterator<char>(in), {});
    INFO(path);
    REQUIRE_FALSE(out.empty());
    return out;
}
// "DPauth", "S_SM_DPauth", "NIST"
pki::Credential credential(const std::string& folder, const std::string& who, const std::string& curve) {
    pki::Credential out;
    const auto certificate =
        crypto::Certificate::parse(load(folder + "/CERT_" + who + "_ECDSA_" + curve + ".der"));
    REQUIRE(certificate);
    out.certificate = *certificate;
    auto key = crypto::PrivateKey::from_pem(load(folder + "/SK_" + who + "_ECDSA_" + curve + ".pem"));
    REQUIRE(key);
    out.key = std::move(*key);
    CHECK(*out.certificate.public_key == out.key.public_key());
    return out;
}
Pki published(const std::string& curve, Random& random, const std::string& server = "S_SM_DP") {
    return {credential("CertificateIssuer", "CI", curve),
            credential("EUM", "EUM", curve),
            credential("DPauth", server + "auth", curve),
            credential("DPpb", server + "pb", curve),
            random};
}
constexpr const char* kEid = "89049032123451234512345678901235"; // SGP.26, subject of CERT.EUICC

struct Published {
    SeededRandom random{26};
    World world;
    Device& card;
    explicit Published(const std::string& curve, const std::string& server = "S_SM_DP")
        : world(26, published(curve, random, server)),
          card(world.add_device(
              *eid_from_text(kEid), credential("eUICC", "EUICC", curve), ipa::Config::Download::direct)) {}
};
} // namespace

TEST_CASE(
    "when card and SM-DP+ have the certificates of SGP.26, a profile is downloaded, enabled and reported") {
    if (!is_there()) return;
    for (const char* curve : {"NIST", "BRP"})
        for (const char* server : {"S_SM_DP", "S_SM_DP2"}) {
            CAPTURE(curve);
            CAPTURE(server);
            Published p(curve, server);
            CHECK(p.world.smdp.config.oid == (std::string(server) == "S_SM_DP" ? "2.999.10" : "2.999.12"));
            const std::string code = p.world.smdp.order(iccid_text(1), "001010000000001", p.world.now);
            const std::string loaded = p.world.eim.download(p.card.identity.eid, code);
            REQUIRE(p.world.run());
            CHECK(p.world.eim.operation(loaded).state == eim::State::succeeded);
            const std::string enabled = p.world.eim.enable(p.card.identity.eid, iccid_text(1));
            REQUIRE(p.world.poll());
            CHECK(p.world.eim.operation(enabled).state == eim::State::succeeded);
            CHECK(p.card.card_iccid() == iccid_text(1));
            // The SM-DP+ has seen the card's signature under what SGP.26 made.
            CHECK(p.world.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
        }
}

TEST_CASE("when a card has the published identity, EUICCInfo1 names the key identifiers that SGP.26 prints") {
    if (!is_there()) return;
    for (const auto& [curve, ci] : {std::pair("NIST", "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"),
                                    std::pair("BRP", "C0BC70BA36929D43B467FF57570530E57AB8FCD8")}) {
        Published p(curve);
        const std::string info = hex(p.card.es10(*from_hex("BF2000")));
        CHECK(info.find(std::string("A9160414") + ci) != std::string::npos);
        CHECK(info.find(std::string("AA160414") + ci) != std::string::npos);
        CHECK(hex(p.card.es10(*from_hex("BF3E035C015A"))) == std::string("BF3E125A10") + kEid);
    }
}

TEST_CASE("when the SM-DP+ is under the CI of the other curve, card and SM-DP+ find nothing in common") {
    if (!is_there()) return;
    Published p("NIST");
    SeededRandom random{1};
    const Pki other = published("BRP", random);
    Smdp stranger(other, random);
    const auto info = p.card.es10(*from_hex("BF2000"));
    const OwnedBytes drawn = p.card.es10(*from_hex("BF2E00"));
    const auto challenge = asn1::decode<rsp::GetEuiccChallengeResponse>(drawn);
    REQUIRE(challenge);
    rsp::InitiateAuthenticationRequest request;
    request.euicc_challenge = challenge->euicc_challenge;
    request.smdp_address = kSmdpAddress;
    request.euicc_info1.der = info;
    const auto answer = stranger.exchange(*asn1::encode(request), kBegin);
    REQUIRE(answer);
    REQUIRE(answer->failed);
    CHECK(rsp::describe(*answer->failed).find("8.8.2/3.1") != std::string::npos);
}
