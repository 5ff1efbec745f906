#pragma once
#include "base/result.h"
#include <chrono>
#include <string>
#include <unistd.h>
#include <utility>

namespace halyard::net {

using Clock = std::chrono::steady_clock;

/// Owns a file descriptor.
class Socket {
  public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~Socket() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int get() const { return descriptor_; }

  private:
    int descriptor_ = -1;
};

/// Waits until the socket is ready for `events` of poll(2); false when the deadline passes first.
bool wait_ready(int socket, short events, Clock::time_point deadline);

/// A connected non-blocking TCP socket; every address of the name is tried in turn.
/// Errors: unreachable "resolve", "connect" (detail: errno), "connect timeout".
Result<Socket> connect_tcp(const std::string& host, uint16_t port, Clock::time_point deadline);

} // namespace halyard::net
