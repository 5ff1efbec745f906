// Every refusal of the five ES9+ functions with its codes. SGP.22 §5.6.1 to §5.6.5
#include "binding/es9_json.h"
#include "profile/package.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
constexpr Time kHour{3'600'000};

struct Bench {
    SeededRandom random{11};
    Pki pki{random};
    Smdp smdp{pki, random};
    Handset phone{pki, smdp, random};
    Bench() { phone.matching_id = order(1); }
    std::string order(unsigned n) {
        return matching_id_of(smdp.order(iccid_text(n), "00101000000000" + std::to_string(n % 10), kBegin));
    }
    smdp::OrderState state(unsigned n = 1) { return smdp.find(iccid_text(n)).state; }
};
OwnedBytes other_ci() { return OwnedBytes(20, 0x77); }
} // namespace

TEST_CASE("when initiateAuthentication cannot be served, the code says why") {
    Bench b;
    SUBCASE("foreign address") {
        b.phone.smdp_address = "other.loop.test";
        CHECK(codes(b.phone.initiate()) == "8.8.1/3.8");
    }
    SUBCASE("the address is compared without regard to case") {
        b.phone.smdp_address = "SMDP.Loop.Test";
        CHECK(codes(b.phone.initiate()) == "");
    }
    SUBCASE("version 1 of the specification") {
        b.phone.svn = {1, 1, 0};
        CHECK(codes(b.phone.initiate()) == "8.8.3/3.1");
    }
    SUBCASE("no CI that eUICCs sign under") {
        b.phone.signing = {other_ci()};
        CHECK(codes(b.phone.initiate()) == "8.8.2/3.1");
    }
    SUBCASE("no CI that the eUICC verifies under") {
        b.phone.verification = {other_ci()};
        CHECK(codes(b.phone.initiate()) == "8.8.4/3.7");
    }
    SUBCASE("several things wrong: the address is judged first, then the version") {
        b.phone.signing = b.phone.verification = {other_ci()};
        b.phone.svn = {1, 0, 0};
        CHECK(codes(b.phone.initiate()) == "8.8.3/3.1");
        b.phone.smdp_address = "other.loop.test";
        CHECK(codes(b.phone.initiate()) == "8.8.1/3.8");
    }
    SUBCASE("the eUICC's first common CI is chosen") {
        b.phone.signing = {other_ci(), b.pki.anchor.key_id};
        b.phone.verification = {other_ci(), b.pki.anchor.key_id};
        CHECK(codes(b.phone.initiate()) == "");
    }
}

