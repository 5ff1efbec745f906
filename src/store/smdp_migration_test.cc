// Databases as SM-DP+ of schemas 2 to 4 left them, made from SQL text.
#include "store/deviations.h"
#include "store/settings.h"
#include "store/smdp_schema.h"
#include "store/smdp_store.h"
#include "store/sqlite.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

using namespace halyard;
using namespace halyard::store;

namespace {
constexpr const char* kSchema2 = R"(
CREATE TABLE orders(
  matching_id TEXT PRIMARY KEY, iccid BLOB NOT NULL UNIQUE, eid BLOB, state INTEGER NOT NULL, name TEXT NOT NULL,
  attempts INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT NULL,
  reason TEXT NOT NULL, last_event TEXT NOT NULL, metadata BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE packages(
  matching_id TEXT PRIMARY KEY REFERENCES orders(matching_id), sealed BLOB NOT NULL) STRICT;
CREATE TABLE bindings(
  matching_id TEXT PRIMARY KEY REFERENCES orders(matching_id), euicc_otpk BLOB NOT NULL, smdp_otpk BLOB NOT NULL,
  tail BLOB NOT NULL) STRICT;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL,
  state INTEGER NOT NULL, created INTEGER NOT NULL, ci_key_id BLOB NOT NULL, matching_id TEXT NOT NULL,
  eid BLOB NOT NULL, euicc_key BLOB NOT NULL, smdp_signature2 BLOB NOT NULL,
  secure_channel BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_age ON sessions(state, created);
CREATE TABLE notifications(
  eid BLOB NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, iccid BLOB, success INTEGER NOT NULL,
  received INTEGER NOT NULL, der BLOB NOT NULL, PRIMARY KEY(eid, sequence, event)) STRICT;
CREATE INDEX notifications_by_iccid ON notifications(iccid);
INSERT INTO orders VALUES('K7', X'98001010000000000091', NULL, 1, 'one', 0, 1, 2, 0, '', '', X'BF2500', 4);
INSERT INTO packages VALUES('K7', X'0102');
PRAGMA user_version=2;
)";
// Version 3 added the table of deviations; everything else stayed.
constexpr const char* kVersion3 = DEVIATIONS_SCHEMA R"(;
INSERT INTO orders VALUES('L8', X'98001010000000000083', X'89049032000000000000000000000001', 2, 'two', 3, 5, 6, 7,
  'why', 'enabled', X'BF2501', 9);
INSERT INTO packages VALUES('L8', X'0304');
INSERT INTO bindings VALUES('L8', X'05', X'06', X'07');
INSERT INTO sessions VALUES(X'000102030405060708090A0B0C0D0E0F', zeroblob(16), zeroblob(16), 2, 11, X'AA', 'L8',
  X'89049032000000000000000000000001', X'BB', X'CC', X'DD', zeroblob(32), X'EE', 4);
INSERT INTO sessions VALUES(X'100102030405060708090A0B0C0D0E0F', zeroblob(16), zeroblob(16), 0, 12, X'AA', '',
  zeroblob(16), X'', X'', X'', zeroblob(32), X'', 1);
PRAGMA user_version=3;
)";

// Two operators' stock, and a call that was hashed under the storage key.
constexpr const char* kVersion4 = SMDP_TABLES_4 R"(
CREATE TABLE notifications(
  eid BLOB NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, iccid BLOB, success INTEGER NOT NULL,
  received INTEGER NOT NULL, der BLOB NOT NULL, PRIMARY KEY(eid, sequence, event)) STRICT;
CREATE INDEX notifications_by_iccid ON notifications(iccid);
)" DEVIATIONS_SCHEMA R"(;
INSERT INTO orders VALUES(X'98001010000000000091', '', NULL, 5, 'alpha', 'data', 0, 0, X'', 0, '', '', 0, 'one', 0, 1,
  2, 0, '', '', X'BF2500', 3);
INSERT INTO orders VALUES(X'98001010000000000083', '', NULL, 5, 'alpha', 'data', 0, 0, X'', 0, '', '', 0, 'two', 0, 1,
  2, 0, '', '', X'BF2500', 3);
INSERT INTO orders VALUES(X'98001010000000000075', 'M', NULL, 0, 'beta', 'data', 0, 0, X'', 0, '', '', 0, 'three', 0,
  1, 2, 0, '', '', X'BF2500', 3);
INSERT INTO packages VALUES(X'98001010000000000091', X'0102', '89000101000000000019');
INSERT INTO calls VALUES('alpha', 'c1', zeroblob(32), '', '', '', NULL, NULL, '', 1);
PRAGMA user_version=4;
)";

struct Directory {
    std::filesystem::path path;
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "migration_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
};
} // namespace

TEST_CASE("when a database of schema 2 is opened, its orders are there and deviations can be kept") {
    const Directory made;
    const std::filesystem::path& directory = made.path;
    {
        const auto c = *SqliteConnection::open((directory / "smdp.db").string(), false);
        REQUIRE(c->execute(kSchema2));
    }
    for (int opened = 0; opened < 2; ++opened) {
        const auto store = SmdpStore::open(directory / "smdp.db");
        REQUIRE(store);
        const auto order = *(*store)->order("K7");
        REQUIRE(order);
        CHECK(order->name == "one");
        CHECK(hex((*store)->sealed_package(order->iccid)->octets) == "0102");
        CHECK(deviations((*store)->database(), 10)->size() == static_cast<size_t>(opened));
        REQUIRE(put_deviations((*store)->database(), {{"a", "b", "c", 7, Time(1), Time(2)}}));
        CHECK(deviations((*store)->database(), 10)->front() == Deviation{"a", "b", "c", 7, Time(1), Time(2)});
    }
}

