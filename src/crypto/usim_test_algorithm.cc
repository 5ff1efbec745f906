#include "crypto/usim_test_algorithm.h"

namespace halyard::crypto {
namespace {
Ok length(bool right, Buffer given, const char* name) {
    if (!right) return fail(Errc::bad_length, name, static_cast<uint32_t>(given.size()));
    return {};
}
// XDOUT: K and RAND added bit by bit.
Secret<16> sum(const Secret<16>& k, const AkaRand& rand) {
    Secret<16> out(rand);
    for (size_t i = 0; i < 16; ++i) out.writable()[i] ^= k.reveal()[i];
    return out;
}
} // namespace

Ok UsimTestAlgorithm::f1(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer mac) const {
    TRY(length(mac.size() == 8, mac, "MAC"));
    const Secret<16> x = sum(k_, rand);
    for (size_t i = 0; i < 8; ++i)
        mac[i] = static_cast<uint8_t>(x.reveal()[i] ^ (i < 6 ? sqn[i] : amf[i - 6]));
    return {};
}

Ok UsimTestAlgorithm::f1_star(const AkaRand& rand, const AkaSqn& sqn, const AkaAmf& amf, Buffer mac) const {
    return f1(rand, sqn, amf, mac);
}

Ok UsimTestAlgorithm::f2345(const AkaRand& rand, Buffer res, Buffer ck, Buffer ik, Buffer ak) const {
    TRY(length(res.size() >= 4 && res.size() <= 16, res, "RES"));
    TRY(length(ck.size() == 16, ck, "CK"));
    TRY(length(ik.size() == 16, ik, "IK"));
    TRY(f5_star(rand, ak));
    const Secret<16> x = sum(k_, rand);
    std::copy_n(x.reveal().begin(), res.size(), res.begin());
    for (size_t i = 0; i < 16; ++i) {
        ck[i] = x.reveal()[(i + 1) % 16];
        ik[i] = x.reveal()[(i + 2) % 16];
    }
    return {};
}

Ok UsimTestAlgorithm::f5_star(const AkaRand& rand, Buffer ak) const {
    TRY(length(ak.size() == 6, ak, "AK"));
    const Secret<16> x = sum(k_, rand);
    std::copy_n(x.reveal().begin() + 3, 6, ak.begin());
    return {};
}

} // namespace halyard::crypto
