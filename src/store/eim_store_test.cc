#include "store/eim_schema.h"
#include "store/eim_store.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace halyard;
using namespace halyard::store;
using eim::Operation, eim::State;

namespace {
struct Directory {
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "store_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
const Eid kEid = *eid_from_text("89049032000000000000000000000001");

eim::Device full_device() {
    eim::Device d{.eid = kEid, .name = "Pump 7", .counter = 8'388'607, .token = 300, .token_proven = true};
    d.number = 41;
    d.identities = {
        {.ci = {7}, .euicc_certificate = {1}, .eum_certificate = {2, 3}, .key = {4}, .since = Time(6)},
        {.ci = {8}, .euicc_certificate = {5}, .eum_certificate = {}, .key = {6}, .since = Time(7)}};
    d.inquiries = {{{9}, Time(3)}, {{}, Time(4)}};
    d.euicc_info2 = {0xBF, 0x22, 0x00};
    d.ipa_features = 0x3F;
    d.device_info = {0x30, 0x00};
    d.ipa_edition = rsp::Edition::v1_1;
    d.profiles_known = true;
    d.profiles = {{.iccid = {1}, .enabled = true, .name = "one"},
                  {.iccid = {2}, .fallback = true, .provider = "two"}};
    d.profiles_as_of = Time(5);
    d.profiles_evidence = "op_5";
    d.created = Time(1);
    d.last_seen = Time(9);
    d.state_change = 6;
    d.state_changed = Time(8);
    d.rplmn = {0x62, 0xF2, 0x10};
    return d;
}
Operation full_operation(const std::string& id) {
    Operation o{.id = id, .eid = kEid, .kind = eim::Kind::download, .state = State::executing};
    o.package = {0xA0, 0x00};
    o.activation_code = "1$SMDP.example$ABC";
    o.tag_list = {0x84};
    o.ci = {0x14, 0x15};
    o.event = "1$found.example$EVENT";
    o.code = {0x01, 0x02};
    o.after = "op_a";
    o.resolves = "op_r";
    o.automatic = o.force = o.held = o.cancel_requested = true;
    o.created_by = "tester";
    o.created = Time(10);
    o.changed = Time(11);
    o.expires = Time(12);
    o.transaction_id = owned(bytes_of("T" + id));
    o.counter = 77;
    o.request = {0xBF, 0x51, 0x00};
    o.offers = 3;
    o.attempts = 2;
    o.unsigned_errors = 4;
    o.result = {0xBF, 0x51, 0x01, 0x00};
    o.iccid = Iccid{9};
    o.token = 0;
    o.floor = 40;
    o.reason = "because; DROP TABLE operations";
    o.idempotency_key = "key " + id;
    o.request_hash[31] = 0xFF;
    return o;
}
} // namespace

TEST_CASE("when devices and operations are stored, every field comes back after a restart") {
    const Directory directory;
    const auto file = directory.path / "eim.db";
    REQUIRE((*EimStore::open(file))
                ->commit({.devices = {full_device()}, .operations = {full_operation("op_1")}}));
    const auto store = *EimStore::open(file);
    const auto d = **store->device(kEid);
    const auto expected = full_device();
    CHECK(d.version == 1);
    CHECK(d.ipa_edition == rsp::Edition::v1_1);
    CHECK(std::tie(d.name, d.counter, d.token, d.token_proven, d.number, d.identities, d.inquiries) ==
          std::tie(expected.name,
                   expected.counter,
                   expected.token,
                   expected.token_proven,
                   expected.number,
                   expected.identities,
                   expected.inquiries));
    CHECK(std::tie(d.euicc_info2, d.ipa_features, d.device_info, d.profiles_known, d.profiles) ==
          std::tie(expected.euicc_info2,
                   expected.ipa_features,
                   expected.device_info,
                   expected.profiles_known,
                   expected.profiles));
    CHECK(
        std::tie(d.profiles_as_of, d.profiles_evidence, d.created, d.last_seen) ==
        std::tie(expected.profiles_as_of, expected.profiles_evidence, expected.created, expected.last_seen));
    CHECK(std::tie(d.state_change, d.state_changed, d.rplmn) ==
          std::tie(expected.state_change, expected.state_changed, expected.rplmn));
    const auto o = **store->operation("op_1");
    CHECK(o.event == "1$found.example$EVENT");
    CHECK(hex(o.code) == "0102");
    const auto e = full_operation("op_1");
    CHECK(o.sequence == 1);
    CHECK(o.version == 1);
    CHECK(std::tie(
              o.id, o.eid, o.kind, o.state, o.package, o.activation_code, o.tag_list, o.after, o.resolves) ==
          std::tie(
              e.id, e.eid, e.kind, e.state, e.package, e.activation_code, e.tag_list, e.after, e.resolves));
    CHECK(
        std::tie(o.automatic,
                 o.force,
                 o.held,
                 o.cancel_requested,
                 o.created_by,
                 o.created,
                 o.changed,
                 o.expires) ==
        std::tie(
            e.automatic, e.force, e.held, e.cancel_requested, e.created_by, e.created, e.changed, e.expires));
    CHECK(
        std::tie(o.transaction_id, o.counter, o.request, o.offers, o.attempts, o.unsigned_errors, o.result) ==
        std::tie(e.transaction_id, e.counter, e.request, e.offers, e.attempts, e.unsigned_errors, e.result));
    CHECK(std::tie(o.iccid, o.token, o.floor, o.reason, o.idempotency_key, o.request_hash) ==
          std::tie(e.iccid, e.token, e.floor, e.reason, e.idempotency_key, e.request_hash));
}

TEST_CASE("when the file is made, only its owner may read it and it is in WAL mode") {
    const Directory directory;
    const auto file = directory.path / "eim.db";
    const auto store = *EimStore::open(file);
    using std::filesystem::perms;
    CHECK((std::filesystem::status(file).permissions() & perms::mask) ==
          (perms::owner_read | perms::owner_write));
    REQUIRE(store->database().write([](Connection& c) -> Ok {
        const auto value = [&](const char* pragma) {
            auto q = c.prepare(pragma);
            REQUIRE(q);
            REQUIRE(q->step());
            return q->text(0);
        };
        CHECK(value("PRAGMA journal_mode") == "wal");
        CHECK(value("PRAGMA synchronous") == "2"); // FULL
        CHECK(value("PRAGMA foreign_keys") == "1");
        CHECK(value("PRAGMA mmap_size") == "0");
        CHECK(value("PRAGMA trusted_schema") == "0");
        return {};
    }));
}

TEST_CASE("when two write the same version, the second is told and nothing of it is there") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}, .operations = {full_operation("op_1")}}));
    auto mine = **store->operation("op_1");
    auto theirs = mine;
    theirs.state = State::failed;
    REQUIRE(store->commit({.operations = {theirs}}));
    mine.state = State::succeeded;
    auto device = **store->device(kEid);
    device.counter = 1;
    const auto late = store->commit({.devices = {device}, .operations = {mine}});
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::conflict);
    CHECK((*store->operation("op_1"))->state == State::failed);
    CHECK((*store->device(kEid))->counter == 8'388'607);
}

