#include "euicc/isdr.h"

// A switch that the terminal learns of by REFRESH stands at once, and is taken back when the terminal
// refuses. SGP.32 §3.3.1, SGP.22 §5.7.16, ETSI TS 102 223 §6.4.7
namespace halyard::euicc {

// nullopt: what this command does is not taken back. ProfileRollback has put one signed result in the place
// of another; memory reset deletes.
std::optional<Undo> Isdr::before(uint32_t tag) const {
    const bool is_final = tag == 0xBF58 || tag == 0xBF34 || tag == 0xBF64;
    if (is_final) return std::nullopt;
    Undo undo{.return_from_fallback = state_.return_from_fallback,
              .return_from_emergency = state_.return_from_emergency,
              .emergency_active = state_.emergency_active};
    if (const StoredProfile* p = state_.enabled()) undo.enabled = p->iccid;
    // A package that is accepted ends the right of an earlier one, whatever becomes of its switch.
    if (tag != 0xBF51) undo.rollback = state_.rollback;
    return undo;
}

void Isdr::remember_switch(uint64_t first_seq) {
    undo_.reset();
    if (silent_ || !before_) return;
    undo_ = before_;
    undo_->first_seq = first_seq;
    undo_->end_seq = state_.next_seq;
}

Ok Isdr::undo_switch() {
    if (!undo_) return {};
    const Undo undo = *std::exchange(undo_, std::nullopt);
    const auto still_there = [&](const std::optional<Iccid>& iccid) {
        return iccid && state_.find(*iccid) ? iccid : std::nullopt;
    };
    if (undo.enabled && !still_there(undo.enabled)) return {};
    if (StoredProfile* now = state_.enabled()) now->enabled = false;
    if (undo.enabled) state_.find(*undo.enabled)->enabled = true;
    std::erase_if(state_.notifications, [&](const StoredNotification& n) {
        return n.seq >= undo.first_seq && n.seq < undo.end_seq;
    });
    state_.return_from_fallback = still_there(undo.return_from_fallback);
    state_.return_from_emergency = still_there(undo.return_from_emergency);
    state_.emergency_active = undo.emergency_active;
    state_.rollback = undo.rollback;
    dirty_ = true;
    return save();
}

} // namespace halyard::euicc
