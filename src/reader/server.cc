#include "reader/server.h"
#include "reader/framing.h"
#include "reader/session.h"
#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace halyard::reader {
namespace asio = boost::asio;
using asio::generic::stream_protocol;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
using Socket = stream_protocol::socket;

// Some readers send length and body apart, and then wait: with delayed acknowledgements each APDU would
// cost 40 ms. TCP_QUICKACK falls back by itself, so it is set anew before every read.
void no_delay(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
void quick_ack(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

// A card in its place, and who has it at the moment.
struct Place {
    std::string name;
    CardPort& card;
    bool taken = false;
};

// One client, from connect to loss.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Done = std::function<void(const char* why, uint64_t apdus)>;
    using Note = std::function<void(const char* what)>;

    Connection(Socket socket, bool is_tcp, Place& place, Note note, Done done)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), tcp_(is_tcp), place_(place),
          note_(std::move(note)), done_(std::move(done)) {
        session_.emplace(place.card);
        place_.taken = true;
    }
    void start() {
        if (tcp_) no_delay(socket_.native_handle());
        read();
    }
    // At most once; what is under way ends with an error and lets go of this.
    void close(const char* why) {
        if (!session_) return;
        const uint64_t apdus = session_->apdus();
        session_.reset();
        place_.taken = false;
        error_code ignored;
        socket_.close(ignored);
        timer_.cancel();
        done_(why, apdus);
    }

  private:
    void read() {
        while (session_) {
            const auto message = frames_.next();
            if (!message) break;
            if (answer(session_->message(*message))) return;
        }
        if (!session_) return;
        if (tcp_) quick_ack(socket_.native_handle());
        socket_.async_read_some(
            asio::buffer(buffer_), [self = shared_from_this()](error_code error, size_t n) {
                if (!self->session_) return;
                if (error) return self->close(self->frames_.pending() ? "left within a message" : "left");
                self->frames_.feed(Bytes(self->buffer_).first(n));
                self->read();
            });
    }
    // True when reading goes on later, or never.
    bool answer(CardSession::Reply reply) {
        if (reply.note) note_(reply.note);
        if (reply.close) return close(reply.close), true;
        if (!reply.message) return false;
        auto framed = frame(*reply.message);
        if (!framed) return close(framed.error().where), true;
        out_ = std::move(*framed);
        if (reply.delay.count() <= 0) return write(), true;
        timer_.expires_after(reply.delay);
        timer_.async_wait([self = shared_from_this()](error_code error) {
            if (self->session_ && !error) self->write();
        });
        return true;
    }
    void write() {
        asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code error, size_t) {
            if (!self->session_) return;
            if (error) return self->close("left before its answer");
            self->read();
        });
    }

    Socket socket_;
    asio::steady_timer timer_;
    bool tcp_;
    Place& place_;
    Note note_;
    Done done_;
    std::optional<CardSession> session_;
    FrameReader frames_;
    std::array<uint8_t, 4096> buffer_;
    OwnedBytes out_;
};

struct Shared {
    asio::io_context io{1};
    std::function<void(const Event&)> report;
    uint64_t apdus = 0;
    bool stopping = false;
};

// One way to a card.
class Way {
  public:
    Way(Shared& shared, Place& place, Seam seam)
        : shared_(shared), place_(place), seam_(std::move(seam)), timer_(shared.io), acceptor_(shared.io),
          resolver_(shared.io), joining_(shared.io) {}
    Way(const Way&) = delete;
    ~Way() {
        if (seam_.kind == Seam::Kind::local && acceptor_.is_open()) ::unlink(seam_.path.c_str());
    }

    Ok open() {
        if (seam_.kind == Seam::Kind::vpcd) return {};
        return seam_.kind == Seam::Kind::tcp ? listen_tcp() : listen_local();
    }
    void start() {
        say(Event::Kind::serving);
        if (seam_.kind == Seam::Kind::vpcd) return look_up();
        accept();
    }
    void stop() {
        error_code ignored;
        timer_.cancel();
        resolver_.cancel();
        joining_.close(ignored);
        if (acceptor_.is_open()) acceptor_.cancel(ignored);
        if (const auto c = connection_.lock()) c->close("stopped");
    }

  private:
    void say(Event::Kind kind, std::string detail = {}, uint64_t apdus = 0) {
        shared_.report({kind, place_.name, seam_, std::move(detail), apdus});
    }
    void serve(Socket socket) {
        say(Event::Kind::connected);
        const auto connection = std::make_shared<Connection>(
            std::move(socket),
            seam_.kind != Seam::Kind::local,
            place_,
            [this](const char* what) { say(Event::Kind::note, what); },
            [this](const char* why, uint64_t apdus) {
                shared_.apdus += apdus;
                say(Event::Kind::lost, why, apdus);
                // A reader that takes the card only to drop it is not asked ten times a second.
                if (apdus || std::chrono::steady_clock::now() - since_ >= std::chrono::seconds(1))
                    pause_ = Server::kFirstPause;
                if (seam_.kind == Seam::Kind::vpcd) try_again();
            });
        connection_ = connection;
        connection->start();
    }

