// PINs. An attempt is counted, durably, before the value is looked at: whoever cuts the power learns nothing
// for free. ETSI TS 102 221 §11.1.9 to §11.1.13
#include "crypto/hash.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
constexpr size_t kLength = 8;
constexpr uint8_t kEnabled = 0x01, kChangeable = 0x02, kSwitchable = 0x04; // PIN attributes

// "maxNumOfAttemps-retryNumLeft"
unsigned left(uint8_t attempts) { return attempts & 0x0Fu; }
uint8_t one_less(uint8_t attempts) { return static_cast<uint8_t>(attempts - 1); }
uint8_t renewed(uint8_t attempts) { return static_cast<uint8_t>((attempts & 0xF0) | attempts >> 4); }

bool is_adm(uint16_t reference) { return (reference & 0x7F) >= 0x0A && (reference & 0x7F) <= 0x0E; }

// Four to eight digits, FF behind them. Administrative keys may be any octets. ETSI TS 102 221 §9.5.1
bool well_formed(uint16_t reference, Bytes value) {
    if (is_adm(reference)) return true;
    size_t digits = 0;
    while (digits < value.size() && value[digits] >= '0' && value[digits] <= '9') ++digits;
    return digits >= 4 && std::all_of(value.begin() + static_cast<std::ptrdiff_t>(digits),
                                      value.end(),
                                      [](uint8_t b) { return b == 0xFF; });
}

struct Copy {
    profile::Pin pin;
    explicit Copy(const profile::Pin& p) : pin(p) {}
    ~Copy() { wipe(pin.value); }
};
unsigned counter(unsigned attempts) { return 0x63C0 | attempts; }
} // namespace

// A PIN that is switched off counts as verified; second PINs and keys cannot be switched off.
bool Uicc::satisfied(uint16_t reference, uint32_t directory) const {
    const auto pin = pin_of(image_, reference, directory);
    if (!pin) return false;
    if (reference < 0x80 && !is_adm(reference) && !(image_.pins[*pin].attributes & kEnabled)) return true;
    return verified_[*pin] && left(image_.pins[*pin].attempts) > 0;
}

// P1 00; P2: b8 local, b5 to b1 the number. The refusal, or 0.
unsigned Uicc::find_pin(const Channel& c, const Apdu& a, size_t& pin) const {
    if (a.p1 || a.p2 == 0 || a.p2 & 0x60) return 0x6A86;
    if (c.applet) return 0x6985;
    const auto found = pin_of(image_, a.p2, c.directory);
    if (!found) return 0x6A88;
    pin = *found;
    return 0;
}

// The PIN becomes `next`, durably, and with it what was changed of the PUK. The refusal, or 0.
unsigned Uicc::settle(size_t pin, const profile::Pin& next, Backing& backing, std::optional<size_t> puk) {
    profile::Pin& here = image_.pins[pin];
    const Copy before(here);
    here = next;
    const profile::Changed one{profile::Changed::pin, static_cast<uint32_t>(pin)};
    if (puk ? commit(backing, {one, {profile::Changed::puk, static_cast<uint32_t>(*puk)}})
            : commit(backing, {one}))
        return 0;
    here = before.pin;
    return 0x6581;
}

// Counts an attempt, then compares. 0 when the value is right; the caller then renews the attempts.
unsigned Uicc::present(size_t pin, Bytes value, Backing& backing) {
    Copy counted(image_.pins[pin]);
    if (left(counted.pin.attempts) == 0) return 0x6983;
    if (!well_formed(counted.pin.reference, value)) return 0x6A80;
    counted.pin.attempts = one_less(counted.pin.attempts);
    if (const unsigned refusal = settle(pin, counted.pin, backing)) return refusal;
    if (crypto::equal(value, counted.pin.value)) return 0;
    verified_[pin] = false;
    return counter(left(counted.pin.attempts));
}

// The right value was presented: the PIN becomes `next`, with all its attempts, and counts as verified.
OwnedBytes Uicc::accept(size_t pin, profile::Pin& next, Backing& backing) {
    next.attempts = renewed(next.attempts);
    if (const unsigned refusal = settle(pin, next, backing)) return sw(refusal);
    verified_[pin] = true;
    return sw(0x9000);
}

