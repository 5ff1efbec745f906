#include "euicc/state.h"

namespace halyard::euicc {
namespace {

// Our own files are larger than any message may be.
constexpr asn1::DecodeOptions kOwn{.strict = true, .max_elements = 4'000'000, .max_size = 256u << 20};

} // namespace

Result<OwnedBytes> encode_state(const State& state) { return asn1::encode(state); }

Result<State> decode_state(Bytes snapshot) {
    State state = TRY(asn1::decode<State>(snapshot, kOwn));
    if (state.format < 1 || state.format > State::kFormat)
        return fail(Errc::unsupported, "format", static_cast<uint32_t>(state.format));
    return state;
}

StoredProfile* State::find(const Iccid& iccid) {
    for (StoredProfile& p : profiles)
        if (p.iccid == iccid) return &p;
    return nullptr;
}
const StoredProfile* State::find(const Iccid& iccid) const { return const_cast<State*>(this)->find(iccid); }
StoredProfile* State::enabled() {
    for (StoredProfile& p : profiles)
        if (p.enabled) return &p;
    return nullptr;
}
const StoredProfile* State::enabled() const { return const_cast<State*>(this)->enabled(); }
Eim* State::find_eim(std::string_view id) {
    for (Eim& e : eims)
        if (e.id == id) return &e;
    return nullptr;
}
uint64_t State::used_memory() const {
    uint64_t total = 0;
    for (const StoredProfile& p : profiles) total += p.memory;
    if (crls)
        for (const StoredCrl& c : *crls) total += c.der.size();
    return total;
}

std::array<uint8_t, 16> isdp_aid(uint16_t number) {
    return {0xA0,
            0x00,
            0x00,
            0x05,
            0x59,
            0x10,
            0x10,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0x89,
            0x00,
            static_cast<uint8_t>(number >> 8),
            static_cast<uint8_t>(number),
            0x00};
}

} // namespace halyard::euicc
