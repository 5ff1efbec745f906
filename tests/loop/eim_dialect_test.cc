// An eIM and peers of SGP.32 v1.0, made by hand from its tag table, with signatures of the software eUICC's
// own keys. docs/adr/0007-dialects.md
#include "eim/package.h"
#include "rsp/token.h"
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;
using rsp::Edition;

namespace {
constexpr uint8_t kListOk[] = {0xBF, 0x2D, 0x02, 0xA0, 0x00};
const OwnedBytes kRplmn = *from_hex("810362F210");

Bytes content(Bytes der) { return asn1::read_tlv(der)->content; }

/// An IPA and an eUICC of v1.0 in the place of the world's own.
struct OldDesk : Desk {
    /// GetEimPackage with an rPLMN under 81; what stands within the answer's BF4F.
    OwnedBytes poll_old() { return owned(content(ask(wrap(0xBF4F, {wrap(0x5A, {eid}), kRplmn})))); }
    std::string say(Bytes result) { return hex(ask(wrap(0xBF50, {result}))); }
    /// EUICCInfo2 of this card, but with v1.0.1 as its iotVersion.
    OwnedBytes info2_old() {
        OwnedBytes info = d.es10(*from_hex("BF2200"));
        const OwnedBytes ours = *from_hex("A0050403010200"), theirs = *from_hex("A0050403010001");
        const auto at = std::search(info.begin(), info.end(), ours.begin(), ours.end());
        HALYARD_ASSERT(at != info.end());
        std::copy(theirs.begin(), theirs.end(), at);
        return info;
    }
    /// BF52 { A0 { BF22, A5 eumCertificate, A6 euiccCertificate, BF2B { A0 } } }: no EID, no transaction id.
    OwnedBytes data_old(Bytes info2) {
        const auto& keys = d.identity.keys[0];
        const OwnedBytes eum = wrap(0xA5, {content(keys.eum_certificate)});
        const OwnedBytes euicc = wrap(0xA6, {content(keys.euicc_certificate)});
        const OwnedBytes none = *from_hex("BF2B02A000");
        return wrap(0xBF52, {wrap(0xA0, {info2, eum, euicc, none})});
    }
    /// A result signed over data and what else the caller says.
    OwnedBytes result(const eim::Operation& o, uint64_t number, Bytes suffix) {
        rsp::EuiccPackageResultDataSigned data{.eim_id = w.eim.config.eim_id,
                                               .counter_value = o.counter,
                                               .eim_transaction_id = Bytes(o.transaction_id),
                                               .seq_number = number};
        data.euicc_result.content = kListOk;
        const OwnedBytes der = *asn1::encode(data);
        const auto signature = *crypto::sign(d.identity.keys[0].key, {der, suffix});
        return wrap(0xBF51, {wrap(0xA0, {der, wrap(0x5F37, {signature})})});
    }
    /// Its dialect is known, and an audit is out.
    eim::Operation audit_out_old() {
        const std::string id = w.eim.audit(eid);
        HALYARD_ASSERT(poll_old()[1] == 0x52);
        HALYARD_ASSERT(say(data_old(info2_old())) == "BF5000");
        HALYARD_ASSERT(poll_old()[1] == 0x51);
        return w.eim.operation(id);
    }
};
/// 5F37 40 … of a request, which ends with it.
Bytes eim_signature(const eim::Operation& o) { return Bytes(o.request).last(67); }
} // namespace

TEST_CASE("when a device of v1.0 is polled, asked and ordered, all of it happens in the forms of v1.0") {
    OldDesk desk;
    CHECK_FALSE(desk.device().ipa_edition);
    const std::string audit = desk.w.eim.audit(desk.eid);
    // tagList alone: the transaction id has no place in v1.0. 5C 07 …: 9; BF52 09: 12
    CHECK(hex(desk.ask(wrap(0xBF4F, {wrap(0x5A, {desk.eid}), kRplmn}))) == "BF4F0CBF52095C07BF2284A5A6A8A9");
    CHECK(desk.device().ipa_edition == Edition::v1_0);
    CHECK_FALSE(desk.device().euicc_edition());

    CHECK(desk.say(desk.data_old(desk.info2_old())) == "BF5000");
    CHECK_FALSE(desk.device().identities.empty());
    CHECK(desk.device().euicc_edition() == Edition::v1_0);

    const OwnedBytes request = desk.poll_old();
    const auto o = desk.w.eim.operation(audit);
    CHECK(hex(request) == hex(o.request));
    CHECK(desk.say(desk.result(o, 7, eim_signature(o))) == "BF5006BF5303800107");
    CHECK(desk.state(audit) == eim::State::succeeded);
    CHECK(hex(desk.poll_old()) == "020101");

    const std::string number = iccid_text(1);
    const std::string load =
        desk.w.eim.download(desk.eid, desk.w.smdp.order(number, "001011000000001", desk.w.now));
    const OwnedBytes trigger = desk.poll_old();
    const auto loading = desk.w.eim.operation(load);
    CHECK(hex(trigger) == hex(loading.request));
    // 30 { 80 errorResponse }, of one octet: for a peer of v1.0 that is no reason
    const OwnedBytes failed = wrap(0xBF54, {wrap(0x82, {loading.transaction_id}), *from_hex("3003800168")});
    CHECK(desk.say(failed) == "BF5000");
    REQUIRE(desk.evidence(load).size() == 1);
    CHECK(desk.evidence(load)[0].what == "download failed on the device, reason 127");
    CHECK(hex(desk.evidence(load)[0].octets) == "68");
    CHECK(desk.say(desk.installation(loading, 9, number)) == "BF5000");
    CHECK(desk.state(load) == eim::State::succeeded);
}

