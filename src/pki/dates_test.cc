// Dates where clocks and codings change, and check digits. Texts are openssl's; seconds are date(1)'s.
#include "pki/eid.h"
#include "pki/testing.h"

using namespace halyard;
using namespace halyard::pki::testing;
using rsp::ChainRule, rsp::Role, rsp::Variant;

TEST_CASE("when a certificate ends where clocks or codings change, openssl reads that moment and so do we") {
    const struct {
        int64_t seconds;
        const char *text, *coding;
    } rows[] = {{2'147'483'647, "Jan 19 03:14:07 2038 GMT", "UTCTIME           :380119031407Z"},
                {2'147'483'648, "Jan 19 03:14:08 2038 GMT", "UTCTIME           :380119031408Z"},
                {2'145'916'799, "Dec 31 23:59:59 2037 GMT", "UTCTIME           :371231235959Z"},
                {2'524'607'999, "Dec 31 23:59:59 2049 GMT", "UTCTIME           :491231235959Z"},
                {2'524'608'000, "Jan  1 00:00:00 2050 GMT", "GENERALIZEDTIME   :20500101000000Z"},
                {4'294'967'296, "Feb  7 06:28:16 2106 GMT", "GENERALIZEDTIME   :21060207062816Z"},
                {174'379'345'338, "Nov 11 11:02:18 7495 GMT", "GENERALIZEDTIME   :74951111110218Z"},
                {174'385'734'538, "Jan 24 09:48:58 7496 GMT", "GENERALIZEDTIME   :74960124094858Z"},
                {253'402'300'799, "Dec 31 23:59:59 9999 GMT", "GENERALIZEDTIME   :99991231235959Z"}};
    Pki p(Variant::o);
    Scratch s;
    for (const auto& row : rows) {
        CAPTURE(row.text);
        pki::Request r = request(Role::dp_auth, p.oids);
        r.validity.to = at(row.seconds);
        const auto c = pki::mint(r, p.by_role.at(Role::ci), p.random);
        REQUIRE(c);
        s.write("leaf.pem", c->certificate.to_pem());
        CHECK(s.run("openssl x509 -noout -enddate -in leaf.pem") == 0);
        CHECK(s.says(std::string("notAfter=") + row.text));
        CHECK(s.run("openssl asn1parse -in leaf.pem") == 0);
        CHECK(s.says(row.coding));
        CHECK(c->certificate.not_after == at(row.seconds));
        const auto judged = [&](Time now) {
            return rule(rsp::check_chain(std::vector{c->certificate}, Role::dp_auth, p.anchors, now));
        };
        CHECK(judged(at(row.seconds)) == ChainRule::none);
        CHECK(judged(at(row.seconds) + Time(1)) == ChainRule::expired);
        // And as the beginning.
        r.validity = {at(row.seconds), at(253'402'300'799)};
        const auto later = pki::mint(r, p.by_role.at(Role::ci), p.random);
        REQUIRE(later);
        CHECK(rule(rsp::check_chain(
                  std::vector{later->certificate}, Role::dp_auth, p.anchors, at(row.seconds) - Time(1))) ==
              ChainRule::not_yet_valid);
        // Lists have the same two codings.
        pki::CrlRequest q{.this_update = at(0), .next_update = at(row.seconds)};
        const auto crl = pki::mint_crl(q, p.by_role.at(Role::ci));
        REQUIRE(crl);
        CHECK(rsp::Crl::parse(*crl)->next_update == at(row.seconds));
        s.write("list.der", *crl);
        CHECK(s.run("openssl crl -inform DER -noout -nextupdate -in list.der") == 0);
        CHECK(s.says(std::string("nextUpdate=") + row.text));
    }
    pki::Request r = request(Role::dp_auth, p.oids);
    r.validity.to = at(253'402'300'800);
    CHECK(std::string_view(pki::mint(r, p.by_role.at(Role::ci), p.random).error().where) == "notAfter");
    r.validity = {at(-631'152'001), at(0)}; // 1949
    CHECK(std::string_view(pki::mint(r, p.by_role.at(Role::ci), p.random).error().where) == "notBefore");
}

TEST_CASE("when a list says a time that is none, it is refused") {
    Pki p(Variant::o);
    pki::CrlRequest q{.this_update = at(0), .next_update = at(2'524'608'000)};
    const OwnedBytes good = *pki::mint_crl(q, p.by_role.at(Role::ci));
    REQUIRE(rsp::Crl::parse(good));
    const std::string text(text_of(good));
    const size_t utc = text.find("700101000000Z"), general = text.find("20500101000000Z");
    REQUIRE((utc != text.npos && general != text.npos));
    const auto refused = [&](size_t where, std::string_view with) {
        OwnedBytes bad = good;
        std::copy(with.begin(), with.end(), bad.begin() + static_cast<ptrdiff_t>(where));
        const auto crl = rsp::Crl::parse(bad);
        return !crl && crl.error().code == Errc::bad_value;
    };
    for (const char* bad : {"701301000000Z",
                            "700001000000Z",
                            "700230000000Z",
                            "700100000000Z",
                            "700101240000Z",
                            "700101006000Z",
                            "700101000060Z",
                            "7001010000 0Z",
                            "-70101000000Z",
                            "7001010000000"})
        CHECK_MESSAGE(refused(utc, bad), bad);
    for (const char* bad : {"20500229000000Z", "2050010100000.Z", "205001010000+0Z"})
        CHECK_MESSAGE(refused(general, bad), bad);
    CHECK_FALSE(refused(general, "99991231235959Z"));
    CHECK_FALSE(refused(general, "20520229000000Z")); // a leap year
}

TEST_CASE(
    "when EIDs are described, check digits are judged and country and issuer named as SGP.29 places them") {
    // Published EIDs: SGP.26, SGP.29 and others.
    for (const char* good : {"89049032123451234512345678901235",
                             "89001012012341234012345678901224",
                             "89044045930000000000001492294428",
                             "12345000000000000000000000000186"}) {
        const auto facts = pki::describe(*eid_from_text(good));
        CHECK(facts.valid());
        CHECK(facts.itu_e118 == std::string_view(good).starts_with("89"));
    }
    const auto wrong = pki::describe(*eid_from_text("89049032123451234512345678901335"));
    CHECK(!wrong.valid());
    CHECK(wrong.right_digits == "32");
    CHECK(wrong.check_digits == "35");
    CHECK(wrong.country == "049");
    CHECK(wrong.issuer == "032");
    CHECK(!pki::describe(*eid_from_text("12345000000000000000000000000133")).valid());
    CHECK(to_text(*pki::make_eid("12345", 1)) == "12345000000000000000000000000186");
    CHECK(pki::make_eid("8904903212345123451234567890123", 1).error().code == Errc::bad_length);
}