OwnedBytes Uicc::verify(Channel& c, const Apdu& a, Backing& backing) {
    size_t pin = 0;
    if (const unsigned refusal = find_pin(c, a, pin)) return sw(refusal);
    const bool enabled = image_.pins[pin].attributes & kEnabled;
    if (a.data.empty()) { // how many attempts are left, where one is needed
        if (satisfied(a.p2, c.directory)) return sw(0x9000);
        const unsigned attempts = left(image_.pins[pin].attempts);
        return sw(attempts ? counter(attempts) : 0x6983);
    }
    if (a.data.size() != kLength) return sw(0x6700);
    if (!enabled) return sw(0x6984);
    if (const unsigned refusal = present(pin, a.data, backing)) return sw(refusal);
    Copy next(image_.pins[pin]);
    return accept(pin, next.pin, backing);
}

OwnedBytes Uicc::change_pin(Channel& c, const Apdu& a, Backing& backing) {
    size_t pin = 0;
    if (const unsigned refusal = find_pin(c, a, pin)) return sw(refusal);
    if (a.data.size() != 2 * kLength) return sw(0x6700);
    const uint8_t attributes = image_.pins[pin].attributes;
    if (!(attributes & kEnabled)) return sw(0x6984);
    if (!(attributes & kChangeable)) return sw(0x6985);
    const Bytes value = a.data.subspan(kLength);
    if (!well_formed(a.p2, value)) return sw(0x6A80);
    if (const unsigned refusal = present(pin, a.data.first(kLength), backing)) return sw(refusal);
    Copy next(image_.pins[pin]);
    std::copy(value.begin(), value.end(), next.pin.value.begin());
    return accept(pin, next.pin, backing);
}

// P1 00 only: no other PIN takes its place.
OwnedBytes Uicc::disable_pin(Channel& c, const Apdu& a, Backing& backing) {
    size_t pin = 0;
    if (const unsigned refusal = find_pin(c, a, pin)) return sw(refusal);
    if (a.data.size() != kLength) return sw(0x6700);
    const uint8_t attributes = image_.pins[pin].attributes;
    if (!(attributes & kEnabled)) return sw(0x6984);
    if (!(attributes & kSwitchable) || a.p2 >= 0x80 || is_adm(a.p2)) return sw(0x6985);
    if (const unsigned refusal = present(pin, a.data, backing)) return sw(refusal);
    Copy next(image_.pins[pin]);
    next.pin.attributes = static_cast<uint8_t>(next.pin.attributes & ~kEnabled);
    return accept(pin, next.pin, backing);
}

OwnedBytes Uicc::enable_pin(Channel& c, const Apdu& a, Backing& backing) {
    size_t pin = 0;
    if (const unsigned refusal = find_pin(c, a, pin)) return sw(refusal);
    if (a.data.size() != kLength) return sw(0x6700);
    if (image_.pins[pin].attributes & kEnabled) return sw(0x6985);
    if (const unsigned refusal = present(pin, a.data, backing)) return sw(refusal);
    Copy next(image_.pins[pin]);
    next.pin.attributes |= kEnabled;
    return accept(pin, next.pin, backing);
}

OwnedBytes Uicc::unblock_pin(Channel& c, const Apdu& a, Backing& backing) {
    size_t pin = 0;
    if (const unsigned refusal = find_pin(c, a, pin)) return sw(refusal);
    const uint16_t reference = image_.pins[pin].unblocking;
    const auto puk = std::find_if(image_.puks.begin(), image_.puks.end(), [&](const profile::Puk& p) {
        return reference != 0 && p.reference == reference;
    });
    if (puk == image_.puks.end()) return sw(0x6A88);
    const uint8_t attempts = puk->attempts;
    if (!a.data.empty() && a.data.size() != 2 * kLength) return sw(0x6700);
    if (left(attempts) == 0) return sw(0x6983);
    if (a.data.empty()) return sw(counter(left(attempts)));
    const Bytes value = a.data.subspan(kLength);
    if (!well_formed(a.p2, value)) return sw(0x6A80);
    puk->attempts = one_less(attempts);
    const auto number = static_cast<uint32_t>(puk - image_.puks.begin());
    if (!commit(backing, {{profile::Changed::puk, number}})) {
        puk->attempts = attempts;
        return sw(0x6581);
    }
    if (!crypto::equal(a.data.first(kLength), puk->value)) return sw(counter(left(puk->attempts)));
    Copy next(image_.pins[pin]);
    std::copy(value.begin(), value.end(), next.pin.value.begin());
    next.pin.attempts = renewed(next.pin.attempts);
    next.pin.attributes |= kEnabled;
    puk->attempts = renewed(puk->attempts);
    if (const unsigned refusal = settle(pin, next.pin, backing, number)) {
        puk->attempts = one_less(attempts);
        return sw(refusal);
    }
    verified_[pin] = true;
    return sw(0x9000);
}

} // namespace halyard::uicc
