#include "crypto/tuak.h"

namespace halyard::crypto {

// Every field stands with its last octet first. 3GPP TS 35.231 §6.1
struct Tuak::State {
    KeccakState octets{};
    ~State() { wipe(octets); }
    void put(size_t at, Bytes field) { std::copy(field.rbegin(), field.rend(), octets.begin() + at_(at)); }
    void take(size_t at, Buffer out) const {
        std::copy_n(octets.begin() + at_(at), out.size(), out.rbegin());
    }

  private:
    static std::ptrdiff_t at_(size_t at) { return static_cast<std::ptrdiff_t>(at); }
};

namespace {
constexpr uint8_t kLongKey = 0x01; // of INSTANCE: K has 256 bits
constexpr std::array<uint8_t, 7> kName = {'T', 'U', 'A', 'K', '1', '.', '0'};
// Of the fields in the state, in and out.
constexpr size_t kTopc = 0, kInstance = 32, kAlgorithm = 33, kRand = 40, kAmf = 56, kSqn = 58, kKey = 64,
                 kPadding = 96, kPaddingEnd = 135;
constexpr size_t kMacOut = 0, kResOut = 0, kCkOut = 32, kIkOut = 64, kAkOut = 96;

Ok usable(Bytes k, uint8_t iterations) {
    if (k.size() != 16 && k.size() != 32)
        return fail(Errc::bad_length, "key", static_cast<uint32_t>(k.size()));
    if (!iterations) return fail(Errc::bad_value, "numberOfKeccak");
    return {};
}
Ok wrong(Buffer given, const char* name) {
    return fail(Errc::bad_length, name, static_cast<uint32_t>(given.size()));
}
} // namespace

Result<std::unique_ptr<Tuak>> Tuak::make(Bytes k, std::span<const uint8_t, 32> topc, uint8_t iterations) {
    TRY(usable(k, iterations));
    std::unique_ptr<Tuak> out(new Tuak);
    out->k_ = SecretBytes(k);
    out->topc_ = Secret<32>(topc);
    out->iterations_ = iterations;
    return out;
}

void Tuak::run(State& s, uint8_t instance, const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf) const {
    s.put(kTopc, topc_.reveal());
    s.octets[kInstance] = static_cast<uint8_t>(instance | (k_.size() == 32 ? kLongKey : 0));
    s.put(kAlgorithm, kName);
    s.put(kRand, rand);
    s.put(kAmf, amf);
    s.put(kSqn, sqn);
    s.put(kKey, k_.reveal());
    s.octets[kPadding] = 0x1F;
    s.octets[kPaddingEnd] = 0x80;
    for (uint8_t i = 0; i < iterations_; ++i) keccak_f1600(s.octets);
}

Result<Secret<32>> Tuak::topc(Bytes k, std::span<const uint8_t, 32> top, uint8_t iterations) {
    const auto tuak = TRY(make(k, top, iterations)); // TOP stands where TOPc will
    State s;
    tuak->run(s, 0, {}, {}, {});
    Secret<32> out;
    s.take(0, out.writable());
    return out;
}

Ok Tuak::mac(uint8_t base, const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer out) const {
    if (out.size() != 8 && out.size() != 16 && out.size() != 32) return wrong(out, "MAC");
    State s;
    run(s, static_cast<uint8_t>(base | out.size()), rand, sqn, amf); // 08, 10, 20
    s.take(kMacOut, out);
    return {};
}

Ok Tuak::f1(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer out) const {
    return mac(0x00, rand, sqn, amf, out);
}

Ok Tuak::f1_star(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer out) const {
    return mac(0x80, rand, sqn, amf, out);
}

Ok Tuak::f2345(const AkaRand& rand, Buffer res, Buffer ck, Buffer ik, Buffer ak) const {
    if (res.size() != 4 && res.size() != 8 && res.size() != 16 && res.size() != 32) return wrong(res, "RES");
    if (ck.size() != 16 && ck.size() != 32) return wrong(ck, "CK");
    if (ik.size() != 16 && ik.size() != 32) return wrong(ik, "IK");
    if (ak.size() != 6) return wrong(ak, "AK");
    const size_t length = res.size() == 4 ? 0 : res.size(); // 00, 08, 10, 20
    const size_t instance = 0x40 | length | (ck.size() == 32 ? 0x04 : 0) | (ik.size() == 32 ? 0x02 : 0);
    State s;
    run(s, static_cast<uint8_t>(instance), rand, {}, {});
    s.take(kResOut, res);
    s.take(kCkOut, ck);
    s.take(kIkOut, ik);
    s.take(kAkOut, ak);
    return {};
}

Ok Tuak::f5_star(const AkaRand& rand, Buffer ak) const {
    if (ak.size() != 6) return wrong(ak, "AK");
    State s;
    run(s, 0xC0, rand, {}, {});
    s.take(kAkOut, ak);
    return {};
}

} // namespace halyard::crypto
