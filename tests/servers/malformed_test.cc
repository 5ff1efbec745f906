// Requests that are cut, doubled, oversized or written in other forms of BER and JSON, in both bindings: none
// of them changes anything, and the right one is taken afterwards. SR-13, SR-47, SR-48, SR-50
#include "tests/loop/hand.h"
#include "tests/servers/front.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::servers;
using binding::Es9Form;
using loop::Handset, loop::codes, loop::iccid_text;
using rsp::Es9Function;

namespace {
const char* path_of(Es9Form form, Es9Function f) {
    return form == Es9Form::asn1 ? "/gsma/rsp2/asn1" : binding::path(f);
}
OwnedBytes body_of(Es9Form form, Es9Function f, Bytes message) {
    if (form == Es9Form::asn1) return binding::request_to_asn1(message);
    return owned(bytes_of(*binding::request_to_json(f, message)));
}
int status(Front& f, Es9Form form, Es9Function function, Bytes body) {
    const auto answer = f.post(loop::kSmdpAddress, path_of(form, function), body);
    REQUIRE(answer);
    return answer->status;
}

/// A download as far as the function's turn; the message then.
OwnedBytes message_for(Es9Function function, Handset& p) {
    if (function == Es9Function::initiate_authentication) return p.initiate_message();
    REQUIRE(codes(p.initiate()) == "");
    if (function == Es9Function::authenticate_client) return p.client_message();
    REQUIRE(codes(p.authenticate()) == "");
    if (function == Es9Function::get_bound_profile_package) return p.package_message();
    if (function == Es9Function::cancel_session)
        return p.cancel_message(rsp::CancelSessionReason::end_user_rejection);
    REQUIRE(codes(p.package()) == "");
    return p.installation_message(1, iccid_text(1));
}
constexpr struct {
    Es9Function function;
    const char* state; // once the right message was taken
} kFunctions[] = {{Es9Function::initiate_authentication, "released"},
                  {Es9Function::authenticate_client, "released"},
                  {Es9Function::get_bound_profile_package, "downloaded"},
                  {Es9Function::cancel_session, "error"},
                  {Es9Function::handle_notification, "installed"}};

/// A message under way, and the octets of the order's row that must not change.
struct Run {
    Front f;
    Handset phone;
    OwnedBytes message;
    uint64_t version = 0;
    Run(Es9Form form, Es9Function function) : phone(f.handset(form)) {
        phone.matching_id = f.order(1);
        message = message_for(function, phone);
        version = f.at(1).version;
    }
    bool unchanged() {
        return f.at(1).version == version && f.smdp.store->notifications(loop::iccid(iccid_text(1)))->empty();
    }
};
} // namespace

TEST_CASE("when a request is cut at any octet, it is refused, and the whole one is taken afterwards") {
    for (const Es9Form form : {Es9Form::json, Es9Form::asn1})
        for (const auto& [function, state] : kFunctions) {
            INFO(binding::name(function) << (form == Es9Form::json ? " json" : " asn1"));
            Run r(form, function);
            const OwnedBytes body = body_of(form, function, r.message);
            for (size_t n = 0; n < body.size(); ++n)
                if (const int said = status(r.f, form, function, Bytes(body).first(n)); said != 400)
                    FAIL("HTTP " << said << " to " << n << " octets");
            CHECK(r.unchanged());
            CHECK(status(r.f, form, function, body) < 300);
            CHECK(std::string(r.f.state(1)) == state);
        }
}

TEST_CASE("when octets follow a request, or it stands in another message's place, it is refused") {
    for (const Es9Form form : {Es9Form::json, Es9Form::asn1})
        for (const auto& [function, state] : kFunctions) {
            INFO(binding::name(function) << (form == Es9Form::json ? " json" : " asn1"));
            Run r(form, function);
            OwnedBytes body = body_of(form, function, r.message);
            body.push_back(form == Es9Form::json ? '}' : 0x00);
            CHECK(status(r.f, form, function, body) == 400);
            const OwnedBytes other =
                body_of(form == Es9Form::json ? Es9Form::asn1 : Es9Form::json, function, r.message);
            CHECK(status(r.f, form, function, other) == 400); // the path says which binding it is
            CHECK(r.unchanged());
        }
}

TEST_CASE("when a JSON member stands twice, is of another kind or not base64, the request is refused") {
    for (const auto& [function, state] : kFunctions) {
        INFO(std::string(binding::name(function)));
        Run r(Es9Form::json, function);
        const auto good = ordered_json::parse(text_of(body_of(Es9Form::json, function, r.message)));
        REQUIRE_FALSE(good.empty());
        const auto refused = [&](const std::string& text) {
            return status(r.f, Es9Form::json, function, bytes_of(text)) == 400;
        };
        for (const auto& [name, value] : good.items()) {
            INFO(std::string(name));
            const std::string all = good.dump(), head = all.substr(0, all.size() - 1);
            CHECK(refused(head + ",\"" + name + "\":" + value.dump() + "}")); // the same again
            CHECK(refused(head + ",\"" + name + "\":\"\"}"));
            CHECK(refused("{\"" + name + "\":\"\"," + all.substr(1)));
            for (const ordered_json& other :
                 {ordered_json(1), ordered_json(nullptr), ordered_json::array({value}), ordered_json("!")}) {
                auto changed = good;
                changed[name] = other;
                if (name == "smdpAddress" && other.is_string()) continue; // a name like any other
                INFO(other.dump());
                CHECK(refused(changed.dump()));
            }
            auto without = good;
            without.erase(name);
            CHECK(refused(without.dump()));
        }
        CHECK(refused("[" + good.dump() + "]"));
        CHECK(refused(std::string(33, '[') + std::string(33, ']')));
        CHECK(r.unchanged());
    }
}

