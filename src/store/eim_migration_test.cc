// A database as an eIM of schema 2 or 4 left it, made from SQL text: opened, it is of today's schema and
// nothing is lost.
#include "store/eim_schema.h"
#include "store/eim_store.h"
#include "store/sqlite.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

using namespace halyard;
using namespace halyard::store;

namespace {
constexpr const char* kSchema2 = R"(
CREATE TABLE devices(
  eid BLOB PRIMARY KEY, name TEXT NOT NULL, counter INTEGER NOT NULL, token INTEGER,
  token_proven INTEGER NOT NULL, number INTEGER NOT NULL, euicc_certificate BLOB NOT NULL,
  eum_certificate BLOB NOT NULL, euicc_key BLOB NOT NULL, euicc_info2 BLOB NOT NULL, ipa_features INTEGER NOT NULL,
  device_info BLOB NOT NULL, profiles_known INTEGER NOT NULL, profiles BLOB NOT NULL, profiles_as_of INTEGER NOT NULL,
  profiles_evidence TEXT NOT NULL, created INTEGER NOT NULL, last_seen INTEGER NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE operations(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, eid BLOB NOT NULL REFERENCES devices(eid),
  kind INTEGER NOT NULL, state INTEGER NOT NULL, package BLOB NOT NULL, activation_code TEXT NOT NULL,
  tag_list BLOB NOT NULL, after TEXT NOT NULL, resolves TEXT NOT NULL, automatic INTEGER NOT NULL,
  force INTEGER NOT NULL, held INTEGER NOT NULL, cancel_requested INTEGER NOT NULL, created_by TEXT NOT NULL,
  created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT NULL, transaction_id BLOB NOT NULL UNIQUE,
  counter INTEGER NOT NULL, request BLOB NOT NULL, offers INTEGER NOT NULL, attempts INTEGER NOT NULL,
  unsigned_errors INTEGER NOT NULL, result BLOB NOT NULL, iccid BLOB, token INTEGER, floor INTEGER NOT NULL,
  reason TEXT NOT NULL,
  idempotency_key TEXT UNIQUE, request_hash BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX operations_open ON operations(eid, sequence) WHERE state IN (0, 1, 2, 7);
CREATE INDEX operations_by_eid ON operations(eid, sequence);
CREATE INDEX operations_by_counter ON operations(eid, counter);
CREATE INDEX operations_by_state ON operations(state, sequence);
CREATE INDEX operations_expiring ON operations(expires) WHERE state IN (0, 1, 2) AND expires > 0;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, operation TEXT NOT NULL, address TEXT NOT NULL, eid BLOB NOT NULL,
  created INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_operation ON sessions(operation);
CREATE TABLE addresses(eid BLOB NOT NULL, address TEXT NOT NULL COLLATE NOCASE, PRIMARY KEY(eid, address)) STRICT, WITHOUT ROWID;
CREATE TABLE forwards(
  id INTEGER PRIMARY KEY AUTOINCREMENT, eid BLOB NOT NULL, address TEXT NOT NULL COLLATE NOCASE,
  number INTEGER NOT NULL, digest BLOB NOT NULL, message BLOB NOT NULL, delivered INTEGER NOT NULL,
  attempts INTEGER NOT NULL, due INTEGER NOT NULL, UNIQUE(eid, address, digest)) STRICT;
CREATE INDEX forwards_waiting ON forwards(eid, address, number) WHERE delivered = 0;
CREATE TABLE evidence(
  id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, eid BLOB NOT NULL, received INTEGER NOT NULL,
  what TEXT NOT NULL, octets BLOB NOT NULL) STRICT;
CREATE INDEX evidence_by_operation ON evidence(operation);
CREATE TABLE tokens(
  name TEXT PRIMARY KEY, prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;
)";
// One device, one order, one token, one piece of evidence. State 1: offered; kind 2: data.
constexpr const char* kContent = R"(
INSERT INTO devices VALUES(X'89049032000000000000000000000001', 'Pump 7', 12, 300, 1, 41, X'01', X'0203', X'04',
  X'BF2200', 63, X'3000', 1, X'3000', 5, 'op_5', 1, 9, 17);
INSERT INTO operations VALUES(3, 'op_a', X'89049032000000000000000000000001', 2, 1, X'', '', X'84', '', '', 0, 0, 0, 0,
  'tester', 10, 11, 0, X'A1B2', 0, X'BF520199', 1, 1, 0, X'', NULL, NULL, -1, '', NULL,
  X'0000000000000000000000000000000000000000000000000000000000000000', 4);
INSERT INTO evidence VALUES(1, 'op_a', X'89049032000000000000000000000001', 12, 'seen', X'FF');
INSERT INTO tokens VALUES('one', 'hly_123456', X'0100000000000000000000000000000000000000000000000000000000000000',
  1, 2, 0);
)";
// Made with openssl x509: a CI whose SubjectKeyIdentifier is kCi, an EUM under it, an eUICC under that.
constexpr const char* kCi = "1BA0A156DB79FBBF8D749981829182AB5B89B84F";
constexpr const char* kEum =
    "3082014D3081F4A003020102020101300A06082A8648CE3D040302300D310B300906035504030C0243493020170D"
    "3236313132363133303133375A180F32303531303731383133303133375A300E310C300A06035504030C0365756D"
    "3059301306072A8648CE3D020106082A8648CE3D03010703420004ADB2D07C418B7A7A30A266CBC1FE7841F9ACA1"
    "7AB03F4B2A6D3397D47CCAC54FD2DBCD18C934773111229A96933FFC0187CE56767FD4ADED443E336CAA28787EA3"
    "423040301F0603551D230418301680141BA0A156DB79FBBF8D749981829182AB5B89B84F301D0603551D0E041604"
    "142AAE3A0B09CA205870F9C01B92339B1D4E94838F300A06082A8648CE3D0403020348003045022069661DCA4906"
    "5AF04BC7B4466C625E83379D402C074A6E0039B5787FF0199CB3022100A756207075E002561E335F6551AA49059B"
    "68D9E8B00F1373CE5AD7417C6B3A15";
constexpr const char* kEuicc =
    "3082014F3081F7A003020102020102300A06082A8648CE3D040302300E310C300A06035504030C0365756D302017"
    "0D3236313132363133303133375A180F32303531303731383133303133375A3010310E300C06035504030C056575"
    "6963633059301306072A8648CE3D020106082A8648CE3D0301070342000442072B279F1F8ADF3ADF38B5BDCA9C3E"
    "9F532B9DC6BC35A0D93418F413DC1EC33D0F7EC742422FF94EF6FCB09656998E089DAAC99F35B320945336467AB6"
    "BBA0A3423040301F0603551D230418301680142AAE3A0B09CA205870F9C01B92339B1D4E94838F301D0603551D0E"
    "04160414EC93268FA9426F90EEF34B958E14FB99514E8D58300A06082A8648CE3D040302034700304402200CEBAF"
    "F72CF95D3C663DCEE328DED4E513ECE7D9F3964037ED436E5858CCE5C4022043DFA426916F709680255405BD13AE"
    "77B9055A46F6DEE77AC1F3D43AA84A226A";
constexpr const char* kEuiccKey =
    "3059301306072A8648CE3D020106082A8648CE3D0301070342000442072B279F1F8ADF3ADF38B5BDCA9C3E9F532B"
    "9DC6BC35A0D93418F413DC1EC33D0F7EC742422FF94EF6FCB09656998E089DAAC99F35B320945336467AB6BBA0";
// What versions 3 and 4 of the schema added.
constexpr const char* kSchema4 = R"(
ALTER TABLE devices ADD COLUMN ipa_edition INTEGER;
CREATE TABLE session_facts(transaction_id BLOB PRIMARY KEY, facts BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER session_facts_end AFTER DELETE ON sessions BEGIN
DELETE FROM session_facts WHERE transaction_id=old.transaction_id; END;
CREATE TABLE device_reports(eid BLOB PRIMARY KEY, state_change INTEGER, state_changed INTEGER NOT NULL, rplmn BLOB)
STRICT, WITHOUT ROWID;
PRAGMA user_version=4;
)";
const Eid kEid = *eid_from_text("89049032000000000000000000000001");

struct File {
    File() {
        std::string name = (std::filesystem::temp_directory_path() / "migration_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        directory = name;
        file = directory / "eim.db";
    }
    ~File() { std::filesystem::remove_all(directory); }
    void make(const char* more) {
        const auto c = *SqliteConnection::open(file.string(), false);
        REQUIRE(c->execute(kSchema2));
        REQUIRE(c->execute(kContent));
        REQUIRE(c->execute(more));
    }
    int64_t version() {
        const auto c = *SqliteConnection::open(file.string(), false);
        auto q = *c->prepare("PRAGMA user_version");
        REQUIRE(*q.step());
        return q.integer(0);
    }
    std::filesystem::path directory, file;
};
} // namespace

TEST_CASE("when a database of schema 2 is opened, every device, order and token is there, and the new column "
          "is empty") {
    File f;
    f.make("PRAGMA user_version=2");
    for (int opened = 0; opened < 2; ++opened) { // the second time there is nothing to do
        const auto store = EimStore::open(f.file);
        REQUIRE(store);
        const auto d = *(*store)->device(kEid);
        REQUIRE(d);
        CHECK(d->name == "Pump 7");
        CHECK(d->counter == 12);
        CHECK(d->token == 300);
        CHECK(d->token_proven);
        CHECK(d->number == 41);
        CHECK(d->ipa_features == 63);
        CHECK(d->version == 17 + static_cast<uint64_t>(opened));
        CHECK(d->ipa_edition.has_value() == (opened == 1));
        const auto o = *(*store)->operation("op_a");
        REQUIRE(o);
        CHECK(hex(o->request) == "BF520199");
        CHECK(o->state == eim::State::offered);
        CHECK(o->version == 4);
        CHECK((*store)->evidence("op_a")->size() == 1);
        CHECK((*(*store)->token(Sha256{1}))->name == "one");
        REQUIRE(d->identities.size() == 1);
        CHECK(hex(d->identities[0].euicc_certificate) == "01");
        CHECK(hex(d->identities[0].key) == "04");
        // and it can be written from now on
        auto known = *d;
        known.ipa_edition = rsp::Edition::v1_0;
        if (opened == 0) REQUIRE((*store)->commit({.devices = {known}}));
        CHECK((*(*store)->device(kEid))->ipa_edition == rsp::Edition::v1_0);
    }
    CHECK(f.version() == kEimVersion);
}

TEST_CASE("when a database of schema 4 is opened, the certificates of a device are its first identity, under "
          "their CI") {
    File f;
    f.make(kSchema4);
    {
        const auto c = *SqliteConnection::open(f.file.string(), false);
        const std::string eum = std::string("X'") + kEum + "'", euicc = std::string("X'") + kEuicc + "'";
        REQUIRE(c->execute(
            ("INSERT INTO devices SELECT X'89049032000000000000000000000002', name, counter, token, "
             "token_proven, number, " +
             euicc + ", " + eum + ", X'" + kEuiccKey +
             "', euicc_info2, ipa_features, device_info, profiles_known, profiles, profiles_as_of, "
             "profiles_evidence, created, last_seen, version, 2 FROM devices; "
             "INSERT INTO devices SELECT X'89049032000000000000000000000003', name, counter, token, "
             "token_proven, number, X'', X'', X'', euicc_info2, ipa_features, device_info, "
             "profiles_known, profiles, profiles_as_of, profiles_evidence, created, last_seen, "
             "version, NULL FROM devices LIMIT 1")
                .c_str()));
    }
    const auto store = *EimStore::open(f.file);
    const auto all = *store->devices({}, 10);
    REQUIRE(all.size() == 3);
    // The first one's are not certificates at all: kept, and the CI is not known.
    REQUIRE(all[0].identities.size() == 1);
    CHECK(all[0].identities[0].ci.empty());
    CHECK(hex(all[0].identities[0].eum_certificate) == "0203");
    CHECK(hex(all[0].identities[0].key) == "04");
    REQUIRE(all[1].identities.size() == 1);
    const eim::Identity& moved = all[1].identities[0];
    CHECK(hex(moved.ci) == kCi);
    CHECK(hex(moved.euicc_certificate) == kEuicc);
    CHECK(hex(moved.eum_certificate) == kEum);
    CHECK(hex(moved.key) == kEuiccKey);
    CHECK(moved.since == all[1].created);
    CHECK(all[1].ipa_edition == rsp::Edition::v1_2);
    CHECK(all[2].identities.empty());
    CHECK((*store->operation("op_a"))->ci.empty());
    CHECK((*store->operation("op_a"))->event.empty()); // since version 6, with the next one
    CHECK((*store->operation("op_a"))->code.empty());
    auto changed = all[1];
    changed.identities.push_back({.ci = {9}, .key = {8}});
    REQUIRE(store->commit({.devices = {changed}}));
    CHECK((*store->device(changed.eid))->identities == changed.identities);
    CHECK(f.version() == kEimVersion);
}

TEST_CASE("when a step fails, the database stays as it was") {
    File f;
    f.make("ALTER TABLE devices ADD COLUMN ipa_edition TEXT; PRAGMA user_version=2"); // in the way
    const auto store = EimStore::open(f.file);
    REQUIRE_FALSE(store);
    CHECK(store.error().code == Errc::storage);
    CHECK(f.version() == 2);
}

TEST_CASE("when no step leads from a version, the database is refused and left alone") {
    File f;
    f.make("PRAGMA user_version=1");
    const auto store = EimStore::open(f.file);
    REQUIRE_FALSE(store);
    CHECK(store.error().code == Errc::unsupported);
    CHECK(store.error().detail == 1);
    CHECK(f.version() == 1);
}

TEST_CASE("when an edition in the file is none, the row is told to be damaged") {
    File f;
    f.make("PRAGMA user_version=2");
    const auto store = *EimStore::open(f.file);
    REQUIRE(
        store->database().write([](Connection& c) { return c.execute("UPDATE devices SET ipa_edition=9"); }));
    CHECK(std::string_view(store->device(kEid).error().where) == "devices.ipa_edition");
}
