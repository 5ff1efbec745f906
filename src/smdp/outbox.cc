#include "smdp/outbox.h"
#include "smdp/server.h"
#include <algorithm>

namespace halyard::smdp {
namespace {
Result<Outgoing> event_message(Outgoing::Kind kind, const Order& order, Random& random, Time now) {
    const auto call_id = TRY(random.draw<16>());
    return Outgoing{.kind = kind,
                    .target = order.smds,
                    .call_id = hex(call_id),
                    .iccid = order.iccid,
                    .eid = order.eid,
                    .event_id = order.event_id,
                    .created = now,
                    .next = now};
}
} // namespace

Ok tell_operator(const Config& config,
                 std::vector<Outgoing>& out,
                 const Order& order,
                 Point point,
                 std::optional<rsp::StatusCode> failed,
                 Random& random,
                 Time now,
                 Bytes result) {
    const auto& wanting = is_later_life(static_cast<uint32_t>(point)) ? config.followers : config.callbacks;
    if (std::find(wanting.begin(), wanting.end(), order.operator_id) == wanting.end()) return {};
    const std::string call_id = hex(TRY(random.draw<16>()));
    out.push_back({.kind = Outgoing::Kind::progress,
                   .target = order.operator_id,
                   .call_id = call_id,
                   .iccid = order.iccid,
                   .eid = order.eid,
                   .type = order.type,
                   .point = static_cast<uint32_t>(point),
                   .failed = std::move(failed),
                   .created = now,
                   .next = now,
                   .result = owned(result)});
    return {};
}

Ok want_event(std::vector<Outgoing>& out, Order& order, Random& random, Time now) {
    if (order.smds.empty()) return {};
    out.push_back(TRY(event_message(Outgoing::Kind::register_event, order, random, now)));
    order.event = EventState::wanted;
    return {};
}

Ok drop_event(std::vector<Outgoing>& out, Order& order, Random& random, Time now) {
    if (order.event == EventState::wanted || order.event == EventState::registered)
        out.push_back(TRY(event_message(Outgoing::Kind::delete_event, order, random, now)));
    order.event = EventState::none;
    return {};
}

Result<Time> next_attempt(Time now, uint32_t tries, Random& random) {
    constexpr uint64_t kFirst = 1'000, kMost = 3'600'000;
    const uint64_t span = std::min(kMost, kFirst << std::min<uint32_t>(tries, 12));
    uint64_t dice = 0;
    for (const uint8_t octet : TRY(random.draw<8>())) dice = dice << 8 | octet;
    return now + Time(static_cast<int64_t>(dice % span) + 1);
}

} // namespace halyard::smdp