TEST_CASE("when authenticateClient is wrong in one point, the code names that point") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    SUBCASE("unknown transaction") {
        b.phone.transaction_id.assign(16, 0x01);
        CHECK(codes(b.phone.authenticate()) == "8.10.1/3.9");
    }
    SUBCASE("EUM under another CI") {
        const Pki other(b.random);
        b.phone.eum_certificate = other.eum.certificate.der;
        CHECK(codes(b.phone.authenticate()) == "8.11.1/3.9");
    }
    SUBCASE("EUM certificate changed") {
        const auto& der = b.phone.eum_certificate;
        b.phone.eum_certificate = flipped(der, der.size() * 8 - 1); // in the signature
        CHECK(codes(b.phone.authenticate()) == "8.1.2/6.1");
    }
    SUBCASE("a server certificate in place of the EUM's") {
        b.phone.eum_certificate = b.pki.dp_auth.certificate.der;
        CHECK(codes(b.phone.authenticate()) == "8.1.2/6.1");
    }
    SUBCASE("EUM certificate expired") {
        auto request = b.pki.request(rsp::Role::eum, "Loop EUM");
        request.eid_prefix = "89049032";
        request.permitted_organization = "Loop";
        request.validity.to = kBegin - Time(1000);
        b.phone.eum_certificate = pki::certify(request, b.pki.eum.key.public_key(), b.pki.ci, b.random)->der;
        CHECK(codes(b.phone.authenticate()) == "8.1.2/6.3");
    }
    SUBCASE("eUICC certificate changed") {
        const auto& der = b.phone.euicc_certificate;
        b.phone.euicc_certificate = flipped(der, der.size() * 8 - 1);
        CHECK(codes(b.phone.authenticate()) == "8.1.3/6.1");
    }
    SUBCASE("eUICC certificate expired, and not yet valid") {
        auto request = b.pki.request(rsp::Role::euicc, "Loop eUICC");
        request.subject.serial_number = to_text(b.phone.eid);
        const auto certify = [&] {
            return pki::certify(request, b.phone.euicc.key.public_key(), b.pki.eum, b.random)->der;
        };
        request.validity.to = kBegin - Time(1000);
        b.phone.euicc_certificate = certify();
        CHECK(codes(b.phone.authenticate()) == "8.1.3/6.3");
        request.validity = {kBegin + Time(1000), kBegin + Time(kDay)};
        b.phone.euicc_certificate = certify();
        CHECK(codes(b.phone.authenticate()) == "8.1.3/6.3");
    }
    SUBCASE("an EID outside the EUM's range") {
        auto request = b.pki.request(rsp::Role::euicc, "Loop eUICC");
        request.subject.serial_number = to_text(*pki::make_eid("89033023", 1));
        b.phone.euicc_certificate =
            pki::certify(request, b.phone.euicc.key.public_key(), b.pki.eum, b.random)->der;
        CHECK(codes(b.phone.authenticate()) == "8.1.3/6.1");
    }
    SUBCASE("signed with another key") {
        b.phone.euicc.key = b.pki.eum.key.clone();
        CHECK(codes(b.phone.authenticate()) == "8.1/6.1");
    }
    SUBCASE("another challenge signed") {
        b.phone.server_challenge.assign(16, 0x55);
        CHECK(codes(b.phone.authenticate()) == "8.1/6.1");
    }
    SUBCASE("another server signed") {
        b.phone.server_address = "other.loop.test";
        CHECK(codes(b.phone.authenticate()) == "8.1/6.1");
    }
    SUBCASE("no matching id") {
        b.phone.matching_id.clear();
        CHECK(codes(b.phone.authenticate()) == "8.1.1/3.8");
    }
    SUBCASE("not enough memory") {
        b.phone.card_resource = {0x82, 0x02, 0x01, 0x00};
        CHECK(codes(b.phone.authenticate()) == "8.1/4.8");
    }
    SUBCASE("the session is too old") {
        b.phone.now += kHour + Time(1);
        CHECK(codes(b.phone.authenticate()) == "8.10.1/3.9");
    }
    SUBCASE("a second, different request in one session") {
        REQUIRE(codes(b.phone.authenticate()) == "");
        b.phone.card_resource = {0x82, 0x04, 0x00, 0x07, 0x00, 0x00};
        CHECK(codes(b.phone.authenticate()) == "8.10.1/3.9");
    }
    // What was refused left the order as it was: the true owner can still have it.
    if (b.smdp.find(iccid_text(1)).attempts == 0) CHECK_FALSE(b.smdp.find(iccid_text(1)).eid);
}

TEST_CASE("when an order is unknown, used, in error or expired, strangers get one and the same answer") {
    Bench b;
    Handset stranger(b.pki, b.smdp, b.random, 2);
    const auto ask = [&](std::string id) {
        stranger.matching_id = std::move(id);
        REQUIRE(codes(stranger.initiate()) == "");
        auto answer = stranger.authenticate();
        // The transaction is no part of a refusal, so the whole answers can be compared.
        return codes(answer) + " " + answer.failed->message + " " + hex(answer.der) +
               *binding::answer_to_json(rsp::Es9Function::authenticate_client, answer);
    };
    const std::string unknown = ask("00000000000000000000000000000000");
    CHECK(unknown.starts_with("8.2.6/3.8 "));

    const std::string used = b.phone.matching_id;
    REQUIRE(b.phone.download());
    b.phone.send(b.phone.installation_message(1, iccid_text(1)));
    REQUIRE(b.state() == smdp::OrderState::installed);
    CHECK(ask(used) == unknown);

    const std::string withdrawn = b.order(2);
    REQUIRE(b.smdp.server.cancel(withdrawn, kBegin));
    CHECK(ask(withdrawn) == unknown);

    const std::string rejected = b.phone.matching_id = b.order(3);
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    b.phone.send(b.phone.cancel_message(rsp::CancelSessionReason::end_user_rejection));
    REQUIRE(b.state(3) == smdp::OrderState::error);
    CHECK(ask(rejected) == unknown);
    CHECK(ask("NOT A MATCHING ID; '--") == unknown);
    CHECK(ask(std::string(255, 'A')) == unknown);
}

