#include "store/settings.h"

namespace halyard::store {

Result<std::optional<OwnedBytes>> setting(Database& database, std::string_view name) {
    std::optional<OwnedBytes> out;
    TRY(database.read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT value FROM settings WHERE name=?"));
        if (TRY(q.bind(name).step())) out = q.octets(0);
        return {};
    }));
    return out;
}

Result<OwnedBytes> settle(Database& database, std::string_view name, Bytes wanted) {
    if (auto known = TRY(setting(database, name))) return std::move(*known);
    TRY(database.write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("INSERT INTO settings VALUES(?,?) ON CONFLICT(name) DO NOTHING"));
        return q.bind(name).bind(wanted).run();
    }));
    auto kept = TRY(setting(database, name));
    if (!kept) return fail(Errc::storage, "settings");
    return std::move(*kept);
}

} // namespace halyard::store
