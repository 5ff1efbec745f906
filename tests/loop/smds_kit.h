#pragma once
// An SM-DS in the process: what is registered there and what an eUICC is told.
#include "binding/es9_json.h"
#include "smds/server.h"
#include "store/smds_store.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>

namespace halyard::loop {
using rsp::ServerFunction;
inline constexpr const char* kRoot = "root.loop.test";
inline constexpr const char* kAlternative = "alt.loop.test";
inline const smds::Caller kSmdp{"2.999.10", rsp::Role::dp_tls}, kOther{"2.999.11", rsp::Role::dp_tls},
    kSmds{"2.999.16", rsp::Role::ds_tls};

/// An SM-DS and, spoken by hand, the servers that call it.
struct Smds {
    Smds(const Pki& pki, Random& dice, const char* address, const char* oid, bool has_parent = false)
        : random(dice), store(*store::SmdsStore::open_in_memory()), server(config, *store, dice) {
        auto request = pki.request(rsp::Role::ds_auth, address);
        request.registered_id = oid;
        auth = *pki::mint(request, pki.ci, dice);
        config.address = address;
        config.oid_der = *asn1::oid_from_text(oid);
        config.has_parent = has_parent;
        config.credentials.push_back({pki.anchor, auth.key.clone(), auth.certificate.der});
    }
    Result<rsp::Es9Answer> exchange(Bytes message, Time at) {
        return server.handle(TRY(binding::function_of_message(message, rsp::Interface::es11)), message, at);
    }
    Handset handset(const Pki& pki, uint64_t number = 1) {
        Handset phone(
            pki,
            [this](Bytes message, Time at) { return exchange(message, at); },
            config.oid_der,
            random,
            number);
        phone.smdp_address = phone.server_address = config.address;
        return phone;
    }
    /// "" or the codes.
    std::string add(const Eid& eid,
                    const std::string& id,
                    const std::string& call,
                    bool forward = false,
                    const smds::Caller& by = kSmdp,
                    const std::string& address = "smdp.loop.test") {
        const auto f = by.role == rsp::Role::ds_tls ? ServerFunction::register_event_at_root
                                                    : ServerFunction::register_event;
        return said(server.register_event(f, by, {{by.oid, call}, eid, address, id, forward}, now));
    }
    std::string
    drop(const Eid& eid, const std::string& id, const std::string& call, const smds::Caller& by = kSmdp) {
        return said(server.delete_event(ServerFunction::delete_event, by, {{by.oid, call}, eid, id}, now));
    }
    static std::string said(const Result<rsp::ExecutionStatus>& r) {
        REQUIRE(r);
        return r->executed() ? "" : r->code->subject + "/" + r->code->reason;
    }
    /// Carries what is due to `parent`; how much of it is settled.
    size_t forward_to(Smds& parent) {
        size_t settled = 0;
        const auto messages = *store->due(now, 10);
        for (const auto& f : messages) {
            const auto answer =
                f.remove ? parent.server.delete_event(
                               ServerFunction::delete_event_at_root, kSmds, smds::deletion(f, kSmds.oid), now)
                         : parent.server.register_event(ServerFunction::register_event_at_root,
                                                        kSmds,
                                                        smds::registration(f, config, kSmds.oid),
                                                        now);
            REQUIRE(answer);
            if (!smds::settles(f, *answer)) continue;
            REQUIRE(store->acknowledged(f));
            ++settled;
        }
        return settled;
    }

    Random& random;
    pki::Credential auth;
    smds::Config config;
    std::unique_ptr<store::SmdsStore> store;
    smds::Server server;
    Time now = kBegin;
};

struct SmdsBench {
    SeededRandom random{21};
    Pki pki{random};
    Smds ds{pki, random, kRoot, "2.999.15"};
    Handset phone = ds.handset(pki);
};

/// What an answer tells: "id@address …", or its codes.
inline std::string events(const rsp::Es9Answer& answer) {
    if (answer.failed) return codes(answer);
    const auto response = asn1::decode<rsp::AuthenticateClientResponseEs11>(answer.der);
    REQUIRE(response);
    std::string out;
    REQUIRE(std::get<rsp::AuthenticateClientOkEs11>(response->is)
                .event_entries.for_each([&](const rsp::EventEntries& e) {
                    out += std::string(out.empty() ? "" : " ") + std::string(e.event_id) + "@" +
                           std::string(e.rsp_server_address);
                }));
    return out;
}
inline std::string ask(Handset& phone, const std::string& event_id = {}) {
    phone.matching_id = event_id;
    const auto hello = phone.initiate();
    if (hello.failed) return codes(hello);
    return events(phone.send(phone.client_message()));
}

} // namespace halyard::loop
