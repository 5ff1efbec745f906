// Operators at an SM-DP+ over ES2+: bodies as they come, and calls in any order by three requesters. After
// each, only what was asked for and allowed has changed. SGP.22 §5.3
#include "binding/server_json.h"
#include "smdp/es2.h"
#include "tests/fuzz/scene.h"
#include <algorithm>
#include <map>

namespace halyard::fuzz {
namespace {
using enum smdp::OrderState;
using rsp::ServerFunction;
const smdp::Caller kCallers[] = {{"alpha", {}}, {"beta", {}}, {"alpha", {"voice"}}};
constexpr const char* kIds[] = {"", "ONE", "TWO", "THREE"};
const Eid kEids[] = {*eid_from_text("89049032000000000000000000000033"),
                     *eid_from_text("89049032000000000000000000000044")};

/// Profiles of two operators in stock: made once, copied from for each input.
struct Stock {
    std::vector<smdp::Order> orders;
    smdp::Config config;
    loop::SeededRandom random{61};
    Stock() {
        config.address = "smdp.loop.test";
        config.smds = {"smds"};
        config.callbacks = {"alpha"};
        HALYARD_ASSERT(random.fill(config.storage_key.writable()));
        for (unsigned n = 1; n <= 5; ++n)
            orders.push_back({.iccid = loop::iccid(loop::iccid_text(n)),
                              .state = available,
                              .operator_id = n == 5 ? "beta" : "alpha",
                              .type = n == 4 ? "voice" : "data"});
    }
};
Stock& stock() {
    static Stock s;
    return s;
}

bool follows(smdp::OrderState from, smdp::OrderState to) {
    if (from == to) return true;
    switch (from) {
    case available: return to == allocated || to == linked || to == unavailable;
    case allocated:
    case linked: return to == confirmed || to == released || to == available || to == unavailable;
    case confirmed: return to == released || to == available || to == unavailable;
    case released: return to == available || to == unavailable;
    default: return false;
    }
}

struct Run {
    std::unique_ptr<store::SmdpStore> store = *store::SmdpStore::open_in_memory();
    smdp::Es2 es2{stock().config, *store, stock().random};
    Time now = loop::kBegin;

