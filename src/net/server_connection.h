#pragma once
#include "net/http_message.h"
#include "net/https_server.h"
#include "net/tls.h"
#include <chrono>
#include <memory>
#include <optional>

// Inside this layer only: what one connection of HttpsServer does, apart from the event loop that drives it.
namespace halyard::net {

class ServerConnection;

/// The connection's socket and alarm clock, as the event loop offers them.
struct ConnectionPort {
    virtual ~ConnectionPort() = default;
    virtual int descriptor() const = 0;
    /// Calls drive() once the socket is readable (or writable), or cut() if it broke.
    virtual void wait(bool for_write) = 0;
    /// Calls on_timer() then; replaces an earlier request.
    virtual void wake_at(std::chrono::steady_clock::time_point) = 0;
    virtual void close() = 0;
};

/// What connections ask of the server.
struct ConnectionHost {
    virtual ~ConnectionHost() = default;
    /// Has the request handled elsewhere; answer() and drive() follow.
    virtual void submit(std::shared_ptr<ServerConnection> from, Request request, ResponseContext context) = 0;
    /// The connection is closed.
    virtual void forget(ServerConnection& connection) = 0;

    HttpsServer::Options options;
    ServerStats stats;
    bool draining = false;
    std::array<uint8_t, 16 * 1024> scratch; // one read at a time: shared by all connections
};

/// One client: handshake, then requests one after the other. Never blocks; lives on the event loop's thread.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
  public:
    ServerConnection(ConnectionHost& host,
                     std::unique_ptr<ConnectionPort> port,
                     tls::Session session,
                     std::string peer)
        : host_(host), port_(std::move(port)), session_(std::move(session)), peer_(std::move(peer)) {}

    void start();
    /// Does all that can be done without waiting.
    void drive();
    void on_timer();
    /// The handler's answer, as octets.
    void answer(std::string octets, bool close);
    /// No new request is taken; one that has begun still ends.
    void drain();
    void cut();
    ConnectionPort& port() { return *port_; }

  private:
    enum class Phase : uint8_t { handshake, idle, header, body, handling, writing, lingering, closed };
    using Clock = std::chrono::steady_clock;

    void set_phase(Phase phase);
    void count_handshake(bool failed);
    void set_deadline(Clock::time_point deadline);
    Clock::time_point transfer_deadline(size_t moved) const;
    bool wait_for(int error);
    bool is_open() const { return phase_ != Phase::closed; }

    bool shake_hands();
    bool finish_handshake();
    void log_handshake_failure(int error);
    bool read();
    void read_plain(Bytes octets);
    void offer_continue();
    void take_request();
    void refuse(int status, const char* why);
    bool write();
    bool finish_write();
    bool linger();
    void begin_linger();

    ConnectionHost& host_;
    std::unique_ptr<ConnectionPort> port_;
    tls::Session session_;
    std::string peer_;
    OwnedBytes certificate_;
    Phase phase_ = Phase::handshake;
    Clock::time_point phase_began_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point alarm_ = Clock::time_point::max(); // when on_timer() will come; max: not at all
    std::optional<HttpReader> reader_;
    OwnedBytes early_; // octets of the next request that came with the end of this one
    std::string out_;
    size_t out_at_ = 0;
    bool close_after_write_ = false;
    bool interim_ = false; // what is being written is "100 Continue"
    size_t lingered_ = 0;
};

} // namespace halyard::net
