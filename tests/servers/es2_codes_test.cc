// Every code of ES2+ and ES12 over mutual TLS, with the state each leaves behind. SGP.22 §5.3, §5.9
#include "pki/eid.h"
#include "tests/servers/digest.h"
#include "tests/servers/front.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::servers;
using loop::iccid_text;

namespace {
const std::string kEid = "89049032000000000000000000000033", kOther = "89049032000000000000000000000044";

/// Calls with short words, and remembers what was answered.
struct Operator {
    Front f;
    Witness& witness;
    explicit Operator(Witness& w) : witness(w) {
        f.smdp.config.smds = {kSmdsAddress};
        for (unsigned n = 1; n <= 3; ++n) f.smdp.stock(iccid_text(n), "data", "alpha", f.now);
        f.smdp.stock(iccid_text(4), "data", "beta", f.now);
        f.smdp.stock(iccid_text(5), "other", "alpha", f.now);
    }
    std::string call(const std::string& who, const std::string& function, const ordered_json& body) {
        const std::string code = f.es2(who, function, body);
        if (!code.empty()) witness.saw("ES2+", function, code);
        return code;
    }
    std::string order(const ordered_json& body, const std::string& who = "alpha") {
        return call(who, "downloadOrder", body);
    }
    std::string confirm(ordered_json body, const std::string& who = "alpha") {
        if (!body.contains("iccid")) body["iccid"] = iccid_text(1);
        if (!body.contains("releaseFlag")) body["releaseFlag"] = true;
        return call(who, "confirmOrder", body);
    }
    std::string release(unsigned n = 1, const std::string& who = "alpha") {
        return call(who, "releaseProfile", {{"iccid", iccid_text(n)}});
    }
    std::string cancel(ordered_json body, const std::string& who = "alpha") {
        if (!body.contains("iccid")) body["iccid"] = iccid_text(1);
        if (!body.contains("finalProfileStatusIndicator")) body["finalProfileStatusIndicator"] = "Available";
        return call(who, "cancelOrder", body);
    }
    /// The SM-DS answered the oldest event message of the outbox.
    void smds_said(smdp::EventState state) {
        const auto waiting = *f.smdp.store->due(kSmdsAddress, f.now + Time(loop::kDay), 100);
        REQUIRE(waiting.size() == 1);
        REQUIRE(f.smdp.store->delivered(waiting[0], state));
    }
    std::string state(unsigned n = 1) { return f.state(n); }
};
ordered_json iccid(unsigned n) { return {{"iccid", iccid_text(n)}}; }

void download_orders(Operator& o) {
    CHECK(o.order({{"iccid", iccid_text(99)}}) == "8.2.1/3.9");
    CHECK(o.order(iccid(4)) == "8.2.1/3.9"); // somebody else's
    CHECK(o.order(iccid(1), "narrow") == "8.2.1/1.2");
    CHECK(o.order({{"iccid", iccid_text(1)}, {"profileType", "other"}}) == "8.2.5/3.8");
    CHECK(o.order({{"profileType", "none"}}) == "8.2.5/3.9");
    CHECK(o.order({{"profileType", "data"}}, "narrow") == "8.2.5/1.2");
    CHECK(o.state() == "available");
    CHECK(o.order({{"iccid", iccid_text(1)}, {"eid", kEid}}) == "");
    CHECK(o.state() == "linked");
    CHECK(o.order({{"iccid", iccid_text(1)}, {"eid", kOther}}) == "8.1.1/3.10");
    CHECK(o.order(iccid(1)) == "8.2.1/3.3");
    CHECK(o.order({{"profileType", "other"}}) == "");
    CHECK(o.f.last["iccid"] == iccid_text(5));
    CHECK(o.order({{"profileType", "other"}}) == "8.2.5/3.7");
    CHECK(o.order(ordered_json::object()) == "1.6/2.3");
    CHECK(o.order({{"iccid", "89001"}}) == "1.6/2.1");
    CHECK(
        o.order({{"header", {{"functionRequesterIdentifier", "2.999.77.2"}, {"functionCallIdentifier", "x"}}},
                 {"iccid", iccid_text(2)}}) == "1.1/1.2");
    CHECK(o.f.es2("smdp", "downloadOrder", iccid(2)) == "HTTP 403");
    CHECK(o.state(2) == "available");
    CHECK(o.state() == "linked");
}

void confirm_orders(Operator& o) {
    CHECK(o.confirm(iccid(99)) == "8.2.1/3.9");
    CHECK(o.confirm({}) == "8.2.1/3.3"); // available
    REQUIRE(o.order({{"iccid", iccid_text(1)}, {"eid", kEid}}) == "");
    CHECK(o.confirm({}, "narrow") == "8.2.1/1.2");
    CHECK(o.confirm({{"matchingId", ""}}) == "8.1.1/2.2");
    CHECK(o.confirm({{"smdsAddress", kSmdsAddress}}) == "8.1.1/2.2");
    CHECK(o.confirm({{"eid", kOther}}) == "8.1.1/3.10");
    CHECK(o.confirm({{"eid", kEid}, {"smdsAddress", "gone.loop.test"}}) == "8.9/5.1");
    CHECK(o.call("alpha", "confirmOrder", {{"iccid", iccid_text(1)}}) == "1.6/2.2"); // no releaseFlag
    CHECK(o.state() == "linked");
    CHECK(o.confirm({{"eid", kEid}, {"matchingId", "ONE"}, {"smdsAddress", kSmdsAddress}}) == "");
    CHECK(o.state() == "released");
    CHECK(o.f.last["matchingId"] == "ONE");
    CHECK(o.f.last["eid"] == kEid);
    CHECK(o.f.last["smdpAddress"] == loop::kSmdpAddress);
    CHECK(o.confirm({{"eid", kOther}}) == "8.2.1/3.10");
    CHECK(o.confirm({{"matchingId", "TWO"}}) == "8.2.6/3.10");
    REQUIRE(o.order(iccid(2)) == "");
    CHECK(o.confirm({{"iccid", iccid_text(2)}, {"matchingId", "ONE"}}) == "8.2.6/3.3");
    CHECK(o.state(2) == "allocated");
    o.smds_said(smdp::EventState::refused);
    CHECK(o.confirm({{"eid", kEid}, {"matchingId", "ONE"}, {"smdsAddress", kSmdsAddress}}) == "8.9/4.2");
    CHECK(o.state() == "released");
}

void release_profiles(Operator& o) {
    CHECK(o.release(99) == "8.2.1/3.9");
    CHECK(o.release() == "8.2.1/3.5");
    REQUIRE(o.order({{"iccid", iccid_text(1)}, {"eid", kEid}}) == "");
    CHECK(o.release() == "8.2.1/3.5");
    REQUIRE(o.confirm({{"eid", kEid}, {"smdsAddress", kSmdsAddress}, {"releaseFlag", false}}) == "");
    CHECK(o.release(1, "narrow") == "8.2.1/1.2");
    o.f.smdp.config.smds.clear();
    CHECK(o.release() == "8.9/5.1");
    CHECK(o.state() == "confirmed");
    o.f.smdp.config.smds = {kSmdsAddress};
    CHECK(o.release() == "");
    CHECK(o.state() == "released");
    o.smds_said(smdp::EventState::refused);
    CHECK(o.release() == "8.9/4.2");
    CHECK(o.state() == "released");
}

void cancel_orders(Operator& o) {
    CHECK(o.cancel(iccid(99)) == "8.2.1/3.9");
    REQUIRE(o.order({{"iccid", iccid_text(1)}, {"eid", kEid}}) == "");
    REQUIRE(o.confirm({{"eid", kEid}, {"matchingId", "ONE"}, {"smdsAddress", kSmdsAddress}}) == "");
    CHECK(o.cancel({{"eid", kEid}}, "narrow") == "8.2.1/1.2");
    CHECK(o.cancel({}) == "8.1.1/2.2");
    CHECK(o.cancel({{"eid", kOther}}) == "8.1.1/3.10");
    CHECK(o.cancel({{"eid", kEid}, {"matchingId", "TWO"}}) == "8.2.6/3.10");
    o.f.smdp.config.smds.clear();
    CHECK(o.cancel({{"eid", kEid}}) == "8.9/5.1");
    CHECK(o.cancel({{"eid", kEid}, {"finalProfileStatusIndicator", "Gone"}}) == "1.6/2.1");
    CHECK(o.state() == "released");
    o.f.smdp.config.smds = {kSmdsAddress};
    CHECK(o.cancel({{"eid", kEid}, {"matchingId", "ONE"}, {"finalProfileStatusIndicator", "Unavailable"}}) ==
          "");
    CHECK(o.state() == "unavailable");
    CHECK(o.cancel({{"eid", kEid}}) == "8.2.1/3.3");
    CHECK(o.state() == "unavailable");
}

ordered_json server_header(const char* oid, const std::string& call) {
    return {{"functionRequesterIdentifier", oid}, {"functionCallIdentifier", call}};
}
} // namespace

