// Devices that lie, mix sessions, repeat and break messages: each with its code, and with the order as it
// must be; after each a good device still gets the profile. SGP.22 §5.6; SR-13 to SR-16
#include "tests/servers/front.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::servers;
using binding::Es9Form;
using loop::Handset, loop::codes, loop::iccid_text;
using rsp::Es9Answer, rsp::Es9Function;
using Reason = rsp::CancelSessionReason;

namespace {
struct Case {
    const char *name, *code; // "": it is taken
    Es9Answer (*run)(Front&, Handset&);
    const char* state = "released";
};

void authenticated(Handset& p) {
    REQUIRE(codes(p.initiate()) == "");
    REQUIRE(codes(p.authenticate()) == "");
}
void delivered(Handset& p) {
    authenticated(p);
    REQUIRE(codes(p.package()) == "");
}
/// The message with another transactionId outside of what is signed.
OwnedBytes under(OwnedBytes message, Bytes signed_id, Bytes other_id) {
    const auto outer = std::search(message.begin(), message.end(), signed_id.begin(), signed_id.end());
    REQUIRE(outer != message.end());
    std::copy(other_id.begin(), other_id.end(), outer);
    return message;
}
Es9Answer with_certificate(Front& f, Handset& p, pki::Request request, const pki::Credential& issuer) {
    if (request.role == rsp::Role::euicc)
        p.euicc_certificate = pki::certify(request, p.euicc.key.public_key(), issuer, f.random)->der;
    else
        p.eum_certificate = pki::certify(request, f.pki.eum.key.public_key(), issuer, f.random)->der;
    REQUIRE(codes(p.initiate()) == "");
    return p.authenticate();
}
pki::Request euicc(Front& f, const Handset& p, pki::Flaw flaw = pki::Flaw::none) {
    auto r = f.pki.request(rsp::Role::euicc, "Loop eUICC");
    r.subject.serial_number = to_text(p.eid);
    r.flaw = flaw;
    return r;
}
pki::Request eum(Front& f, pki::Flaw flaw = pki::Flaw::none, const char* prefix = "89049032") {
    auto r = f.pki.request(rsp::Role::eum, "Loop EUM");
    r.eid_prefix = prefix;
    r.permitted_organization = "Loop";
    r.flaw = flaw;
    return r;
}
/// getBoundProfilePackage with these octets as euiccOtpk, rightly signed.
Es9Answer with_point(Handset& p, Bytes point) {
    authenticated(p);
    const OwnedBytes said =
        *asn1::encode(rsp::EuiccSigned2{.transaction_id = p.transaction_id, .euicc_otpk = point});
    const auto signature = owned(*crypto::sign(p.euicc.key, {said, smdp::signature_tlv(p.smdp_signature2)}));
    rsp::PrepareDownloadResponseOk ok{.euicc_signature2 = signature};
    ok.euicc_signed2.der = said;
    rsp::PrepareDownloadResponse response;
    response.is = ok;
    const OwnedBytes whole = *asn1::encode(response);
    rsp::GetBoundProfilePackageRequest r{.transaction_id = p.transaction_id};
    r.prepare_download_response.der = whole;
    return p.send(*asn1::encode(r));
}

const Case kCases[] = {
    // ---- Who signs ----
    {"CERT.DPauth in place of the eUICC's",
     "8.1.3/6.1",
     [](Front& f, Handset& p) {
         p.euicc_certificate = f.pki.dp_auth.certificate.der;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    {"the EUM's certificate in place of the eUICC's",
     "8.1.3/6.1",
     [](Front&, Handset& p) {
         p.euicc_certificate = p.eum_certificate;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    {"the eUICC's certificate in place of the EUM's",
     "8.11.1/3.9",
     [](Front&, Handset& p) {
         p.eum_certificate = p.euicc_certificate;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    {"the CI's certificate in place of the EUM's",
     "8.11.1/3.9",
     [](Front& f, Handset& p) {
         p.eum_certificate = f.pki.ci.certificate.der;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    {"another EUM's certificate beside the right eUICC's",
     "8.1.3/6.1",
     [](Front& f, Handset& p) {
         p.eum_certificate = pki::mint(eum(f), f.pki.ci, f.random)->certificate.der;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    {"an EID outside of the EUM's range",
     "8.1.3/6.1",
     [](Front& f, Handset& p) {
         return with_certificate(f, p, eum(f, pki::Flaw::none, "89033023"), f.pki.ci);
     }},
    {"an EUM certificate of another role",
     "8.1.2/6.1",
     [](Front& f, Handset& p) { return with_certificate(f, p, eum(f, pki::Flaw::policy), f.pki.ci); }},
    {"an EUM certificate with another key usage",
     "8.1.2/6.1",
     [](Front& f, Handset& p) { return with_certificate(f, p, eum(f, pki::Flaw::key_usage), f.pki.ci); }},
    {"an EUM certificate without key usage",
     "8.1.2/6.1",
     [](Front& f, Handset& p) {
         return with_certificate(f, p, eum(f, pki::Flaw::critical_extension), f.pki.ci);
     }},
    {"an eUICC certificate of another role",
     "8.1.3/6.1",
     [](Front& f, Handset& p) { return with_certificate(f, p, euicc(f, p, pki::Flaw::policy), f.pki.eum); }},
    {"an eUICC certificate with another key usage",
     "8.1.3/6.1",
     [](Front& f, Handset& p) {
         return with_certificate(f, p, euicc(f, p, pki::Flaw::key_usage), f.pki.eum);
     }},
    {"an eUICC certificate that the CI signed itself",
     "8.1.3/6.1",
     [](Front& f, Handset& p) { return with_certificate(f, p, euicc(f, p), f.pki.ci); }},
    {"another eUICC's certificate",
     "8.1/6.1",
     [](Front& f, Handset& p) {
         p.euicc_certificate = f.handset(Es9Form::json, 2).euicc_certificate;
         REQUIRE(codes(p.initiate()) == "");
         return p.authenticate();
     }},
    // ---- What is signed, and for which session ----
    {"the server's own challenge of another session",
     "8.1/6.1",
     [](Front&, Handset& p) {
         REQUIRE(codes(p.initiate()) == "");
         const OwnedBytes challenge = p.server_challenge;
         REQUIRE(codes(p.initiate()) == "");
         p.server_challenge = challenge;
         return p.authenticate();
     }},
    {"authenticateClient of session A under the transactionId of B",
     "8.1/6.1",
     [](Front&, Handset& p) {
         REQUIRE(codes(p.initiate()) == "");
         const OwnedBytes a = p.transaction_id, message = p.client_message();
         REQUIRE(codes(p.initiate()) == "");
         return p.send(under(message, a, p.transaction_id));
     }},
    {"getBoundProfilePackage of session A under the transactionId of B",
     "8.1/6.1",
     [](Front&, Handset& p) {
         authenticated(p);
         const OwnedBytes a = p.transaction_id, message = p.package_message();
         authenticated(p);
         return p.send(under(message, a, p.transaction_id));
     }},
    {"getBoundProfilePackage for another eUICC's session",
     "8.1/6.1",
     [](Front& f, Handset& p) {
         authenticated(p);
         Handset thief = f.handset(Es9Form::json, 2);
         thief.transaction_id = p.transaction_id;
         thief.smdp_signature2 = p.smdp_signature2;
         return thief.package();
     }},
    {"cancelSession for another eUICC's session",
     "8.1/6.1",
     [](Front& f, Handset& p) {
         authenticated(p);
         Handset thief = f.handset(Es9Form::json, 2);
         thief.transaction_id = p.transaction_id;
         return thief.send(thief.cancel_message(Reason::end_user_rejection));
     }},
    {"cancelSession of session A under the transactionId of B",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         authenticated(p);
         const OwnedBytes a = p.transaction_id, message = p.cancel_message(Reason::end_user_rejection);
         authenticated(p);
         return p.send(under(message, a, p.transaction_id));
     }},
    {"getBoundProfilePackage before authenticateClient",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         REQUIRE(codes(p.initiate()) == "");
         p.smdp_signature2.assign(64, 1);
         return p.package();
     }},
    // ---- Again, and too late ----
    {"authenticateClient repeated octet by octet",
     "",
     [](Front& f, Handset& p) {
         REQUIRE(codes(p.initiate()) == "");
         const OwnedBytes message = p.client_message();
         const Es9Answer first = p.send(message);
         Es9Answer second = p.send(message);
         CHECK(first.der == second.der);
         CHECK(f.at(1).attempts == 1);
         return second;
     }},
    {"another authenticateClient in the same session",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         authenticated(p);
         p.card_resource = {0x82, 0x04, 0x00, 0x07, 0x00, 0x00};
         return p.authenticate();
     }},
    {"getBoundProfilePackage repeated octet by octet",
     "",
     [](Front&, Handset& p) {
         authenticated(p);
         const OwnedBytes message = p.package_message();
         const Es9Answer first = p.send(message);
         Es9Answer second = p.send(message);
         CHECK(first.der == second.der);
         return second;
     },
     "downloaded"},
    {"getBoundProfilePackage in a cancelled session",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         authenticated(p);
         const OwnedBytes cancel = p.cancel_message(Reason::postponed);
         REQUIRE(codes(p.send(cancel)) == "");
         REQUIRE(codes(p.send(cancel)) == "");
         return p.package();
     }},
    {"a rejection after the user only postponed",
     "",
     [](Front&, Handset& p) {
         authenticated(p);
         REQUIRE(codes(p.send(p.cancel_message(Reason::postponed))) == "");
         return p.send(p.cancel_message(Reason::end_user_rejection));
     }},
    {"a session that is an hour old",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         authenticated(p);
         p.now += Time(3'600'001);
         return p.package();
     }},
    {"a failed installation whose session goes on",
     "8.10.1/3.9",
     [](Front&, Handset& p) {
         delivered(p);
         p.send(p.installation_message(1, iccid_text(1), 11)); // interrupted: may be tried again
         return p.package();
     }},
    {"a rejection after the installation failed",
     "",
     [](Front&, Handset& p) {
         delivered(p);
         p.send(p.installation_message(1, iccid_text(1), 11));
         return p.send(p.cancel_message(Reason::end_user_rejection));
     }},
    {"a result before anything was delivered",
     "",
     [](Front&, Handset& p) {
         authenticated(p);
         return p.send(p.installation_message(1, iccid_text(1)));
     }},
    {"a result of another eUICC",
     "",
     [](Front& f, Handset& p) {
         delivered(p);
         Handset liar = f.handset(Es9Form::json, 2);
         liar.transaction_id = p.transaction_id;
         return liar.send(liar.installation_message(1, iccid_text(1)));
     },
     "downloaded"},
    // ---- One-time keys ----
    {"otPK.EUICC at infinity", "8.1/6.1", [](Front&, Handset& p) { return with_point(p, *from_hex("00")); }},
    {"otPK.EUICC that is empty", "8.1/6.1", [](Front&, Handset& p) { return with_point(p, {}); }},
    {"otPK.EUICC off the curve",
     "8.1/6.1",
     [](Front&, Handset& p) {
         auto point = p.euicc.key.public_key().point;
         point[64] ^= 1;
         return with_point(p, point);
     }},
    {"otPK.EUICC at the origin",
     "8.1/6.1",
     [](Front&, Handset& p) {
         OwnedBytes point(65, 0);
         point[0] = 4;
         return with_point(p, point);
     }},
    {"otPK.EUICC compressed",
     "8.1/6.1",
     [](Front&, Handset& p) {
         OwnedBytes point = owned(Bytes(p.euicc.key.public_key().point).first(33));
         point[0] = 2 + (p.euicc.key.public_key().point[64] & 1);
         return with_point(p, point);
     }},
    {"otPK.EUICC of another curve",
     "8.1/6.1",
     [](Front& f, Handset& p) {
         const auto other = crypto::PrivateKey::generate(crypto::Curve::brainpool256, f.random);
         return with_point(p, other->public_key().point);
     }},
};

void good_device_succeeds(Front& f, Es9Form form, const std::string& matching_id) {
    f.now = loop::kBegin;
    Handset good = f.handset(form);
    good.matching_id = matching_id;
    REQUIRE(good.download());
    good.send(good.installation_message(9, iccid_text(1)));
    CHECK(std::string(f.state(1)) == "installed");
    CHECK(f.at(1).eid == good.eid);
}
} // namespace

TEST_CASE("when a device misbehaves, it hears why, its order stays right, and a good device is served") {
    for (const Es9Form form : {Es9Form::json, Es9Form::asn1})
        for (const Case& c : kCases) {
            INFO(c.name << (form == Es9Form::json ? ", json" : ", asn1"));
            Front f;
            const std::string id = f.order(1);
            Handset phone = f.handset(form);
            phone.matching_id = id;
            const std::string said = codes(c.run(f, phone));
            CHECK(said == c.code);
            CHECK(std::string(f.state(1)) == c.state);
            CHECK(f.smdp.store->notifications(loop::iccid(iccid_text(1)))->size() <= 1);
            good_device_succeeds(f, form, id);
        }
}

TEST_CASE("when one one-time key is used for two downloads, the keys of the packages differ all the same") {
    Front f;
    const std::string first = f.order(1), second = f.order(2);
    Handset a = f.handset(Es9Form::json, 1), b = f.handset(Es9Form::json, 2);
    a.matching_id = first;
    b.matching_id = second;
    delivered(a);
    authenticated(b);
    b.otsk = a.otsk.clone(); // a key that belongs to another eUICC's session
    b.new_otpk = false;
    REQUIRE(codes(b.package()) == "");
    const auto segments = [](Bytes bound) { // A0, the encrypted ConfigureISDP
        const auto channel = asn1::read_tlv(asn1::read_tlv(bound)->content);
        return owned(asn1::read_tlv(channel->rest)->content);
    };
    CHECK(segments(a.bound).size() == segments(b.bound).size());
    CHECK(segments(a.bound) != segments(b.bound));
    CHECK(std::string(f.state(1)) == "downloaded");
    CHECK(std::string(f.state(2)) == "downloaded");
}
