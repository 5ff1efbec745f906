// PINs, PUKs and authentication parameters of an image, and what must hold of the whole.
#include "profile/image.h"

namespace halyard::profile {
namespace {
constexpr size_t kCodeCost = 16; // of a PIN or PUK

// ETSI TS 102 221 §9.5.1: PIN and ADM of the whole card, and those of one directory.
bool is_global(uint16_t reference) {
    return (reference >= 1 && reference <= 8) || (reference >= 10 && reference <= 14);
}
bool is_local(uint16_t reference) {
    return (reference >= 129 && reference <= 136) || (reference >= 138 && reference <= 142);
}
bool is_puk(uint16_t reference) {
    return (reference >= 1 && reference <= 8) || (reference >= 129 && reference <= 136);
}
// Maximum in the high nibble, what is left in the low one.
bool are_attempts(uint16_t octet) { return octet <= 0xFF && octet >> 4 && (octet & 15) <= octet >> 4; }

uint64_t number(Bytes octets) {
    uint64_t out = 0;
    for (const uint8_t o : octets) out = out << 8 | o;
    return out;
}
constexpr uint64_t kMaxSeq = 0x07FFFFFFFFFF; // PEDefinitions, PE-AKAParameter
} // namespace

bool Installer::pins(const Element& e) {
    const auto p = asn1::decode<PinCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    if (image_.nodes.empty()) return refuse(PeStatusCode::invalid_parameter, &e);
    if (const auto* here = std::get_if<List<PinConfiguration>>(&p->pins.is)) return pin_list(*here, e);
    // Shared with another directory, which has them.
    const auto at = resolve(std::get<1>(p->pins.is));
    if (!at || !image_.nodes[*at].is_directory()) return refuse(PeStatusCode::invalid_parameter, &e);
    image_.nodes[pin_directory_].pin_source = *at;
    return true;
}

bool Installer::pin_list(const List<PinConfiguration>& list, const Element& e) {
    size_t count = 0;
    const Ok ok = list.for_each([&](const PinConfiguration& pin) -> Ok {
        ++count;
        const uint32_t directory = codes_of_both_ && is_global(pin.key_reference) ? 0 : pin_directory_;
        const auto same_pin = [&](const Pin& other) {
            return other.reference == pin.key_reference && other.directory == directory;
        };
        const uint16_t attributes = pin.attributes.value_or(7), attempts = pin.attempts.value_or(0x33);
        if (!(directory == 0 ? is_global(pin.key_reference) : is_local(pin.key_reference)) ||
            attributes > 0xFF || !are_attempts(attempts) || std::ranges::any_of(image_.pins, same_pin))
            return fail(Errc::bad_value);
        const uint16_t puk = pin.unblocking_reference.value_or(0);
        if (pin.unblocking_reference &&
            std::ranges::none_of(image_.puks, [&](const Puk& other) { return other.reference == puk; }))
            return fail(Errc::not_found);
        image_.pins.push_back({pin.key_reference,
                               directory,
                               pin.value,
                               puk,
                               static_cast<uint8_t>(attributes),
                               static_cast<uint8_t>(attempts)});
        return {};
    });
    if (!ok && ok.error().code == Errc::not_found) return refuse(PeStatusCode::invalid_parameter, &e);
    if (!ok || !count) return refuse(PeStatusCode::bad_values, &e);
    return charge(kCodeCost * count) || refuse(PeStatusCode::not_enough_memory, &e);
}

bool Installer::puks(const Element& e) {
    const auto p = asn1::decode<PukCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    size_t count = 0;
    const Ok ok = p->puks.for_each([&](const PukConfiguration& puk) -> Ok {
        ++count;
        const uint16_t attempts = puk.attempts.value_or(0xAA);
        if (!is_puk(puk.key_reference) || !are_attempts(attempts) ||
            std::ranges::any_of(image_.puks,
                                [&](const Puk& other) { return other.reference == puk.key_reference; }))
            return fail(Errc::bad_value);
        image_.puks.push_back({puk.key_reference, puk.value, static_cast<uint8_t>(attempts)});
        return {};
    });
    if (!ok || !count) return refuse(PeStatusCode::bad_values, &e);
    return charge(kCodeCost * count) || refuse(PeStatusCode::not_enough_memory, &e);
}

// What the card could not authenticate with later is refused now.
std::optional<PeStatusCode> Installer::wrong_with(const AkaParameter& a) const {
    if (const auto* mapped = std::get_if<MappingParameter>(&a.configuration.is)) {
        const auto source = image_.named(mapped->source);
        for (const Aka& other : image_.akas) {
            if (!source || other.directory != *source) continue;
            const auto element = asn1::decode<AkaParameter>(Bytes(other.element));
            if (element && std::holds_alternative<AlgoParameter>(element->configuration.is))
                return std::nullopt;
        }
        return PeStatusCode::invalid_parameter;
    }
    const auto& p = std::get<AlgoParameter>(a.configuration.is);
    const size_t k = p.key.size();
    switch (p.algorithm) {
    case AkaAlgorithm::milenage:
        if (!offers("milenage")) return PeStatusCode::feature_not_supported;
        if (k != 16 || p.opc.size() != 16) return PeStatusCode::bad_values;
        if (p.rotation_constants &&
            std::ranges::any_of(*p.rotation_constants, [](auto r) { return r > 127; }))
            return PeStatusCode::bad_values;
        break;
    case AkaAlgorithm::tuak:
        if (k != 16 && k != 32) return PeStatusCode::bad_values;
        if (!offers(k == 16 ? "tuak128" : "tuak256")) return PeStatusCode::feature_not_supported;
        if (p.opc.size() != 32 || p.number_of_keccak == uint8_t{0}) return PeStatusCode::bad_values;
        if ((p.options[0] & 0xF8) || (p.options[0] & 7) > 2) return PeStatusCode::feature_not_supported;
        break;
    case AkaAlgorithm::usim_test_algorithm:
        if (!offers("usim-test-algorithm")) return PeStatusCode::feature_not_supported;
        if (k != 16) return PeStatusCode::bad_values;
        if ((p.options[0] & 7) > 2) return PeStatusCode::feature_not_supported;
        return std::nullopt; // it has no sequence numbers
    default: return PeStatusCode::bad_values;
    }
    if (a.sqn_delta && number(*a.sqn_delta) > kMaxSeq) return PeStatusCode::bad_values;
    if (a.sqn_age_limit && number(*a.sqn_age_limit) > kMaxSeq) return PeStatusCode::bad_values;
    if (!a.sqn_init) return std::nullopt;
    size_t count = 0;
    bool good = true;
    (void)a.sqn_init->for_each([&](const std::array<uint8_t, 6>& seq) {
        ++count;
        good &= number(seq) <= kMaxSeq;
    });
    return good && count == 32 ? std::nullopt : std::optional(PeStatusCode::bad_values);
}

bool Installer::aka(const Element& e) {
    const auto a = asn1::decode<AkaParameter>(e.der);
    if (!a) return refuse(PeStatusCode::invalid_request_format, &e);
    if (image_.nodes.empty() || image_.nodes[current_].kind != FileKind::application)
        return refuse(PeStatusCode::invalid_parameter, &e);
    for (const Aka& other : image_.akas) // once for each application
        if (other.directory == current_) return refuse(PeStatusCode::invalid_parameter, &e);
    if (const auto status = wrong_with(*a)) return refuse(*status, &e);
    image_.akas.push_back({current_, owned(e.der)});
    return charge(e.der.size()) || refuse(PeStatusCode::not_enough_memory, &e);
}

// Every key reference that a directory names must have its PIN: in the directory or one above it, or shared.
bool Installer::pins_complete() const {
    const auto in = [&](uint8_t reference, uint32_t directory) {
        return std::ranges::any_of(image_.pins, [&](const Pin& pin) {
            return pin.reference == reference && pin.directory == directory;
        });
    };
    for (uint32_t i = 0; i < image_.nodes.size(); ++i)
        for (const uint8_t reference : image_.nodes[i].pins) {
            bool found = false;
            for (uint32_t at = i;; at = image_.nodes[at].parent) {
                const uint32_t source = image_.nodes[at].pin_source;
                found |= in(reference, at) || (source && in(reference, source));
                if (!at) break;
            }
            if (!found) return false;
        }
    return true;
}

// Services of the table that need more of the card than files: VGCS and VBS security (64, 65), GBA (68), MBMS
// security (69) of a USIM, GBA (2) of an ISIM. PEDefinitions, ef-ust and ef-ist.
void Installer::clear_unsupported_services() {
    const auto clear = [&](uint32_t application, uint16_t fid, size_t service) {
        const auto file = image_.child(application, fid);
        if (!file || image_.nodes[*file].content.size() <= (service - 1) / 8) return;
        uint8_t& octet = image_.nodes[*file].content[(service - 1) / 8];
        octet = static_cast<uint8_t>(octet & ~(1u << (service - 1) % 8));
    };
    for (uint32_t i = 0; i < image_.nodes.size(); ++i) {
        if (image_.nodes[i].is_usim()) {
            for (const size_t service : {64, 65}) clear(i, 0x6F38, service);
            if (!offers("gba-usim")) clear(i, 0x6F38, 68);
            if (!offers("mbms")) clear(i, 0x6F38, 69);
        }
        if (image_.nodes[i].is_isim() && !offers("gba-isim")) clear(i, 0x6F07, 2);
    }
}

bool Installer::finish(const Element& e) {
    ended_ = true;
    const Node* iccid = image_.find({0x2FE2});
    if (!iccid || iccid->content.size() != 10) return refuse(PeStatusCode::bad_values, &e);
    for (uint32_t i = 0; i < image_.nodes.size(); ++i) {
        // A USIM without an IMSI would attach nowhere.
        if (!image_.nodes[i].is_usim()) continue;
        const auto imsi = image_.child(i, 0x6F07);
        if (!imsi || image_.nodes[*imsi].content.size() != 9) return refuse(PeStatusCode::bad_values, &e);
    }
    if (!pins_complete()) return refuse(PeStatusCode::pin_code_missing, &e);
    clear_unsupported_services();
    if (statuses_.empty()) statuses_.push_back({.status = PeStatusCode::ok});
    return true;
}

} // namespace halyard::profile
