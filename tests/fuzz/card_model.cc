#include "tests/fuzz/card_model.h"
#include "euicc/image_octets.h"
#include "uicc/aka.h"
#include <algorithm>

namespace halyard::fuzz {

CardModel CardModel::of(const euicc::CardContent& content) {
    CardModel m;
    const auto state = euicc::decode_state(content.state);
    HALYARD_ASSERT(state);
    const euicc::State& s = *state;
    for (const euicc::StoredProfile& p : s.profiles) {
        const auto image = euicc::decode_image(content.images.at(p.number));
        const auto metadata = asn1::decode<rsp::StoreMetadataRequest>(p.metadata);
        HALYARD_ASSERT(image && metadata);
        Profile& profile = m.profiles[p.iccid];
        profile.tells_switches = metadata->notification_configuration_info.has_value();
        profile.memory = image->memory();
        m.used += profile.memory;
        for (const profile::Pin& pin : image->pins)
            if (pin.reference == 0x0A) profile.adm_left = pin.attempts & 0x0Fu;
        for (const profile::Puk& puk : image->puks) profile.puk_left = puk.attempts & 0x0Fu;
        for (const profile::Aka& aka : image->akas)
            if (!aka.sqn.empty()) profile.sequence = uicc::SqnState::from(aka.sqn)->sqn_ms() >> 5;
        if (const auto* file = image->find({0x7FD0, 0x6F7E})) profile.location = file->content;
        if (p.enabled) m.enabled = p.iccid;
    }
    if (s.crls)
        for (const euicc::StoredCrl& c : *s.crls) m.used += c.der.size();
    for (const euicc::Eim& e : s.eims) m.counters[e.id] = e.counter;
    for (const auto& n : s.notifications) m.notifications.push_back(n.seq);
    for (const auto& r : s.results) m.results.push_back(r.seq);
    m.next = s.next_seq;
    if (s.rollback) m.undo = Undo{s.rollback->back_to, s.rollback->granted_seq, s.rollback->last_seq};
    m.installing = s.installing.has_value();
    return m;
}

void CardModel::wait_in(std::vector<uint64_t>& queue, size_t most) {
    if (queue.size() == most) queue.erase(queue.begin());
    queue.push_back(next++);
}

void CardModel::switch_to(std::optional<Iccid> to, bool tell_them) {
    if (enabled == to) return;
    const std::optional<Iccid> from = std::exchange(enabled, to);
    for (const auto& side : {from, to})
        if (side && tell_them && profiles.at(*side).tells_switches) tell();
}

// What the operations of one package will have done when it ends.
struct CardModel::Plan {
    std::optional<Iccid> on, off, back_to;
    std::vector<Iccid> gone;
    bool has_gone(const Iccid& i) const { return std::ranges::find(gone, i) != gone.end(); }
    bool is_empty() const { return !on && !off && gone.empty(); }
};

bool CardModel::operation(const Operation& op, Plan& plan) const {
    if (op.kind == Kind::list) return plan.is_empty();
    if (!profiles.contains(op.iccid) || plan.has_gone(op.iccid)) return false;
    const bool on = plan.on ? plan.on == op.iccid : enabled == op.iccid && plan.off != op.iccid;
    switch (op.kind) {
    case Kind::disable:
        if (plan.on || plan.off || enabled != op.iccid) return false;
        plan.off = op.iccid;
        return true;
    case Kind::remove:
        if (on || plan.back_to == op.iccid) return false;
        plan.gone.push_back(op.iccid);
        return true;
    default: break;
    }
    if (plan.on || on) return false;
    if (op.kind == Kind::enable_with_rollback) {
        if (!enabled || enabled == op.iccid || plan.has_gone(*enabled)) return false;
        plan.back_to = enabled;
    }
    plan.on = op.iccid;
    return true;
}

std::vector<bool>
CardModel::package(const std::string& eim, uint64_t counter, std::span<const Operation> operations) {
    std::vector<bool> done;
    Plan plan;
    counters[eim] = counter;
    undo.reset();
    for (const Operation& op : operations) {
        done.push_back(operation(op, plan));
        if (!done.back()) break;
    }
    const uint64_t number = next;
    wait_in(results, 64);
    if (plan.on)
        switch_to(plan.on);
    else if (plan.off)
        switch_to(std::nullopt);
    if (plan.back_to) undo = Undo{*plan.back_to, number, next - 1};
    for (const Iccid& iccid : plan.gone) {
        if (profiles.at(iccid).tells_switches) tell();
        used -= profiles.at(iccid).memory;
        profiles.erase(iccid);
        if (undo && undo->back_to == iccid) undo.reset();
    }
    return done;
}

bool CardModel::roll_back() {
    if (!undo) return false;
    const Undo was = *std::exchange(undo, std::nullopt);
    std::erase(results, was.granted);
    std::erase_if(notifications, [&](uint64_t n) { return n > was.granted && n <= was.last; });
    wait_in(results, 64);
    switch_to(was.back_to, false);
    return true;
}

bool CardModel::remove_number(uint64_t number) {
    if (undo && undo->granted == number) undo.reset();
    return std::erase(notifications, number) + std::erase(results, number) > 0;
}

void CardModel::download_failed() {
    installing = false;
    tell();
}
void CardModel::installed(const Iccid& iccid, uint64_t memory) {
    installing = false;
    tell(); // the result
    tell(); // the event
    profiles[iccid] = {.tells_switches = true, .memory = memory};
    used += memory;
}

} // namespace halyard::fuzz
