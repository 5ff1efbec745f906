#include "net/https_server.h"
#include "base/log.h"
#include "net/listen.h"
#include "net/rate_limit.h"
#include "net/server_connection.h"
#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <thread>

namespace halyard::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};

std::string peer_text(const tcp::endpoint& peer) {
    const std::string address = peer.address().to_string();
    return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(peer.port());
}

/// What connection caps count by: an IPv4 /24 or an IPv6 /56. SR-53
std::string network_of(const asio::ip::address& address) {
    if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
        const auto bytes = address.to_v6().to_bytes();
        return {bytes.begin(), bytes.begin() + 7};
    }
    const auto v4 =
        address.is_v6() ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()) : address.to_v4();
    const auto bytes = v4.to_bytes();
    return {bytes.begin(), bytes.begin() + 3};
}

/// Asio's socket and timer behind a connection.
class AsioPort : public ConnectionPort {
  public:
    AsioPort(asio::io_context& io, tcp::socket socket) : socket_(std::move(socket)), timer_(io) {}

    void serve(std::weak_ptr<ServerConnection> connection) { connection_ = std::move(connection); }
    int descriptor() const override { return const_cast<tcp::socket&>(socket_).native_handle(); }
    void wait(bool for_write) override {
        socket_.async_wait(for_write ? tcp::socket::wait_write : tcp::socket::wait_read,
                           [connection = connection_.lock()](const ErrorCode& error) {
                               error ? connection->cut() : connection->drive();
                           });
    }
    void wake_at(std::chrono::steady_clock::time_point time) override {
        timer_.expires_at(time);
        timer_.async_wait([connection = connection_.lock()](const ErrorCode& cancelled) {
            if (!cancelled) connection->on_timer();
        });
    }
    void close() override {
        ErrorCode ignored;
        socket_.close(ignored);
        timer_.cancel();
    }

  private:
    tcp::socket socket_;
    asio::steady_timer timer_;
    std::weak_ptr<ServerConnection> connection_; // its owner
};

Response call(const Handler& handler, const Request& request) {
    try {
        return handler(request);
    } catch (const std::exception& e) {
        log(LogLevel::error, std::string("net: handler failed: ") + e.what());
    } catch (...) {
        log(LogLevel::error, "net: handler failed");
    }
    return plain(500);
}

std::string octets_of(const Response& response, ResponseContext context) {
    const std::string date = http_date(::time(nullptr));
    context.date = date;
    auto octets = serialize(response, context);
    if (octets) return *std::move(octets);
    log(LogLevel::error, std::string("net: handler's answer cannot be sent: ") + octets.error().where);
    return *serialize(plain(500), context);
}

} // namespace

/// Everything but the handlers happens on one thread, `mover_`; workers look at `handler_` and `aborting_`
/// only.
class HttpsServer::Core : public ConnectionHost {
  public:
    Core(const Options& o, Handler handler)
        : handler_(std::move(handler)), rate_({o.connections_per_second, o.connections_burst}),
          workers_(o.workers) {
        options = o;
    }

    Ok listen();
    Ok reload();
    void run();
    void stop();
    uint16_t port() const { return port_; }

    void submit(std::shared_ptr<ServerConnection> from, Request request, ResponseContext how) override;
    void forget(ServerConnection& connection) override;

  private:
    struct Entry {
        std::shared_ptr<ServerConnection> connection;
        std::string network;
    };

    void accept();
    void admit(tcp::socket socket);
    bool is_exempt(const tcp::endpoint& peer) const;
    bool has_room(const std::string& network, const tcp::endpoint& peer);
    Result<tls::Context> context() const;
    void begin_drain();
    /// A copy, because what is done to a connection may remove it.
    std::vector<Entry> present() const;

    const Handler handler_;
    std::atomic<bool> aborting_{false}; // the drain time is over: requests still queued are not begun
    tls::Context context_;              // of connections to come
    RateLimit rate_;
    uint16_t port_ = 0;
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    asio::steady_timer timer_{io_}; // pause after a failed accept, later the end of the drain
    std::map<const ServerConnection*, Entry> connections_;
    std::map<std::string, size_t> networks_;
    size_t submitted_ = 0; // requests queued or in a handler
    std::thread mover_;
    asio::thread_pool workers_;
};

Result<tls::Context> HttpsServer::Core::context() const {
    tls::Context made = TRY(tls::make_context(tls::Side::server, options.cbc_suite));
    TRY(tls::load_identity(made.get(), options.certificate_file, options.key_file));
    if (!options.client_ca_file.empty())
        TRY(tls::require_client_certificate(made.get(), options.client_ca_file, options.verify_time));
    return made;
}

Ok HttpsServer::Core::reload() {
    auto fresh = std::make_shared<tls::Context>(TRY(context()));
    asio::post(io_, [this, fresh] { context_ = std::move(*fresh); });
    return {};
}

Ok HttpsServer::Core::listen() {
    context_ = TRY(context());
    port_ = TRY(net::listen(acceptor_, options.bind, options.port, 1024));
    return {};
}

void HttpsServer::Core::run() {
    accept();
    mover_ = std::thread([this] { io_.run(); });
}

void HttpsServer::Core::accept() {
    acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
        if (draining) return;
        if (!error) {
            admit(std::move(socket));
            return accept();
        }
        // Out of descriptors, most likely: leave the rest in the backlog for a moment.
        log(LogLevel::error, "net: accept failed: " + error.message());
        timer_.expires_after(kAcceptPause);
        timer_.async_wait([this](const ErrorCode& cancelled) {
            if (!cancelled && !draining) accept();
        });
    });
}

