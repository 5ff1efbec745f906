// Keys of secrets at rest: what a wrong key, a rotation that is cut short and a database of before come to.
// SR-42
#include "crypto/aes.h"
#include "smdp/es2.h"
#include "smdp/maker.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Safe {
    SeededRandom random{41};
    Pki pki{random};
    Smdp smdp{pki, random};
    smdp::Vault vault{smdp.config.storage_key, *smdp.store, random};

    bool opens(smdp::Vault& with, unsigned n) {
        return smdp::package_of(with, *smdp.store, smdp.find(iccid_text(n))).has_value();
    }
    /// Under which key numbers packages lie.
    std::multiset<uint32_t> keys(unsigned count) {
        std::multiset<uint32_t> out;
        for (unsigned n = 1; n <= count; ++n)
            out.insert(smdp.store->sealed_package(iccid(iccid_text(n)))->key);
        return out;
    }
    void order(unsigned n) { smdp.order(iccid_text(n), "00101000000000" + std::to_string(n), kBegin); }
    /// As version 4 sealed it: under the storage key itself, bound to `as`.
    void former(unsigned n, const std::string& as) {
        const auto package = *smdp::package_of(vault, *smdp.store, smdp.find(iccid_text(n)));
        const OwnedBytes sealed =
            *crypto::seal(smdp.config.storage_key, *random.draw<12>(), package.reveal(), bytes_of(as));
        REQUIRE(smdp.store->database().write([&](store::Connection& c) -> Ok {
            auto q = TRY(c.prepare("UPDATE packages SET sealed=?, sealed_as=?, key_id=0 WHERE iccid=?"));
            return q.bind(Bytes(sealed)).bind(as).bind(Bytes(iccid(iccid_text(n)))).run();
        }));
    }
};
} // namespace

TEST_CASE("when the storage key is another one, that is found at start") {
    Safe k;
    REQUIRE(k.vault.check(kBegin)); // a new store gets its first key
    const Secret<32> other;
    smdp::Vault wrong{other, *k.smdp.store, k.random};
    const auto at_start = wrong.check(kBegin);
    REQUIRE_FALSE(at_start);
    CHECK(at_start.error().code == Errc::unverified);
    CHECK(std::string(at_start.error().where) == "storage key");
    smdp::Vault again{k.smdp.config.storage_key, *k.smdp.store, k.random};
    CHECK(again.check(kBegin));
}

TEST_CASE("when a database has packages of before there were data keys, the same key opens them, another is "
          "found") {
    Safe k;
    k.order(1);
    k.former(1, to_text(iccid(iccid_text(1))));
    REQUIRE(k.smdp.store->database().write(
        [](store::Connection& c) -> Ok { return TRY(c.prepare("DELETE FROM data_keys")).run(); }));
    const Secret<32> other;
    smdp::Vault wrong{other, *k.smdp.store, k.random};
    CHECK(wrong.check(kBegin).error().code == Errc::unverified);
    smdp::Vault right{k.smdp.config.storage_key, *k.smdp.store, k.random};
    REQUIRE(right.check(kBegin));
    CHECK(k.opens(right, 1));
}

TEST_CASE(
    "when a package of before is put under another profile with all that was beside it, it is refused") {
    Safe k;
    for (unsigned n : {1u, 2u}) {
        k.order(n);
        k.former(n, "MATCHING-" + std::to_string(n)); // schema 3 bound it to that
    }
    CHECK(k.opens(k.vault, 1));
    k.former(2, "MATCHING-2");
    REQUIRE(k.smdp.store->database().write([](store::Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE packages SET (sealed, sealed_as) = (SELECT sealed, sealed_as FROM "
                               "packages WHERE iccid=?) WHERE iccid=?"));
        return q.bind(Bytes(iccid(iccid_text(2)))).bind(Bytes(iccid(iccid_text(1)))).run();
    }));
    CHECK_FALSE(k.opens(k.vault, 1));
}

TEST_CASE("when keys are renewed and the work is cut short, everything opens at every moment") {
    Safe k;
    constexpr unsigned kCount = 7;
    for (unsigned n = 1; n <= kCount; ++n) k.order(n);
    k.former(3, to_text(iccid(iccid_text(3))));
    smdp::Order coded = k.smdp.find(iccid_text(5));
    coded.code = *smdp::seal_code(k.vault, coded, "27182818");
    REQUIRE(k.smdp.store->commit({.order = &coded}));
    smdp::Vault running{k.smdp.config.storage_key, *k.smdp.store, k.random}; // a server, all the while
    for (unsigned n = 1; n <= kCount; ++n) REQUIRE(k.opens(running, n));

    REQUIRE(k.vault.renew("default", kBegin));
    CHECK(k.keys(kCount) == std::multiset<uint32_t>{0, 1, 1, 1, 1, 1, 1});
    size_t steps = 0, done = 0;
    for (;;) { // two commits, then the process ends
        size_t commits = 0;
        const auto some = smdp::reseal_all(k.vault, *k.smdp.store, 2, [&](size_t) { return ++commits < 4; });
        REQUIRE(some);
        done += *some;
        for (unsigned n = 1; n <= kCount; ++n) {
            CHECK(k.opens(running, n));
            CHECK(k.opens(k.vault, n));
        }
        const auto code = smdp::open_code(running, k.smdp.find(iccid_text(5)));
        REQUIRE(code);
        CHECK(hex(code->reveal()) == "3D83F2291273EDBD21A43F61A7C7C58083A7BE5BC1A4C9DFD23022A5F7FFFABC");
        if (*some == 0 || ++steps > 20) break;
        CHECK(k.keys(kCount).count(2) > 0);
    }
    CHECK(steps < 20);
    CHECK(done == kCount + 1);
    CHECK(k.keys(kCount) == std::multiset<uint32_t>{2, 2, 2, 2, 2, 2, 2});
    CHECK(*k.smdp.store->drop_idle_keys() == 1);
    smdp::Vault fresh{k.smdp.config.storage_key, *k.smdp.store, k.random};
    for (unsigned n = 1; n <= kCount; ++n) CHECK(k.opens(fresh, n));
}

TEST_CASE(
    "when the storage key is exchanged, the new one opens what lay under the former, which opens nothing") {
    Safe k;
    REQUIRE(k.vault.check(kBegin));
    k.order(1);
    Secret<32> next;
    REQUIRE(k.random.fill(next.writable()));
    REQUIRE(k.vault.rewrap(next));
    smdp::Vault fresh{next, *k.smdp.store, k.random};
    REQUIRE(fresh.check(kBegin));
    CHECK(k.opens(fresh, 1));
    smdp::Vault former{k.smdp.config.storage_key, *k.smdp.store, k.random};
    CHECK(former.check(kBegin).error().code == Errc::unverified);
    CHECK_FALSE(k.opens(former, 1));
}

TEST_CASE("when a wrapped key is another operator's, it does not open") {
    Safe k;
    k.smdp.stock(iccid_text(1), "data", "alpha", kBegin);
    k.smdp.stock(iccid_text(2), "data", "beta", kBegin);
    REQUIRE(k.smdp.store->database().write([](store::Connection& c) -> Ok {
        return TRY(c.prepare("UPDATE data_keys SET wrapped=(SELECT wrapped FROM data_keys WHERE "
                             "operator_id='beta') WHERE operator_id='alpha'"))
            .run();
    }));
    smdp::Vault fresh{k.smdp.config.storage_key, *k.smdp.store, k.random};
    CHECK_FALSE(k.opens(fresh, 1));
    CHECK(k.opens(fresh, 2));
}
