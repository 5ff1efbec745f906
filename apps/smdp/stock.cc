#include "apps/smdp/stock.h"
#include "apps/common/secrets.h"
#include "base/log.h"
#include "net/url.h"
#include "smdp/es2.h"

namespace halyard::smdp_app {
namespace {
// A call that nobody repeats: its identifier is drawn.
Result<rsp::RequestHeader> header(Site& site) {
    const auto id = TRY(site.random.draw<16>());
    return rsp::RequestHeader{"", "cli-" + hex(id)};
}
// What the profile is after a call, or the call's failure.
Result<smdp::Order> outcome(Site& site, const smdp::Es2Answer& answer) {
    if (answer.failed) {
        log(LogLevel::error, rsp::describe(*answer.failed) + ": " + answer.failed->message);
        return fail(Errc::rejected, rsp::subject_name(answer.failed->subject));
    }
    auto order = TRY(site.store->order(*answer.iccid));
    if (!order) return fail(Errc::not_found, "iccid");
    return std::move(*order);
}
Result<smdp::Caller> owner(Site& site, const Iccid& iccid) {
    const auto order = TRY(site.store->order(iccid));
    if (!order) return fail(Errc::not_found, "iccid");
    // Which SM-DS can be reached is known to the server, which tells it; here the order's own is taken.
    if (!order->smds.empty()) site.config.smds.push_back(order->smds);
    return smdp::Caller{order->operator_id, {}};
}
Time now() { return Time(app::now_ms()); }
} // namespace

Result<smdp::Order> order_from_stock(Site& site, const OrderRequest& r) {
    rsp::DownloadOrderRequest request{.header = TRY(header(site))};
    if (!r.eid.empty()) request.eid = TRY(eid_from_text(r.eid));
    if (!r.iccid.empty()) request.iccid = TRY(iccid_from_text(r.iccid));
    if (!r.type.empty()) request.profile_type = r.type;
    if (!request.iccid && !request.profile_type) return fail(Errc::missing_field, "profile, iccid or type");
    smdp::Es2 es2(site.config, *site.store, site.random);
    return outcome(site, TRY(es2.download_order({r.operator_id, {}}, request, {}, now())));
}

Result<smdp::Order> confirm_order(Site& site, const Iccid& iccid, const Confirmation& c) {
    rsp::ConfirmOrderRequest request{.header = TRY(header(site)), .iccid = iccid, .release_flag = c.release};
    if (!c.eid.empty()) request.eid = TRY(eid_from_text(c.eid));
    if (c.default_dp || !c.matching_id.empty()) request.matching_id = c.matching_id;
    for (char ch : c.matching_id)
        if (!((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || ch == '-'))
            return fail(Errc::bad_value, "matchingId");
    if (c.matching_id.size() > 255) return fail(Errc::bad_length, "matchingId");
    if (!c.code_file.empty()) {
        const SecretBytes code = TRY(app::read_confirmation_code(c.code_file, "code-file"));
        request.confirmation_code = text_of(code.reveal());
    }
    if (!c.smds.empty()) {
        if (!net::parse_address(c.smds, "smds")) return fail(Errc::bad_value, "smds");
        request.smds_address = c.smds;
        site.config.smds.push_back(c.smds);
    }
    smdp::Es2 es2(site.config, *site.store, site.random);
    const auto who = TRY(owner(site, iccid));
    return outcome(site, TRY(es2.confirm_order(who, request, {}, now())));
}

Result<smdp::Order> release_profile(Site& site, const Iccid& iccid) {
    smdp::Es2 es2(site.config, *site.store, site.random);
    const auto who = TRY(owner(site, iccid));
    const rsp::ReleaseProfileRequest request{.header = TRY(header(site)), .iccid = iccid};
    return outcome(site, TRY(es2.release_profile(who, request, {}, now())));
}

Result<smdp::Order> cancel_order(Site& site, const smdp::Order& order, bool available) {
    smdp::Es2 es2(site.config, *site.store, site.random);
    rsp::CancelOrderRequest request{.header = TRY(header(site)), .iccid = order.iccid, .eid = order.eid};
    TRY(owner(site, order.iccid));
    request.final_profile_status_indicator =
        available ? rsp::FinalProfileStatus::available : rsp::FinalProfileStatus::unavailable;
    return outcome(site, TRY(es2.cancel_order({order.operator_id, {}}, request, {}, now())));
}

} // namespace halyard::smdp_app
