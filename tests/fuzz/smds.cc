// An SM-DS: what SM-DP+ and other SM-DS ask over ES12 and ES15, what eUICCs ask over ES11, in any order and
// any shape. A model of the event records says after each step what must be there. SGP.22 §5.8, §5.9, §5.10
#include "binding/es9_asn1.h"
#include "binding/server_json.h"
#include "smds/server.h"
#include "store/smds_store.h"
#include "tests/fuzz/scene.h"
#include "tests/loop/handset.h"
#include <algorithm>

namespace halyard::fuzz {
namespace {
using rsp::ServerFunction;
constexpr const char* kAddress = "smds.loop.test";
const smds::Caller kCallers[] = {{"2.999.10", rsp::Role::dp_tls},
                                 {"2.999.11", rsp::Role::dp_tls},
                                 {"2.999.16", rsp::Role::ds_tls},
                                 {"", rsp::Role::dp_tls}};
constexpr const char* kIds[] = {"A", "B", "C", ""};
constexpr const char* kCalls[] = {"1", "2", "3", "4"};

/// What costs time to make, and may be shared by all inputs: nothing of it remembers.
struct Ground {
    loop::SeededRandom random{51};
    const loop::Pki& pki = scene().world.pki;
    smds::Config config;
    smds::Server* server = nullptr; // of the input under way
    Time now = loop::kBegin;
    loop::Handset phone;

    Ground()
        : phone(
              pki, [this](Bytes m, Time) { return ask(m); }, *asn1::oid_from_text("2.999.15"), random) {
        auto request = pki.request(rsp::Role::ds_auth, kAddress);
        request.registered_id = "2.999.15";
        auto auth = *pki::mint(request, pki.ci, random);
        config.address = kAddress;
        config.oid_der = *asn1::oid_from_text("2.999.15");
        config.events_per_eid = 4;
        config.credentials.push_back({pki.anchor, auth.key.clone(), auth.certificate.der});
        phone.smdp_address = phone.server_address = kAddress;
    }
    Result<rsp::Es9Answer> ask(Bytes message) {
        const auto function = binding::function_of_message(message, rsp::Interface::es11);
        if (!function) return tl::unexpected<Error>(function.error());
        return server->handle(*function, message, now);
    }
};
Ground& ground() {
    static Ground g;
    return g;
}

struct Run {
    Ground& g = ground();
    std::unique_ptr<store::SmdsStore> store = *store::SmdsStore::open_in_memory();
    smds::Config config = [this] {
        smds::Config c{.address = g.config.address, .oid_der = g.config.oid_der};
        c.events_per_eid = g.config.events_per_eid;
        c.credentials.push_back(
            {g.pki.anchor, g.config.credentials[0].auth.clone(), g.config.credentials[0].auth_certificate});
        return c;
    }();
    smds::Server server{config, *store, g.random};
    const Eid other = *eid_from_text("89049032000000000000000000000033");

    explicit Run(bool has_parent) {
        config.has_parent = has_parent;
        g.server = &server;
    }
    ~Run() { g.server = nullptr; }

