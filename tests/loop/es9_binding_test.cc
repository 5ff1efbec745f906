// A whole download whose ES9+ messages travel in one binding or the other: the cores must not notice.
#include "binding/es9_asn1.h"
#include "tests/loop/world.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;
using binding::Es9Form, rsp::Es9Function;

namespace {
OwnedBytes carried_request(Es9Form form, Bytes message) {
    if (form == Es9Form::asn1)
        return owned(binding::request_from_asn1(binding::request_to_asn1(message))->message);
    const auto function = *binding::function_of_message(message);
    return *binding::request_from_json(function, *binding::request_to_json(function, message));
}
OwnedBytes carried_answer(Es9Form form, Es9Function function, Bytes der) {
    const rsp::Es9Answer answer{owned(der), {}};
    if (form == Es9Form::asn1) {
        const OwnedBytes body = *binding::answer_to_asn1(function, answer);
        return binding::answer_from_body(function, body.empty() ? 204 : 200, body, form)->der;
    }
    const std::string body = *binding::answer_to_json(function, answer);
    return binding::answer_from_body(function, 200, bytes_of(body), form)->der;
}
} // namespace

TEST_CASE(
    "when ES9+ travels in ASN.1 or in JSON, a download ends with the same octets and an installed profile") {
    for (const auto form : {Es9Form::asn1, Es9Form::json}) {
        World w;
        Device& d = w.add_device();
        REQUIRE(w.run());
        std::set<Es9Function> seen;
        std::optional<Es9Function> asked;
        w.tap = [&](ipa::Peer to, bool answer, OwnedBytes& octets) {
            if (to != ipa::Peer::smdp) return;
            if (!answer) asked = *binding::function_of_message(octets);
            seen.insert(*asked);
            if (answer && *asked == Es9Function::handle_notification) return; // 204
            const OwnedBytes there =
                answer ? carried_answer(form, *asked, octets) : carried_request(form, octets);
            CHECK(hex(there) == hex(octets));
            octets = there;
        };
        const std::string code = w.smdp.order(iccid_text(1), "001010000000001", w.now);
        w.eim.download(d.identity.eid, code);
        REQUIRE(w.poll());
        CHECK(w.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
        for (const auto f : {Es9Function::initiate_authentication,
                             Es9Function::authenticate_client,
                             Es9Function::get_bound_profile_package})
            CHECK(seen.contains(f));
    }
}
