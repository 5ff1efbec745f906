#include "store/deviations.h"

namespace halyard::store {

Ok put_deviations(Database& database, const std::vector<Deviation>& all) {
    return database.write([&](Connection& c) -> Ok {
        for (const Deviation& d : all) {
            auto q =
                TRY(c.prepare("INSERT INTO deviations AS d(peer, what, place, count, first_seen, last_seen) "
                              "VALUES(?,?,?,?,?,?) ON CONFLICT(peer, what, place) DO UPDATE SET "
                              "count=CASE WHEN d.count>excluded.count THEN d.count ELSE excluded.count "
                              "END, first_seen=CASE WHEN d.first_seen<excluded.first_seen THEN "
                              "d.first_seen ELSE excluded.first_seen END, last_seen=CASE WHEN "
                              "d.last_seen>excluded.last_seen THEN d.last_seen ELSE excluded.last_seen "
                              "END"));
            q.bind(d.peer).bind(d.what).bind(d.where).bind(static_cast<int64_t>(d.count));
            TRY(q.bind(d.first.count()).bind(d.last.count()).run());
        }
        return {};
    });
}

Result<std::vector<Deviation>>
deviations(Database& database, size_t limit, const std::optional<Deviation>& after) {
    std::vector<Deviation> out;
    TRY(database.read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT peer, what, place, count, first_seen, last_seen FROM deviations "
                               "WHERE (peer, what, place) > (?,?,?) ORDER BY peer, what, place LIMIT ?"));
        q.bind(after ? after->peer : "").bind(after ? after->what : "").bind(after ? after->where : "");
        q.bind(static_cast<int64_t>(limit));
        while (TRY(q.step()))
            out.push_back({q.text(0),
                           q.text(1),
                           q.text(2),
                           static_cast<uint64_t>(q.integer(3)),
                           Time(q.integer(4)),
                           Time(q.integer(5))});
        return {};
    }));
    return out;
}

} // namespace halyard::store