TEST_CASE("when an operator's call cannot be carried out, it hears the code, and the order is what it was") {
    Witness witness;
    for (void (*part)(Operator&) : {download_orders, confirm_orders, release_profiles, cancel_orders}) {
        Operator o(witness);
        part(o);
    }
    const auto missing = witness.missing("ES2+");
    for (const std::string& row : missing) MESSAGE("not covered: " << row);
    CHECK(missing.empty());
}

TEST_CASE("when a server's call to the SM-DS cannot be carried out, it hears the code, and the events stay") {
    Witness witness;
    Front f;
    int calls = 0;
    const auto said =
        [&](const char* certificate, const std::string& path, ordered_json body, const char* oid) {
            if (!body.contains("header"))
                body["header"] = server_header(oid, "call-" + std::to_string(++calls));
            const std::string code = f.es12(certificate, "es12/" + path, body);
            if (!code.empty()) witness.saw("ES12", path, code);
            return code;
        };
    const auto event = [&](const std::string& id, const std::string& eid = kEid) {
        return ordered_json{{"eid", eid},
                            {"rspServerAddress", loop::kSmdpAddress},
                            {"eventId", id},
                            {"forwardingIndicator", false}};
    };
    const ordered_json gone{{"eid", kEid}, {"eventId", "EVENT"}};
    CHECK(said("smdp", "registerEvent", event("EVENT"), "2.999.10") == "");
    CHECK(said("smdp", "registerEvent", event("EVENT"), "2.999.10") == "8.9.5/3.3");
    CHECK(said("smdp", "registerEvent", event("E2", "8904"), "2.999.10") == "8.1.1/2.1");
    CHECK(said("smdp", "registerEvent", event("E2"), "2.999.11") == "1.1/1.2");     // not its own OID
    CHECK(said("smds", "registerEvent", event("E2"), "2.999.15") == "1.1/1.2");     // no SM-DP+
    CHECK(said("nameless", "registerEvent", event("E2"), "2.999.10") == "1.1/1.1"); // no OID at all
    ordered_json incomplete = event("E2");
    incomplete.erase("rspServerAddress");
    CHECK(said("smdp", "registerEvent", incomplete, "2.999.10") == "1.6/2.2");
    incomplete = event("E2");
    incomplete["forwardingIndicator"] = "no";
    CHECK(said("smdp", "registerEvent", incomplete, "2.999.10") == "1.6/2.1");

    CHECK(said("smdp", "deleteEvent", {{"eid", kEid}, {"eventId", "OTHER"}}, "2.999.10") == "8.9.5/3.9");
    CHECK(said("smdp", "deleteEvent", {{"eid", kOther}, {"eventId", "EVENT"}}, "2.999.10") == "8.9.5/3.9");
    CHECK(said("other-smdp", "deleteEvent", gone, "2.999.11") == "8.9.5/3.9"); // somebody else's
    CHECK(said("smdp", "deleteEvent", {{"eid", "x"}, {"eventId", "EVENT"}}, "2.999.10") == "8.1.1/2.1");
    CHECK(f.smds_store->events(*eid_from_text(kEid))->size() == 1);
    CHECK(said("smdp", "deleteEvent", gone, "2.999.10") == "");
    CHECK(f.smds_store->events(*eid_from_text(kEid))->empty());
    const auto missing = witness.missing("ES12");
    for (const std::string& row : missing) MESSAGE("not covered: " << row);
    CHECK(missing.empty());
}