TEST_CASE("when something exists already, inserting it again is a conflict") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}, .operations = {full_operation("op_1")}}));
    CHECK(store->commit({.devices = {full_device()}}).error().code == Errc::conflict);
    CHECK(store->commit({.operations = {full_operation("op_1")}}).error().code == Errc::conflict);
    auto same_key = full_operation("op_2");
    same_key.idempotency_key = "key op_1";
    CHECK(store->commit({.operations = {same_key}}).error().code == Errc::conflict);
    auto same_transaction = full_operation("op_2");
    same_transaction.transaction_id = full_operation("op_1").transaction_id;
    CHECK(store->commit({.operations = {same_transaction}}).error().code == Errc::conflict);
    auto orphan = full_operation("op_2");
    orphan.eid = Eid{};
    CHECK(store->commit({.operations = {orphan}}).error().code == Errc::conflict);
}

TEST_CASE("when operations are looked for, each question has its answer") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}}));
    const State states[] = {State::queued,
                            State::offered,
                            State::executing,
                            State::succeeded,
                            State::failed,
                            State::expired,
                            State::cancelled,
                            State::unknown};
    for (size_t i = 0; i < std::size(states); ++i) {
        auto o = full_operation("op_" + std::to_string(i));
        o.state = states[i];
        o.counter = 100 + i;
        o.expires = Time(i == 1 ? 0 : 50);
        REQUIRE(store->commit({.operations = {o}}));
    }
    CHECK(store->open_operations(kEid)->size() == 4);
    CHECK((*store->by_counter(kEid, 103))->id == "op_3");
    CHECK_FALSE((*store->by_counter(Eid{}, 103)).has_value());
    CHECK((*store->by_transaction(bytes_of("Top_5")))->id == "op_5");
    CHECK((*store->by_idempotency_key("key op_6"))->id == "op_6");
    CHECK(store->overdue(Time(50), 10)->empty());
    CHECK(store->overdue(Time(51), 10)->size() == 2); // queued and executing; offered never expires here
    eim::OperationFilter filter{.eid = kEid, .state = State::failed};
    CHECK(store->operations(filter)->size() == 1);
    filter = {.after_sequence = 2, .limit = 3};
    const auto page = *store->operations(filter);
    REQUIRE(page.size() == 3);
    CHECK(page[0].sequence == 3);
    CHECK(store->knows_address(kEid, "smdp.EXAMPLE").value());
    CHECK_FALSE(store->knows_address(kEid, "smdp.example.org").value());
    CHECK_FALSE(store->knows_address(Eid{}, "smdp.example").value());
}