TEST_CASE("when a database of schema 3 is opened, its rows are orders of the default operator, by ICCID") {
    const Directory made;
    {
        const auto c = *SqliteConnection::open((made.path / "smdp.db").string(), false);
        REQUIRE(c->execute(kSchema2));
        REQUIRE(c->execute(kVersion3));
    }
    const auto store = SmdpStore::open(made.path / "smdp.db");
    REQUIRE(store);
    const auto order = *(*store)->order("L8");
    REQUIRE(order);
    CHECK(hex(order->iccid) == "98001010000000000083");
    CHECK(order->state == smdp::OrderState::installed);
    CHECK(order->operator_id == "default");
    CHECK(order->type == "");
    CHECK(to_text(order->eid.value()) == "89049032000000000000000000000001");
    CHECK_FALSE(order->eid_ordered);
    CHECK(order->code.empty());
    CHECK(order->name == "two");
    CHECK(order->attempts == 3);
    CHECK(order->expires == Time(7));
    CHECK(order->reason == "why");
    CHECK(order->last_event == "enabled");
    CHECK(order->version == 9);
    // Packages stay bound to what they were sealed with.
    const auto sealed = (*store)->sealed_package(order->iccid);
    CHECK(hex(sealed->octets) == "0304");
    CHECK(sealed->as == "L8");
    CHECK(hex((*(*store)->binding(order->iccid))->tail) == "07");
    const auto session = *(*store)->session(*from_hex("000102030405060708090A0B0C0D0E0F"));
    REQUIRE(session);
    CHECK(session->iccid == order->iccid);
    CHECK(session->matching_id == "L8");
    CHECK(hex(session->answer) == "EE");
    CHECK(session->version == 4);
    const auto young = *(*store)->session(*from_hex("100102030405060708090A0B0C0D0E0F"));
    REQUIRE(young);
    CHECK_FALSE(young->iccid);
    CHECK((*(*store)->order("K7"))->state == smdp::OrderState::downloaded);
}

TEST_CASE("when a database of schema 4 is opened, pools are counted once and packages are as they were") {
    const Directory made;
    {
        const auto c = *SqliteConnection::open((made.path / "smdp.db").string(), false);
        REQUIRE(c->execute(kVersion4));
    }
    const auto store = SmdpStore::open(made.path / "smdp.db");
    REQUIRE(store);
    const auto levels = (*store)->levels();
    REQUIRE(levels);
    REQUIRE(levels->size() == 2);
    CHECK((*levels)[0].operator_id == "alpha");
    CHECK((*levels)[0].type == "data");
    CHECK((*levels)[0].available == 2);
    CHECK((*levels)[0].low_water == 0);
    CHECK_FALSE((*levels)[0].low);
    CHECK((*levels)[1].operator_id == "beta");
    CHECK((*levels)[1].available == 0);
    const auto order = *(*store)->available("alpha", "data", 0);
    REQUIRE(order);
    const auto sealed = (*store)->sealed_package(*iccid_from_text("89000101000000000019"));
    REQUIRE(sealed);
    CHECK(hex(sealed->octets) == "0102");
    CHECK(sealed->as == "89000101000000000019");
    CHECK(sealed->key == 0);
    CHECK(sealed->template_version == 0);
    CHECK_FALSE(*(*store)->call("alpha", "c1"));
    CHECK((*store)->data_keys(std::nullopt)->empty());
    CHECK((*store)->templates()->empty());
}

TEST_CASE(
    "when a database of schema 4 is opened, what waits in its outbox can be claimed and stock ordered") {
    const Directory made;
    {
        const auto c = *SqliteConnection::open((made.path / "smdp.db").string(), false);
        REQUIRE(c->execute(SMDP_TABLES_4
                           "CREATE TABLE notifications(eid BLOB NOT NULL, sequence INTEGER NOT NULL, "
                           "event TEXT NOT NULL, iccid BLOB, success INTEGER NOT NULL, received "
                           "INTEGER NOT NULL, der BLOB NOT NULL, PRIMARY KEY(eid, sequence, event)) "
                           "STRICT; " DEVIATIONS_SCHEMA));
        REQUIRE(c->execute(
            "INSERT INTO orders VALUES(x'98001010000000000091', '', NULL, 5, 'default', 'data', 0, 0, "
            "x'', 0, '', '', 0, 'one', 0, 1, 2, 0, '', '', x'BF2500', 4); "
            "INSERT INTO outbox VALUES(7, 0, 'alpha', 'call', x'98001010000000000091', NULL, '', '', "
            "3, '', '', '', 5, 6, 2, x''); PRAGMA user_version=4"));
    }
    const auto store = *SmdpStore::open(made.path / "smdp.db");
    const auto claimed = *store->claim("alpha", Time(6), Time(9), 10);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].id == 7);
    CHECK(claimed[0].fence == 1);
    CHECK(claimed[0].call_id == "call");
    CHECK(claimed[0].tries == 2);
    CHECK(store->delivered(claimed[0], {}));
    CHECK((*store->available("default", "data", 0))->name == "one");
    CHECK(*settle(store->database(), "address", bytes_of("a")) == owned(bytes_of("a")));
}
