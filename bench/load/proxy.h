#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace halyard::bench {

/// Passes connections on to "127.0.0.1:port" of this machine and counts the octets either way: TLS and all,
/// without TCP and IP headers.
class CountingProxy {
  public:
    explicit CountingProxy(const std::string& endpoint);
    ~CountingProxy();
    CountingProxy(const CountingProxy&) = delete;
    std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
    uint64_t up() const { return up_; }
    uint64_t down() const { return down_; }

  private:
    void serve();
    void pass(int client);
    int listener_ = -1, wake_[2] = {-1, -1};
    uint16_t port_ = 0, to_ = 0;
    std::atomic<uint64_t> up_ = 0, down_ = 0;
    std::thread thread_;
};

} // namespace halyard::bench