TEST_CASE(
    "when an order is for another eUICC or expired, its owner learns that, nobody else more than refused") {
    Bench b;
    const auto place = [&](unsigned n, std::optional<Eid> eid, Time expires) {
        const auto package =
            profile::sample_operational({.iccid = iccid(iccid_text(n)), .imsi = "001010000000009"});
        rsp::StoreMetadataRequest m{
            .iccid = iccid(iccid_text(n)), .service_provider_name = "L", .profile_name = "L"};
        const auto placed = b.smdp.server.place({.package = owned(package->reveal()),
                                                 .metadata = *asn1::encode(m),
                                                 .eid = eid,
                                                 .expires = expires},
                                                kBegin);
        REQUIRE(placed);
        return placed->matching_id;
    };
    Handset other(b.pki, b.smdp, b.random, 2);
    const auto ask = [](Handset& h, const std::string& id) {
        h.matching_id = id;
        REQUIRE(codes(h.initiate()) == "");
        return codes(h.authenticate());
    };
    const auto bound = place(5, b.phone.eid, Time(0));
    CHECK(ask(other, bound) == "8.1.1/3.8");
    CHECK(ask(b.phone, bound) == "");

    const auto late = place(6, b.phone.eid, kBegin + kHour / 2);
    CHECK(ask(b.phone, late) == "");
    b.phone.now = other.now = kBegin + kHour / 2 + Time(1);
    CHECK(codes(b.phone.package()) == "8.8.5/4.10"); // SGP.22 v2.5 judges it here
    CHECK(ask(b.phone, late) == "8.8.5/4.10");
    CHECK(ask(other, late) == "8.2.6/3.8");
    const auto nobodys = place(7, std::nullopt, kBegin + kHour / 2);
    CHECK(ask(b.phone, nobodys) == "8.2.6/3.8");
}

TEST_CASE("when an order is tried too often, it ends in error") {
    Bench b;
    b.smdp.config.attempts = 3;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(codes(b.phone.initiate()) == "");
        REQUIRE(codes(b.phone.authenticate()) == "");
    }
    REQUIRE(codes(b.phone.initiate()) == "");
    CHECK(codes(b.phone.authenticate()) == "8.8.5/6.4");
    CHECK(b.state() == smdp::OrderState::error);
    REQUIRE(codes(b.phone.initiate()) == "");
    CHECK(codes(b.phone.authenticate()) == "8.2.6/3.8");
}

