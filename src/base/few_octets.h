#pragma once
// Octets that are mostly few, where there are hundreds of thousands of them.
#include "base/octets.h"
#include <bit>
#include <utility>

namespace halyard {

/// An owned run of octets in the room of a pointer: up to seven of them in place, more on the heap. For
/// attributes of files, of which a process with many cards has millions.
class FewOctets {
  public:
    FewOctets() = default;
    FewOctets(Bytes octets) { assign(octets); } // NOLINT(google-explicit-constructor): as OwnedBytes
    FewOctets(const OwnedBytes& octets) : FewOctets(Bytes(octets)) {}
    FewOctets(std::initializer_list<uint8_t> octets) : FewOctets(Bytes(octets.begin(), octets.size())) {}
    FewOctets(const FewOctets& other) : FewOctets(Bytes(other.data(), other.size())) {}
    FewOctets(FewOctets&& other) noexcept : raw_(std::exchange(other.raw_, {})) {}
    FewOctets& operator=(FewOctets other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~FewOctets() { delete[] heap(); }

    size_t size() const {
        const uint8_t* const there = heap();
        if (!there) return raw_[0] >> 1;
        uint32_t size = 0;
        std::memcpy(&size, there, sizeof size);
        return size;
    }
    bool empty() const { return size() == 0; }
    const uint8_t* data() const { return heap() ? heap() + sizeof(uint32_t) : raw_.data() + 1; }
    const uint8_t* begin() const { return data(); }
    const uint8_t* end() const { return data() + size(); }
    uint8_t operator[](size_t i) const { return data()[i]; }
    void clear() { *this = {}; }
    friend bool operator==(const FewOctets& a, Bytes b) { return same(Bytes(a.data(), a.size()), b); }

  private:
    // The first octet is the low one of a pointer, which is even, or twice the number of octets in place and
    // one.
    static_assert(std::endian::native == std::endian::little);
    static constexpr size_t kRoom = 8;

    uint8_t* heap() const {
        if (raw_[0] & 1) return nullptr;
        uint64_t address = 0;
        std::memcpy(&address, raw_.data(), kRoom);
        return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(address));
    }
    void assign(Bytes octets) {
        if (octets.size() < kRoom) {
            raw_[0] = static_cast<uint8_t>(octets.size() << 1 | 1);
            std::copy(octets.begin(), octets.end(), raw_.begin() + 1);
            return;
        }
        auto* const there = new uint8_t[sizeof(uint32_t) + octets.size()];
        const auto size = static_cast<uint32_t>(octets.size());
        std::memcpy(there, &size, sizeof size);
        std::copy(octets.begin(), octets.end(), there + sizeof size);
        const uint64_t address = reinterpret_cast<uintptr_t>(there);
        std::memcpy(raw_.data(), &address, kRoom);
    }

    alignas(8) std::array<uint8_t, kRoom> raw_{}; // all zero: no octets
};

} // namespace halyard
