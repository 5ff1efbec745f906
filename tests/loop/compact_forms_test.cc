// Compact forms between IPA and eIM: every signed object arrives whole at the SM-DP+, or not at all. SGP.32
// §3.2.3.2; TC_IPA_Compact, TC_eIM_ESipa_AuthenticateClient and its neighbours
#include "binding/esipa_json.h"
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;

namespace {
using Feature = rsp::IpaCapabilities::IpaFeatures;

struct Thrifty {
    explicit Thrifty(std::initializer_list<Feature> more = {})
        : d(w.add_device(ipa::Config::Download::indirect)) {
        announce(Feature::minimize_esipa_bytes);
        for (const Feature f : more) announce(f);
        w.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to != ipa::Peer::eim || answer) return;
            if (on_request) on_request(message);
            sent.push_back(message);
        };
        w.eim.relayed = [this](Bytes message) { relayed.push_back(owned(message)); };
        REQUIRE(w.run());
    }
    void announce(Feature f) {
        d.config.capabilities.ipa_features.mask |= asn1::bit(static_cast<unsigned>(f)).mask;
    }
    const Eid& eid() const { return d.identity.eid; }
    std::string order(unsigned n, rsp::StoreMetadataRequest metadata = {}) {
        return w.smdp.order(iccid_text(n), "00101100000000" + std::to_string(n), w.now, metadata);
    }
    std::string download(unsigned n = 1) { return w.eim.download(eid(), order(n)); }
    eim::State state(const std::string& id) { return w.eim.operation(id).state; }
    bool installed(unsigned n = 1) { return w.smdp.find(iccid_text(n)).state == smdp::OrderState::installed; }
    eim::Device device() { return **w.eim.store->device(eid()); }
    void change(eim::Device changed) { REQUIRE(w.eim.store->commit({.devices = {std::move(changed)}})); }
    eim::RelaySession session(Bytes message) {
        return **w.eim.store->session(asn1::read_tlv(asn1::read_tlv(message)->content)->content);
    }
    void change(eim::RelaySession changed) {
        eim::Change c;
        c.session = std::move(changed);
        REQUIRE(w.eim.store->commit(c));
    }
    std::vector<OwnedBytes> of(asn1::Tag tag) const { return pick(sent, tag); }
    std::vector<OwnedBytes> at_smdp(asn1::Tag tag) const { return pick(relayed, tag); }
    static std::vector<OwnedBytes> pick(const std::vector<OwnedBytes>& from, asn1::Tag tag) {
        std::vector<OwnedBytes> out;
        for (const auto& m : from)
            if (asn1::read_tlv(m)->tag == tag) out.push_back(m);
        return out;
    }

    World w;
    Device& d;
    std::vector<OwnedBytes> sent, relayed;
    std::function<void(const OwnedBytes&)> on_request;
};

/// The object in it that is compact, if one is: BF38, BF21, A1 of a cancellation, A0 or A1 of a notification.
Bytes compact_in(Bytes message) {
    const auto outer = *asn1::read_tlv(message);
    const auto alternative = [](Bytes object) {
        const auto inside = asn1::read_tlv(asn1::read_tlv(object)->content);
        return inside && inside->tag == 0xA2;
    };
    switch (outer.tag) {
    case 0xBF3B:
    case 0xBF3A:
    case 0xBF41: {
        const Bytes object = asn1::read_tlv(asn1::read_tlv(outer.content)->rest)->whole;
        return alternative(object) ? object : Bytes{};
    }
    case 0xBF3D: {
        const auto pending = *asn1::read_tlv(asn1::read_tlv(outer.content)->content);
        return pending.tag == 0xA0 || pending.tag == 0xA1 ? pending.whole : Bytes{};
    }
    }
    return {};
}
bool is_compact(Bytes message) { return !compact_in(message).empty(); }

rsp::StoreMetadataRequest with_ppr1() {
    rsp::StoreMetadataRequest m;
    m.profile_policy_rules = asn1::BitSet<rsp::PprIds>{rsp::PprIds::ppr1};
    return m;
}
} // namespace