TEST_CASE(
    "when an eUICC of v1.0 signs over the value of eimSignature alone, or as v1.2 does, that is taken too") {
    for (int form = 0; form < 2; ++form) {
        CAPTURE(form);
        OldDesk desk;
        const auto o = desk.audit_out_old();
        const OwnedBytes suffix =
            form ? rsp::token_tlv(desk.device().token) : owned(eim_signature(o).last(64));
        CHECK(desk.say(desk.result(o, 7, suffix)) == "BF5006BF5303800107");
        CHECK(desk.state(o.id) == eim::State::succeeded);
    }
}

TEST_CASE("when an eUICC of v1.0 signs over another eimSignature, nothing ends and nothing is acknowledged") {
    OldDesk desk;
    const auto o = desk.audit_out_old();
    const OwnedBytes other = flipped(eim_signature(o), 100);
    CHECK(desk.say(desk.result(o, 7, other)) == "BF5000");
    CHECK(desk.state(o.id) == eim::State::offered);
    CHECK_FALSE(desk.evidence(o.id).empty());
}

TEST_CASE("when an eUICC of v1.2 signs as v1.0 does, it does not verify, whatever its IPA speaks") {
    OldDesk desk;
    const std::string id = desk.w.eim.audit(desk.eid);
    REQUIRE(desk.poll_old()[1] == 0x52);
    REQUIRE(desk.say(desk.data_old(desk.d.es10(*from_hex("BF2200")))) == "BF5000"); // as it is: v1.2
    REQUIRE(desk.device().euicc_edition() == Edition::v1_2);
    REQUIRE(desk.poll_old()[1] == 0x51);
    const auto o = desk.w.eim.operation(id);
    CHECK(desk.say(desk.result(o, 7, eim_signature(o))) == "BF5000");
    CHECK(desk.say(desk.result(o, 7, eim_signature(o).last(64))) == "BF5000");
    CHECK(desk.state(id) == eim::State::offered);
    CHECK(desk.evidence(id).size() == 2);
    CHECK(desk.say(desk.result(o, 8, rsp::token_tlv(desk.device().token))) == "BF5006BF5303800108");
    CHECK(desk.state(id) == eim::State::succeeded);
}

TEST_CASE(
    "when an answer of v1.0 does not tell whose it is, it is refused by name, and the question stays open") {
    OldDesk desk;
    const std::string id = desk.w.eim.audit(desk.eid);
    REQUIRE(desk.poll_old()[1] == 0x52);
    // defaultSmdpAddress alone; an error; v1.0 has no code that could say "missing EID"
    for (const char* nameless : {"BF5008BF5205A003800161", "BF5006BF5203810105"}) {
        CAPTURE(nameless);
        const auto refused = desk.w.eim.server.esipa(*from_hex(nameless), desk.w.now);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::unsupported);
        CHECK(std::string_view(refused.error().where) == "provideEimPackageResultError");
    }
    CHECK(desk.poll_old()[1] == 0x52);
    CHECK(desk.say(desk.data_old(desk.info2_old())) == "BF5000");
}

TEST_CASE("when an IPA of v1.0 is asked for one thing, the certificates that tell whose answer it is are "
          "asked along") {
    OldDesk fresh;
    (void)fresh.poll_old(); // known as v1.0
    const std::string id =
        fresh.w.eim.create({.eid = fresh.eid, .kind = eim::Kind::data, .tag_list = {0x81, 0xA0}});
    // 81 is 80 there, A0 is BF2B; A5 and A6 are ours: 5C 05: 7; BF52 07
    CHECK(hex(fresh.poll_old()) == "BF52075C0580BF2BA5A6");
    CHECK(fresh.say(fresh.data_old(fresh.info2_old())) == "BF5000");
    CHECK(fresh.state(id) == eim::State::succeeded);
    // The question was put before it was known who speaks: put again, it is one that can be answered.
    OldDesk late;
    (void)late.w.eim.create({.eid = late.eid, .kind = eim::Kind::data, .tag_list = {0xA9}});
    REQUIRE(late.poll()[1] == 0x52);
    CHECK(hex(late.poll_old()) == "BF52055C03A9A5A6");
}

