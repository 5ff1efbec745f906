// The server over real sockets of this machine.
#include "reader/client.h"
#include "reader/server.h"
#include "reader/testing.h"
#include <arpa/inet.h>
#include <condition_variable>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace halyard;
using namespace halyard::reader;
using std::chrono::milliseconds;

namespace {
constexpr milliseconds kPatience{20'000};

// Events as text, waited for.
class Events {
  public:
    void add(const Event& e) {
        const std::lock_guard lock(mutex_);
        all_.push_back(e);
        changed_.notify_all();
    }
    // The n-th event of a kind, from 1.
    Event wait(Event::Kind kind, size_t n = 1) {
        std::unique_lock lock(mutex_);
        const Event* found = nullptr;
        const bool there = changed_.wait_for(lock, kPatience, [&] {
            size_t left = n;
            for (const Event& e : all_)
                if (e.kind == kind && --left == 0) found = &e;
            return found != nullptr;
        });
        REQUIRE(there);
        return *found;
    }
    size_t count(Event::Kind kind) {
        const std::lock_guard lock(mutex_);
        return static_cast<size_t>(
            std::count_if(all_.begin(), all_.end(), [&](const Event& e) { return e.kind == kind; }));
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Event> all_;
};

struct Running {
    Events events;
    Server server{[this](const Event& e) { events.add(e); }};
    std::thread thread;
    void start() {
        thread = std::thread([this] { server.run(false); });
    }
    ~Running() {
        server.stop();
        if (thread.joinable()) thread.join();
    }
};

struct Client {
    int fd = -1;
    explicit Client(int socket) : fd(socket) {
        const timeval patience{20, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    Client(Client&& o) noexcept : fd(std::exchange(o.fd, -1)) {}
    ~Client() {
        if (fd >= 0) ::close(fd);
    }
    void send(const char* octets) const {
        const auto b = *from_hex(octets);
        CHECK(::send(fd, b.data(), b.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(b.size()));
    }
    // The next message, or "end".
    std::string receive() const {
        uint8_t head[2];
        if (::recv(fd, head, 2, MSG_WAITALL) != 2) return "end";
        OwnedBytes body(static_cast<size_t>(head[0]) << 8 | head[1]);
        if (::recv(fd, body.data(), body.size(), MSG_WAITALL) != static_cast<ssize_t>(body.size()))
            return "end";
        return hex(body);
    }
};
Client connect_tcp(uint16_t port) {
    Client c(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return c;
}
Client connect_local(const std::string& path) {
    Client c(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return c;
}
// A virtual reader: it listens, the card comes.
struct VirtualReader {
    int fd;
    uint16_t port = 0;
    explicit VirtualReader(uint16_t wanted = 0) : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
        const int on = 1;
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(wanted);
        REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        socklen_t size = sizeof at;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
        port = ntohs(at.sin_port);
        REQUIRE(::listen(fd, 0) == 0);
    }
    ~VirtualReader() { ::close(fd); }
    Client accept() const { return Client(::accept(fd, nullptr, nullptr)); }
};
std::string scratch(const char* name) {
    return (std::filesystem::temp_directory_path() / (std::string(name) + std::to_string(::getpid())))
        .string();
}
} // namespace

TEST_CASE("an endpoint is a host, a port or both") {
    const auto text = [](const char* in) {
        const auto s = seam_from(Seam::Kind::tcp, in, "127.0.0.1", 35963);
        return s ? to_text(*s) : std::string(name(s.error().code));
    };
    CHECK(text("") == "tcp 127.0.0.1:35963");
    CHECK(text("4000") == "tcp 127.0.0.1:4000");
    CHECK(text(":4000") == "tcp 127.0.0.1:4000");
    CHECK(text("reader.test") == "tcp reader.test:35963");
    CHECK(text("10.0.0.1:1") == "tcp 10.0.0.1:1");
    CHECK(text("[::1]:22") == "tcp [::1]:22");
    CHECK(text("[::1]") == "tcp [::1]:35963");
    for (const char* bad : {"host:", "host:x", "host:65536", "::1", "[::1", "[::1]x", "1:2:3", "70000"}) {
        CAPTURE(bad);
        CHECK(text(bad) == name(Errc::bad_value));
    }
}

TEST_CASE("when a client comes over TCP or a Unix socket, it has the card alone until it goes") {
    ToldCard card;
    Running r;
    const std::string path = scratch("card");
    REQUIRE(r.server.add("one", card, *seam_from(Seam::Kind::tcp, "0", "127.0.0.1", 0)));
    REQUIRE(r.server.add("one", card, {.kind = Seam::Kind::local, .path = path}));
    r.start();
    const uint16_t port = r.events.wait(Event::Kind::serving).seam.port;
    REQUIRE(port != 0);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    {
        const Client first = connect_tcp(port);
        first.send("0001 04");
        CHECK(first.receive() == "3B00");
        const Client second = connect_local(path); // another way, the same card
        CHECK(second.receive() == "end");
        CHECK(r.events.wait(Event::Kind::busy).seam.kind == Seam::Kind::local);
        first.send("0001 01 0004 80F2000C 0004 80F2000D"); // two commands at once
        CHECK(first.receive() == "9000");
        CHECK(first.receive() == "9000");
        first.send("0007 00"); // and leaves within a message
    }
    const Event lost = r.events.wait(Event::Kind::lost);
    CHECK(lost.detail == "left within a message");
    CHECK(lost.apdus == 2);
    const Client third = connect_local(path);
    third.send("0004 80F2000E");
    CHECK(third.receive() == "9000");
    r.server.stop();
    CHECK(third.receive() == "end");
    r.thread.join();
    CHECK(r.server.apdus() == 3);
    CHECK(card.all() == "on 80F2000C 80F2000D off on 80F2000E off");
}

TEST_CASE("when a client sends what is no message, it is let go and the card lives on") {
    ToldCard card;
    Running r;
    REQUIRE(r.server.add("one", card, *seam_from(Seam::Kind::tcp, "0", "127.0.0.1", 0)));
    r.start();
    const uint16_t port = r.events.wait(Event::Kind::serving).seam.port;
    const Client odd = connect_tcp(port);
    odd.send("0001 09");
    CHECK(r.events.wait(Event::Kind::note).detail == "unknown control octet");
    odd.send("0000");
    CHECK(odd.receive() == "end");
    CHECK(r.events.wait(Event::Kind::lost).detail == "empty message");
    card.answers = {""};
    const Client cut = connect_tcp(port);
    cut.send("0004 80F2000C");
    CHECK(cut.receive() == "end");
    CHECK(r.events.wait(Event::Kind::lost, 2).detail == "response lost");
    const Client next = connect_tcp(port);
    next.send("0004 80F2000C");
    CHECK(next.receive() == "9000");
}

TEST_CASE(
    "when an address is taken or none, that is refused; a socket file that nobody listens at is replaced") {
    ToldCard card;
    const std::string path = scratch("leftover");
    Running a;
    REQUIRE(a.server.add("one", card, {.kind = Seam::Kind::local, .path = path}));
    Running b;
    const Ok taken = b.server.add("two", card, {.kind = Seam::Kind::local, .path = path});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::conflict);
    const VirtualReader holder;
    const Ok port =
        b.server.add("two", card, {.kind = Seam::Kind::tcp, .host = "127.0.0.1", .port = holder.port});
    REQUIRE_FALSE(port);
    CHECK(port.error().code == Errc::conflict);
    CHECK_FALSE(b.server.add("two", card, {.kind = Seam::Kind::tcp, .host = "no address"}));
    CHECK_FALSE(b.server.add("two", card, {.kind = Seam::Kind::local, .path = std::string(200, 'x')}));
    const std::string stale = scratch("stale");
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        stale.copy(at.sun_path, sizeof at.sun_path - 1);
        REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        ::close(fd);
    }
    CHECK(b.server.add("two", card, {.kind = Seam::Kind::local, .path = stale}));
}

TEST_CASE("when a virtual reader comes, goes and comes again, the card finds it by itself") {
    ToldCard card;
    Running r;
    uint16_t port = 0;
    auto reader = std::make_unique<VirtualReader>();
    port = reader->port;
    reader.reset();
    REQUIRE(r.server.add("one", card, {.kind = Seam::Kind::vpcd, .host = "localhost", .port = port}));
    r.start();
    r.events.wait(Event::Kind::unreachable);
    reader = std::make_unique<VirtualReader>(port);
    {
        const Client slot = reader->accept();
        slot.send("0001 04");
        CHECK(slot.receive() == "3B00");
        slot.send("0001 01"); // no answer to this
        slot.send("0004 80F2000C");
        CHECK(slot.receive() == "9000");
    }
    CHECK(r.events.wait(Event::Kind::lost).apdus == 1);
    const Client again = reader->accept();
    again.send("0001 04");
    CHECK(again.receive() == "3B00");
    CHECK(r.events.count(Event::Kind::unreachable) == 1);
    r.server.stop();
    CHECK(again.receive() == "end");
}

TEST_CASE("when a card is slow, others are not") {
    struct SlowCard final : CardPort {
        Bytes atr() override { return {}; }
        Result<Answer> transmit(Bytes) override { return Answer{{0x90, 0x00}, std::chrono::seconds(2)}; }
        Ok power(Power) override { return {}; }
    } slow;
    ToldCard quick;
    Running r;
    REQUIRE(r.server.add("slow", slow, *seam_from(Seam::Kind::tcp, "0", "127.0.0.1", 0)));
    REQUIRE(r.server.add("quick", quick, *seam_from(Seam::Kind::tcp, "0", "127.0.0.1", 0)));
    r.start();
    const auto begin = std::chrono::steady_clock::now();
    const Client a = connect_tcp(r.events.wait(Event::Kind::serving, 1).seam.port);
    const Client b = connect_tcp(r.events.wait(Event::Kind::serving, 2).seam.port);
    a.send("0004 80F2000C");
    for (int i = 0; i < 20; ++i) {
        b.send("0004 80F2000C");
        CHECK(b.receive() == "9000");
    }
    uint8_t one;
    CHECK(::recv(a.fd, &one, 1, MSG_DONTWAIT) < 0); // still waiting
    CHECK(a.receive() == "9000");
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::seconds(2));
}

TEST_CASE("when our own client has a served card, it is as if it were here, also after a loss of power") {
    ToldCard card;
    Running r;
    const std::string path = scratch("client");
    REQUIRE(r.server.add("one", card, {.kind = Seam::Kind::local, .path = path}));
    r.start();
    SeamClient client({.kind = Seam::Kind::local, .path = path}, kPatience);
    CHECK(client.atr().empty());
    CHECK_FALSE(client.transmit(*from_hex("80F2000C"))); // no power, no card
    REQUIRE(client.power(Power::on));
    CHECK(hex(client.atr()) == "3B00");
    card.answers = {"6A82", "", "9000"};
    CHECK(hex(client.transmit(*from_hex("80F2000C"))->octets) == "6A82");
    const auto lost = client.transmit(*from_hex("80F2000D"));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code == Errc::unreachable);
    REQUIRE(client.power(Power::on));
    CHECK(hex(client.transmit(*from_hex("80F2000E"))->octets) == "9000");
    CHECK_FALSE(client.transmit(*from_hex("80"))); // one octet would be power, not a command
    REQUIRE(client.power(Power::reset));
    REQUIRE(client.power(Power::off));
    r.server.stop();
    r.thread.join();
    CHECK(card.all() == "on 80F2000C 80F2000D off on 80F2000E reset off");
    SeamClient nobody({.kind = Seam::Kind::local, .path = path + "none"}, milliseconds(100));
    CHECK_FALSE(nobody.power(Power::on));
}

TEST_CASE(
    "when a client writes length and body apart and waits, no APDU waits for a delayed acknowledgement") {
    ToldCard card;
    Running r;
    REQUIRE(r.server.add("one", card, *seam_from(Seam::Kind::tcp, "0", "127.0.0.1", 0)));
    r.start();
    const Client client = connect_tcp(r.events.wait(Event::Kind::serving).seam.port); // without TCP_NODELAY
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
        client.send("0004");
        client.send("80F2000C");
        CHECK(client.receive() == "9000");
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2)); // 100 of 40 ms would be four
}
