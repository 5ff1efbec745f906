#include "bench/load/proxy.h"
#include "base/result.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace halyard::bench {
namespace {
sockaddr_in loopback(uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
}
// False when that side has nothing more to say.
bool carry(int from, int to, std::atomic<uint64_t>& count) {
    char buffer[65536];
    const ssize_t n = ::read(from, buffer, sizeof buffer);
    for (ssize_t done = 0; done < n;) {
        const ssize_t wrote = ::write(to, buffer + done, static_cast<size_t>(n - done));
        if (wrote <= 0) return false;
        done += wrote;
    }
    if (n > 0) count += static_cast<uint64_t>(n);
    return n > 0;
}
} // namespace

CountingProxy::CountingProxy(const std::string& endpoint)
    : to_(static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)))) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any = loopback(0);
    HALYARD_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    HALYARD_ASSERT(::listen(listener_, 16) == 0 && ::pipe(wake_) == 0);
    socklen_t size = sizeof any;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&any), &size);
    port_ = ntohs(any.sin_port);
    thread_ = std::thread([this] { serve(); });
}

CountingProxy::~CountingProxy() {
    HALYARD_ASSERT(::write(wake_[1], "x", 1) == 1);
    thread_.join();
    for (const int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
}

void CountingProxy::serve() { // one connection after the other is enough here
    for (;;) {
        pollfd both[] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
        ::poll(both, 2, -1);
        if (both[1].revents) return;
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        pass(client);
        ::close(client);
    }
}

void CountingProxy::pass(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in there = loopback(to_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0)
        for (bool open = true; open;) {
            pollfd all[] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {wake_[0], POLLIN, 0}};
            ::poll(all, 3, -1);
            if (all[2].revents) break;
            if (all[0].revents) open = carry(client, server, up_);
            if (open && all[1].revents) open = carry(server, client, down_);
        }
    ::close(server);
}

} // namespace halyard::bench
