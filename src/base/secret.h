#pragma once
#include "base/result.h"
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace halyard {

/// Overwrites memory in a way the compiler must not drop.
inline void wipe(Buffer memory) {
    if (!memory.empty()) ::explicit_bzero(memory.data(), memory.size());
}

/// Key material: wipes itself, cannot be printed, compared or copied by accident (SR-44).
template <size_t N> class Secret {
  public:
    Secret() = default;
    explicit Secret(std::span<const uint8_t, N> bytes) {
        std::copy(bytes.begin(), bytes.end(), data_.begin());
    }
    Secret(Secret&& other) noexcept : data_(other.data_) { wipe(other.data_); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            data_ = other.data_;
            wipe(other.data_);
        }
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(data_); }

    Secret clone() const { return Secret(std::span<const uint8_t, N>(data_)); }
    std::span<const uint8_t, N> reveal() const { return data_; }
    std::span<uint8_t, N> writable() { return data_; }

  private:
    std::array<uint8_t, N> data_{};
};

/// The same for material of a length known only at run time (a decrypted profile, a PEM file).
class SecretBytes {
  public:
    SecretBytes() = default;
    explicit SecretBytes(size_t size) : data_(size) {}
    explicit SecretBytes(Bytes bytes) : data_(bytes.begin(), bytes.end()) {}
    SecretBytes(SecretBytes&& other) noexcept : data_(std::move(other.data_)) { other.data_.clear(); }
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            wipe(data_);
            data_ = std::move(other.data_);
            other.data_.clear();
        }
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(data_); }

    Bytes reveal() const { return data_; }
    Buffer writable() { return data_; }
    size_t size() const { return data_.size(); }
    bool empty() const { return data_.empty(); }
    void append(Bytes more) {
        if (data_.capacity() - data_.size() <
            more.size()) { // grow by hand: realloc would leave a copy behind
            std::vector<uint8_t> bigger;
            bigger.reserve(std::max(data_.size() + more.size(), data_.capacity() * 2));
            bigger.assign(data_.begin(), data_.end());
            wipe(data_);
            data_ = std::move(bigger);
        }
        data_.insert(data_.end(), more.begin(), more.end());
    }

  private:
    std::vector<uint8_t> data_;
};

} // namespace halyard
