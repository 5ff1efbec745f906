#include "apps/smdp/events.h"
#include "apps/common/es12_client.h"
#include "base/log.h"
#include <algorithm>

namespace halyard::smdp_app {
namespace {
using smdp::Outgoing, smdp::Taken;

// What the SM-DS says of the event itself stays so; anything else may be mended at either end.
Taken taken(const Outgoing& o, const rsp::ExecutionStatus& said) {
    if (said.executed()) return Taken::yes;
    if (!said.code) return Taken::not_now;
    const bool remove = o.kind == Outgoing::Kind::delete_event;
    if (said.code->is("8.9.5", "3.9")) return remove ? Taken::yes : Taken::not_now; // gone is gone
    if (said.code->is("8.9.5", "3.3") || said.code->subject == "8.1.1") return Taken::refused;
    return Taken::not_now;
}
} // namespace

Result<smdp::EventSender>
event_sender(Site& site, const SmdsAddresses& smds, net::HttpsClient::Options http) {
    auto& known = site.config.smds;
    known = smds.alternative;
    known.insert(known.end(), smds.root.begin(), smds.root.end());
    for (const std::string& address : known) {
        if (!net::parse_address(address, "smds")) return fail(Errc::bad_value, "smds");
        if (std::count(known.begin(), known.end(), address) > 1) return fail(Errc::conflict, "smds");
    }
    http.total_timeout = std::chrono::seconds(10); // what an end of the server may have to wait for
    const auto client = std::make_shared<app::Es12Client>(TRY(app::Es12Client::open(std::move(http))));
    const smdp::Config& config = site.config;
    return smdp::EventSender([client, &config, roots = smds.root](const Outgoing& o) -> Taken {
        if (std::find(config.smds.begin(), config.smds.end(), o.target) == config.smds.end()) {
            log(LogLevel::warning, "an event waits for " + o.target + ", which is no --smds of this server");
            return Taken::not_now;
        }
        if (!o.eid) return Taken::refused; // ES2+ lets no such order pass
        const rsp::RequestHeader header{config.oid, o.call_id};
        if (o.kind == Outgoing::Kind::delete_event) {
            const auto said =
                client->delete_event(o.target, {.header = header, .eid = *o.eid, .event_id = o.event_id});
            return said ? taken(o, *said) : Taken::not_now;
        }
        const bool root = std::find(roots.begin(), roots.end(), o.target) != roots.end();
        const auto said = client->register_event(o.target,
                                                 {.header = header,
                                                  .eid = *o.eid,
                                                  .rsp_server_address = config.address,
                                                  .event_id = o.event_id,
                                                  .forwarding_indicator = !root});
        return said ? taken(o, *said) : Taken::not_now;
    });
}

} // namespace halyard::smdp_app
