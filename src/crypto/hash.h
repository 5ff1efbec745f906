#pragma once
#include "base/octets.h"
#include "base/random.h"
#include "base/secret.h"
#include <initializer_list>

namespace halyard::crypto {

Sha256 sha256(std::initializer_list<Bytes> parts);
/// For SubjectKeyIdentifier only.
std::array<uint8_t, 20> sha1(Bytes);
/// HMAC with SHA-256. RFC 2104
Sha256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts);
/// Octets to hash may come one piece after the other.
class Sha256Stream {
  public:
    Sha256Stream();
    ~Sha256Stream();
    Sha256Stream(const Sha256Stream&) = delete;
    Sha256Stream& operator=(const Sha256Stream&) = delete;
    void update(Bytes);
    Sha256 finish();

  private:
    void* context_;
};

/// ANSI X9.63 with SHA-256: K(i) = SHA-256(z ‖ i as 32 bits ‖ info), i from 1. Fills `out`.
void x963_kdf(Bytes z, Bytes info, Buffer out);

/// Takes the same time for equal and different contents (SR-45); false for different lengths.
bool equal(Bytes a, Bytes b);

/// The system's generator.
class SystemRandom : public Random {
  public:
    Ok fill(Buffer out) override;
};
/// Repeats itself for the same seed: tests, the simulator, identifiers in the lab. Never for keys of a
/// production system.
class SeededRandom : public Random {
  public:
    explicit SeededRandom(uint64_t seed) : seed_(seed) {}
    Ok fill(Buffer out) override;

  private:
    uint64_t seed_;
    uint64_t counter_ = 0;
};

} // namespace halyard::crypto
