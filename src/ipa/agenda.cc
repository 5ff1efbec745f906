#include "ipa/agenda.h"
#include "ipa/procedure.h"

namespace halyard::ipa {
namespace {
/// Collects what is due and, if nothing is, when the first will be.
class Planner {
  public:
    explicit Planner(Context& c) : c_(c), earliest_(c.now + c.config.poll_interval) {}
    /// True when all of `waits` are over; otherwise remembers the last of them.
    bool due(std::initializer_list<const Due*> waits) {
        Time last = c_.now;
        for (const Due* wait : waits)
            if (!wait->is_due(c_.now)) last = std::max(last, wait->at());
        if (last == c_.now) return true;
        earliest_ = std::min(earliest_, last);
        return false;
    }
    Time earliest() const { return earliest_; }

  private:
    Context& c_;
    Time earliest_;
};

bool give_up_on_profile(const Context& c) {
    const RollbackDuty& duty = c.state.rollback;
    if (duty.phase == RollbackDuty::Phase::executing) return true;
    return duty.phase == RollbackDuty::Phase::armed &&
           c.config.rollback.gives_up(duty.attempts, Time{duty.elapsed_ms});
}

bool plan_report(Context& c, Planner& planner) {
    for (size_t i = 0; i < c.state.outbox_count; ++i) {
        if (!c.serve(c.state.outbox[i].eim_id.bytes())) continue;
        if (planner.due({&c.serving().blocked, &c.serving().deliver})) return true;
    }
    return false;
}

bool plan_deliver(Context& c, Planner& planner) {
    for (size_t i = 0; i < c.eim_count; ++i) {
        if (!c.eims[i].results || !planner.due({&c.eims[i].blocked, &c.eims[i].deliver})) continue;
        c.eim = i;
        return true;
    }
    return false;
}

bool plan_poll(Context& c, Planner& planner) {
    for (size_t i = 0; i < c.eim_count; ++i) {
        if (c.eims[i].ghost || !planner.due({&c.eims[i].blocked, &c.eims[i].poll})) continue;
        c.eim = i;
        return true;
    }
    return false;
}
} // namespace

Agenda plan(Context& c) {
    Planner planner(c);
    if (!planner.due({&c.card_blocked})) return {Duty::none, planner.earliest(), false};
    if (!c.started) return {Duty::start};
    if (give_up_on_profile(c) && planner.due({&c.rollback})) return {Duty::rollback};
    if (plan_deliver(c, planner)) return {Duty::deliver};
    if (c.state.outbox_count && plan_report(c, planner)) return {Duty::report};
    if (c.notifications_pending && planner.due({&c.notify})) return {Duty::notify};
    if (c.state.download.phase == DownloadDuty::Phase::triggered) return {Duty::download};
    if (!c.looked) return {Duty::look};
    const bool quiet = !c.results_pending() && !c.state.outbox_count && !c.notifications_pending &&
                       c.state.rollback.phase == RollbackDuty::Phase::none;
    if (plan_poll(c, planner)) return {Duty::poll};
    bool idle = quiet;
    for (size_t i = 0; i < c.eim_count; ++i) idle = idle && (c.eims[i].ghost || c.eims[i].caught_up);
    return {Duty::none, planner.earliest(), idle};
}

const Procedure& procedure_of(Duty duty) {
    switch (duty) {
    case Duty::look: return kLook;
    case Duty::poll: return kPoll;
    case Duty::package: return kPackage;
    case Duty::data: return kData;
    case Duty::deliver: return kDeliver;
    case Duty::acknowledge: return kAcknowledge;
    case Duty::report: return kReport;
    case Duty::notify: return kNotify;
    case Duty::download: return kDownload;
    case Duty::cancel: return kCancel;
    case Duty::rollback: return kRollback;
    case Duty::none:
    case Duty::start: return kStart;
    }
    return kStart;
}

} // namespace halyard::ipa
