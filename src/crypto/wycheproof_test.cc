// Project Wycheproof's vectors, where a copy lies beside the sources. Every vector is run and counted.
#include "crypto/aes.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

using namespace halyard;
using crypto::Curve, nlohmann::json;

namespace {
std::optional<json> load(const char* name) {
    const char* shared = std::getenv("HALYARD_SHARED");
    const auto path = std::filesystem::path(shared ? shared : "../shared") / "data/wycheproof" / name;
    if (!std::filesystem::exists(path)) {
        MESSAGE("SKIPPED: no Wycheproof vectors at " << path.string());
        return std::nullopt;
    }
    std::ifstream in(path);
    return json::parse(in);
}
OwnedBytes octets(const json& hex) { return *from_hex(hex.get_ref<const std::string&>()); }
bool is(const json& test, const char* result) { return test["result"] == result; }

// Scalars there are INTEGERs: a 00 in front or leading zeros left out.
OwnedBytes scalar(const json& hex) {
    OwnedBytes raw = octets(hex);
    while (raw.size() > 32 && raw.front() == 0) raw.erase(raw.begin());
    raw.insert(raw.begin(), 32 - raw.size(), 0);
    return raw;
}

void run_ecdsa(const char* file, Curve curve) {
    const auto data = load(file);
    if (!data) return;
    size_t run = 0, accepted = 0;
    for (const json& group : (*data)["testGroups"]) {
        const auto key = crypto::public_key_from_spki(octets(group["publicKeyDer"]));
        REQUIRE(key);
        REQUIRE(key->curve == curve);
        REQUIRE(same(key->point, octets(group["publicKey"]["uncompressed"])));
        REQUIRE(same(crypto::to_spki(*key), octets(group["publicKeyDer"])));
        for (const json& test : group["tests"]) {
            CAPTURE(test["tcId"].get<int>());
            const OwnedBytes message = octets(test["msg"]);
            const bool ok = crypto::verify(*key, {message}, octets(test["sig"])).has_value();
            CHECK(ok == is(test, "valid"));
            ++run;
            accepted += ok;
        }
    }
    CHECK(run == (*data)["numberOfTests"].get<size_t>());
    CHECK(accepted > 0);
    CHECK(accepted < run);
}
} // namespace

TEST_CASE("when Wycheproof checks ECDSA over P-256 with r and s side by side, verdicts agree") {
    run_ecdsa("ecdsa_secp256r1_sha256_p1363_test.json", Curve::p256);
}

TEST_CASE("when Wycheproof checks ECDSA over brainpoolP256r1, verdicts agree") {
    run_ecdsa("ecdsa_brainpoolP256r1_sha256_p1363_test.json", Curve::brainpool256);
}

// RSP allows uncompressed points only, so "acceptable" compressed ones are refused here.
TEST_CASE("when Wycheproof checks ECDH over P-256, secrets agree and bad points are refused") {
    const auto data = load("ecdh_secp256r1_ecpoint_test.json");
    if (!data) return;
    size_t run = 0, agreed = 0;
    for (const json& group : (*data)["testGroups"])
        for (const json& test : group["tests"]) {
            CAPTURE(test["tcId"].get<int>());
            ++run;
            const auto peer = crypto::public_key_from_point(Curve::p256, octets(test["public"]));
            CHECK(peer.has_value() == is(test, "valid"));
            if (!peer) continue;
            const auto own = crypto::PrivateKey::from_scalar(Curve::p256, scalar(test["private"]));
            REQUIRE(own);
            const auto shared = crypto::ecka(*own, *peer);
            REQUIRE(shared);
            CHECK(same(shared->reveal(), octets(test["shared"])));
            ++agreed;
        }
    CHECK(run == (*data)["numberOfTests"].get<size_t>());
    CHECK(agreed > 0);
}

// AES-128 is the only size RSP knows and the only one AesKey can hold: groups of other sizes are counted
// apart.
TEST_CASE("when Wycheproof checks AES-CMAC, tags agree and modified ones differ") {
    const auto data = load("aes_cmac_test.json");
    if (!data) return;
    size_t run = 0, other_sizes = 0, equal = 0;
    for (const json& group : (*data)["testGroups"])
        for (const json& test : group["tests"]) {
            CAPTURE(test["tcId"].get<int>());
            const OwnedBytes key = octets(test["key"]), message = octets(test["msg"]);
            if (key.size() != 16) {
                ++other_sizes;
                continue;
            }
            const auto mac =
                crypto::aes_cmac(crypto::AesKey(std::span<const uint8_t, 16>(key.data(), 16)), {message});
            REQUIRE(mac);
            const bool ok = crypto::equal(*mac, octets(test["tag"]));
            CHECK(ok == is(test, "valid"));
            ++run;
            equal += ok;
        }
    CHECK(run + other_sizes == (*data)["numberOfTests"].get<size_t>());
    CHECK(equal > 0);
    CHECK(equal < run);
}