    std::vector<smds::Event> events() { return *store->events(0, 100); }
    static bool has(const std::vector<smds::Event>& all, const Eid& eid, std::string_view id) {
        return std::any_of(
            all.begin(), all.end(), [&](const smds::Event& e) { return e.eid == eid && e.event_id == id; });
    }
    /// Nothing went but what its owner had deleted, nothing came but what was registered, with its owner.
    void judge(const std::vector<smds::Event>& before,
               const smds::Caller& who,
               const Eid& eid,
               std::string_view id,
               const rsp::ExecutionStatus& said) {
        const auto after = events();
        for (const smds::Event& e : before) {
            if (has(after, e.eid, e.event_id)) continue;
            HALYARD_ASSERT(said.executed() && e.eid == eid && e.event_id == id && e.owner == who.oid);
        }
        for (const smds::Event& e : after) {
            if (has(before, e.eid, e.event_id)) continue;
            HALYARD_ASSERT(said.executed() && e.eid == eid && e.event_id == id && e.owner == who.oid);
        }
        for (const Eid& one : {g.phone.eid, other})
            HALYARD_ASSERT(store->events(one)->size() <= config.events_per_eid);
    }
    void add(const smds::Caller& who, ServerFunction f, const rsp::RegisterEventRequest& r) {
        const auto before = events();
        const auto said = server.register_event(f, who, r, g.now);
        HALYARD_ASSERT(said); // the store is in order
        judge(before, who, r.eid, r.event_id, *said);
        if (said->executed())
            HALYARD_ASSERT(!who.oid.empty() && r.header.function_requester_identifier == who.oid);
    }
    void drop(const smds::Caller& who, ServerFunction f, const rsp::DeleteEventRequest& r) {
        const auto before = events();
        const auto said = server.delete_event(f, who, r, g.now);
        HALYARD_ASSERT(said);
        judge(before, who, r.eid, r.event_id, *said);
    }
    /// ES11 tells of events and changes none. `whole`: it is what the eUICC signed.
    void ask(Bytes message, std::string_view id, bool whole) {
        const auto before = events();
        const auto answer = g.ask(message);
        HALYARD_ASSERT(events().size() == before.size());
        if (!answer || answer->failed) return;
        const auto response = asn1::decode<rsp::AuthenticateClientResponseEs11>(answer->der);
        const auto* ok = response ? std::get_if<rsp::AuthenticateClientOkEs11>(&response->is) : nullptr;
        if (!ok) return;
        HALYARD_ASSERT(whole); // no octet of it can be another
        size_t told = 0;
        HALYARD_ASSERT(ok->event_entries.for_each([&](const rsp::EventEntries& e) {
            ++told;
            HALYARD_ASSERT(has(before, g.phone.eid, e.event_id));
            HALYARD_ASSERT(id.empty() || e.event_id == id ||
                           std::any_of(before.begin(), before.end(), [&](const smds::Event& known) {
                               return known.event_id == e.event_id && known.forwarded_id == id;
                           }));
        }));
        HALYARD_ASSERT(told <= before.size());
    }
    bool hello() {
        const auto answer = g.ask(g.phone.initiate_message());
        if (!answer || answer->failed) return false;
        const auto response = asn1::decode<rsp::InitiateAuthenticationResponse>(answer->der);
        const auto& ok = std::get<rsp::InitiateAuthenticationOkEs9>(response->is);
        g.phone.transaction_id = owned(ok.transaction_id);
        g.phone.server_challenge = owned(ok.server_signed1.value.server_challenge);
        return true;
    }
};

enum Step : uint8_t { json_add, json_drop, add, drop, raw, look, damaged, cancel, later, steps };

void events(Bytes input) {
    Reader in(input);
    Run run(in.octet() & 1);
    const auto pick = [&](const auto& list) -> const auto& { return list[in.octet() % std::size(list)]; };
    const auto function = [&](const smds::Caller& who, bool deletes) {
        if (who.role == rsp::Role::ds_tls)
            return deletes ? ServerFunction::delete_event_at_root : ServerFunction::register_event_at_root;
        return deletes ? ServerFunction::delete_event : ServerFunction::register_event;
    };
    for (int n = 0; n < 24 && !in.empty(); ++n) {
        const auto step = in.octet() % steps;
        switch (step) {
        case json_add:
        case json_drop: {
            const smds::Caller& who = pick(kCallers);
            const auto text = text_of(in.take(in.number() % 1024));
            if (step == json_add) {
                if (const auto r = binding::server_from_json<rsp::RegisterEventRequest>(text))
                    run.add(who, function(who, false), *r);
            } else if (const auto r = binding::server_from_json<rsp::DeleteEventRequest>(text)) {
                run.drop(who, function(who, true), *r);
            }
            break;
        }
        case add:
        case drop: {
            const smds::Caller& who = pick(kCallers);
            const rsp::RequestHeader header{who.oid, pick(kCalls)};
            const uint8_t flags = in.octet();
            const Eid eid = flags & 1 ? run.other : run.g.phone.eid;
            if (step == add)
                run.add(who, function(who, false), {header, eid, "smdp", pick(kIds), (flags & 2) != 0});
            else
                run.drop(who, function(who, true), {header, eid, pick(kIds)});
            break;
        }
        case raw: run.ask(in.take(in.number() % 4096), {}, false); break;
        case look:
        case damaged: {
            if (!run.hello()) break;
            const std::string id = run.g.phone.matching_id = pick(kIds);
            OwnedBytes message = run.g.phone.client_message();
            if (step == damaged) message = loop::flipped(message, in.number() % (message.size() * 8));
            run.ask(message, id, step == look);
            break;
        }
        case cancel:
            run.ask(run.g.phone.cancel_message(rsp::CancelSessionReason::postponed), {}, false);
            break;
        default:
            run.g.now += Time(1000) * in.octet();
            HALYARD_ASSERT(run.store->forget(run.g.now - Time(600'000), run.g.now - Time(600'000)));
        }
    }
}

std::vector<OwnedBytes> event_seeds() {
    std::vector<OwnedBytes> out;
    const auto text = [](Step step, std::string_view json) {
        OwnedBytes s{step, 0, static_cast<uint8_t>(json.size() >> 8), static_cast<uint8_t>(json.size())};
        append(s, bytes_of(json));
        return s;
    };
    // caller, call, flags, id
    const OwnedBytes a{add, 0, 0, 0, 0}, theirs{add, 1, 1, 0, 1}, at_root{add, 2, 2, 2, 2},
        forwarded{add, 0, 3, 2, 1};
    const OwnedBytes gone{drop, 0, 1, 0, 0}, stolen{drop, 1, 2, 0, 0};
    const OwnedBytes all{look, 3}, one{look, 0}, none{look, 2};
    const OwnedBytes json =
        text(json_add,
             R"({"header":{"functionRequesterIdentifier":"2.999.10","functionCallIdentifier":"j"},)"
             R"("eid":"89049032000000000000000000000033","rspServerAddress":"dp","eventId":"e",)"
             R"("forwardingIndicator":true})");
    const OwnedBytes json_gone =
        text(json_drop,
             R"({"header":{"functionRequesterIdentifier":"2.999.10","functionCallIdentifier":"k"},)"
             R"("eid":"89049032000000000000000000000033","eventId":"e"})");
    const auto seed = [&](uint8_t parent, std::initializer_list<OwnedBytes> parts) {
        OwnedBytes s{parent};
        for (const OwnedBytes& part : parts) append(s, part);
        out.push_back(std::move(s));
    };
    seed(0, {a, a, all, one, none, gone, all, gone});
    seed(1, {forwarded, all, theirs, stolen, gone, all});
    seed(0, {at_root, all, json, json_gone, json_gone});
    seed(
        0,
        {a, OwnedBytes{damaged, 0, 0x02, 0x00}, OwnedBytes{damaged, 0, 0x10, 0x07}, OwnedBytes{cancel}, one});
    seed(1, {json, OwnedBytes{later, 255}, OwnedBytes{later, 255}, OwnedBytes{later, 255}, json, all});
    for (const OwnedBytes& m : scene().messages) {
        if (!binding::function_of_message(m, rsp::Interface::es11) || m.size() > 4000) continue;
        OwnedBytes raw_message{raw, static_cast<uint8_t>(m.size() >> 8), static_cast<uint8_t>(m.size())};
        append(raw_message, m);
        seed(0, {a, raw_message, all});
    }
    return out;
}
} // namespace

const Target kSmds{"smds", events, event_seeds, 8192};

} // namespace halyard::fuzz