    Run() {
        for (const smdp::Order& o : stock().orders)
            HALYARD_ASSERT(store->commit({.insert_order = &o, .sealed_package = {.octets = {1}}}));
    }
    std::map<std::string, smdp::Order> all() {
        std::map<std::string, smdp::Order> out;
        auto stored = *store->orders(0);
        for (auto& o : stored) out.emplace(to_text(o.iccid), std::move(o));
        return out;
    }
    /// `named`: the only profile that may change; none: any one that was available.
    void judge(const std::map<std::string, smdp::Order>& before,
               const smdp::Caller& who,
               std::optional<Iccid> named,
               const smdp::Es2Answer& said) {
        size_t changed = 0;
        std::map<std::string, int> ids;
        for (const auto& [iccid, o] : all()) {
            const smdp::Order& was = before.at(iccid);
            if (!o.matching_id.empty()) HALYARD_ASSERT(++ids[o.matching_id] == 1);
            HALYARD_ASSERT(o.operator_id == was.operator_id && o.type == was.type);
            if (o.version == was.version) continue;
            ++changed;
            HALYARD_ASSERT(!said.failed && said.iccid == o.iccid);
            HALYARD_ASSERT(o.operator_id == who.operator_id);
            HALYARD_ASSERT(who.types.empty() || o.type == who.types[0]);
            HALYARD_ASSERT(named ? *named == o.iccid : was.state == available);
            HALYARD_ASSERT(follows(was.state, o.state));
            if (o.state == available)
                HALYARD_ASSERT(!o.eid && o.matching_id.empty() && o.code.empty() && o.smds.empty());
            if (o.state == linked) HALYARD_ASSERT(o.eid);
            if (o.default_dp || !o.smds.empty()) HALYARD_ASSERT(o.eid);
        }
        HALYARD_ASSERT(changed <= 1);
    }
    template <class Request>
    void
    call(Result<smdp::Es2Answer> (smdp::Es2::*function)(const smdp::Caller&, const Request&, Bytes, Time),
         const smdp::Caller& who,
         const Request& r,
         std::optional<Iccid> named,
         Bytes body) {
        const auto before = all();
        const auto said = (es2.*function)(who, r, body, now);
        HALYARD_ASSERT(said); // the store is in order
        judge(before, who, named, *said);
        const auto again = (es2.*function)(who, r, body, now); // the answer was lost
        HALYARD_ASSERT(again && again->failed.has_value() == said->failed.has_value() &&
                       again->iccid == said->iccid && again->matching_id == said->matching_id);
        if (said->failed)
            HALYARD_ASSERT(again->failed->is(said->failed->subject.c_str(), said->failed->reason.c_str()));
    }
    void json(uint8_t function, const smdp::Caller& who, std::string_view text) {
        const Bytes body = bytes_of(text);
        switch (function % 4) {
        case 0:
            if (const auto r = binding::server_from_json<rsp::DownloadOrderRequest>(text))
                call(&smdp::Es2::download_order, who, *r, r->iccid, body);
            return;
        case 1:
            if (const auto r = binding::server_from_json<rsp::ConfirmOrderRequest>(text))
                call(&smdp::Es2::confirm_order, who, *r, r->iccid, body);
            return;
        case 2:
            if (const auto r = binding::server_from_json<rsp::CancelOrderRequest>(text))
                call(&smdp::Es2::cancel_order, who, *r, r->iccid, body);
            return;
        default:
            if (const auto r = binding::server_from_json<rsp::ReleaseProfileRequest>(text))
                call(&smdp::Es2::release_profile, who, *r, r->iccid, body);
        }
    }
};

enum Step : uint8_t { download, confirm, cancel, release, text, later, steps };

void orders(Bytes input) {
    Reader in(input);
    Run run;
    uint8_t calls = 0;
    while (!in.empty() && calls < 40) {
        const uint8_t step = in.octet() % steps, flags = in.octet();
        const smdp::Caller& who = kCallers[flags % 3];
        const Iccid iccid = stock().orders[in.octet() % 5].iccid;
        const auto eid = flags & 0x80 ? std::optional(kEids[flags >> 6 & 1]) : std::nullopt;
        // Now and then an identifier that was used before.
        const uint8_t number = flags & 0x10 ? calls : ++calls;
        const rsp::RequestHeader header{"2.999.77", "call-" + std::to_string(number)};
        const Bytes body(&step, 1);
        const std::string id = kIds[flags >> 2 & 3];
        switch (step) {
        case download: {
            rsp::DownloadOrderRequest r{.header = header, .eid = eid};
            if (flags & 0x20)
                r.profile_type = flags & 4 ? "voice" : "data";
            else
                r.iccid = iccid;
            run.call(&smdp::Es2::download_order, who, r, r.iccid, body);
            break;
        }
        case confirm: {
            rsp::ConfirmOrderRequest r{.header = header, .iccid = iccid, .eid = eid};
            r.release_flag = flags & 0x20;
            const uint8_t more = in.octet();
            if (more & 1) r.matching_id = id;
            if (more & 2) r.confirmation_code = more & 4 ? "1" : "2";
            if (more & 8) r.smds_address = more & 16 ? "smds" : "nowhere";
            run.call(&smdp::Es2::confirm_order, who, r, iccid, body);
            break;
        }
        case cancel: {
            rsp::CancelOrderRequest r{.header = header, .iccid = iccid, .eid = eid};
            if (flags & 4) r.matching_id = id;
            if (flags & 0x20) r.final_profile_status_indicator = rsp::FinalProfileStatus::unavailable;
            run.call(&smdp::Es2::cancel_order, who, r, iccid, body);
            break;
        }
        case release:
            run.call(
                &smdp::Es2::release_profile, who, rsp::ReleaseProfileRequest{header, iccid}, iccid, body);
            break;
        case text: run.json(flags, who, text_of(in.take(in.number() % 1024))); break;
        default: run.now += Time(3'600'000) * flags;
        }
    }
}

std::vector<OwnedBytes> order_seeds() {
    std::vector<OwnedBytes> out{
        {download, 0x80, 0, confirm, 0x20, 0, 0, release, 0, 0, cancel, 0x80, 0},
        {download, 0x20, 0, download, 0x20, 0, confirm, 0x84, 0, 9 | 16, release, 0, 0, cancel, 0xA0, 0},
        {download, 1, 4, confirm, 0x21, 4, 1, download, 0, 4, confirm, 0, 4, 0, later, 30, 0, cancel, 1, 4},
        {download, 2, 0, download, 2, 3, confirm, 0x26, 3, 7, confirm, 0x26, 3, 7, cancel, 0x22, 3},
        {download, 0x80, 1, download, 0xC0, 1, confirm, 0xA0, 1, 1, confirm, 0xA0, 1, 1, cancel, 0x80, 1}};
    const std::string head =
        R"({"header":{"functionRequesterIdentifier":"2.999.77","functionCallIdentifier":"j)";
    const std::string iccid = R"("iccid":")" + loop::iccid_text(1) + "\"";
    const std::string bodies[] = {
        head + R"(1"},"profileType":"data","eid":"89049032000000000000000000000033"})",
        head + "2\"}," + iccid + R"(,"matchingId":"ONE","confirmationCode":"1234","releaseFlag":false})",
        head + "3\"}," + iccid + R"(,"finalProfileStatusIndicator":"Available"})",
        head + "4\"}," + iccid + "}"};
    OwnedBytes all;
    for (const uint8_t n : std::initializer_list<uint8_t>{0, 1, 3, 2}) {
        // flags choose function and caller: a multiple of 12 plus the function, whose caller is alpha or
        // another
        OwnedBytes one{text, static_cast<uint8_t>(n == 0 ? 0 : n == 1 ? 9 : n == 2 ? 6 : 3), 0};
        one.push_back(static_cast<uint8_t>(bodies[n].size() >> 8));
        one.push_back(static_cast<uint8_t>(bodies[n].size()));
        append(one, bytes_of(bodies[n]));
        out.push_back(one);
        append(all, one);
    }
    out.push_back(all);
    return out;
}
} // namespace

const Target kOrders{"orders", orders, order_seeds, 8192};

} // namespace halyard::fuzz