TEST_CASE("when getBoundProfilePackage is wrong in one point, the code names that point") {
    Bench b;
    SUBCASE("before authenticateClient") {
        REQUIRE(codes(b.phone.initiate()) == "");
        b.phone.smdp_signature2.assign(64, 1);
        CHECK(codes(b.phone.package()) == "8.10.1/3.9");
        return;
    }
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    SUBCASE("unknown transaction") {
        b.phone.transaction_id.assign(16, 0x01);
        CHECK(codes(b.phone.package()) == "8.10.1/3.9");
    }
    SUBCASE("another transaction signed") {
        OwnedBytes message = b.phone.package_message();
        // Outside BF21 the right one, inside, signed, a wrong one.
        const OwnedBytes right = b.phone.transaction_id;
        b.phone.transaction_id.assign(16, 0x01);
        message = b.phone.package_message();
        const auto outer = std::search(
            message.begin(), message.end(), b.phone.transaction_id.begin(), b.phone.transaction_id.end());
        REQUIRE(outer != message.end());
        std::copy(right.begin(), right.end(), outer);
        CHECK(codes(b.phone.send(message)) == "8.10.1/3.9");
    }
    SUBCASE("another key") {
        b.phone.euicc.key = b.pki.eum.key.clone();
        CHECK(codes(b.phone.package()) == "8.1/6.1");
    }
    SUBCASE("not about this server's signature") {
        b.phone.smdp_signature2[0] ^= 1;
        CHECK(codes(b.phone.package()) == "8.1/6.1");
    }
    SUBCASE("any bit of the request changed") {
        const OwnedBytes message = b.phone.package_message();
        for (size_t bit = 0; bit < message.size() * 8; ++bit) {
            const auto answer = b.smdp.exchange(flipped(message, bit), b.phone.now);
            if (answer) CHECK(answer->failed);
        }
        CHECK(b.state() == smdp::OrderState::released);
    }
    SUBCASE("the eUICC reports an error instead") {
        rsp::PrepareDownloadResponse r;
        r.is = rsp::PrepareDownloadResponseError{};
        const OwnedBytes whole = *asn1::encode(r);
        rsp::GetBoundProfilePackageRequest q{.transaction_id = b.phone.transaction_id};
        q.prepare_download_response.der = whole;
        CHECK(codes(b.phone.send(*asn1::encode(q))) == "8.1/6.1");
    }
    SUBCASE("the session is too old") {
        b.phone.now += kHour + Time(1);
        CHECK(codes(b.phone.package()) == "8.10.1/3.9");
    }
    SUBCASE("the order was withdrawn meanwhile") {
        REQUIRE(b.smdp.server.cancel(b.phone.matching_id, kBegin));
        CHECK(codes(b.phone.package()) == "8.8.5/4.10");
    }
    SUBCASE("the session was cancelled") {
        CHECK(codes(b.phone.send(b.phone.cancel_message(rsp::CancelSessionReason::postponed))) == "");
        CHECK(codes(b.phone.package()) == "8.10.1/3.9");
    }
}

TEST_CASE("when cancelSession is wrong in one point, the code names that point") {
    Bench b;
    using Reason = rsp::CancelSessionReason;
    REQUIRE(codes(b.phone.initiate()) == "");
    CHECK(codes(b.phone.send(b.phone.cancel_message(Reason::postponed))) == "8.10.1/3.9"); // nobody known yet
    REQUIRE(codes(b.phone.authenticate()) == "");
    SUBCASE("unknown transaction") {
        b.phone.transaction_id.assign(16, 0x01);
        CHECK(codes(b.phone.send(b.phone.cancel_message(Reason::postponed))) == "8.10.1/3.9");
    }
    SUBCASE("another key") {
        b.phone.euicc.key = b.pki.eum.key.clone();
        CHECK(codes(b.phone.send(b.phone.cancel_message(Reason::postponed))) == "8.1/6.1");
    }
    SUBCASE("another server's OID") {
        b.phone.smdp_oid = {0x88, 0x37, 0x0B};
        CHECK(codes(b.phone.send(b.phone.cancel_message(Reason::postponed))) == "8.8/3.10");
    }
    CHECK(b.state() == smdp::OrderState::released);
}

TEST_CASE("when a refusal goes out as JSON, header and codes are where the standard has them") {
    Bench b;
    b.phone.matching_id = "WRONG";
    REQUIRE(codes(b.phone.initiate()) == "");
    const auto answer = b.phone.authenticate();
    CHECK(*binding::answer_to_json(rsp::Es9Function::authenticate_client, answer) ==
          R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
          R"({"subjectCode":"8.2.6","reasonCode":"3.8","message":"matchingId refused"}}}})");
    CHECK(hex(answer.der) == "BF3B03810106"); // matchingIdRefused(6)
}