TEST_CASE("when evidence and sessions pile up, only the newest are kept") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}, .operations = {full_operation("op_1")}}));
    for (uint8_t i = 0; i < 40; ++i)
        REQUIRE(store->commit({.session = eim::RelaySession{{i}, "op_1", "smdp.example", kEid, Time(i)},
                               .evidence = {{.operation = "op_1", .eid = kEid, .what = std::to_string(i)}}}));
    const auto kept = *store->evidence("op_1");
    REQUIRE(kept.size() == 16);
    CHECK(kept.back().what == "39");
    CHECK((*store->session(OwnedBytes{39})).has_value());
    CHECK((*store->session(OwnedBytes{32})).has_value());
    CHECK_FALSE((*store->session(OwnedBytes{31})).has_value());
    int64_t facts = 0;
    REQUIRE(store->database().read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT count(*) FROM session_facts"));
        if (TRY(q.step())) facts = q.integer(0);
        return {};
    }));
    CHECK(facts == 8);
}

TEST_CASE("when a session is kept, what compact forms leave out comes back, and may be replaced") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}, .operations = {full_operation("op_1")}}));
    eim::RelaySession s{
        .transaction_id = {1, 2}, .operation = "op_1", .address = "smdp.example", .eid = kEid};
    const auto kept = [&] { return **store->session(OwnedBytes{1, 2}); };
    REQUIRE(store->commit({.session = s}));
    CHECK(kept().smdp_signed2.empty());
    CHECK_FALSE(kept().iccid.has_value());
    s.server_signed1 = {1};
    s.smdp_oid = {2};
    s.ctx_params1 = {3};
    s.smdp_signed2 = {4};
    s.smdp_signature2 = {5};
    s.euicc_key = {6};
    s.ci = {7, 8};
    s.iccid = Iccid{{7}};
    s.ppr_refused = true;
    REQUIRE(store->commit({.session = s}));
    CHECK(kept().server_signed1 == OwnedBytes{1});
    CHECK(kept().smdp_oid == OwnedBytes{2});
    CHECK(kept().ctx_params1 == OwnedBytes{3});
    CHECK(kept().smdp_signed2 == OwnedBytes{4});
    CHECK(kept().smdp_signature2 == OwnedBytes{5});
    CHECK(kept().euicc_key == OwnedBytes{6});
    CHECK(kept().ci == OwnedBytes{7, 8});
    CHECK(kept().iccid == s.iccid);
    CHECK(kept().ppr_refused);
    // The same number for another order: whoever is asked about it must not be told of the first one.
    s.operation = "op_2";
    const auto taken = store->commit({.session = s});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::conflict);
}

TEST_CASE("when a file was made before sessions had facts, its sessions are read without them") {
    const Directory directory;
    const auto file = directory.path / "eim.db";
    {
        const auto store = *EimStore::open(file);
        REQUIRE(store->commit({.devices = {full_device()}}));
        REQUIRE(store->commit({.session = eim::RelaySession{{1}, "op_1", "smdp.example", kEid, Time(1)}}));
        REQUIRE(store->database().write([](Connection& c) {
            return c.execute(
                "DROP TRIGGER session_facts_end; DROP TABLE session_facts; "
                "DROP TABLE device_reports; DROP TABLE deviations; "
                "ALTER TABLE operations DROP COLUMN ci; ALTER TABLE operations DROP COLUMN event; "
                "ALTER TABLE operations DROP COLUMN code; "
                "ALTER TABLE devices DROP COLUMN identities; "
                "ALTER TABLE devices ADD COLUMN euicc_certificate BLOB NOT NULL DEFAULT x''; "
                "ALTER TABLE devices ADD COLUMN eum_certificate BLOB NOT NULL DEFAULT x''; "
                "ALTER TABLE devices ADD COLUMN euicc_key BLOB NOT NULL DEFAULT x''; "
                "PRAGMA user_version=3");
        }));
    }
    const auto store = *EimStore::open(file);
    const auto session = **store->session(OwnedBytes{1});
    CHECK(session.operation == "op_1");
    CHECK(session.server_signed1.empty());
}

