#include "reader/faulty_card.h"

namespace halyard::reader {
namespace {
using When = FaultRule::When;
using What = FaultRule::What;

uint64_t next_of(uint64_t& state) { // SplitMix64
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}
bool is_get_response(Bytes apdu) { return apdu.size() > 1 && apdu[1] == 0xC0; }
} // namespace

FaultClock::FaultClock(FaultPlan plan, uint32_t card) : plan_(std::move(plan)), met_(plan_.rules.size()) {
    uint64_t root = plan_.seed;
    for (uint32_t i = 0; i <= card; ++i) root = next_of(root);
    for (size_t i = 0; i < plan_.rules.size(); ++i) dice_.push_back(next_of(root));
}

// The tag is known from the first block, the command takes effect with the last.
bool FaultClock::applies(size_t i, Bytes apdu) {
    const FaultRule& r = plan_.rules[i];
    switch (r.when) {
    case When::apdu: return apdus_ >= r.first && apdus_ <= r.last;
    case When::every: return apdus_ % r.number == 0;
    case When::random: return next_of(dice_[i]) % r.number == 0;
    case When::always: return true;
    case When::commit: return false;
    case When::ins:
        if (apdu.size() < 2 || apdu[1] != r.number) return false;
        break;
    case When::tag:
        if (!chain_ends_ || tag_ != r.number) return false;
        break;
    }
    ++met_[i];
    return met_[i] >= r.first && met_[i] <= r.last;
}

FaultClock::Applied FaultClock::command(Bytes apdu) {
    ++apdus_;
    const bool store_data = apdu.size() > 5 && apdu[1] == 0xE2;
    if (store_data && apdu[3] == 0)
        tag_ = (apdu[5] & 0x1F) == 0x1F && apdu.size() > 6 ? static_cast<uint32_t>(apdu[5] << 8 | apdu[6])
                                                           : apdu[5];
    chain_ends_ = store_data && (apdu[2] & 0x80);
    Applied out;
    for (size_t i = 0; i < plan_.rules.size(); ++i) {
        if (!applies(i, apdu)) continue; // each is asked every time, so that none changes another's dice
        const FaultRule& r = plan_.rules[i];
        if (r.what == What::slow) {
            out.each += r.each;
            out.per_octet += r.per_octet;
        } else if (!out.rule) {
            out.rule = &r;
        }
    }
    return out;
}

const FaultRule* FaultClock::commit() {
    ++commits_;
    for (const FaultRule& r : plan_.rules)
        if (r.when == When::commit && commits_ >= r.first && commits_ <= r.last) return &r;
    return nullptr;
}

Ok FaultyStore::commit(std::span<const euicc::CardWrite> writes) {
    const FaultRule* r = clock_->commit();
    if (!r) return store_.commit(writes);
    if (r->what == What::cut) clock_->power_lost = true;
    return fail(Errc::storage, "commit");
}

Ok FaultyCard::power(Power what) {
    corrupting_ = false;
    const Ok done = card_.power(what);
    clock_->power_lost = false; // a reset's own commit that is cut off is found at the next one
    return done;
}

Result<Answer> FaultyCard::power_cut() {
    static_cast<void>(power(Power::off));
    return fail(Errc::unreachable, "power cut");
}

Result<Answer> FaultyCard::transmit(Bytes apdu) {
    const FaultClock::Applied fault = clock_->command(apdu);
    const What what = fault.rule ? fault.rule->what : What::slow;
    if (!is_get_response(apdu)) corrupting_ = false;
    if (what == What::cut_before) return power_cut();
    if (what == What::corrupt) {
        corrupting_ = true;
        seen_.clear();
    }
    const auto counters = what == What::stick ? card_.counters() : std::nullopt;
    Answer out;
    if (what == What::status)
        out.octets = {static_cast<uint8_t>(fault.rule->status >> 8),
                      static_cast<uint8_t>(fault.rule->status)};
    else
        out = TRY(card_.transmit(apdu));
    if (counters && !clock_->power_lost) TRY(card_.set_counters(*counters));
    if (clock_->power_lost || what == What::cut_after) return power_cut();
    if (what == What::lose) return fail(Errc::unreachable, "response lost");
    if (corrupting_) corrupt(out.octets);
    const auto octets = static_cast<int64_t>(apdu.size() + out.octets.size());
    out.delay += std::chrono::duration_cast<std::chrono::microseconds>(fault.each + fault.per_octet * octets);
    return out;
}

// An answer comes in pieces; the signature's tag, length and value may lie in two of them.
void FaultyCard::corrupt(OwnedBytes& answer) {
    constexpr uint8_t kHead[] = {0x5F, 0x37, 0x40};
    const size_t data = answer.size() >= 2 ? answer.size() - 2 : 0;
    for (size_t i = 0; i < data; ++i) {
        if (seen_.size() >= 3 && same(Bytes(seen_).last(3), kHead)) {
            answer[i] ^= 0x01;
            corrupting_ = false;
            return;
        }
        seen_.push_back(answer[i]);
        if (seen_.size() > 3) seen_.erase(seen_.begin());
    }
}

} // namespace halyard::reader
