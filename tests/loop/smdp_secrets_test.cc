// What lies on the SM-DP+'s disk. SR-42
#include "profile/package.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Directory {
    std::filesystem::path path;
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-smdp-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    /// Every octet of every file.
    OwnedBytes everything() const {
        OwnedBytes all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
            std::ifstream in(entry.path(), std::ios::binary);
            append(all, OwnedBytes(std::istreambuf_iterator<char>(in), {}));
        }
        return all;
    }
};
bool contains(const OwnedBytes& all, Bytes part) {
    return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
}
} // namespace

TEST_CASE("when orders are placed and downloaded, K, OPc and PINs are nowhere on the disk in the clear") {
    Directory dir;
    SeededRandom random{14};
    const Pki pki{random};
    Smdp smdp{pki, random};
    auto store = store::SmdpStore::open(dir.path / "smdp.db");
    REQUIRE(store);
    smdp::Server server(smdp.config, **store, random);

    const auto k = *random.draw<16>(), opc = *random.draw<16>();
    profile::Personal personal;
    personal.k = Secret<16>(k);
    personal.opc = Secret<16>(opc);
    personal.puk1 = "73519264";
    const auto sample =
        profile::sample_operational({.iccid = iccid(iccid_text(1)), .imsi = "001010000000001"});
    const auto package = profile::personalise(sample->reveal(), personal);
    REQUIRE(package);
    REQUIRE(contains(owned(package->reveal()), k)); // the search below would find it
    rsp::StoreMetadataRequest m{
        .iccid = iccid(iccid_text(1)), .service_provider_name = "Loop", .profile_name = "Loop"};
    REQUIRE(server.place({.package = owned(package->reveal()), .metadata = *asn1::encode(m)}, kBegin));
    const OwnedBytes disk = dir.everything();
    CHECK(contains(disk, bytes_of("SQLite format 3")));
    CHECK(contains(disk, *asn1::encode(m))); // metadata is no secret
    CHECK_FALSE(contains(disk, k));
    CHECK_FALSE(contains(disk, opc));
    CHECK_FALSE(contains(disk, bytes_of("73519264")));
    CHECK_FALSE(contains(disk, package->reveal().last(64)));
}

TEST_CASE("when sealed packages are exchanged between orders, none of them opens") {
    SeededRandom random{15};
    const Pki pki{random};
    Smdp smdp{pki, random};
    Handset phone{pki, smdp, random};
    phone.matching_id = matching_id_of(smdp.order(iccid_text(1), "001010000000001", kBegin));
    smdp.order(iccid_text(2), "001010000000002", kBegin);
    const OwnedBytes stolen = smdp.store->sealed_package(iccid(iccid_text(2)))->octets;
    REQUIRE(codes(phone.initiate()) == "");
    const OwnedBytes put_back = smdp.store->sealed_package(iccid(iccid_text(1)))->octets;
    const auto swap = [&](const OwnedBytes& sealed) {
        return smdp.store->database().write([&](store::Connection& c) -> Ok {
            auto q = TRY(c.prepare("UPDATE packages SET sealed=? WHERE iccid=?"));
            return q.bind(Bytes(sealed)).bind(Bytes(iccid(iccid_text(1)))).run();
        });
    };
    REQUIRE(swap(stolen)); // before authenticateClient looks at it, and after
    auto answer = smdp.exchange(phone.client_message(), kBegin);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::unverified);
    REQUIRE(swap(put_back));
    REQUIRE(codes(phone.authenticate()) == "");
    REQUIRE(swap(stolen));
    answer = smdp.exchange(phone.package_message(), kBegin);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::unverified);
    CHECK(smdp.find(iccid_text(1)).state == smdp::OrderState::released);
}

TEST_CASE("when an order has a confirmation code, neither the code nor its hash is on the disk") {
    Directory dir;
    SeededRandom random{16};
    const Pki pki{random};
    Smdp smdp{pki, random};
    auto store = store::SmdpStore::open(dir.path / "smdp.db");
    REQUIRE(store);
    smdp::Order order{.iccid = iccid(iccid_text(1))};
    smdp::Vault vault{smdp.config.storage_key, **store, random};
    order.code = *smdp::seal_code(vault, order, "27182818");
    REQUIRE((*store)->commit({.insert_order = &order}));
    const OwnedBytes disk = dir.everything();
    CHECK(contains(disk, order.code)); // the search would find it
    CHECK_FALSE(contains(disk, bytes_of("27182818")));
    // SHA-256 of "27182818", by sha256sum
    CHECK_FALSE(
        contains(disk, *from_hex("3D83F2291273EDBD21A43F61A7C7C58083A7BE5BC1A4C9DFD23022A5F7FFFABC")));
}