TEST_CASE("when a forward is there already, it stays as it is, delivered or not") {
    const auto store = *EimStore::open_in_memory();
    REQUIRE(store->commit({.devices = {full_device()}}));
    const eim::Forward f{.eid = kEid, .address = "smdp.example", .number = 5, .digest = {1}, .message = {7}};
    REQUIRE(store->commit({.forwards = {f, f}}));
    REQUIRE(store->commit({.forwards = {f}}));
    auto due = *store->due_forwards(Time(0), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].message == OwnedBytes{7});
    REQUIRE(store->forward_done(due[0].id));
    REQUIRE(store->commit({.forwards = {f}}));
    CHECK(store->due_forwards(Time(0), 10)->empty());
    CHECK(*store->waiting_forwards(kEid) == 0);
}

TEST_CASE("when the file is of another version, damaged, or none of ours, it is refused") {
    const Directory directory;
    const auto file = directory.path / "eim.db";
    {
        const auto store = *EimStore::open(file);
        REQUIRE(store->commit({.devices = {full_device()}}));
        REQUIRE(store->database().write([](Connection& c) { return c.execute("PRAGMA user_version=77"); }));
    }
    const auto newer = EimStore::open(file);
    REQUIRE_FALSE(newer);
    CHECK(newer.error().code == Errc::unsupported);
    CHECK(newer.error().detail == 77);

    const auto other = directory.path / "other.db";
    std::ofstream(other) << std::string(4096, 'x');
    CHECK(EimStore::open(other).error().code == Errc::storage);

    const auto damaged = directory.path / "damaged.db";
    {
        const auto store = *EimStore::open(damaged);
        std::vector<Operation> many;
        for (int i = 0; i < 200; ++i) many.push_back(full_operation("op_" + std::to_string(i)));
        REQUIRE(store->commit({.devices = {full_device()}, .operations = many}));
    }
    {
        std::fstream f(damaged, std::ios::in | std::ios::out | std::ios::binary);
        const auto size = std::filesystem::file_size(damaged);
        REQUIRE(size > 40'000);
        for (std::streamoff at = 20'000; at < static_cast<std::streamoff>(size); at += 4096) {
            f.seekp(at);
            f << std::string(600, '\xEE');
        }
    }
    const auto bad = EimStore::open(damaged);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Errc::storage);
}

TEST_CASE("when many threads change one device, every change is there exactly once") {
    const Directory directory;
    const auto store = *EimStore::open(directory.path / "eim.db");
    auto d = full_device();
    d.counter = 0;
    REQUIRE(store->commit({.devices = {d}}));
    std::array<std::thread, 4> threads;
    for (auto& t : threads)
        t = std::thread([&] {
            for (int done = 0; done < 25;) {
                auto mine = **store->device(kEid);
                ++mine.counter;
                if (store->commit({.devices = {mine}})) ++done;
            }
        });
    for (auto& t : threads) t.join();
    CHECK((*store->device(kEid))->counter == 100);
}

TEST_CASE("when API tokens are kept, only their hashes are, and a revoked one is known as such") {
    const auto store = *EimStore::open_in_memory();
    ApiToken t{.name = "one", .prefix = "hly_123456", .hash = {1}, .created = Time(1), .expires = Time(2)};
    REQUIRE(store->add_token(t));
    CHECK(store->add_token(t).error().code == Errc::conflict);
    CHECK((*store->token(Sha256{1}))->name == "one");
    CHECK_FALSE((*store->token(Sha256{2})).has_value());
    REQUIRE(store->revoke_token("one"));
    CHECK((*store->token(Sha256{1}))->revoked);
    CHECK(store->revoke_token("two").error().code == Errc::not_found);
}
