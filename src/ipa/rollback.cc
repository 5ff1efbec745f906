// Returning to the previous profile when the new one does not lead to the eIM. SGP.32 §3.3.2, §5.9.16
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Result_ = rsp::ProfileRollbackResponse::CmdResult;

Result<Bytes> ask_card(Context& c, Buffer out) {
    c.state.rollback.phase = RollbackDuty::Phase::executing;
    expect_change(c);
    TRY(c.save());
    return asn1::encode(rsp::ProfileRollbackRequest{.refresh_flag = true}, out);
}

Result<Next> take_result(Context& c, Bytes reply) {
    const auto result = TRY(asn1::decode<rsp::ProfileRollbackResponse>(reply)).cmd_result;
    if (result == Result_::cat_busy) {
        c.rollback.after(c.now, Time{10'000});
        return Next::advance;
    }
    c.note(result == Result_::ok ? "rolled back" : "rollback refused", static_cast<uint64_t>(result));
    if (result == Result_::ok) {
        c.reset_card = true;
        c.notifications_pending = true;
    }
    if (c.serve(c.state.rollback.eim_id.bytes())) {
        c.serving().results = true;
        c.serving().blocked = c.serving().deliver = {};
        c.serving().failures = 0;
    }
    c.state.rollback = {};
    c.state.package.rollback = false;
    TRY(c.save());
    return Next::advance;
}

void done(Context&) {}
void failed(Context& c, const Step& step, const Error& error) {
    c.note_error("rollback failed", step.name, error);
    c.rollback.after(c.now, c.config.rollback.interval());
}

constexpr Step kSteps[] = {
    {"ES10b.ProfileRollback", "SGP.32 §5.9.16", Peer::card, ask_card, take_result},
};
} // namespace
const Procedure kRollback{"rollback", kSteps, done, failed};
} // namespace halyard::ipa
