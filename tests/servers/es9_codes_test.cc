// Every code of ES9+ and ES11, provoked over TLS in both bindings; what the order is afterwards, and that a
// good device still gets its profile. SGP.22 §5.6, §5.8
#include "profile/package.h"
#include "tests/servers/digest.h"
#include "tests/servers/front.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::servers;
using binding::Es9Form;
using loop::Handset, loop::codes, loop::iccid_text, loop::flipped;
using rsp::Es9Answer, rsp::Es9Function;
using Reason = rsp::CancelSessionReason;

namespace {
constexpr Time kHour{3'600'000};

struct Case {
    const char *interface, *function, *code;
    Es9Answer (*provoke)(Front&, Handset&);
    const char* state = "released"; // of the order then
    const char* good = "";          // what a good device hears then; "": the profile is installed
};

Es9Answer client(Handset& phone) {
    REQUIRE(codes(phone.initiate()) == "");
    return phone.authenticate();
}
Es9Answer package(Handset& phone) {
    REQUIRE(codes(client(phone)) == "");
    return phone.package();
}
OwnedBytes certified(Front& f, const pki::Request& request, const crypto::PublicKey& key, bool eum) {
    return pki::certify(request, key, eum ? f.pki.ci : f.pki.eum, f.random)->der;
}
pki::Request eum_request(Front& f) {
    auto request = f.pki.request(rsp::Role::eum, "Loop EUM");
    request.eid_prefix = "89049032";
    request.permitted_organization = "Loop";
    return request;
}
pki::Request euicc_request(Front& f, const Handset& phone) {
    auto request = f.pki.request(rsp::Role::euicc, "Loop eUICC");
    request.subject.serial_number = to_text(phone.eid);
    return request;
}
OwnedBytes other_ci() { return OwnedBytes(20, 0x77); }
// An order with more terms than Front::order gives it.
std::string place(Front& f, unsigned n, std::optional<Eid> eid, Time expires) {
    const auto sample =
        profile::sample_operational({.iccid = loop::iccid(iccid_text(n)), .imsi = "001010000000009"});
    rsp::StoreMetadataRequest m{
        .iccid = loop::iccid(iccid_text(n)), .service_provider_name = "L", .profile_name = "L"};
    const auto placed = f.smdp.server.place(
        {.package = owned(sample->reveal()), .metadata = *asn1::encode(m), .eid = eid, .expires = expires},
        f.now);
    REQUIRE(placed);
    return placed->matching_id;
}
// The order of every case: number 1, found by phone.matching_id; with the code "271828" where `guarded`.
void guard(Front& f, Handset& phone) {
    f.release(2, "GUARDED", {{"confirmationCode", "271828"}});
    phone.matching_id = "GUARDED";
}

// ---- What both interfaces have in common ----
Es9Answer eum_changed(Front&, Handset& p) {
    p.eum_certificate = flipped(p.eum_certificate, p.eum_certificate.size() * 8 - 1);
    return client(p);
}
Es9Answer eum_expired(Front& f, Handset& p) {
    auto request = eum_request(f);
    request.validity.to = loop::kBegin - Time(1000);
    p.eum_certificate = certified(f, request, f.pki.eum.key.public_key(), true);
    return client(p);
}
Es9Answer euicc_changed(Front&, Handset& p) {
    p.euicc_certificate = flipped(p.euicc_certificate, p.euicc_certificate.size() * 8 - 1);
    return client(p);
}
Es9Answer euicc_expired(Front& f, Handset& p) {
    auto request = euicc_request(f, p);
    request.validity.to = loop::kBegin - Time(1000);
    p.euicc_certificate = certified(f, request, p.euicc.key.public_key(), false);
    return client(p);
}
Es9Answer other_challenge(Front&, Handset& p) {
    REQUIRE(codes(p.initiate()) == "");
    p.server_challenge.assign(16, 0x55);
    return p.authenticate();
}
Es9Answer reports_error(Front&, Handset& p) { // the eUICC's error alternative, A1
    REQUIRE(codes(p.initiate()) == "");
    rsp::AuthenticateServerResponse r;
    r.is = rsp::AuthenticateResponseError{.transaction_id = p.transaction_id};
    const OwnedBytes whole = *asn1::encode(r);
    rsp::AuthenticateClientRequest q{.transaction_id = p.transaction_id};
    q.authenticate_server_response.der = whole;
    return p.send(*asn1::encode(q));
}
Es9Answer unknown_session(Front&, Handset& p) {
    REQUIRE(codes(p.initiate()) == "");
    p.transaction_id.assign(16, 1);
    return p.authenticate();
}
Es9Answer old_session(Front&, Handset& p) {
    REQUIRE(codes(p.initiate()) == "");
    p.now += kHour + Time(1);
    return p.authenticate();
}
Es9Answer foreign_eum(Front& f, Handset& p) {
    const loop::Pki other(f.random);
    p.eum_certificate = other.eum.certificate.der;
    return client(p);
}
Es9Answer no_signing_ci(Front&, Handset& p) {
    p.signing = {other_ci()};
    return p.initiate();
}
Es9Answer no_verification_ci(Front&, Handset& p) {
    p.verification = {other_ci()};
    return p.initiate();
}
Es9Answer old_version(Front&, Handset& p) {
    p.svn = {1, 1, 0};
    return p.initiate();
}
Es9Answer other_address(Front&, Handset& p) {
    p.smdp_address = "nowhere.loop.test";
    return p.initiate();
}

constexpr const char *kInitiate = "initiateAuthentication", *kClient = "authenticateClient",
                     *kPackage = "getBoundProfilePackage", *kCancel = "cancelSession";

const Case kCases[] = {
    {"ES9+", kInitiate, "8.8.1/3.8", other_address},
    {"ES9+", kInitiate, "8.8.2/3.1", no_signing_ci},
    {"ES9+", kInitiate, "8.8.3/3.1", old_version},
    {"ES9+", kInitiate, "8.8.4/3.7", no_verification_ci},
    {"ES9+", kClient, "8.1.2/6.1", eum_changed},
    {"ES9+", kClient, "8.1.2/6.3", eum_expired},
    {"ES9+", kClient, "8.1.3/6.1", euicc_changed},
    {"ES9+", kClient, "8.1.3/6.3", euicc_expired},
    {"ES9+", kClient, "8.1/6.1", other_challenge},
    {"ES9+", kClient, "8.1/6.1", reports_error},
    {"ES9+", kClient, "8.10.1/3.9", unknown_session},
    {"ES9+", kClient, "8.10.1/3.9", old_session},
    {"ES9+", kClient, "8.11.1/3.9", foreign_eum},
    {"ES9+",
     kClient,
     "8.2.6/3.8",
     [](Front&, Handset& p) {
         p.matching_id = "NO-SUCH-ID";
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.1.1/3.8",
     [](Front& f, Handset& p) {
         p.matching_id = place(f, 2, *pki::make_eid("89049032", 7), Time(0));
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.1.1/3.8",
     [](Front&, Handset& p) { // the default SM-DP+ has nothing for it
         p.matching_id.clear();
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.2/1.2",
     [](Front& f, Handset& p) {
         f.smdp.stock(iccid_text(2), "data", "alpha", f.now);
         REQUIRE(f.es2("alpha", "downloadOrder", {{"iccid", iccid_text(2)}}) == "");
         REQUIRE(f.es2("alpha",
                       "confirmOrder",
                       {{"iccid", iccid_text(2)}, {"matchingId", "NOT-YET"}, {"releaseFlag", false}}) == "");
         p.matching_id = "NOT-YET";
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.2.5/4.3",
     [](Front&, Handset& p) { // no service at all
         p.abilities.uicc_capability = {};
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.1/4.8",
     [](Front&, Handset& p) {
         p.card_resource = {0x82, 0x02, 0x01, 0x00};
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.8.5/4.10",
     [](Front& f, Handset& p) {
         p.matching_id = place(f, 2, p.eid, f.now + kHour / 4);
         p.now += kHour / 4 + Time(1);
         return client(p);
     }},
    {"ES9+",
     kClient,
     "8.8.5/6.4",
     [](Front& f, Handset& p) {
         f.smdp.config.attempts = 1;
         REQUIRE(codes(client(p)) == "");
         return client(p);
     },
     "error",
     "8.2.6/3.8"},
    {"ES9+",
     kPackage,
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         REQUIRE(codes(client(p)) == "");
         p.transaction_id.assign(16, 1);
         return p.package();
     }},
    {"ES9+",
     kPackage,
     "8.1/6.1",
     [](Front&, Handset& p) {
         REQUIRE(codes(client(p)) == "");
         p.smdp_signature2[0] ^= 1;
         return p.package();
     }},
    {"ES9+",
     kPackage,
     "8.1/6.1",
     [](Front&, Handset& p) { // the eUICC's error alternative, A1
         REQUIRE(codes(client(p)) == "");
         rsp::PrepareDownloadResponse r;
         r.is = rsp::PrepareDownloadResponseError{.transaction_id = p.transaction_id};
         const OwnedBytes whole = *asn1::encode(r);
         rsp::GetBoundProfilePackageRequest q{.transaction_id = p.transaction_id};
         q.prepare_download_response.der = whole;
         return p.send(*asn1::encode(q));
     }},
    {"ES9+",
     kPackage,
     "8.2.7/2.2",
     [](Front& f, Handset& p) {
         guard(f, p);
         return package(p);
     }},
    {"ES9+",
     kPackage,
     "8.2.7/3.8",
     [](Front& f, Handset& p) {
         guard(f, p);
         p.confirmation_code = "000000";
         return package(p);
     }},
    {"ES9+",
     kPackage,
     "8.2.7/6.4",
     [](Front& f, Handset& p) {
         guard(f, p);
         f.smdp.config.code_tries = 1;
         p.confirmation_code = "000000";
         Es9Answer answer = package(p);
         CHECK(std::string(f.state(2)) == "error");
         return answer;
     }},
    {"ES9+",
     kPackage,
     "8.2/3.7",
     [](Front& f, Handset& p) {
         f.smdp.config.rebind = false;
         REQUIRE(p.download());
         Es9Answer answer = package(p); // with another one-time key
         f.smdp.config.rebind = true;
         return answer;
     },
     "downloaded"},
    {"ES9+",
     kPackage,
     "8.8.5/4.10",
     [](Front& f, Handset& p) {
         p.matching_id = place(f, 2, p.eid, f.now + kHour / 4);
         REQUIRE(codes(client(p)) == "");
         p.now += kHour / 4 + Time(1);
         return p.package();
     }},
    {"ES9+",
     kCancel,
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         REQUIRE(codes(client(p)) == "");
         p.transaction_id.assign(16, 1);
         return p.send(p.cancel_message(Reason::end_user_rejection));
     }},
    {"ES9+",
     kCancel,
     "8.1/6.1",
     [](Front& f, Handset& p) {
         REQUIRE(codes(client(p)) == "");
         p.euicc.key = f.pki.eum.key.clone();
         return p.send(p.cancel_message(Reason::end_user_rejection));
     }},
    {"ES9+",
     kCancel,
     "8.8/3.10",
     [](Front&, Handset& p) {
         REQUIRE(codes(client(p)) == "");
         p.smdp_oid = {0x88, 0x37, 0x0B};
         return p.send(p.cancel_message(Reason::end_user_rejection));
     }},
    {"ES11", kInitiate, "8.9.1/3.8", other_address},
    {"ES11", kInitiate, "8.9.2/3.1", no_signing_ci},
    {"ES11", kInitiate, "8.9.3/3.1", old_version},
    {"ES11", kInitiate, "8.9.4/3.7", no_verification_ci},
    {"ES11", kClient, "8.1.2/6.1", eum_changed},
    {"ES11", kClient, "8.1.2/6.3", eum_expired},
    {"ES11", kClient, "8.1.3/6.1", euicc_changed},
    {"ES11", kClient, "8.1.3/6.3", euicc_expired},
    {"ES11", kClient, "8.1/6.1", other_challenge},
    {"ES11", kClient, "8.1/6.1", reports_error},
    {"ES11", kClient, "8.10.1/3.9", unknown_session},
    {"ES11", kClient, "8.10.1/3.9", old_session},
    {"ES11", kClient, "8.11.1/3.9", foreign_eum},
    {"ES11",
     kClient,
     "8.9.5/3.9",
     [](Front&, Handset& p) {
         p.matching_id = "NO-SUCH-EVENT";
         return client(p);
     }},
    {"ES11",
     kCancel,
     "8.10.1/3.9",
     [](Front&, Handset& p) { // not authenticated: nobody whose signature could be judged
         REQUIRE(codes(p.initiate()) == "");
         return p.send(p.cancel_message(Reason::postponed));
     }},
    {"ES11",
     kCancel,
     "8.1/6.1",
     [](Front& f, Handset& p) {
         p.matching_id.clear();
         REQUIRE(codes(p.initiate()) == "");
         REQUIRE(codes(p.send(p.client_message())) == "");
         p.euicc.key = f.pki.eum.key.clone();
         return p.send(p.cancel_message(Reason::postponed));
     }},
};

int integer_of(const Case& c) {
    for (const DigestRow& r : kDigest)
        if (std::string(r.interface) == c.interface && std::string(r.function) == c.function &&
            std::string(r.code) == c.code)
            return r.integer;
    return -1;
}

void good_device_succeeds(Front& f, Es9Form form, const std::string& matching_id, const Case& c) {
    f.now = loop::kBegin;
    Handset good = f.handset(form);
    good.matching_id = matching_id;
    if (*c.good) {
        CHECK(codes(client(good)) == c.good);
        CHECK(std::string(f.state(1)) == c.state);
        return;
    }
    REQUIRE(good.download());
    good.send(good.installation_message(1, iccid_text(1)));
    CHECK(std::string(f.state(1)) == "installed");
}
} // namespace

TEST_CASE("when a device is wrong in one point, it hears the code of that point, in both bindings, and "
          "nobody loses") {
    Witness witness;
    for (const Es9Form form : {Es9Form::json, Es9Form::asn1})
        for (const Case& c : kCases) {
            INFO(c.interface << " " << c.function << " " << c.code
                             << (form == Es9Form::json ? " json" : " asn1"));
            Front f;
            const std::string id = f.order(1);
            const bool smds = std::string(c.interface) == "ES11";
            Handset phone = smds ? f.smds_handset(form) : f.handset(form);
            phone.matching_id = smds ? "" : id;
            const Es9Answer answer = c.provoke(f, phone);
            REQUIRE(answer.failed);
            if (form == Es9Form::json) {
                CHECK(codes(answer) == c.code);
                witness.saw(c.interface, c.function, codes(answer));
            } else { // …81 01 integer
                REQUIRE(answer.der.size() > 3);
                CHECK(hex(Bytes(answer.der).last(3).first(2)) == "8101");
                CHECK(answer.der.back() == integer_of(c));
            }
            CHECK(std::string(f.state(1)) == c.state);
            good_device_succeeds(f, form, id, c);
        }
    for (const char* interface : {"ES9+", "ES11"}) {
        const auto missing = witness.missing(interface);
        for (const std::string& row : missing) MESSAGE("not covered: " << row);
        CHECK(missing.empty());
    }
}

TEST_CASE("when an eUICC tells what it cannot do, only profiles that need it are kept from it") {
    const auto ask = [](auto change, rsp::StoreMetadataRequest more = {}) {
        Front f;
        Handset phone = f.handset(Es9Form::json);
        phone.matching_id = f.order(1, more);
        change(phone.abilities);
        return codes(client(phone));
    };
    using Info = rsp::EuiccInfo2;
    CHECK(ask([](Info&) {}) == "");
    CHECK(ask([](Info& i) { i.uicc_capability.mask &= ~(1u << 1); }) == "8.2.5/4.3"); // no USIM
    CHECK(ask([](Info& i) { i.uicc_capability.mask &= ~(1u << 4); }) == "8.2.5/4.3"); // no Milenage
    // CAVE and TUAK stand in another order in EUICCInfo2 than in the package; a sample needs neither.
    CHECK(ask([](Info& i) { i.uicc_capability.mask = 1u << 1 | 1u << 4; }) == "");
    CHECK(ask([](Info& i) { i.profile_version = {1, 9, 0}; }) == "8.2.5/4.3");
    CHECK(ask([](Info& i) { i.profile_version = {2, 0, 0}; }) == "");
    static constexpr std::array<uint8_t, 3> kLater[] = {{3, 1, 0}};
    CHECK(ask([](Info& i) {
              i.profile_version = {1, 9, 0};
              i.additional_euicc_profile_package_versions.emplace().items = kLater;
          }) == "");
    using rsp::PprIds;
    const rsp::StoreMetadataRequest ppr1{.profile_policy_rules = asn1::BitSet<PprIds>{PprIds::ppr1}};
    CHECK(ask([](Info&) {}, ppr1) == ""); // what the rules table says is the LPA's to judge
    CHECK(ask([](Info& i) { i.forbidden_profile_policy_rules = asn1::BitSet<PprIds>{PprIds::ppr1}; }, ppr1) ==
          "8.2.5/4.3");
    CHECK(ask([](Info& i) { i.forbidden_profile_policy_rules = asn1::BitSet<PprIds>{PprIds::ppr2}; }, ppr1) ==
          "");
}

TEST_CASE("when a notification comes, the answer is 204 without a body, whatever it is worth") {
    Front f;
    Handset phone = f.handset(Es9Form::json);
    phone.matching_id = f.order(1);
    REQUIRE(phone.download());
    phone.euicc.key = f.pki.eum.key.clone();
    const OwnedBytes forged = phone.installation_message(1, iccid_text(1));
    OwnedBytes wrapped = binding::request_to_asn1(forged);
    const auto der = f.post(loop::kSmdpAddress, "/gsma/rsp2/asn1", wrapped);
    const std::string json = *binding::request_to_json(Es9Function::handle_notification, forged);
    const auto text = f.post(loop::kSmdpAddress, "/gsma/rsp2/es9plus/handleNotification", bytes_of(json));
    for (const auto* answer : {&der, &text}) {
        REQUIRE(*answer);
        CHECK((*answer)->status == 204);
        CHECK((*answer)->body.empty());
    }
    CHECK(std::string(f.state(1)) == "downloaded");
}
