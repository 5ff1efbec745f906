#pragma once
// Where the suites keep a store: the same tests run on each.
#include "store/smdp_store.h"
#include "store/smds_store.h"
#include "tests/stores/postgres_server.h"

namespace halyard::stores {

/// A file; each open() is a further process on it, as far as SQLite can tell.
struct Sqlite {
    e2e::Directory directory;
    bool there() const { return true; }
    Result<std::unique_ptr<store::SmdpStore>> smdp() { return store::SmdpStore::open(directory / "smdp.db"); }
    Result<std::unique_ptr<store::SmdsStore>> smds() { return store::SmdsStore::open(directory / "smds.db"); }
};
/// A database; each open() is a further process on it.
struct Postgres {
    PostgresServer* server = PostgresServer::one();
    std::string url = server ? server->database() : "";
    Postgres() = default;
    Postgres(const Postgres&) = delete;
    ~Postgres() {
        if (server) server->drop(url);
    }
    bool there() const { return server != nullptr; }
    Result<std::unique_ptr<store::SmdpStore>> smdp() { return store::SmdpStore::open({}, url); }
    Result<std::unique_ptr<store::SmdsStore>> smds() { return store::SmdsStore::open({}, url); }
};

inline Iccid iccid(uint32_t n) {
    Iccid out{0x98, 0x00, 0x10};
    for (size_t i = 0; i < 4; ++i) out[6 + i] = static_cast<uint8_t>(n >> (24 - 8 * i));
    return out;
}
inline Eid eid(uint8_t last) {
    Eid out{0x89, 0x04, 0x90, 0x32};
    out.back() = last;
    return out;
}
/// Released under "ID-n".
inline smdp::Order order(uint32_t n) {
    smdp::Order o{.matching_id = "ID-" + std::to_string(n), .iccid = iccid(n), .created = Time(n)};
    o.metadata = {0xBF, 0x25, 0x00};
    return o;
}
/// In stock, of a type.
inline smdp::Order stock(uint32_t n, const char* type = "data") {
    smdp::Order o = order(n);
    o.matching_id.clear();
    o.state = smdp::OrderState::available;
    o.type = type;
    return o;
}
/// What commit() takes to insert it.
inline smdp::Change inserted(const smdp::Order& o) {
    return {.insert_order = &o, .sealed_package = {.octets = {1, 2, 3}}};
}

} // namespace halyard::stores

TYPE_TO_STRING(halyard::stores::Sqlite);
TYPE_TO_STRING(halyard::stores::Postgres);
/// The test goes on where the place is there; where it is not, that was said.
#define PLACE(Kind, place)                                                                                   \
    Kind place;                                                                                              \
    if (!place.there()) return
