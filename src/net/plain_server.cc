#include "net/plain_server.h"
#include "base/log.h"
#include "net/http_message.h"
#include "net/listen.h"
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <set>
#include <thread>

namespace halyard::net {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr HttpLimits kLimits{.header_bytes = 8 * 1024, .header_lines = 64, .body = 0};
} // namespace

class PlainServer::Core {
  public:
    Core(const Options& o, Handler handler) : options_(o), handler_(std::move(handler)) {}

    Ok listen();
    void run() {
        accept();
        thread_ = std::thread([this] { io_.run(); });
    }
    void stop();
    uint16_t port() const { return port_; }

  private:
    struct Exchange;
    using Shared = std::shared_ptr<Exchange>;
    void accept();
    void read(const Shared&);
    void answer(const Shared&, const Response&, bool head);
    void close(const Shared&);

    const Options options_;
    const Handler handler_;
    uint16_t port_ = 0;
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    std::set<Shared> exchanges_;
    std::thread thread_;
};

struct PlainServer::Core::Exchange {
    Exchange(asio::io_context& io, tcp::socket s) : socket(std::move(s)), timer(io) {}
    tcp::socket socket;
    asio::steady_timer timer;
    HttpReader reader{HttpReader::Role::request, kLimits};
    std::array<uint8_t, 4096> in{};
    std::string out;
};

Ok PlainServer::Core::listen() {
    port_ = TRY(net::listen(acceptor_, options_.bind, options_.port, 64));
    return {};
}

void PlainServer::Core::accept() {
    acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
        if (!acceptor_.is_open()) return;
        if (!error && exchanges_.size() < options_.max_connections) {
            auto exchange = std::make_shared<Exchange>(io_, std::move(socket));
            exchanges_.insert(exchange);
            exchange->timer.expires_after(options_.timeout);
            exchange->timer.async_wait([this, exchange](const ErrorCode& cancelled) {
                if (!cancelled) close(exchange);
            });
            read(exchange);
        }
        accept();
    });
}

void PlainServer::Core::read(const Shared& e) {
    e->socket.async_read_some(asio::buffer(e->in), [this, e](const ErrorCode& error, size_t count) {
        if (error) return close(e);
        const auto taken = e->reader.feed(Bytes(e->in).first(count));
        if (!taken) return answer(e, plain(400, taken.error().where), false);
        if (!e->reader.done()) return read(e);
        const Request request = e->reader.take_request();
        answer(e, handler_(request), request.method == "HEAD");
    });
}

void PlainServer::Core::answer(const Shared& e, const Response& response, bool head) {
    auto octets = serialize(response, {.close = true, .head = head});
    if (!octets) return close(e);
    e->out = *std::move(octets);
    asio::async_write(e->socket, asio::buffer(e->out), [this, e](const ErrorCode&, size_t) {
        ErrorCode ignored;
        e->socket.shutdown(tcp::socket::shutdown_both, ignored);
        close(e);
    });
}

void PlainServer::Core::close(const Shared& e) {
    ErrorCode ignored;
    e->socket.close(ignored);
    e->timer.cancel();
    exchanges_.erase(e);
}

void PlainServer::Core::stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
        ErrorCode ignored;
        acceptor_.close(ignored);
        for (const Shared& e : std::set<Shared>(exchanges_)) close(e);
    });
    thread_.join();
}

PlainServer::PlainServer() = default;
PlainServer::~PlainServer() { stop(); }

Ok PlainServer::start(const Options& options, Handler handler) {
    if (core_) return fail(Errc::conflict, "server");
    try {
        auto core = std::make_unique<Core>(options, std::move(handler));
        TRY(core->listen());
        core->run();
        core_ = std::move(core);
    } catch (const std::exception&) { // no thread to be had
        return fail(Errc::internal, "threads");
    }
    return {};
}

uint16_t PlainServer::port() const { return core_ ? core_->port() : uint16_t{0}; }

void PlainServer::stop() {
    if (!core_) return;
    core_->stop();
    core_.reset();
}

} // namespace halyard::net
