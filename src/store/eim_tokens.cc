// API tokens of an eIM (SR-29).
#include "store/eim_rows.h"
#include "store/eim_store.h"

namespace halyard::store {

Ok EimStore::add_token(const ApiToken& t) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("INSERT INTO tokens VALUES(?,?,?,?,?,?)"));
        return q.bind(t.name)
            .bind(t.prefix)
            .bind(Bytes(t.hash))
            .bind(t.created.count())
            .bind(t.expires.count())
            .bind(0)
            .run();
    });
}
namespace {
Result<ApiToken> token_of(const Statement& q) {
    return ApiToken{q.text(0),
                    q.text(1),
                    TRY(fixed<Sha256>(q.octets(2), "tokens.hash")),
                    Time(q.integer(3)),
                    Time(q.integer(4)),
                    q.integer(5) != 0};
}
} // namespace
Result<std::optional<ApiToken>> EimStore::token(const Sha256& hash) {
    std::optional<ApiToken> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT name, prefix, hash, created, expires, revoked FROM tokens WHERE hash=?"));
        if (TRY(q.bind(Bytes(hash)).step())) out = TRY(token_of(q));
        return {};
    }));
    return out;
}
Result<std::vector<ApiToken>> EimStore::tokens() {
    std::vector<ApiToken> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT name, prefix, hash, created, expires, revoked FROM tokens ORDER BY name"));
        while (TRY(q.step())) out.push_back(TRY(token_of(q)));
        return {};
    }));
    return out;
}
Ok EimStore::revoke_token(std::string_view name) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE tokens SET revoked=1 WHERE name=?"));
        TRY(q.bind(name).run());
        return c.changes() ? Ok{} : fail(Errc::not_found, "token");
    });
}

} // namespace halyard::store