    // vpcd: the card connects
    void look_up() {
        resolver_.async_resolve(seam_.host,
                                std::to_string(seam_.port),
                                [this](error_code error, tcp::resolver::results_type found) {
                                    if (shared_.stopping) return;
                                    if (error) return failed(error.message());
                                    connect(found);
                                });
    }
    void connect(const tcp::resolver::results_type& to) {
        joining_ = tcp::socket(shared_.io);
        asio::async_connect(joining_, to, [this](error_code error, const tcp::endpoint&) {
            if (shared_.stopping) return;
            if (error) return failed(error.message());
            told_ = false;
            since_ = std::chrono::steady_clock::now();
            serve(Socket(std::move(joining_)));
        });
    }
    void failed(const std::string& why) {
        if (!told_) say(Event::Kind::unreachable, why);
        told_ = true;
        try_again();
    }
    void try_again() {
        if (shared_.stopping) return;
        timer_.expires_after(pause_);
        pause_ = std::min(pause_ * 2, Server::kLastPause);
        timer_.async_wait([this](error_code error) {
            if (!error && !shared_.stopping) look_up();
        });
    }

    // tcp, local: the card listens
    Ok listen_tcp() {
        error_code error;
        const auto address =
            asio::ip::make_address(seam_.host == "localhost" ? "127.0.0.1" : seam_.host, error);
        if (error) return fail(Errc::bad_value, "address");
        const tcp::endpoint at(address, seam_.port);
        if (const Ok bound = bind(at); !bound) return bound;
        tcp::endpoint chosen;
        socklen_t size = static_cast<socklen_t>(chosen.capacity());
        if (::getsockname(acceptor_.native_handle(), chosen.data(), &size) != 0)
            return fail(Errc::storage, "socket");
        chosen.resize(size);
        seam_.port = chosen.port();
        return {};
    }
    Ok listen_local() {
        std::error_code ignored;
        if (seam_.path.size() > 107)
            return fail(Errc::limit, "socket path", static_cast<uint32_t>(seam_.path.size()));
        if (std::filesystem::is_socket(seam_.path, ignored)) {
            asio::local::stream_protocol::socket probe(
                shared_.io); // one that nobody listens at is a leftover
            error_code error;
            if (!probe.connect(asio::local::stream_protocol::endpoint(seam_.path), error) && !error)
                return fail(Errc::conflict, "address in use");
            ::unlink(seam_.path.c_str());
        }
        const mode_t mask = ::umask(0177); // for its owner alone
        const Ok bound = bind(asio::local::stream_protocol::endpoint(seam_.path));
        ::umask(mask);
        return bound;
    }
    template <class Endpoint> Ok bind(const Endpoint& at) {
        error_code error;
        const auto refuse = [&]() -> Ok {
            error_code ignored;
            acceptor_.close(ignored);
            if (error == asio::error::address_in_use) return fail(Errc::conflict, "address in use");
            return fail(Errc::storage, "socket", static_cast<uint32_t>(error.value()));
        };
        if (acceptor_.open(stream_protocol(at.protocol()), error)) return refuse();
        acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (acceptor_.bind(stream_protocol::endpoint(at), error)) return refuse();
        if (acceptor_.listen(16, error)) return refuse();
        return {};
    }
    void accept() {
        acceptor_.async_accept([this](error_code error, Socket socket) {
            if (shared_.stopping || error == asio::error::operation_aborted) return;
            if (error) return pause_accepting();
            if (place_.taken)
                say(Event::Kind::busy);
            else
                serve(std::move(socket));
            accept();
        });
    }
    void pause_accepting() { // no descriptors left, most likely
        timer_.expires_after(Server::kFirstPause);
        timer_.async_wait([this](error_code error) {
            if (!error && !shared_.stopping) accept();
        });
    }

    Shared& shared_;
    Place& place_;
    Seam seam_;
    asio::steady_timer timer_;
    asio::basic_socket_acceptor<stream_protocol> acceptor_;
    tcp::resolver resolver_;
    tcp::socket joining_;
    std::chrono::milliseconds pause_ = Server::kFirstPause;
    std::chrono::steady_clock::time_point since_; // of the reader's connection
    bool told_ = false;
    std::weak_ptr<Connection> connection_;
};
} // namespace

struct Server::Parts {
    Shared shared;
    std::vector<std::unique_ptr<Place>> places;
    std::vector<std::unique_ptr<Way>> ways; // after what they point to
};

Server::Server(std::function<void(const Event&)> report) : parts_(std::make_unique<Parts>()) {
    parts_->shared.report = std::move(report);
}
Server::~Server() = default;

Ok Server::add(std::string name, CardPort& card, const Seam& seam) {
    auto& places = parts_->places;
    auto place = std::find_if(places.begin(), places.end(), [&](const auto& p) { return &p->card == &card; });
    if (place == places.end())
        place = places.insert(places.end(), std::make_unique<Place>(Place{std::move(name), card}));
    auto way = std::make_unique<Way>(parts_->shared, **place, seam);
    TRY(way->open());
    parts_->ways.push_back(std::move(way));
    return {};
}

void Server::run(bool signals) {
    Shared& shared = parts_->shared;
    asio::signal_set set(shared.io);
    if (signals) {
        set.add(SIGTERM);
        set.add(SIGINT);
        set.async_wait([this](error_code error, int) {
            if (!error) stop();
        });
    }
    const auto hold = asio::make_work_guard(shared.io);
    for (const auto& way : parts_->ways) way->start();
    shared.io.run();
    shared.io.restart();
}

void Server::stop() {
    asio::post(parts_->shared.io, [parts = parts_.get()] {
        parts->shared.stopping = true;
        for (const auto& way : parts->ways) way->stop();
        parts->shared.io.stop();
    });
}

uint64_t Server::apdus() const { return parts_->shared.apdus; }

} // namespace halyard::reader
