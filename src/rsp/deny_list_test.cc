#include "rsp/deny_list.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::rsp;

namespace {
Eid eid(const char* digits) {
    const auto raw = from_hex(digits);
    Eid out{};
    std::copy(raw->begin(), raw->end(), out.begin());
    return out;
}
bool has(const DenyList& list, const char* digits) { return list.has_eid(eid(digits)); }
} // namespace

TEST_CASE("when EIDs are denied one by one, in ranges and by prefix, these are denied and no others") {
    const auto list =
        DenyList::parse("# stolen\n\n"
                        "eid 89049032000000000000000000000112 # one\r\n"
                        "  eid 89049032000000000000000000000200-89049032000000000000000000000299\n"
                        "eid 89049032000000000000000000000250-89049032000000000000000000000310\n"
                        "eid 89049044*");
    REQUIRE(list);
    CHECK(list->size() == 3); // two ranges overlap
    CHECK(has(*list, "89049032000000000000000000000112"));
    CHECK(!has(*list, "89049032000000000000000000000111"));
    CHECK(!has(*list, "89049032000000000000000000000113"));
    CHECK(!has(*list, "89049032000000000000000000000199"));
    CHECK(has(*list, "89049032000000000000000000000200"));
    CHECK(has(*list, "89049032000000000000000000000305"));
    CHECK(has(*list, "89049032000000000000000000000310"));
    CHECK(!has(*list, "89049032000000000000000000000311"));
    CHECK(has(*list, "89049044000000000000000000000000"));
    CHECK(has(*list, "89049044999999999999999999999999"));
    CHECK(!has(*list, "89049045000000000000000000000000"));
    CHECK(!has(*list, "00000000000000000000000000000000"));
}

TEST_CASE("when certificates, EUMs and servers are denied, they are found by octets, zeros in front aside") {
    const auto list = DenyList::parse("eum F541\ncertificate AA01 0000FF01\noid 2.999.10\n");
    REQUIRE(list);
    const uint8_t ski[] = {0xF5, 0x41}, issuer[] = {0xAA, 0x01}, serial[] = {0x00, 0xFF, 0x01},
                  other[] = {0x01};
    CHECK(list->has_eum(ski));
    CHECK(!list->has_eum(issuer));
    CHECK(list->has_certificate(issuer, serial));
    CHECK(!list->has_certificate(ski, serial)); // another issuer's
    CHECK(!list->has_certificate(issuer, other));
    CHECK(list->has_oid("2.999.10"));
    CHECK(!list->has_oid("2.999.1"));
    CHECK(!list->has_oid("2.999.100"));
    CHECK(DenyList::parse("")->size() == 0);
}

TEST_CASE("when a line is wrong, the whole list is refused, and the line is told") {
    const std::pair<const char*, const char*> wrong[] = {
        {"eid 8904", "EID"},
        {"eid 8904903200000000000000000000011x", "EID"},
        {"eid *", "EID"},
        {"eid", "EID"},
        {"eid 89049032000000000000000000000112-89049032000000000000000000000111", "range"},
        {"eid 89049032000000000000000000000112 x", "a word too many"},
        {"eum xyz", "key identifier"},
        {"eum", "key identifier"},
        {"certificate AA", "serial number"},
        {"certificate AA 01 02", "a word too many"},
        {"oid 2..9", "oid"},
        {"iccid 89", "kind: eid, eum, certificate or oid"},
    };
    for (const auto& [line, where] : wrong) {
        CAPTURE(line);
        const auto list = DenyList::parse(std::string("oid 2.999.1\n\n") + line + "\noid 2.999.2\n");
        REQUIRE(!list);
        CHECK(list.error().detail == 3);
        CHECK(std::string_view(list.error().where).find(where) != std::string_view::npos);
    }
}
