#pragma once
// What is fuzzed: each target takes octets as a stranger could send them and checks what must hold whatever
// they are. A broken promise ends the process (HALYARD_ASSERT), which is what a fuzzer and the replay test
// look for.
#include "asn1/asn1.h"

namespace halyard::fuzz {

struct Target {
    const char* name;
    void (*run)(Bytes input);
    /// Inputs to begin with, made from messages of our own; the same ones in every process.
    std::vector<OwnedBytes> (*seeds)();
    size_t max_size; // octets of an input that are of use
};

extern const Target kDer, kEuiccPackage, kResult, kProfile, kApdu, kBpp, kEs9Json, kEs2Json, kEsipaJson,
    kHttp, kCertificate, kJsonEncode, kDerOpenssl, kProfileText, kDialect, kJsonReader, kCardSeam,
    kCardSequence, kSmds, kOrders;

/// All of them, the cheap ones first.
std::span<const Target* const> targets();
/// Tags of every described message, as a libFuzzer dictionary.
std::string dictionary();

/// Takes an input apart from its front. What is missing reads as zero or empty.
class Reader {
  public:
    explicit Reader(Bytes in) : rest_(in) {}
    bool empty() const { return rest_.empty(); }
    uint8_t octet() {
        if (rest_.empty()) return 0;
        const uint8_t value = rest_[0];
        rest_ = rest_.subspan(1);
        return value;
    }
    unsigned number() {
        const unsigned high = octet();
        return high << 8 | octet();
    }
    Bytes take(size_t n) {
        n = std::min(n, rest_.size());
        const Bytes out = rest_.first(n);
        rest_ = rest_.subspan(n);
        return out;
    }
    Bytes rest() { return take(rest_.size()); }

  private:
    Bytes rest_;
};

/// Tag, length and the parts as content.
OwnedBytes tlv(asn1::Tag tag, std::initializer_list<Bytes> parts);

} // namespace halyard::fuzz