TEST_CASE("when lengths are written otherwise than DER has them, only what was signed so is believed") {
    Front f;
    Handset phone = f.handset(Es9Form::asn1);
    phone.matching_id = f.order(1);
    REQUIRE(codes(phone.initiate()) == "");
    const OwnedBytes good = phone.client_message();
    // BF3B { 80 transactionId, BF38 { A0 { euiccSigned1, 5F37, certificates } } }
    const OwnedBytes id = loop::whole_part(good, 0);
    const OwnedBytes ok = loop::whole_part(loop::whole_part(good, 1), 0);
    const OwnedBytes signed1 = loop::whole_part(ok, 0), signature = loop::whole_part(ok, 1);
    const OwnedBytes rest = loop::joined({loop::whole_part(ok, 2), loop::whole_part(ok, 3)});
    const auto message = [&](Bytes first, Bytes second) {
        return loop::tlv(0xBF3B, {id, loop::tlv(0xBF38, {loop::tlv(0xA0, {first, second, rest})})});
    };
    REQUIRE(message(signed1, signature) == good);
    const auto tlv = asn1::read_tlv(signed1);
    REQUIRE(tlv->content.size() < 0x100);
    REQUIRE(tlv->content.size() > 0x7F);
    const auto size = static_cast<uint8_t>(tlv->content.size());
    const OwnedBytes longer = loop::joined({OwnedBytes{0x30, 0x82, 0x00, size}, tlv->content});
    CHECK(codes(phone.send(message(longer, signature))) == "8.1/6.1"); // signed in its short form
    const auto status_of = [&](Bytes m) {
        return status(f, Es9Form::asn1, Es9Function::authenticate_client, binding::request_to_asn1(m));
    };
    const OwnedBytes indefinite =
        loop::joined({OwnedBytes{0x30, 0x80}, tlv->content, OwnedBytes{0x00, 0x00}});
    CHECK(status_of(message(indefinite, signature)) == 400);
    const OwnedBytes constructed{0x7F, 0x37, 0x42, 0x04, 0x40}; // a signature in pieces
    CHECK(status_of(message(signed1, loop::joined({constructed, Bytes(signature).last(64)}))) == 400);
    const OwnedBytes twice = loop::joined({signature, signature});
    CHECK(status_of(message(signed1, twice)) == 400);
    CHECK(f.at(1).attempts == 0);
    // Signed as it stands there: the octets received are what counts, and the deviation is counted.
    const OwnedBytes again =
        loop::joined({OwnedBytes{0x5F, 0x37, 0x40}, owned(*crypto::sign(phone.euicc.key, {longer}))});
    CHECK(codes(phone.send(message(longer, again))) == "");
    CHECK(f.at(1).attempts == 1);
}

TEST_CASE("when a field is larger or smaller than it may be, the request is refused whole") {
    Run r(Es9Form::asn1, Es9Function::authenticate_client);
    const auto send = [&](Es9Function function, Bytes message) {
        return status(r.f, Es9Form::asn1, function, binding::request_to_asn1(message));
    };
    const OwnedBytes response = loop::whole_part(r.message, 1);
    for (const size_t size : {size_t{0}, size_t{17}, size_t{200}})
        CHECK(send(Es9Function::authenticate_client,
                   loop::tlv(0xBF3B, {loop::tlv(0x80, {OwnedBytes(size, 1)}), response})) == 400);
    const OwnedBytes hello = r.phone.initiate_message();
    const OwnedBytes address = loop::whole_part(hello, 1), info = loop::whole_part(hello, 2);
    for (const size_t size : {size_t{0}, size_t{15}, size_t{17}, size_t{1000}})
        CHECK(send(Es9Function::initiate_authentication,
                   loop::tlv(0xBF39, {loop::tlv(0x81, {OwnedBytes(size, 1)}), address, info})) == 400);
    CHECK(r.unchanged());
    for (const size_t size : {size_t{256}, size_t{60'000}}) { // no id is that long
        r.phone.matching_id = std::string(size, 'A');
        REQUIRE(codes(r.phone.initiate()) == "");
        CHECK(codes(r.phone.authenticate()) == "8.2.6/3.8");
    }
    for (const Es9Form form : {Es9Form::json, Es9Form::asn1}) {
        const OwnedBytes huge(1024 * 1024 + 1, form == Es9Form::json ? ' ' : 0xA2);
        CHECK(status(r.f, form, Es9Function::authenticate_client, huge) == 413);
    }
    CHECK(r.unchanged());
}
