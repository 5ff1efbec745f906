#include "apps/common/files.h"
#include "apps/common/test_ci.h"
#include "crypto/hash.h"
#include "pki/mint.h"
#include <doctest/doctest.h>

using namespace halyard;

namespace {
crypto::Certificate ci(const std::string& unit, const std::string& organization = "Loop") {
    crypto::SeededRandom random{3};
    pki::Request r{
        .role = rsp::Role::ci, .validity = {Time(0), Time(4'000'000'000'000)}, .registered_id = "2.999.1"};
    r.subject = {.organization = organization, .organizational_unit = unit, .common_name = "TESTCERT"};
    const auto made = pki::mint_ci(r, random);
    REQUIRE(made);
    return made->certificate;
}
} // namespace

TEST_CASE("when a CI's unit is TESTCERT, it is for laboratories; the word elsewhere does not make it so") {
    CHECK(app::is_test_ci(ci("TESTCERT")));
    CHECK_FALSE(app::is_test_ci(ci("")));
    CHECK_FALSE(app::is_test_ci(ci("TESTCERTS")));
    CHECK_FALSE(app::is_test_ci(ci("Operations", "TESTCERT")));
    CHECK(app::check_ci_for(true, ci("TESTCERT")));
    CHECK(app::check_ci_for(false, ci("Operations")));
    CHECK(app::check_ci_for(false, ci("TESTCERT")).error().code == Errc::rejected);
}

TEST_CASE("when a CI has a key of SGP.26, its name does not matter") {
    crypto::Certificate c = ci("Operations");
    c.subject_key_id = *from_hex("F54172BDF98A95D65CBEB88A38A1C11D800A85C3");
    CHECK(app::is_test_ci(c));
    c.subject_key_id = *from_hex("C0BC70BA36929D43B467FF57570530E57AB8FCD8");
    CHECK(app::is_test_ci(c));
}