bool HttpsServer::Core::is_exempt(const tcp::endpoint& peer) const {
    if (options.exempt.empty()) return false;
    const auto source = Source::parse(peer.address().to_string());
    return source &&
           std::ranges::any_of(options.exempt, [&](const Network& n) { return n.contains(*source); });
}

// A refusal costs no more than the accept: no TLS, no answer. SR-53, SR-54
bool HttpsServer::Core::has_room(const std::string& network, const tcp::endpoint& peer) {
    const auto refuse = [&](std::atomic<uint64_t>& counter, const char* why) {
        ++counter;
        log(LogLevel::warning, "net: connection of " + peer_text(peer) + " refused: " + why);
        return false;
    };
    if (connections_.size() >= options.max_connections) return refuse(stats.refused_crowded, "too many");
    if (static_cast<size_t>(stats.shaking) >= options.max_handshakes)
        return refuse(stats.refused_handshakes, "too many handshakes");
    if (is_exempt(peer)) return true;
    const auto known = networks_.find(network);
    if (known != networks_.end() && known->second >= options.max_connections_per_network)
        return refuse(stats.refused_crowded, "too many from its network");
    if (!rate_.is_on()) return true;
    const auto source = Source::parse(peer.address().to_string());
    if (source && !rate_.take(source->key(), RateLimit::Clock::now()))
        return refuse(stats.refused_rate, "too often");
    return true;
}

void HttpsServer::Core::admit(tcp::socket socket) {
    ErrorCode error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;
    const std::string network = network_of(peer.address());
    if (!has_room(network, peer)) return;
    socket.non_blocking(true, error);
    if (!error) socket.set_option(tcp::no_delay(true), error);
    auto session = tls::attach(context_.get(), socket.native_handle());
    if (error || !session) return;
    auto port = std::make_unique<AsioPort>(io_, std::move(socket));
    AsioPort& asio_port = *port;
    auto connection =
        std::make_shared<ServerConnection>(*this, std::move(port), *std::move(session), peer_text(peer));
    asio_port.serve(connection);
    connections_.emplace(connection.get(), Entry{connection, network});
    ++networks_[network];
    ++stats.accepted;
    ++stats.open;
    connection->start();
}

void HttpsServer::Core::forget(ServerConnection& connection) {
    const auto entry = connections_.find(&connection);
    if (entry == connections_.end()) return;
    const auto network = networks_.find(entry->second.network);
    if (--network->second == 0) networks_.erase(network);
    const auto last_use = std::move(entry->second.connection); // lives to the end of this call at least
    connections_.erase(entry);
    --stats.open;
    if (draining && connections_.empty()) timer_.cancel();
}

void HttpsServer::Core::submit(std::shared_ptr<ServerConnection> from, Request request, ResponseContext how) {
    how.close = how.close || draining;
    if (submitted_ >= options.workers + options.max_queue) {
        ++stats.refused_busy;
        Response busy = plain(503);
        busy.headers.add("Retry-After", "1");
        return from->answer(octets_of(busy, how), how.close);
    }
    ++submitted_;
    ++stats.waiting;
    auto work = [this,
                 from = std::move(from),
                 request = std::move(request),
                 how,
                 running = asio::make_work_guard(io_)]() mutable {
        std::string octets;
        if (!aborting_) octets = octets_of(call(handler_, request), how);
        asio::post(io_, [this, from = std::move(from), octets = std::move(octets), how]() mutable {
            --submitted_;
            --stats.waiting;
            from->answer(std::move(octets), how.close || draining);
            from->drive();
        });
    };
    asio::post(workers_, std::move(work));
}

std::vector<HttpsServer::Core::Entry> HttpsServer::Core::present() const {
    std::vector<Entry> entries;
    for (const auto& [key, entry] : connections_) entries.push_back(entry);
    return entries;
}

void HttpsServer::Core::begin_drain() {
    draining = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    for (const Entry& entry : present()) entry.connection->drain();
    if (connections_.empty()) return;
    timer_.expires_after(options.drain_timeout);
    timer_.async_wait([this](const ErrorCode& cancelled) {
        if (cancelled) return;
        aborting_ = true;
        for (const Entry& entry : present()) entry.connection->cut();
    });
}

void HttpsServer::Core::stop() {
    if (!mover_.joinable()) return;
    asio::post(io_, [this] { begin_drain(); });
    mover_.join(); // returns when no connection and no handler is left
    workers_.join();
}

HttpsServer::HttpsServer() = default;
HttpsServer::~HttpsServer() { stop(); }
HttpsServer::HttpsServer(HttpsServer&&) noexcept = default;
HttpsServer& HttpsServer::operator=(HttpsServer&& other) noexcept {
    stop();
    core_ = std::move(other.core_);
    return *this;
}

Ok HttpsServer::start(const Options& options, Handler handler) {
    if (core_) return fail(Errc::conflict, "server");
    if (options.workers == 0) return fail(Errc::bad_value, "workers");
    if (!handler) return fail(Errc::bad_value, "handler");
    try {
        auto core = std::make_shared<Core>(options, std::move(handler));
        TRY(core->listen());
        core->run();
        core_ = std::move(core);
    } catch (const std::exception&) { // no thread to be had
        return fail(Errc::internal, "threads");
    }
    return {};
}

const ServerStats& HttpsServer::stats() const {
    static const ServerStats none;
    return core_ ? core_->stats : none;
}

Ok HttpsServer::reload_certificates() {
    if (!core_) return fail(Errc::conflict, "server");
    return core_->reload();
}

uint16_t HttpsServer::port() const { return core_ ? core_->port() : uint16_t{0}; }

void HttpsServer::stop() {
    if (!core_) return;
    core_->stop();
    core_.reset();
}

} // namespace halyard::net