TEST_CASE(
    "when compact forms are announced, every step of a download is compact and the SM-DP+ gets it whole") {
    Thrifty t;
    t.on_request = [](const OwnedBytes& message) { // and the JSON binding carries them unchanged
        if (!is_compact(message)) return;
        const auto function = *binding::esipa_function_of_message(message);
        CHECK(*binding::esipa_request_from_json(
                  function, *binding::esipa_request_to_json(function, message)) == message);
    };
    const auto id = t.download();
    REQUIRE(t.w.poll());
    CHECK(t.state(id) == eim::State::succeeded);
    CHECK(t.installed());
    CHECK(t.d.card->isdr().state().notifications.empty());
    for (const asn1::Tag tag : {0xBF3B, 0xBF3A, 0xBF3D}) {
        CAPTURE(tag);
        REQUIRE(t.of(tag).size() == 1);
        CHECK(is_compact(t.of(tag)[0]));
        REQUIRE(t.at_smdp(tag).size() == 1);
        CHECK_FALSE(is_compact(t.at_smdp(tag)[0]));
    }
    // Two certificates and euiccInfo2 stay at home.
    CHECK(t.of(0xBF3B)[0].size() < 200);
    CHECK(t.at_smdp(0xBF3B)[0].size() > 1000);
}

TEST_CASE("when the eIM generates ctxParams1, it is not sent back") {
    Thrifty t({Feature::eim_download_data_handling, Feature::eim_ctx_params1_generation});
    const auto id = t.download();
    REQUIRE(t.w.poll());
    CHECK(t.state(id) == eim::State::succeeded);
    REQUIRE(t.of(0xBF3B).size() == 1);
    // A2 { A0 { 84 extCardResource }, 5F37 40 signature }
    const auto messages = t.of(0xBF3B);
    const auto choice = *asn1::read_tlv(asn1::read_tlv(compact_in(messages[0]))->content);
    const auto signed_data = *asn1::read_tlv(choice.content);
    CHECK(signed_data.tag == 0xA0);
    CHECK(asn1::read_tlv(signed_data.content)->tag == 0x84);
    CHECK(asn1::read_tlv(signed_data.content)->rest.empty());
    CHECK(signed_data.rest.size() == 67);
}

TEST_CASE("when a profile is enabled, its notifications go compact beside the result") {
    Thrifty t;
    t.download();
    REQUIRE(t.w.poll());
    t.relayed.clear();
    t.sent.clear();
    const auto id = t.w.eim.enable(t.eid(), iccid_text(1));
    REQUIRE(t.w.poll());
    CHECK(t.state(id) == eim::State::succeeded);
    size_t compact = 0;
    for (const auto& message : t.of(0xBF50)) {
        const auto provided = *asn1::decode<rsp::ProvideEimPackageResult>(message);
        if (const auto* bundle = std::get_if<rsp::EprAndNotifications>(&provided.eim_package_result.is))
            REQUIRE(bundle->notification_list.for_each([&](const rsp::PendingNotification& n) {
                CHECK(n.is.index() == 3); // compactOtherSignedNotification
                ++compact;
            }));
    }
    CHECK(compact == 1);
    REQUIRE(t.at_smdp(0xBF3D).size() == 1);
    CHECK_FALSE(is_compact(t.at_smdp(0xBF3D)[0]));
    CHECK(t.d.card->isdr().state().notifications.empty());
}

TEST_CASE("when compact forms are no feature, or the eIM was not told of it, everything goes in full") {
    Thrifty t;
    const uint64_t all = t.d.config.capabilities.ipa_features.mask;
    t.d.config.capabilities.ipa_features.mask &= ~uint64_t{32}; // minimizeEsipaBytes is bit 5
    t.download(1);
    REQUIRE(t.w.poll());
    CHECK(t.installed(1));
    t.d.config.capabilities.ipa_features.mask = all; // here, but the eIM has heard otherwise
    t.download(2);
    REQUIRE(t.w.poll());
    CHECK(t.installed(2));
    CHECK(std::none_of(t.sent.begin(), t.sent.end(), is_compact));
    // Told by a data answer that has ipaCapabilities.
    t.w.eim.create({.eid = t.eid(), .kind = eim::Kind::data, .tag_list = *from_hex("BF22A5A6A8")});
    t.download(3);
    REQUIRE(t.w.poll());
    CHECK(t.installed(3));
    CHECK(is_compact(t.of(0xBF3B).back()));
}

