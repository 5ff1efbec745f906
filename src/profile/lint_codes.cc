// Rules about PINs, PUKs and administrative codes.
#include "profile/lint_model.h"
#include <set>

namespace halyard::profile::linting {
namespace {

bool named(uint16_t reference, std::span<const asn1::NamedValue> names) {
    return std::any_of(names.begin(), names.end(), [&](const auto& n) { return n.value == reference; });
}

// Digits with FF behind them.
bool typed(std::span<const uint8_t, 8> value, size_t least) {
    size_t n = 0;
    while (n < 8 && value[n] >= '0' && value[n] <= '9') ++n;
    return n >= least && std::all_of(value.begin() + static_cast<std::ptrdiff_t>(n),
                                     value.end(),
                                     [](uint8_t b) { return b == 0xFF; });
}

// All alike, or counting up: what people write into templates.
bool guessable(Bytes value) {
    bool alike = true, counting = true;
    for (size_t i = 1; i < value.size(); ++i) {
        alike &= value[i] == value[0];
        counting &= value[i] == value[i - 1] + 1;
    }
    return alike || counting;
}

void check_attempts(const char* what, uint16_t attempts, size_t element, Report& report) {
    const unsigned most = attempts >> 4, left = attempts & 15;
    if (attempts > 0xFF || !most || !left || left > most)
        report.element("pin-attempts",
                       element,
                       std::string(what) + ": " + std::to_string(left) + " of " + std::to_string(most) +
                           " attempts left");
}

bool is_adm(uint16_t reference) {
    return (reference >= 10 && reference <= 14) || (reference >= 138 && reference <= 142);
}
bool is_global(uint16_t reference) { return reference < 0x80; }

void check_pin(const Model& m, const PinAt& at, Report& report) {
    const PinConfiguration& pin = at.pin;
    const std::string what = "key reference " + std::to_string(pin.key_reference);
    if (!named(pin.key_reference, kPinReferenceNames))
        report.element("pin-reference",
                       at.element,
                       what + " is none of the standard: 1 to 8, 10 to 14, 129 to 136, 138 to 142");
    if (!is_adm(pin.key_reference) && !typed(pin.value, 4))
        report.element("pin-form", at.element, what + ": four to eight digits, FF behind them");
    check_attempts(what.c_str(), pin.attempts.value_or(0x33), at.element, report);
    if (is_adm(pin.key_reference) && guessable(pin.value))
        report.element("weak-code",
                       at.element,
                       what + " is an administrative code that can be guessed: draw it at random");
    if (!pin.unblocking_reference) return;
    const bool there = std::any_of(m.puks.begin(), m.puks.end(), [&](const auto& p) {
        return p.second.key_reference == *pin.unblocking_reference;
    });
    if (!there)
        report.element("puk-undefined",
                       at.element,
                       what + " is unblocked by PUK " + std::to_string(*pin.unblocking_reference) +
                           ", which no pukCodes defines");
}

// The key references that count in a directory: its own, and the global ones of the MF.
void check_status_template(const Model& m, const LintFile& f, Report& report) {
    if (!f.fcp || !f.fcp->pin_status_template) return;
    const auto index = static_cast<size_t>(&f - m.files.data());
    for (uint8_t reference : *f.fcp->pin_status_template) {
        const bool defined = std::any_of(m.pins.begin(), m.pins.end(), [&](const PinAt& at) {
            if (at.pin.key_reference != reference) return false;
            if (is_global(reference)) return true;
            // Local codes count in the directories below theirs as well.
            size_t d = index;
            for (int level = 0; level < 8; ++level) {
                if (at.directory == d) return true;
                if (d == 0) break;
                d = m.files[d].parent;
            }
            return false;
        });
        if (!defined)
            report.file("pin-undefined",
                        f,
                        "pinStatusTemplateDO names key reference " + std::to_string(reference) +
                            ": define it in pinCodes behind this element, or leave it out");
    }
}
} // namespace

void check_codes(const Model& m, Report& report) {
    std::set<std::pair<size_t, uint16_t>> seen;
    for (const PinAt& at : m.pins) {
        check_pin(m, at, report);
        if (!seen.emplace(at.directory, at.pin.key_reference).second)
            report.element("pin-duplicate",
                           at.element,
                           "key reference " + std::to_string(at.pin.key_reference) +
                               " is there already for this directory");
    }
    std::set<uint16_t> puks;
    for (const auto& [element, puk] : m.puks) {
        const std::string what = "PUK " + std::to_string(puk.key_reference);
        if (!puks.insert(puk.key_reference).second)
            report.element("pin-duplicate", element, what + " is there already");
        if (!named(puk.key_reference, kPukReferenceNames))
            report.element("pin-reference", element, what + " is none of the standard: 1 to 8, 129 to 136");
        if (!typed(puk.value, 8)) report.element("pin-form", element, what + ": eight digits");
        check_attempts(what.c_str(), puk.attempts.value_or(0xAA), element, report);
        if (guessable(puk.value))
            report.element("weak-code", element, what + " can be guessed: draw it at random");
    }
    for (const LintFile& f : m.files) check_status_template(m, f, report);
}

} // namespace halyard::profile::linting

namespace halyard::profile {
bool is_public_key(Bytes key) { return linting::is_public(key); }
bool is_weak_code(std::string_view digits) { return linting::guessable(bytes_of(digits)); }
} // namespace halyard::profile
