#include "reader/client.h"
#include "reader/framing.h"
#include "reader/session.h"
#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace halyard::reader {
namespace {
using Now = std::chrono::steady_clock;
constexpr std::chrono::seconds kJoin{10};

auto gone(int error = 0) { return fail(Errc::unreachable, "card", static_cast<uint32_t>(error)); }

int open_local(const std::string& path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (path.size() >= sizeof to.sun_path) return -1;
    path.copy(to.sun_path, path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
}
int open_tcp(const std::string& host, uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return -1;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    for (const addrinfo* at = list; at; at = at->ai_next) {
        const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        if (fd >= 0) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd >= 0 && ::connect(fd, at->ai_addr, at->ai_addrlen) == 0) return fd;
        if (fd >= 0) ::close(fd);
    }
    return -1;
}
} // namespace

SeamClient::SeamClient(Seam seam, std::chrono::milliseconds patience)
    : seam_(std::move(seam)), patience_(patience) {}
SeamClient::~SeamClient() { drop(); }

void SeamClient::drop() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

// A card that has just lost a client, or its power by plan, needs a moment: whoever turns us away may not do
// so again.
Ok SeamClient::connect() {
    const auto end = Now::now() + std::min<std::chrono::milliseconds>(patience_, kJoin);
    for (;;) {
        socket_ = seam_.kind == Seam::Kind::local ? open_local(seam_.path) : open_tcp(seam_.host, seam_.port);
        if (socket_ >= 0) {
            if (auto atr = ask_atr()) {
                atr_ = std::move(*atr);
                return {};
            }
            drop();
        }
        if (Now::now() >= end) return gone(errno);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

Ok SeamClient::send(Bytes message) {
    const OwnedBytes out = TRY(frame(message));
    for (size_t done = 0; done < out.size();) {
        const ssize_t n = ::send(socket_, out.data() + done, out.size() - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return gone(errno);
        done += static_cast<size_t>(n);
    }
    return {};
}

Result<OwnedBytes> SeamClient::receive() {
    FrameReader frames;
    const auto end = Now::now() + patience_;
    for (;;) {
        if (auto message = frames.next()) return std::move(*message);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Now::now()).count();
        if (left <= 0) return gone(ETIMEDOUT);
        pollfd in{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&in, 1, static_cast<int>(left)) <= 0) continue;
        uint8_t buffer[4096];
        const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return gone(errno);
        frames.feed(Bytes(buffer, static_cast<size_t>(n)));
    }
}

Result<OwnedBytes> SeamClient::ask_atr() {
    const uint8_t ask = CardSession::kAtr;
    TRY(send(Bytes(&ask, 1)));
    return receive();
}

Bytes SeamClient::atr() { return socket_ < 0 ? Bytes() : Bytes(atr_); }

Result<Answer> SeamClient::transmit(Bytes apdu) {
    if (socket_ < 0 || apdu.size() < 2) return gone();
    const Ok sent = send(apdu);
    auto answer = sent ? receive() : Result<OwnedBytes>(gone());
    if (answer && answer->size() >= 2) return Answer{std::move(*answer)};
    drop();
    return gone();
}

Ok SeamClient::power(Power what) {
    const uint8_t octet = what == Power::off  ? CardSession::kOff
                          : what == Power::on ? CardSession::kOn
                                              : CardSession::kReset;
    if (what == Power::off) {
        if (socket_ >= 0 && !send(Bytes(&octet, 1))) drop();
        return {};
    }
    // Twice: the card may have been lost unnoticed since the last command.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (socket_ < 0) TRY(connect());
        if (send(Bytes(&octet, 1)))
            if (auto atr = ask_atr()) {
                atr_ = std::move(*atr);
                return {};
            }
        drop();
    }
    return gone();
}

} // namespace halyard::reader
