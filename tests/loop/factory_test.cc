// The profile factory: what is kept is a template and a row; what leaves is the package made of both. SR-42
#include "asn1/tlv.h"
#include "profile/package.h"
#include "smdp/es2.h"
#include "smdp/maker.h"
#include "smdp/subscriber.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
profile::Personal subscriber(unsigned n) {
    profile::Personal p;
    p.iccid = iccid(iccid_text(n));
    p.imsi = "00101000000000" + std::to_string(n);
    p.k.emplace(std::span<const uint8_t, 16>(std::array<uint8_t, 16>{0xA1, static_cast<uint8_t>(n)}));
    p.opc.emplace(std::span<const uint8_t, 16>(std::array<uint8_t, 16>{0xB2, static_cast<uint8_t>(n)}));
    p.algorithm = profile::AkaAlgorithm::milenage;
    p.pin1 = "4711";
    p.puk1 = "73519264";
    p.adm1 = "19283746";
    p.service_provider = "Factory";
    return p;
}

struct Factory {
    SeededRandom random{31};
    Pki pki{random};
    Smdp smdp{pki, random};
    smdp::Vault vault{smdp.config.storage_key, *smdp.store, random};
    Handset phone{pki, smdp, random};
    SecretBytes first = *profile::sample_operational({.iccid = iccid(iccid_text(90)), .type = "first"});
    SecretBytes second = *profile::sample_operational({.iccid = iccid(iccid_text(90)), .type = "second"});

    uint32_t add(const SecretBytes& package, std::string operator_id = "alpha", uint64_t low = 0) {
        const auto t = smdp::add_type(vault,
                                      *smdp.store,
                                      {.operator_id = std::move(operator_id),
                                       .type = "data",
                                       .package = package.reveal(),
                                       .name = "Loop",
                                       .profile_class = "operational",
                                       .low_water = low},
                                      kBegin);
        REQUIRE(t);
        return t->version;
    }
    /// The package that belongs to it.
    SecretBytes load(unsigned n, const std::string& operator_id = "alpha") {
        const auto maker = smdp::Maker::open(vault, *smdp.store, operator_id, "data");
        REQUIRE(maker);
        const auto p = subscriber(n);
        auto package = maker->make(p);
        REQUIRE(package);
        rsp::StoreMetadataRequest m{
            .iccid = *p.iccid, .service_provider_name = "Loop", .profile_name = "Loop"};
        auto row = maker->stocked(vault, p, package->size(), *asn1::encode(m), kBegin);
        REQUIRE(row);
        const std::array<smdp::Stocked, 1> rows{std::move(*row)};
        const auto put = smdp.store->put_in_stock(rows);
        REQUIRE(put);
        REQUIRE((*put)[0]);
        return std::move(*package);
    }
    /// From stock to a matching id.
    void order(unsigned n, const std::string& operator_id = "alpha") {
        smdp::Es2 es2{smdp.config, *smdp.store, random};
        const smdp::Caller who{operator_id, {}};
        const Iccid id = iccid(iccid_text(n));
        const std::string call = std::to_string(n);
        const auto ordered = es2.download_order(who, {{"2.999", "d" + call}, {}, id}, {}, kBegin);
        REQUIRE(ordered);
        REQUIRE_FALSE(ordered->failed);
        const auto confirmed = es2.confirm_order(
            who, {.header = {"2.999", "c" + call}, .iccid = id, .release_flag = true}, {}, kBegin);
        REQUIRE(confirmed);
        REQUIRE_FALSE(confirmed->failed);
        phone.matching_id = confirmed->matching_id;
    }
    /// What the eUICC finds in the bound package that it was sent.
    OwnedBytes received() {
        const auto bpp = asn1::decode<rsp::BoundProfilePackage>(phone.bound);
        REQUIRE(bpp);
        const auto& channel = bpp->initialise_secure_channel_request.value;
        const auto otpk = crypto::public_key_from_point(crypto::Curve::p256, channel.smdp_otpk, "smdpOtpk");
        REQUIRE(otpk);
        auto bsp = rsp::Bsp::derive(phone.otsk, *otpk, channel.control_ref_template.host_id, phone.eid);
        REQUIRE(bsp);
        OwnedBytes out;
        const auto open = [&](uint8_t tag, Bytes content, bool keep) {
            const OwnedBytes tlv = asn1::tlv(tag, content);
            const auto plain = bsp->unprotect(tag, tlv);
            REQUIRE(plain);
            if (keep) append(out, plain->reveal());
        };
        (void)bpp->first_sequence_of87.for_each([&](const auto& t) { open(0x87, t.value, false); });
        (void)bpp->sequence_of88.for_each([&](const auto& t) {
            const OwnedBytes tlv = asn1::tlv(0x88, t.value);
            REQUIRE(bsp->check(0x88, tlv));
        });
        (void)bpp->sequence_of86.for_each([&](const auto& t) { open(0x86, t.value, true); });
        return out;
    }
    void sql(const char* statement, unsigned n, unsigned from) {
        REQUIRE(smdp.store->database().write([&](store::Connection& c) -> Ok {
            auto q = TRY(c.prepare(statement));
            return q.bind(Bytes(iccid(iccid_text(from)))).bind(Bytes(iccid(iccid_text(n)))).run();
        }));
    }
};
} // namespace

TEST_CASE("when a profile of a type is downloaded, it is the package that personalising the template gives") {
    Factory f;
    f.add(f.first);
    const SecretBytes expected = f.load(1);
    const auto by_hand = profile::personalise(f.first.reveal(), subscriber(1));
    REQUIRE(same(by_hand->reveal(), expected.reveal()));
    // What is stored of it is a row.
    const auto stored = f.smdp.store->sealed_package(iccid(iccid_text(1)));
    REQUIRE(stored);
    CHECK(stored->octets.size() < 200);
    CHECK(stored->size == expected.size());

    f.order(1);
    REQUIRE(f.phone.download());
    CHECK(same(f.received(), expected.reveal()));
}

