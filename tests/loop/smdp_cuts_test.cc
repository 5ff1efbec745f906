// The SM-DP+'s process killed at each of its writes, before and after it is on the disk, from the order to
// what the operator is told. What was acknowledged is written down outside of it. RR-01, RR-04, RR-08
#include "profile/package.h"
#include "smdp/es2.h"
#include "tests/loop/cut_smdp_store.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <set>
#include <unistd.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Directory {
    std::filesystem::path path;
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-cuts-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
};

/// Everything of the process but the disk goes with restart().
struct Node {
    struct Process {
        std::unique_ptr<store::SmdpStore> disk;
        CutSmdpStore store;
        smdp::Server server;
        smdp::Es2 es2;
        Process(std::unique_ptr<store::SmdpStore> opened, const smdp::Config& config, Random& random)
            : disk(std::move(opened)), store(*disk), server(config, store, random),
              es2(config, store, random) {}
    };
    Directory directory;
    SeededRandom random{41};
    Pki pki{random};
    Smdp template_of{pki, random}; // whose configuration this one has
    const smdp::Config& config = template_of.config;
    std::optional<Process> process;
    int restarts = 0;

    Node() {
        template_of.config.callbacks = template_of.config.followers = {"alpha"};
        restart();
        restarts = 0;
    }
    void restart() {
        process.reset();
        auto opened = store::SmdpStore::open(directory.path / "smdp.db");
        REQUIRE(opened);
        process.emplace(std::move(*opened), config, random);
        ++restarts;
    }
    /// The peer's view: no answer, and the same again until there is one.
    template <class F> auto until_answered(F&& f) {
        for (int i = 0;; ++i) {
            auto answer = f();
            if (answer) return std::move(*answer);
            REQUIRE(process->store.is_dead());
            REQUIRE(i < 3);
            restart();
        }
    }
    Handset handset(uint64_t number) {
        return Handset(
            pki,
            [this](Bytes message, Time at) -> Result<rsp::Es9Answer> {
                return until_answered([&] {
                    const auto function = binding_of(message);
                    return process->server.handle(function, message, at);
                });
            },
            config.oid_der,
            random,
            number);
    }
    static rsp::Es9Function binding_of(Bytes message) {
        switch (asn1::read_tlv(message)->tag) {
        case 0xBF39: return rsp::Es9Function::initiate_authentication;
        case 0xBF3B: return rsp::Es9Function::authenticate_client;
        case 0xBF3A: return rsp::Es9Function::get_bound_profile_package;
        case 0xBF41: return rsp::Es9Function::cancel_session;
        default: return rsp::Es9Function::handle_notification;
        }
    }
};

/// What the world outside has seen.
struct Ledger {
    std::map<std::string, std::set<Eid>> packages;  // ICCID → eUICCs that were handed its package
    std::map<uint32_t, std::set<std::string>> told; // point → functionCallIdentifiers
    size_t messages = 0;
};

struct Life {
    explicit Life(Node& n) : node(n) {}
    Node& node;
    Ledger ledger;
    Time now = kBegin;
    const smdp::Caller alpha{"alpha", {}};
    std::string matching_id;
    Iccid iccid{};

    template <class Request>
    smdp::Es2Answer
    call(Result<smdp::Es2Answer> (smdp::Es2::*function)(const smdp::Caller&, const Request&, Bytes, Time),
         Request r,
         const char* id) {
        r.header = {"2.999.77", id};
        const auto answer =
            node.until_answered([&] { return (node.process->es2.*function)(alpha, r, bytes_of(id), now); });
        REQUIRE_FALSE(answer.failed);
        return answer;
    }
    smdp::Order order() {
        return *node.until_answered([&] { return node.process->store.order(iccid); });
    }

