#include "net/tcp_connect.h"
#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <vector>

namespace halyard::net {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};
using Addresses = std::vector<Address>;

int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000'000));
}

std::optional<Addresses> look_up(const std::string& host, uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return std::nullopt;
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
    Addresses out;
    for (const addrinfo* at = list; at; at = at->ai_next) {
        Address& address = out.emplace_back();
        std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
        address.length = at->ai_addrlen;
    }
    return out;
}

/// Shared with a thread that getaddrinfo may hold longer than the caller waits.
struct Lookup {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::optional<Addresses> found;
};

Result<Addresses> resolve(const std::string& host, uint16_t port, Clock::time_point deadline) {
    if (auto literal = look_up(host, port, AI_NUMERICHOST)) return *std::move(literal);
    auto lookup = std::make_shared<Lookup>();
    try {
        std::thread([lookup, host, port] {
            auto found = look_up(host, port, 0);
            const std::lock_guard lock(lookup->mutex);
            lookup->found = std::move(found);
            lookup->done = true;
            lookup->changed.notify_one();
        }).detach();
    } catch (const std::system_error&) {
        return fail(Errc::internal, "resolve");
    }
    std::unique_lock lock(lookup->mutex);
    if (!lookup->changed.wait_until(lock, deadline, [&] { return lookup->done; }))
        return fail(Errc::unreachable, "connect timeout");
    if (!lookup->found || lookup->found->empty()) return fail(Errc::unreachable, "resolve");
    return std::move(*lookup->found);
}

Result<Socket> connect_one(const Address& address, Clock::time_point deadline) {
    Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return fail(Errc::unreachable, "connect", static_cast<uint32_t>(errno));
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0)
        return socket;
    if (errno != EINPROGRESS) return fail(Errc::unreachable, "connect", static_cast<uint32_t>(errno));
    if (!wait_ready(socket.get(), POLLOUT, deadline)) return fail(Errc::unreachable, "connect timeout");
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(Errc::unreachable, "connect", static_cast<uint32_t>(error));
    return socket;
}

} // namespace

bool wait_ready(int socket, short events, Clock::time_point deadline) {
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    for (;;) {
        const int ready = ::poll(&entry, 1, remaining_ms(deadline));
        if (ready > 0) return true;
        if (ready == 0 && Clock::now() >= deadline) return false;
        if (ready < 0 && errno != EINTR) return true; // let the call that follows report it
    }
}

Result<Socket> connect_tcp(const std::string& host, uint16_t port, Clock::time_point deadline) {
    const Addresses addresses = TRY(resolve(host, port, deadline));
    Result<Socket> last = fail(Errc::unreachable, "connect");
    for (size_t i = 0; i < addresses.size(); ++i) {
        // A silent address must leave time for those after it.
        const auto now = Clock::now();
        const auto share = (deadline - now) / static_cast<int64_t>(addresses.size() - i);
        last = connect_one(addresses[i], now + share);
        if (last) return last;
    }
    return last;
}

} // namespace halyard::net
