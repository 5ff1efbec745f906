// What an SM-DS answers to eUICCs. SGP.22 §3.6.2, §5.8
#include "tests/loop/smds_kit.h"

using namespace halyard;
using namespace halyard::loop;
using Bench = SmdsBench;

TEST_CASE("when nothing is registered, the list is empty and that is no failure") {
    Bench b;
    CHECK(ask(b.phone) == "");
    REQUIRE(codes(b.phone.initiate()) == "");
    // BF40 { A0 { 80 transactionId of 16 octets, A1 {} } }: 18 + 2 = 20, 22
    CHECK(hex(b.phone.send(b.phone.client_message()).der) ==
          "BF4016A0148010" + hex(b.phone.transaction_id) + "A100");
}

TEST_CASE("when events are registered, their eUICC finds all of them or the one it names, others find none") {
    Bench b;
    Handset other = b.ds.handset(b.pki, 2);
    CHECK(b.ds.add(b.phone.eid, "EVENT-1", "c1") == "");
    CHECK(b.ds.add(b.phone.eid, "EVENT-2", "c2", false, kOther, "dp2.loop.test") == "");
    CHECK(b.ds.add(other.eid, "EVENT-3", "c3") == "");
    CHECK(ask(b.phone) == "EVENT-1@smdp.loop.test EVENT-2@dp2.loop.test");
    CHECK(ask(b.phone, "EVENT-2") == "EVENT-2@dp2.loop.test");
    CHECK(ask(other) == "EVENT-3@smdp.loop.test");
}

TEST_CASE("when an event id is another eUICC's or nobody's, the answers are the same") {
    Bench b;
    Handset other = b.ds.handset(b.pki, 2);
    CHECK(b.ds.add(other.eid, "EVENT-3", "c3") == "");
    const auto whole = [&](const char* id) {
        b.phone.matching_id = id;
        REQUIRE(codes(b.phone.initiate()) == "");
        const auto answer = b.phone.send(b.phone.client_message());
        return codes(answer) + answer.failed->message + hex(answer.der);
    };
    const std::string foreign = whole("EVENT-3");
    CHECK(foreign.starts_with("8.9.5/3.9"));
    CHECK(foreign.ends_with("BF4003810106")); // eventIdUnknown
    CHECK(whole("EVENT-4") == foreign);
}

TEST_CASE("when initiateAuthentication cannot be served, the code says why, the address first") {
    Bench b;
    const OwnedBytes stranger(20, 0x77);
    SUBCASE("address") {
        b.phone.smdp_address = "other.loop.test";
        b.phone.svn = {1, 0, 0};
        CHECK(ask(b.phone) == "8.9.1/3.8");
    }
    SUBCASE("the address is compared without regard to case") {
        b.phone.smdp_address = "Root.Loop.Test";
        CHECK(ask(b.phone) == "");
    }
    SUBCASE("version, before the CIs") {
        b.phone.svn = {1, 0, 0};
        b.phone.signing = {stranger};
        CHECK(ask(b.phone) == "8.9.3/3.1");
    }
    SUBCASE("CI that eUICCs sign under, before the one they verify under") {
        b.phone.signing = b.phone.verification = {stranger};
        CHECK(ask(b.phone) == "8.9.2/3.1");
    }
    SUBCASE("CI that the eUICC verifies under") {
        b.phone.verification = {stranger};
        CHECK(ask(b.phone) == "8.9.4/3.7");
    }
    // Where the next check is wrong too, or nothing, the answer in ASN.1 has the integers of ES9+.
    b.phone.smdp_address = "other.loop.test";
    CHECK(hex(b.phone.send(b.phone.initiate_message()).der) == "BF3903810101");
}

