#include "smdp/es2.h"
#include "crypto/aes.h"
#include "crypto/hash.h"
#include <algorithm>

namespace halyard::smdp {
using F = rsp::ServerFunction;
using enum OrderState;

struct Es2::Step {
    Es2Answer answer;
    std::optional<Order> order; // changed
    bool drop_binding = false;
    std::vector<Outgoing> outbox;
};

namespace {
constexpr Time kDay{86'400'000};

Es2Answer refused(F f, const char* subject, const char* reason) {
    return {.failed = rsp::code_for(f, subject, reason)};
}
bool may(const Caller& who, const std::string& type) {
    return who.types.empty() || std::find(who.types.begin(), who.types.end(), type) != who.types.end();
}
} // namespace

// SGP.22 leaves open how long a call is remembered; see the decision on profiles in stock.
template <class Request, class Function>
Result<Es2Answer>
Es2::once(F name, Function function, const Caller& who, const Request& request, Bytes body, Time now) {
    const std::string& id = request.header.function_call_identifier;
    const auto number = static_cast<uint8_t>(name);
    const Sha256 hash = TRY(vault_.keyed_hash({Bytes(&number, 1), body}));
    // Two calls about one profile may meet, or take the same one from stock, here or in other processes: the
    // second one starts again from what the first one wrote. Each time one of them has come through.
    for (int i = 0;; ++i) {
        const auto known = TRY(store_.call(who.operator_id, id));
        if (known && now - known->created <= kDay) {
            if (!crypto::equal(known->request, hash)) return refused(name, "1.6", "2.1");
            return known->answer;
        }
        if (known) TRY(store_.forget_calls(now - kDay));
        const Step step = TRY((this->*function)(who, request, now));
        const Call call{who.operator_id, id, hash, step.answer, now};
        const auto done = store_.commit({.order = step.order ? &*step.order : nullptr,
                                         .drop_binding = step.drop_binding,
                                         .outbox = step.outbox,
                                         .call = &call});
        if (done) return step.answer;
        if (done.error().code != Errc::conflict || i == 20) return tl::unexpected<Error>(done.error());
    }
}

Result<Es2Answer>
Es2::download_order(const Caller& who, const rsp::DownloadOrderRequest& r, Bytes body, Time now) {
    return once(F::download_order, &Es2::download, who, r, body, now);
}
Result<Es2Answer>
Es2::confirm_order(const Caller& who, const rsp::ConfirmOrderRequest& r, Bytes body, Time now) {
    return once(F::confirm_order, &Es2::confirm, who, r, body, now);
}
Result<Es2Answer>
Es2::cancel_order(const Caller& who, const rsp::CancelOrderRequest& r, Bytes body, Time now) {
    return once(F::cancel_order, &Es2::cancel, who, r, body, now);
}
Result<Es2Answer>
Es2::release_profile(const Caller& who, const rsp::ReleaseProfileRequest& r, Bytes body, Time now) {
    return once(F::release_profile, &Es2::release, who, r, body, now);
}

Result<std::optional<Order>> Es2::own(const Caller& who, const Iccid& iccid) {
    auto order = TRY(store_.order(iccid));
    if (order && order->operator_id != who.operator_id) order.reset();
    return order;
}

bool Es2::knows_smds(std::string_view address) const {
    return std::find(config_.smds.begin(), config_.smds.end(), address) != config_.smds.end();
}

Result<Es2::Step> Es2::download(const Caller& who, const rsp::DownloadOrderRequest& r, Time now) {
    const auto refuse = [](const char* s, const char* c) { return Step{refused(F::download_order, s, c)}; };
    std::optional<Order> order;
    if (r.iccid) {
        order = TRY(own(who, *r.iccid));
        if (!order) return refuse("8.2.1", "3.9");
        if (!may(who, order->type)) return refuse("8.2.1", "1.2");
        if (r.profile_type && *r.profile_type != order->type) return refuse("8.2.5", "3.8");
    } else if (r.profile_type) {
        if (!TRY(store_.has_type(who.operator_id, *r.profile_type))) return refuse("8.2.5", "3.9");
        if (!may(who, *r.profile_type)) return refuse("8.2.5", "1.2");
        const auto dice = TRY(random_.draw<1>());
        order = TRY(store_.available(who.operator_id, *r.profile_type, dice[0]));
        if (!order) return refuse("8.2.5", "3.7");
    } else {
        return refuse("1.6", "2.3");
    }
    const Es2Answer yes{.iccid = order->iccid};
    // The answer to the first call may have been lost, and the operator asks under a new identifier.
    if (order->state == (r.eid ? linked : allocated) && order->eid == r.eid) return Step{yes};
    if (order->state == linked && r.eid) return refuse("8.1.1", "3.10");
    if (order->state != available) return refuse("8.2.1", "3.3");
    order->state = r.eid ? linked : allocated;
    order->eid = r.eid;
    order->eid_ordered = r.eid.has_value();
    order->changed = now;
    return Step{yes, std::move(order)};
}

Result<bool> Es2::same_confirmation(const Order& order, const rsp::ConfirmOrderRequest& r) {
    if (order.state != (r.release_flag ? released : confirmed)) return false;
    if (r.smds_address.value_or("") != order.smds) return false;
    if (order.default_dp != (r.matching_id && r.matching_id->empty())) return false;
    if (order.code.empty() || !r.confirmation_code) return order.code.empty() && !r.confirmation_code;
    const SecretBytes known = TRY(open_code(vault_, order));
    return crypto::equal(known.reveal(), crypto::sha256({bytes_of(*r.confirmation_code)}));
}

Result<Es2::Step> Es2::confirm(const Caller& who, const rsp::ConfirmOrderRequest& r, Time now) {
    const auto refuse = [](const char* s, const char* c) { return Step{refused(F::confirm_order, s, c)}; };
    auto order = TRY(own(who, r.iccid));
    if (!order) return refuse("8.2.1", "3.9");
    if (!may(who, order->type)) return refuse("8.2.1", "1.2");
    const bool by_eid = r.matching_id && r.matching_id->empty();
    if (!r.eid && (by_eid || r.smds_address)) return refuse("8.1.1", "2.2");
    if (order->state != allocated && order->state != linked) {
        if (order->state == available || order->state == unavailable) return refuse("8.2.1", "3.3");
        if (r.eid && order->eid && *r.eid != *order->eid) return refuse("8.2.1", "3.10");
        if (r.matching_id && *r.matching_id != order->matching_id) return refuse("8.2.6", "3.10");
        if (!TRY(same_confirmation(*order, r))) return refuse("8.2.1", "3.3");
        if (order->event == EventState::refused) return refuse("8.9", "4.2");
        return Step{{.iccid = order->iccid, .eid = order->eid, .matching_id = order->matching_id}};
    }
    if (r.eid && order->eid && *r.eid != *order->eid) return refuse("8.1.1", "3.10");
    if (r.matching_id && !by_eid && TRY(store_.order(*r.matching_id))) return refuse("8.2.6", "3.3");
    if (r.smds_address && !knows_smds(*r.smds_address)) return refuse("8.9", "5.1");
    Step step;
    order->matching_id = r.matching_id ? *r.matching_id : hex(TRY(random_.draw<16>()));
    order->default_dp = by_eid;
    if (r.eid) {
        order->eid = r.eid;
        order->eid_ordered = true;
    }
    if (r.confirmation_code) order->code = TRY(seal_code(vault_, *order, *r.confirmation_code));
    order->code_tries = order->attempts = 0;
    order->smds = r.smds_address.value_or("");
    // An SM-DS needs a name for the event even where devices need none.
    if (r.smds_address) order->event_id = by_eid ? hex(TRY(random_.draw<16>())) : order->matching_id;
    order->state = r.release_flag ? released : confirmed;
    order->changed = now;
    if (r.release_flag) TRY(want_event(step.outbox, *order, random_, now));
    step.answer = {.iccid = order->iccid, .eid = order->eid, .matching_id = order->matching_id};
    step.order = std::move(order);
    return step;
}

Result<Es2::Step> Es2::release(const Caller& who, const rsp::ReleaseProfileRequest& r, Time now) {
    const auto refuse = [](const char* s, const char* c) { return Step{refused(F::release_profile, s, c)}; };
    auto order = TRY(own(who, r.iccid));
    if (!order) return refuse("8.2.1", "3.9");
    if (!may(who, order->type)) return refuse("8.2.1", "1.2");
    if (order->state == released)
        return order->event == EventState::refused ? refuse("8.9", "4.2") : Step{{.iccid = order->iccid}};
    if (order->state != confirmed) return refuse("8.2.1", "3.5");
    if (!order->smds.empty() && !knows_smds(order->smds)) return refuse("8.9", "5.1");
    Step step{{.iccid = order->iccid}};
    order->state = released;
    order->changed = now;
    TRY(want_event(step.outbox, *order, random_, now));
    step.order = std::move(order);
    return step;
}

Result<Es2::Step> Es2::cancel(const Caller& who, const rsp::CancelOrderRequest& r, Time now) {
    const auto refuse = [](const char* s, const char* c) { return Step{refused(F::cancel_order, s, c)}; };
    auto order = TRY(own(who, r.iccid));
    if (!order) return refuse("8.2.1", "3.9");
    if (!may(who, order->type)) return refuse("8.2.1", "1.2");
    const bool back = r.final_profile_status_indicator == rsp::FinalProfileStatus::available;
    if (order->state == (back ? available : unavailable)) return Step{{.iccid = order->iccid}};
    // What left for a device may be on its card, whatever was heard: it must not come to a second one.
    if (order->state == installed || order->state == unavailable || (order->state == downloaded && back))
        return refuse("8.2.1", "3.3");
    if (r.eid ? order->eid && *r.eid != *order->eid : order->eid_ordered)
        return r.eid ? refuse("8.1.1", "3.10") : refuse("8.1.1", "2.2");
    if (r.matching_id && *r.matching_id != order->matching_id) return refuse("8.2.6", "3.10");
    if (order->event != EventState::none && !knows_smds(order->smds)) return refuse("8.9", "5.1");
    Step step{{.iccid = order->iccid}};
    TRY(drop_event(step.outbox, *order, random_, now));
    order->state = back ? available : unavailable;
    order->changed = now;
    if (back) {
        order->matching_id.clear();
        order->eid.reset();
        order->eid_ordered = order->default_dp = false;
        order->code.clear();
        order->code_tries = order->attempts = 0;
        order->smds.clear();
        order->event_id.clear();
        order->reason.clear();
        order->expires = Time(0);
        step.drop_binding = true;
    }
    step.order = std::move(order);
    return step;
}

} // namespace halyard::smdp
