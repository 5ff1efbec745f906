#include "net/server_connection.h"
#include "base/log.h"
#include <cerrno>
#include <openssl/err.h>
#include <sys/socket.h>

namespace halyard::net {
namespace {

constexpr std::chrono::milliseconds kLinger{2'000}; // for the peer to read our last answer before we cut

int status_for(const Error& error) {
    const std::string_view where = error.where;
    if (error.code == Errc::limit) return where == "body" ? 413 : 431;
    if (error.code == Errc::unsupported) return where == "http version" ? 505 : 501;
    return 400;
}

bool is_wait(int error) { return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE; }

} // namespace

void ServerConnection::start() {
    ++host_.stats.shaking;
    set_phase(Phase::handshake);
    drive();
}

void ServerConnection::set_phase(Phase phase) {
    const HttpsServer::Options& o = host_.options;
    phase_ = phase;
    phase_began_ = Clock::now();
    switch (phase) {
    case Phase::handshake: return set_deadline(phase_began_ + o.handshake_timeout);
    case Phase::idle: return set_deadline(phase_began_ + o.idle_timeout);
    case Phase::header: return set_deadline(phase_began_ + o.header_timeout);
    case Phase::body:
    case Phase::writing: return set_deadline(phase_began_ + o.body_timeout);
    case Phase::lingering: return set_deadline(phase_began_ + kLinger);
    case Phase::handling:
    case Phase::closed: return set_deadline(Clock::time_point::max());
    }
}

/// A slow but steady link (NB-IoT) may take longer than body_timeout. SR-51
ServerConnection::Clock::time_point ServerConnection::transfer_deadline(size_t moved) const {
    const auto earned =
        std::chrono::milliseconds(moved * 1000 / std::max<size_t>(1, host_.options.min_body_rate));
    return phase_began_ + std::max(host_.options.body_timeout, earned);
}

/// The alarm is only set anew when it would come too late; one that comes early is set again then. That is
/// cheaper than moving it with each read.
void ServerConnection::set_deadline(Clock::time_point deadline) {
    deadline_ = deadline;
    if (deadline_ >= alarm_) return;
    alarm_ = deadline_;
    port_->wake_at(alarm_);
}

void ServerConnection::on_timer() {
    alarm_ = Clock::time_point::max();
    if (!is_open()) return;
    if (Clock::now() < deadline_) return set_deadline(deadline_);
    if (phase_ == Phase::handshake) {
        ++host_.stats.timeouts;
        log(LogLevel::warning, "net: TLS handshake with " + peer_ + " failed: timeout");
        return cut();
    }
    if (phase_ != Phase::header && phase_ != Phase::body) {
        const char* what = phase_ == Phase::writing ? "writing" : phase_ == Phase::idle ? "idle" : "closing";
        if (phase_ == Phase::writing) ++host_.stats.timeouts; // idle and closing ones end in peace
        log(LogLevel::debug, "net: connection of " + peer_ + " cut off: timeout in " + what);
        return cut();
    }
    ++host_.stats.timeouts;
    refuse(408, "timeout");
    drive();
}

bool ServerConnection::wait_for(int error) {
    if (is_wait(error)) port_->wait(error == SSL_ERROR_WANT_WRITE);
    return is_wait(error);
}

void ServerConnection::drive() {
    for (bool more = true; more;) {
        switch (phase_) {
        case Phase::handshake: more = shake_hands(); break;
        case Phase::idle:
        case Phase::header:
        case Phase::body: more = read(); break;
        case Phase::writing: more = write(); break;
        case Phase::lingering: more = linger(); break;
        case Phase::handling:
        case Phase::closed: more = false; break;
        }
    }
}

bool ServerConnection::shake_hands() {
    ERR_clear_error();
    const int result = SSL_accept(session_.get());
    if (result == 1) return finish_handshake();
    const int error = SSL_get_error(session_.get(), result);
    if (wait_for(error)) return false;
    count_handshake(true);
    log_handshake_failure(error);
    begin_linger(); // so that the alert arrives
    return true;
}

bool ServerConnection::finish_handshake() {
    const tls::Certificate certificate(SSL_get1_peer_certificate(session_.get()));
    const Ok negotiated = tls::check_negotiated(session_.get(), host_.options.cbc_suite);
    const bool identified =
        host_.options.client_ca_file.empty() ||
        (SSL_get_verify_result(session_.get()) == X509_V_OK && tls::has_permitted_key(certificate.get()));
    if (!negotiated || !identified) {
        const char* what = negotiated ? "client certificate" : negotiated.error().where;
        log(LogLevel::warning, "net: TLS handshake with " + peer_ + " failed: " + what);
        cut();
        return false;
    }
    if (certificate) certificate_ = tls::der_of(certificate.get());
    count_handshake(false);
    set_phase(Phase::idle);
    return true;
}

void ServerConnection::count_handshake(bool failed) {
    if (phase_ != Phase::handshake) return;
    --host_.stats.shaking;
    ++(failed ? host_.stats.handshakes_failed : host_.stats.handshakes);
}

void ServerConnection::log_handshake_failure(int error) {
    const long verify = SSL_get_verify_result(session_.get());
    std::string why = tls::take_reason().text;
    if (why.empty()) why = error == SSL_ERROR_SYSCALL ? "connection lost" : "unknown";
    if (verify != X509_V_OK) why += std::string(": ") + X509_verify_cert_error_string(verify);
    log(LogLevel::warning, "net: TLS handshake with " + peer_ + " failed: " + why);
}

bool ServerConnection::read() {
    if (!early_.empty()) {
        read_plain(std::exchange(early_, {}));
        return true;
    }
    ERR_clear_error();
    const int count = SSL_read(session_.get(), host_.scratch.data(), static_cast<int>(host_.scratch.size()));
    if (count <= 0) {
        if (!wait_for(SSL_get_error(session_.get(), count))) cut();
        return false;
    }
    read_plain(Bytes(host_.scratch).first(static_cast<size_t>(count)));
    return true;
}

void ServerConnection::read_plain(Bytes octets) {
    if (!reader_) {
        const HttpsServer::Options& o = host_.options;
        reader_.emplace(HttpReader::Role::request,
                        HttpLimits{o.max_header_bytes, o.max_header_lines, o.max_body});
        set_phase(Phase::header);
    }
    const auto taken = reader_->feed(octets);
    if (!taken) return refuse(status_for(taken.error()), taken.error().where);
    if (*taken < octets.size()) early_ = owned(octets.subspan(*taken));
    if (reader_->done()) return take_request();
    if (reader_->at() != HttpReader::At::body) return;
    if (phase_ == Phase::body) return set_deadline(transfer_deadline(reader_->body_received()));
    set_phase(Phase::body);
    offer_continue();
}

void ServerConnection::offer_continue() {
    if (!reader_->expects_continue()) return;
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    out_at_ = 0;
    interim_ = true;
    set_phase(Phase::writing);
}

void ServerConnection::take_request() {
    if (reader_->expects_other()) return refuse(417, "expect");
    ResponseContext context{.close = !reader_->keep_alive()};
    Request request = reader_->take_request();
    reader_.reset();
    context.head = request.method == "HEAD";
    request.peer = peer_;
    request.client_certificate = certificate_;
    set_phase(Phase::handling);
    host_.submit(shared_from_this(), std::move(request), context);
}

/// Answers at HTTP level and closes: after a framing error nobody knows where the next request begins.
void ServerConnection::refuse(int status, const char* why) {
    if (status != 408) ++host_.stats.refused_requests;
    log(LogLevel::info, "net: request of " + peer_ + " refused with " + std::to_string(status) + ": " + why);
    reader_.reset();
    early_.clear();
    set_phase(Phase::handling);
    const std::string date = http_date(::time(nullptr));
    answer(*serialize(plain(status), {.close = true, .date = date}), true);
}

void ServerConnection::answer(std::string octets, bool close) {
    if (phase_ != Phase::handling) return;
    out_ = std::move(octets);
    out_at_ = 0;
    interim_ = false;
    close_after_write_ = close;
    set_phase(Phase::writing);
}

bool ServerConnection::write() {
    while (out_at_ < out_.size()) {
        ERR_clear_error();
        const size_t left = std::min<size_t>(out_.size() - out_at_, 1 << 20);
        const int count = SSL_write(session_.get(), out_.data() + out_at_, static_cast<int>(left));
        if (count <= 0) {
            if (!wait_for(SSL_get_error(session_.get(), count))) cut();
            return false;
        }
        out_at_ += static_cast<size_t>(count);
        set_deadline(transfer_deadline(out_at_));
    }
    return finish_write();
}

bool ServerConnection::finish_write() {
    out_ = {};
    if (interim_) {
        interim_ = false;
        set_phase(Phase::body);
        return true;
    }
    if (close_after_write_) {
        begin_linger();
        return true;
    }
    set_phase(Phase::idle);
    if (host_.draining && early_.empty()) cut();
    return is_open();
}

/// Says goodbye, then swallows what the client still sends: closing with unread octets would make the kernel
/// send a reset, which can overtake our answer.
void ServerConnection::begin_linger() {
    ERR_clear_error();
    if (SSL_is_init_finished(session_.get())) SSL_shutdown(session_.get());
    ERR_clear_error();
    ::shutdown(port_->descriptor(), SHUT_WR);
    early_ = {};
    set_phase(Phase::lingering);
}

bool ServerConnection::linger() {
    const auto count = ::recv(port_->descriptor(), host_.scratch.data(), host_.scratch.size(), 0);
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        port_->wait(false);
        return false;
    }
    if (count > 0) lingered_ += static_cast<size_t>(count);
    if (count > 0 && lingered_ <= host_.options.max_body) return true;
    cut();
    return false;
}

void ServerConnection::drain() {
    if (phase_ == Phase::idle || phase_ == Phase::handshake) cut();
}

void ServerConnection::cut() {
    if (!is_open()) return;
    count_handshake(true);
    ERR_clear_error();
    if (phase_ == Phase::idle) SSL_shutdown(session_.get());
    ERR_clear_error();
    set_phase(Phase::closed);
    session_.reset();
    port_->close();
    host_.forget(*this);
}

} // namespace halyard::net