TEST_CASE("when authenticateClient is wrong in one point, the code names that point and nothing is told") {
    Bench b;
    CHECK(b.ds.add(b.phone.eid, "EVENT-1", "c1") == "");
    REQUIRE(codes(b.phone.initiate()) == "");
    const auto answer = [&] { return events(b.phone.send(b.phone.client_message())); };
    const auto changed = [&](OwnedBytes der) { return flipped(der, der.size() * 8 - 1); };
    SUBCASE("transaction") {
        b.phone.transaction_id.assign(16, 1);
        CHECK(answer() == "8.10.1/3.9");
    }
    SUBCASE("EUM under another CI") {
        const Pki other(b.random);
        b.phone.eum_certificate = other.eum.certificate.der;
        CHECK(answer() == "8.11.1/3.9");
    }
    SUBCASE("EUM certificate") {
        b.phone.eum_certificate = changed(b.phone.eum_certificate);
        CHECK(answer() == "8.1.2/6.1");
    }
    SUBCASE("EUM certificate over") {
        b.phone.now = kBegin + Time(11 * 365 * kDay);
        REQUIRE(codes(b.phone.initiate()) == "");
        CHECK(answer() == "8.1.2/6.3");
    }
    SUBCASE("eUICC certificate") {
        b.phone.euicc_certificate = changed(b.phone.euicc_certificate);
        CHECK(answer() == "8.1.3/6.1");
    }
    SUBCASE("eUICC certificate over") {
        auto request = b.pki.request(rsp::Role::euicc, "Loop eUICC");
        request.subject.serial_number = to_text(b.phone.eid);
        request.validity.to = kBegin - Time(1000);
        b.phone.euicc_certificate =
            pki::certify(request, b.phone.euicc.key.public_key(), b.pki.eum, b.random)->der;
        CHECK(answer() == "8.1.3/6.3");
    }
    SUBCASE("key") {
        b.phone.euicc.key = b.pki.eum.key.clone();
        CHECK(answer() == "8.1/6.1");
    }
    SUBCASE("challenge") {
        b.phone.server_challenge.assign(16, 0x55);
        CHECK(answer() == "8.1/6.1");
    }
    SUBCASE("server signed") {
        b.phone.server_address = kAlternative;
        CHECK(answer() == "8.1/6.1");
    }
    SUBCASE("session too old") {
        b.phone.now += b.ds.config.session_life + Time(1);
        CHECK(answer() == "8.10.1/3.9");
    }
    SUBCASE("a second, different request") {
        CHECK(answer() == "EVENT-1@smdp.loop.test");
        b.phone.matching_id = "EVENT-1";
        CHECK(answer() == "8.10.1/3.9");
    }
}

TEST_CASE("when authenticateClient is repeated, the answer is the same octets, whatever came since") {
    Bench b;
    CHECK(b.ds.add(b.phone.eid, "EVENT-1", "c1") == "");
    REQUIRE(codes(b.phone.initiate()) == "");
    const OwnedBytes request = b.phone.client_message();
    const auto first = b.phone.send(request);
    CHECK(b.ds.drop(b.phone.eid, "EVENT-1", "c2") == "");
    CHECK(b.phone.send(request).der == first.der);
    CHECK(ask(b.phone) == "");
}

TEST_CASE("when a session is cancelled, signature, transaction and server are judged") {
    Bench b;
    using Reason = rsp::CancelSessionReason;
    REQUIRE(codes(b.phone.initiate()) == "");
    const auto cancel = [&] { return codes(b.phone.send(b.phone.cancel_message(Reason::postponed))); };
    CHECK(cancel() == "8.10.1/3.9"); // nobody known yet
    (void)b.phone.send(b.phone.client_message());
    SUBCASE("rightly, and again") {
        CHECK(cancel() == "");
        CHECK(cancel() == "");
    }
    SUBCASE("another key") {
        b.phone.euicc.key = b.pki.eum.key.clone();
        CHECK(cancel() == "8.1/6.1");
    }
    SUBCASE("another server") {
        b.phone.smdp_oid = {0x88, 0x37, 0x0B};
        CHECK(cancel() == "8.9/3.10");
    }
}