TEST_CASE("when any bit of a compact object is turned, it is refused and the SM-DP+ never sees it") {
    for (const bool cancelled : {false, true}) {
        Thrifty t;
        std::set<asn1::Tag> tried;
        size_t let_through = 0;
        t.on_request = [&](const OwnedBytes& message) {
            const Bytes object = compact_in(message);
            const auto tag = asn1::read_tlv(message)->tag;
            if (object.empty() || !tried.insert(tag).second) return;
            t.w.eim.now = t.w.now;
            const size_t from = static_cast<size_t>(object.data() - message.data()) * 8;
            const size_t before = t.relayed.size();
            for (size_t bit = from; bit < from + object.size() * 8; ++bit) {
                const auto answer = t.w.eim.server.esipa(flipped(message, bit), t.w.now);
                t.w.eim.forward();
                if (t.relayed.size() != before || (tag == 0xBF3D && answer)) ++let_through;
            }
            CHECK(let_through == 0);
        };
        const auto code = cancelled ? t.order(1, with_ppr1()) : t.order(1);
        const auto id = t.w.eim.download(t.eid(), code);
        t.d.engine->poll_now();
        (void)t.w.run(cancelled ? 400 : 20'000); // a refused profile is ordered again and again
        // The real ones got through all the same.
        if (cancelled) {
            CHECK(tried == std::set<asn1::Tag>{0xBF3B, 0xBF41});
            CHECK_FALSE(t.at_smdp(0xBF41).empty());
        } else {
            CHECK(tried == std::set<asn1::Tag>{0xBF3B, 0xBF3A, 0xBF3D});
            CHECK(t.state(id) == eim::State::succeeded);
            CHECK(t.installed());
        }
    }
}

TEST_CASE("when the eIM itself refused a profile for its rules, the cancellation needs no reason") {
    for (const bool eim_verifies : {true, false}) {
        Thrifty t;
        if (eim_verifies) t.announce(Feature::eim_profile_metadata_verification);
        t.w.eim.download(t.eid(), t.order(1, with_ppr1()));
        t.d.engine->poll_now();
        (void)t.w.run(400);
        const auto sent = t.of(0xBF41), relayed = t.at_smdp(0xBF41);
        REQUIRE_FALSE(sent.empty());
        const auto request = *asn1::decode<rsp::CancelSessionRequestEsipa>(sent[0]);
        const auto& compact =
            std::get<rsp::CompactCancelSessionResponseOk>(request.cancel_session_response.is);
        CHECK(compact.compact_euicc_cancel_session_signed.reason.has_value() == !eim_verifies);
        REQUIRE_FALSE(relayed.empty());
        const auto full = *asn1::decode<rsp::CancelSessionRequestEs9>(relayed[0]);
        CHECK(std::get<rsp::CancelSessionResponseOk>(full.cancel_session_response.is)
                  .euicc_cancel_session_signed.value.reason == rsp::CancelSessionReason::ppr_not_allowed);
    }
}

TEST_CASE(
    "when the euiccInfo2 on file is out of date, the download goes on in full and the file is renewed") {
    Thrifty t;
    t.w.eim.audit(t.eid()); // so that the eIM asks for everything
    REQUIRE(t.w.poll());
    auto device = t.device();
    REQUIRE(device.euicc_info2.size() > 20);
    const uint8_t right = device.euicc_info2[6];
    device.euicc_info2[6] ^= 1; // profileVersion
    t.change(device);
    const auto id = t.download();
    std::vector<std::string> answers;
    auto tap = t.w.tap;
    t.w.tap = [&](ipa::Peer to, bool answer, OwnedBytes& message) {
        tap(to, answer, message);
        if (answer && to == ipa::Peer::eim && hex(message).starts_with("BF3B"))
            answers.push_back(hex(message));
    };
    REQUIRE(t.w.poll());
    CHECK(t.state(id) == eim::State::succeeded);
    REQUIRE(t.of(0xBF3B).size() == 2);
    CHECK(is_compact(t.of(0xBF3B)[0]));
    CHECK_FALSE(is_compact(t.of(0xBF3B)[1]));
    CHECK(answers[0] == "BF3B03820105"); // euiccSignatureInvalid
    CHECK(t.at_smdp(0xBF3B).size() == 1);
    CHECK(t.device().euicc_info2[6] == right);
    t.sent.clear();
    t.download(2);
    REQUIRE(t.w.poll());
    REQUIRE(t.of(0xBF3B).size() == 1);
    CHECK(is_compact(t.of(0xBF3B)[0]));
}

TEST_CASE("when the eIM has lost a certificate or part of a session, the step is repeated in full") {
    enum class Lost { certificate, offered, iccid };
    for (const Lost lost : {Lost::certificate, Lost::offered, Lost::iccid}) {
        CAPTURE(static_cast<int>(lost));
        const asn1::Tag tag = lost == Lost::certificate ? 0xBF3B : lost == Lost::offered ? 0xBF3A : 0xBF3D;
        Thrifty t;
        bool done = false;
        t.on_request = [&](const OwnedBytes& message) {
            if (done || asn1::read_tlv(message)->tag != tag || !is_compact(message)) return;
            done = true;
            if (lost == Lost::certificate) {
                auto device = t.device();
                device.identities.front().eum_certificate.clear();
                t.change(device);
                return;
            }
            // The session of a result is named inside it.
            const Bytes inside = asn1::read_tlv(message)->content;
            auto session = lost == Lost::iccid
                               ? t.session(asn1::read_tlv(asn1::read_tlv(inside)->content)->content)
                               : t.session(message);
            session.smdp_signature2.clear();
            session.iccid.reset();
            t.change(session);
        };
        const auto id = t.download();
        REQUIRE(t.w.poll());
        CHECK(done);
        CHECK(t.state(id) == eim::State::succeeded);
        CHECK(t.installed());
        REQUIRE(t.of(tag).size() == 2);
        CHECK_FALSE(is_compact(t.of(tag)[1]));
        CHECK(t.at_smdp(tag).size() == 1);
    }
}

TEST_CASE("when the power fails at any action of a compact download, it is completed once") {
    for (const bool carried : {false, true})
        for (int n = 0;; ++n) {
            Thrifty t;
            const auto id = t.download();
            t.d.engine->poll_now();
            bool busy = true;
            for (int i = 0; i < n && busy; ++i) busy = t.w.step(t.d);
            if (!busy) break;
            CAPTURE(n);
            t.w.cut(t.d, carried);
            REQUIRE(t.w.run());
            REQUIRE(t.w.poll());
            CHECK(t.state(id) == eim::State::succeeded);
            CHECK(t.installed());
            CHECK(t.d.card->isdr().state().profiles.size() == 2);
            CHECK(t.d.card->isdr().state().notifications.empty());
            CHECK(std::none_of(t.relayed.begin(), t.relayed.end(), is_compact));
        }
}

TEST_CASE("what an eIM was told outlives a restart of the IPA; an eIM that forgot gets full forms") {
    Thrifty t;
    t.download();
    REQUIRE(t.w.poll());
    REQUIRE(is_compact(t.of(0xBF3B)[0]));
    // The same IPA after a restart: what was told is in its state.
    t.d.boot(OwnedBytes(t.d.initial_eim));
    t.sent.clear();
    t.download(2);
    REQUIRE(t.w.run());
    REQUIRE(t.w.poll());
    REQUIRE_FALSE(t.of(0xBF3B).empty());
    CHECK(is_compact(t.of(0xBF3B)[0]));
    // Another database of the same eIM: it knows nothing, and gets along.
    auto device = t.device();
    device.euicc_info2.clear();
    t.change(device);
    t.sent.clear();
    t.download(3);
    REQUIRE(t.w.poll());
    CHECK(t.installed(3));
    REQUIRE(t.of(0xBF3B).size() == 2);
    CHECK_FALSE(is_compact(t.of(0xBF3B)[1]));
}
