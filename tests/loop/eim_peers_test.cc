// Whom a deviation belongs to, and what a strict eIM does with it.
#include "base/tolerated.h"
#include "tests/loop/eim_kit.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// BF4F 8113 { 5A 8110 EID }: both lengths in an octet more than needed
OwnedBytes long_winded_poll(const Eid& eid) {
    OwnedBytes out = *from_hex("BF4F81135A8110");
    append(out, eid);
    return out;
}
} // namespace

TEST_CASE("when a message deviates, it is counted for the device that it is from") {
    Desk desk;
    const PeerScope scope;
    CHECK(hex(desk.ask(long_winded_poll(desk.eid))) == "BF4F03020101"); // noEimPackageAvailable
    CHECK(scope.peer() == to_text(desk.eid));
    REQUIRE(scope.seen().size() == 2);
    CHECK(scope.seen()[0].what == std::string_view("length in more octets than needed"));
    CHECK(scope.seen()[1].where == std::string_view("eidValue"));
}

TEST_CASE("when the eIM is strict, the same message is refused at the field") {
    Desk desk;
    const PeerScope scope(true);
    const auto refused = desk.w.eim.server.esipa(long_winded_poll(desk.eid), desk.w.now);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::bad_value);
    CHECK(scope.seen().empty());
    OwnedBytes plain = *from_hex("BF4F125A10");
    append(plain, desk.eid);
    CHECK(hex(desk.ask(plain)) == "BF4F03020101");
}