    void place() {
        iccid =
            *call(&smdp::Es2::download_order, rsp::DownloadOrderRequest{.profile_type = "data"}, "1").iccid;
        CHECK(order().state == smdp::OrderState::allocated); // acknowledged: it is there
        matching_id =
            call(&smdp::Es2::confirm_order, rsp::ConfirmOrderRequest{.iccid = iccid}, "2").matching_id;
        CHECK(order().state == smdp::OrderState::confirmed);
        CHECK(order().matching_id == matching_id);
        call(&smdp::Es2::release_profile, rsp::ReleaseProfileRequest{.iccid = iccid}, "3");
        CHECK(order().state == smdp::OrderState::released);
        // The operator asks once more, with the same identifiers: the same answers.
        CHECK(
            call(&smdp::Es2::download_order, rsp::DownloadOrderRequest{.profile_type = "data"}, "1").iccid ==
            iccid);
        CHECK(call(&smdp::Es2::confirm_order, rsp::ConfirmOrderRequest{.iccid = iccid}, "2").matching_id ==
              matching_id);
    }
    bool fetch(Handset& phone) {
        const auto answer = phone.package();
        if (!answer.failed) ledger.packages[to_text(iccid)].insert(phone.eid);
        return !answer.failed;
    }
    /// Another eUICC with the same activation code.
    void intrude(Handset& thief) {
        if (codes(thief.initiate()) != "") return;
        if (codes(thief.authenticate()) == "") fetch(thief);
    }
    void download(Handset& phone, Handset& thief) {
        phone.matching_id = thief.matching_id = matching_id;
        REQUIRE(codes(phone.initiate()) == "");
        REQUIRE(codes(phone.authenticate()) == "");
        intrude(thief);
        REQUIRE(fetch(phone));
        intrude(thief);
        phone.send(phone.installation_message(1, to_text(iccid)));
        CHECK(order().state == smdp::OrderState::installed); // acknowledged
        intrude(thief);
        phone.send(
            phone.notification_message(2, to_text(iccid), rsp::NotificationEvent::notification_enable));
        CHECK(order().last_event == "enabled");
    }
    /// The messenger: what the operator took may be told again, never the other way round.
    void tell() {
        for (;;) {
            const auto due = node.until_answered([&] {
                now += Time(60'000); // claims of a process that is gone are over
                return node.process->store.claim("alpha", now, now + Time(15'000), 10);
            });
            if (due.empty()) return;
            for (const smdp::Outgoing& o : due) {
                ledger.told[o.point].insert(o.call_id);
                ++ledger.messages;
                if (!node.process->store.delivered(o, {})) {
                    REQUIRE(node.process->store.is_dead());
                    node.restart();
                    break;
                }
            }
        }
    }
};

/// How many writes a whole life has; the run is cut at the one after `pass`, if there is one.
bool live(std::optional<size_t> pass, bool durable) {
    Node node;
    for (unsigned n = 1; n <= 3; ++n) {
        const auto sample =
            profile::sample_operational({.iccid = loop::iccid(iccid_text(n)), .imsi = "001010000000001"});
        rsp::StoreMetadataRequest m{
            .iccid = loop::iccid(iccid_text(n)), .service_provider_name = "L", .profile_name = "L"};
        REQUIRE(node.process->server.place({.package = owned(sample->reveal()),
                                            .metadata = *asn1::encode(m),
                                            .operator_id = "alpha",
                                            .type = "data",
                                            .stock = true},
                                           kBegin));
    }
    if (pass) node.process->store.cut_at(*pass, durable);
    Life life(node);
    life.place();
    Handset phone = node.handset(1), thief = node.handset(2);
    life.download(phone, thief);
    life.tell();

    const auto& packages = life.ledger.packages;
    REQUIRE(packages.size() == 1);
    CHECK(packages.begin()->second == std::set<Eid>{phone.eid}); // one eUICC, whatever happened
    CHECK(life.order().eid == phone.eid);
    CHECK(life.order().state == smdp::OrderState::installed);
    uint64_t left = 0;
    const auto pools = *node.process->store.pools();
    for (const smdp::Pool& p : pools)
        if (p.state == smdp::OrderState::available) left += p.count;
    CHECK(left == 2); // the pool gave one profile, not two and not none
    CHECK(node.process->store.notifications(life.iccid)->size() == 2);
    std::string told;
    for (const auto& [point, calls] : life.ledger.told) {
        told += std::to_string(point) + " ";
        CHECK(calls.size() == 1); // told again, it is the same call
    }
    CHECK(told == "1 3 4 101 ");
    const size_t most = 4 + (pass ? 1 : 0);
    CHECK(life.ledger.messages >= 4);
    CHECK(life.ledger.messages <= most);
    CHECK(node.restarts <= 1);
    return node.restarts == 1;
}
} // namespace

TEST_CASE("when the SM-DP+ is killed at any write, nothing acknowledged is lost and no profile goes to two") {
    live(std::nullopt, false);
    for (const bool durable : {false, true}) {
        size_t writes = 0;
        for (bool cut = true; cut; ++writes) {
            INFO("write " << writes << (durable ? ", on the disk" : ", not on the disk"));
            cut = live(writes, durable);
            REQUIRE(writes < 200);
        }
        CHECK(writes > 12); // the orders, the download, its notifications, and what is told
    }
}