TEST_CASE("when a type gets another template, profiles in stock are still made of theirs") {
    Factory f;
    CHECK(f.add(f.first) == 1);
    const SecretBytes old = f.load(1);
    CHECK(f.add(f.second) == 2);
    const SecretBytes young = f.load(2);
    CHECK_FALSE(same(old.reveal().first(60), young.reveal().first(60)));
    for (unsigned n : {1u, 2u}) {
        f.order(n);
        REQUIRE(f.phone.download());
        CHECK(same(f.received(), n == 1 ? old.reveal() : young.reveal()));
    }
    // A type that is removed keeps what its profiles need, and nothing else.
    REQUIRE(f.smdp.store->remove_type("alpha", "data"));
    CHECK(smdp::Maker::open(f.vault, *f.smdp.store, "alpha", "data").error().code == Errc::not_found);
    CHECK(f.smdp.store->templates()->size() == 2);
    CHECK(f.add(f.first) == 3);
    REQUIRE(f.smdp.store->remove_type("alpha", "data"));
    CHECK(f.smdp.store->templates()->size() == 2);
}

TEST_CASE("when sealed rows are exchanged between profiles, types or operators, none of them opens") {
    Factory f;
    f.add(f.first);
    f.add(f.first, "beta");
    f.load(1);
    f.load(2);
    f.load(3, "beta");
    f.smdp.order(iccid_text(4), "001010000000004", kBegin);
    f.smdp.order(iccid_text(5), "001010000000005", kBegin);
    const auto opens = [&](unsigned n) {
        const auto made = smdp::package_of(f.vault, *f.smdp.store, f.smdp.find(iccid_text(n)));
        if (!made) CHECK(made.error().code == Errc::unverified);
        return made.has_value();
    };
    for (unsigned n : {1u, 2u, 3u, 4u, 5u}) REQUIRE(opens(n));
    constexpr const char* kSwap = "UPDATE packages SET (sealed, sealed_as, key_id, template_version, size) = "
                                  "(SELECT sealed, sealed_as, key_id, template_version, size FROM packages "
                                  "WHERE iccid=?) WHERE iccid=?";
    f.sql(kSwap, 1, 2); // the same operator
    CHECK_FALSE(opens(1));
    f.sql(kSwap, 2, 3); // another operator's
    CHECK_FALSE(opens(2));
    f.sql(kSwap, 4, 5); // whole packages
    CHECK_FALSE(opens(4));
    CHECK(opens(3));
    CHECK(opens(5));
    // The profile given to another operator, or said to be of another version.
    f.sql("UPDATE orders SET operator_id=(SELECT operator_id FROM orders WHERE iccid=?) WHERE iccid=?", 3, 5);
    CHECK_FALSE(opens(3));
    f.add(f.second, "beta");
    f.load(6, "beta");
    REQUIRE(opens(6));
    f.sql("UPDATE packages SET template_version=(SELECT 1 FROM orders WHERE iccid=?) WHERE iccid=?", 6, 6);
    CHECK_FALSE(opens(6));
}

TEST_CASE("when templates are exchanged, nothing is made of them") {
    Factory f;
    f.add(f.first);
    f.add(f.second);
    f.load(1);
    REQUIRE(f.smdp.store->database().write([&](store::Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE templates SET sealed=(SELECT sealed FROM templates WHERE version=1)"));
        return q.run();
    }));
    CHECK(smdp::package_of(f.vault, *f.smdp.store, f.smdp.find(iccid_text(1))).error().code ==
          Errc::unverified);
}

TEST_CASE("when a row is written and read, every value comes back") {
    auto p = subscriber(7);
    p.pin2 = "1111";
    p.puk2 = "22222222";
    p.adm2 = "333333";
    p.acc = {0x00, 0x08};
    p.msisdn = "+4712345";
    p.service_centre = "4798";
    p.files.emplace_back(profile::FilePlace{.element = 300, .member = 0x9F1F, .created = 2, .size = 9},
                         OwnedBytes{1, 2, 3});
    const auto row = smdp::encode_subscriber(p);
    REQUIRE(row);
    const auto q = smdp::decode_subscriber(row->reveal());
    REQUIRE(q);
    CHECK(q->iccid == p.iccid);
    CHECK(q->imsi == p.imsi);
    CHECK(same(q->k->reveal(), p.k->reveal()));
    CHECK(same(q->opc->reveal(), p.opc->reveal()));
    CHECK(q->algorithm == p.algorithm);
    CHECK(q->pin1 == p.pin1);
    CHECK(q->puk1 == p.puk1);
    CHECK(q->adm1 == p.adm1);
    CHECK(q->pin2 == p.pin2);
    CHECK(q->puk2 == p.puk2);
    CHECK(q->adm2 == p.adm2);
    CHECK(q->service_provider == p.service_provider);
    CHECK(q->acc == p.acc);
    CHECK(q->msisdn == p.msisdn);
    CHECK(q->service_centre == p.service_centre);
    REQUIRE(q->files.size() == 1);
    CHECK(q->files[0].first.element == 300);
    CHECK(q->files[0].first.member == 0x9F1F);
    CHECK(q->files[0].first.created == 2);
    CHECK(hex(q->files[0].second) == "010203");
    CHECK_FALSE(smdp::encode_subscriber({}));
    for (size_t n = 0; n < row->size(); ++n) CHECK_FALSE(smdp::decode_subscriber(row->reveal().first(n)));
}
