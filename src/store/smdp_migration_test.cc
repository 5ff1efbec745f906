// A database as an SM-DP+ of schema 2 left it, made from SQL text.
#include "store/deviations.h"
#include "store/smdp_store.h"
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
} // namespace

TEST_CASE("when a database of schema 2 is opened, its orders are there and deviations can be kept") {
    std::string name = (std::filesystem::temp_directory_path() / "migration_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    const std::filesystem::path directory = name;
    {
        const auto c = *Connection::open((directory / "smdp.db").string(), false);
        REQUIRE(c->execute(kSchema2));
    }
    for (int opened = 0; opened < 2; ++opened) {
        const auto store = SmdpStore::open(directory / "smdp.db");
        REQUIRE(store);
        const auto order = *(*store)->order("K7");
        REQUIRE(order);
        CHECK(order->name == "one");
        CHECK(hex(*(*store)->sealed_package("K7")) == "0102");
        CHECK(deviations((*store)->database(), 10)->size() == static_cast<size_t>(opened));
        REQUIRE(put_deviations((*store)->database(), {{"a", "b", "c", 7, Time(1), Time(2)}}));
        CHECK(deviations((*store)->database(), 10)->front() == Deviation{"a", "b", "c", 7, Time(1), Time(2)});
    }
    std::filesystem::remove_all(directory);
}
