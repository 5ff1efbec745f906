#include "rsp/device_text.h"
#include <doctest/doctest.h>

using namespace halyard;

TEST_CASE("a PLMN is three octets of swapped digits, with a filler for a missing third one of the MNC") {
    // 3GPP TS 24.008 §10.5.1.3; 62 F2 10 also in the ASN.1 example of SGP.32 GetEimPackageRequest.
    CHECK(hex(*rsp::plmn_from_text("262-01")) == "62F210");
    CHECK(hex(*rsp::plmn_from_text("310-410")) == "130014");
    CHECK(hex(*rsp::plmn_from_text("001-01")) == "00F110");
    for (const char* text : {"262-01", "310-410", "001-01", "999-000"}) {
        CAPTURE(text);
        CHECK(rsp::to_text(*rsp::plmn_from_text(text)) == text);
    }
}

TEST_CASE("what is no MCC-MNC is refused with the name of the option") {
    for (const char* text : {"", "26201", "262-1", "262-0101", "2620-1", "26a-01", "262-0x", "-26201"}) {
        CAPTURE(text);
        const auto bad = rsp::plmn_from_text(text, "rplmn");
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code == Errc::bad_value);
        CHECK(std::string(bad.error().where) == "rplmn");
    }
    CHECK(rsp::to_text(rsp::Plmn{0xFF, 0xFF, 0xFF}) == "FFFFFF");
}

TEST_CASE("an IMEI has its check digit in the high half of the last octet") {
    // SGP.22 §4.2: 353918050000008
    CHECK(hex(*rsp::imei_from_text("353918050000008")) == "539381500000008F");
    for (const char* text : {"", "35391805000000", "3539180500000081", "35391805000000x"}) {
        CAPTURE(text);
        CHECK_FALSE(rsp::imei_from_text(text));
    }
}