TEST_CASE(
    "when a package for an eUICC of v1.0 has a command of v1.1, it is refused when it is ordered, by name") {
    OldDesk desk;
    const auto o = desk.audit_out_old();
    REQUIRE(desk.say(desk.result(o, 7, eim_signature(o))) == "BF5006BF5303800107");
    const auto order = [&](rsp::Psmo command) {
        const std::vector<eim::NewOperation> wanted{
            {.eid = desk.eid, .package = psmos({command}), .force = true}};
        const auto made = desk.w.eim.server.create(wanted, desk.w.now);
        return made ? std::string() : std::string(name(made.error().code)) + " " + made.error().where;
    };
    CHECK(order({rsp::SetFallbackAttribute{}}) ==
          "unsupported setFallbackAttribute by an eUICC of SGP.32 v1.0");
    CHECK(order({rsp::UnsetFallbackAttribute{}}) ==
          "unsupported unsetFallbackAttribute by an eUICC of SGP.32 v1.0");
    CHECK(order({rsp::SetDefaultDpAddressRequest{"smdp.example"}}) ==
          "unsupported setDefaultDpAddress by an eUICC of SGP.32 v1.0");
    CHECK(order({rsp::GetRAT{}}).empty());
    // The eIM's own audit asks for nothing of v1.1 either: no 9F26 behind 95.
    CHECK(hex(eim::audit_package(Edition::v1_0)) == "A00BBF2D085C065A9F70919295");
}

TEST_CASE(
    "when the eUICC turns out to follow v1.0 after the order, the order fails by name and is never signed") {
    OldDesk desk;
    const std::string id =
        desk.w.eim.create({.eid = desk.eid,
                           .package = psmos({{rsp::SetFallbackAttribute{iccid(iccid_text(1))}}}),
                           .force = true});
    REQUIRE(desk.poll_old()[1] == 0x52);
    REQUIRE(desk.say(desk.data_old(desk.info2_old())) == "BF5000");
    CHECK(hex(desk.poll_old()) == "020101");
    const auto o = desk.w.eim.operation(id);
    CHECK(o.state == eim::State::failed);
    CHECK(o.reason == "setFallbackAttribute by an eUICC of SGP.32 v1.0 is not supported");
    CHECK(o.request.empty());
}

TEST_CASE("when a result of v1.0 comes inside a notification or with notifications, it counts") {
    OldDesk desk;
    const auto o = desk.audit_out_old();
    CHECK(desk.ask(wrap(0xBF3D, {wrap(0xA1, {desk.result(o, 7, eim_signature(o))})})).empty());
    CHECK(desk.state(o.id) == eim::State::succeeded);
    const auto next = desk.w.eim.audit(desk.eid);
    REQUIRE(desk.poll_old()[1] == 0x51);
    const auto again = desk.w.eim.operation(next);
    const OwnedBytes both =
        wrap(0x30, {desk.result(again, 8, eim_signature(again)), *from_hex("BF2B02A000")});
    CHECK(desk.say(both) == "BF5006BF5303800108");
    CHECK(desk.state(next) == eim::State::succeeded);
}

TEST_CASE("when the form tells the edition it is remembered, and what fits several changes nothing") {
    Desk desk;
    const auto edition = [&] { return desk.device().ipa_edition; };
    const auto poll = [&](Bytes more, std::optional<Edition> hint = {}) {
        REQUIRE(desk.w.eim.server.esipa(wrap(0xBF4F, {wrap(0x5A, {desk.eid}), more}), desk.w.now, hint));
    };
    poll({});
    CHECK_FALSE(edition());
    poll(*from_hex("8000"));
    CHECK_FALSE(edition());
    poll({}, Edition::v1_3);
    CHECK(edition() == Edition::v1_3);
    poll(kRplmn, Edition::v1_3); // the form is stronger than what the transport says
    CHECK(edition() == Edition::v1_0);
    poll({}, Edition::v1_3);
    CHECK(edition() == Edition::v1_0);
    poll(*from_hex("820362F210"));
    CHECK(edition() == Edition::v1_2);
    poll({}, Edition::v1_3);
    CHECK(edition() == Edition::v1_3);
    poll(*from_hex("80008101018203 62F210")); // "not v1.0" says nothing new
    CHECK(edition() == Edition::v1_3);
    // EID and a bare error code: v1.1 alone; a genuine v1.2 device answered as before
    CHECK(hex(desk.ask(wrap(0xBF50, {wrap(0x5A, {desk.eid}), *from_hex("020102")}))) == "BF50023000");
    CHECK(edition() == Edition::v1_1);
    REQUIRE(desk.evidence().size() == 1);
    CHECK(desk.evidence()[0].what == "the IPA refused the package, code 2");
}
