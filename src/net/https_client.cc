#include "net/https_client.h"
#include "base/log.h"
#include "net/http_message.h"
#include "net/tcp_connect.h"
#include "net/tls.h"
#include "net/tls_verify.h"
#include <mutex>
#include <openssl/err.h>
#include <poll.h>
#include <unistd.h>

namespace halyard::net {
namespace {

constexpr size_t kMaxAnswerHeader = 32 * 1024;
constexpr size_t kMaxAnswerLines = 128;
constexpr int kMaxInterim = 4; // 1xx answers before the real one

/// A TLS connection to one server, used by one exchange at a time.
struct Connection {
    Socket socket;
    tls::Session session;
    Clock::time_point last_used = Clock::now();
    bool reused = false;
    bool answered = false; // an octet of the present answer came
    bool reusable = true;

    ~Connection() {
        if (session && SSL_is_init_finished(session.get())) SSL_shutdown(session.get());
        ERR_clear_error();
    }
};

/// Waits for what the last TLS call asked for. False when it failed for good or the time is over.
enum class Wait : uint8_t { ready, late, broken };
Wait wait_for(SSL* session, int socket, int result, Clock::time_point deadline) {
    const int error = SSL_get_error(session, result);
    if (error == SSL_ERROR_WANT_READ) return wait_ready(socket, POLLIN, deadline) ? Wait::ready : Wait::late;
    if (error == SSL_ERROR_WANT_WRITE)
        return wait_ready(socket, POLLOUT, deadline) ? Wait::ready : Wait::late;
    return Wait::broken;
}

Ok handshake(Connection& c, Clock::time_point deadline) {
    Verdict verdict;
    SSL_set_app_data(c.session.get(), &verdict);
    for (;;) {
        ERR_clear_error();
        const int result = SSL_connect(c.session.get());
        if (result == 1) break;
        const Wait wait = wait_for(c.session.get(), c.socket.get(), result, deadline);
        if (wait == Wait::ready) continue;
        if (wait == Wait::late) return fail(Errc::unreachable, "tls handshake timeout");
        const tls::Reason reason = tls::take_reason();
        if (verdict.where) return fail(Errc::unverified, verdict.where, verdict.detail);
        log(LogLevel::info, "net: TLS handshake with server failed: " + reason.text);
        return fail(Errc::unreachable, "tls handshake", reason.alert);
    }
    SSL_set_app_data(c.session.get(), nullptr);
    return {};
}

Ok send_all(Connection& c, std::string_view octets, Clock::time_point deadline) {
    while (!octets.empty()) {
        ERR_clear_error();
        const int count = SSL_write(c.session.get(), octets.data(), static_cast<int>(octets.size()));
        if (count > 0) {
            octets.remove_prefix(static_cast<size_t>(count));
            continue;
        }
        const Wait wait = wait_for(c.session.get(), c.socket.get(), count, deadline);
        if (wait == Wait::late) return fail(Errc::unreachable, "timeout");
        if (wait == Wait::broken) return fail(Errc::unreachable, "send", tls::take_reason().alert);
    }
    return {};
}

/// The next octets, none at an orderly end. A cut without TLS closure is an error: an attacker can cause it.
Result<Bytes> receive_some(Connection& c, Buffer scratch, Clock::time_point deadline) {
    for (;;) {
        ERR_clear_error();
        const int count = SSL_read(c.session.get(), scratch.data(), static_cast<int>(scratch.size()));
        if (count > 0) {
            c.answered = true;
            return Bytes(scratch.first(static_cast<size_t>(count)));
        }
        if (SSL_get_error(c.session.get(), count) == SSL_ERROR_ZERO_RETURN) return Bytes();
        const Wait wait = wait_for(c.session.get(), c.socket.get(), count, deadline);
        if (wait == Wait::late) return fail(Errc::unreachable, "timeout");
        if (wait == Wait::ready) continue;
        const tls::Reason reason = tls::take_reason();
        return fail(Errc::unreachable, reason.alert ? "tls alert" : "receive", reason.alert);
    }
}

auto name_answer_error(Error error) {
    const std::string_view where = error.where;
    if (error.code == Errc::limit) error.where = where == "body" ? "answer body" : "answer header";
    if (error.code == Errc::truncated) return Error{Errc::unreachable, "receive"};
    return error;
}

Result<Response> receive_answer(Connection& c, bool head, size_t max_body, Clock::time_point deadline) {
    std::array<uint8_t, 16 * 1024> scratch;
    Bytes rest;
    for (int interim = 0; interim <= kMaxInterim; ++interim) {
        HttpReader reader(HttpReader::Role::response, {kMaxAnswerHeader, kMaxAnswerLines, max_body});
        if (head) reader.expect_no_body();
        while (!reader.done()) {
            if (rest.empty()) rest = TRY(receive_some(c, scratch, deadline));
            const bool ended = rest.empty();
            const auto taken = ended ? Result<size_t>(0) : reader.feed(rest);
            if (!taken) return tl::unexpected(name_answer_error(taken.error()));
            rest = rest.subspan(*taken);
            if (!ended) continue;
            c.reusable = false;
            if (const Ok end = reader.end(); !end) return tl::unexpected(name_answer_error(end.error()));
        }
        if (reader.status() == 101) return fail(Errc::bad_value, "status line", 101);
        if (reader.status() < 200) continue;
        if (!reader.keep_alive() || !rest.empty()) c.reusable = false;
        return reader.take_response();
    }
    return fail(Errc::limit, "answer header");
}

} // namespace

class HttpsClient::Core {
  public:
    explicit Core(Options o) : options(std::move(o)) {}

    Ok prepare();
    Result<Response> exchange(const Url& url, const Request& request);
    void close_idle() {
        const std::lock_guard lock(mutex);
        idle.clear();
    }

  private:
    using Kept = std::unique_ptr<Connection>;
    Result<Kept> connect(const Url& url, Clock::time_point deadline);
    Ok settle(SSL* session, const Url& url) const;
    Result<Response>
    converse(Connection& c, std::string_view octets, bool head, Clock::time_point deadline) const;
    Kept take_idle(const std::string& key);
    void keep(const std::string& key, Kept connection);

    Options options;
    TrustCheck trust;
    tls::Context context;
    std::mutex mutex; // guards idle
    std::map<std::string, Kept> idle;
};

Ok HttpsClient::Core::prepare() {
    trust = TRY(TrustCheck::make(options.trust, options.verify_time));
    context = TRY(tls::make_context(tls::Side::client, options.cbc_suite));
    trust.install(context.get());
    if (options.certificate_file.empty() && options.key_file.empty()) return {};
    return tls::load_identity(context.get(), options.certificate_file, options.key_file);
}

Ok HttpsClient::Core::settle(SSL* session, const Url& url) const {
    TRY(tls::check_negotiated(session, options.cbc_suite));
    const tls::Certificate peer(SSL_get1_peer_certificate(session));
    if (!peer || SSL_get_verify_result(session) != X509_V_OK) return fail(Errc::unverified, "certificate");
    if (url.is_address_literal()) return {};
    const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    if (!name || url.host != name) return fail(Errc::internal, "tls server name");
    return {};
}

Result<HttpsClient::Core::Kept> HttpsClient::Core::connect(const Url& url, Clock::time_point deadline) {
    Url target = url;
    const std::string port = std::to_string(url.port);
    auto found = options.connect_to.find(url.authority());
    if (found == options.connect_to.end()) found = options.connect_to.find(url.host + ":" + port);
    if (found == options.connect_to.end()) found = options.connect_to.find(url.host);
    if (found != options.connect_to.end()) target = TRY(parse_address(found->second, "connect_to"));

    auto connection = std::make_unique<Connection>();
    const auto now = Clock::now();
    connection->socket =
        TRY(connect_tcp(target.host, target.port, std::min(deadline, now + options.connect_timeout)));
    connection->session = TRY(tls::attach(context.get(), connection->socket.get()));
    TRY(trust.expect(connection->session.get(), url));
    TRY(handshake(*connection, std::min(deadline, Clock::now() + options.tls_timeout)));
    TRY(settle(connection->session.get(), url));
    return connection;
}

Result<Response> HttpsClient::Core::converse(Connection& c,
                                             std::string_view octets,
                                             bool head,
                                             Clock::time_point deadline) const {
    c.answered = false;
    const Ok sent = send_all(c, octets, deadline);
    if (!sent && std::string_view(sent.error().where) != "send") return tl::unexpected(sent.error());
    if (!sent) c.reusable = false;
    // A server that refuses early (413) may close before it has read everything: its answer still counts.
    auto answer = receive_answer(c, head, options.max_body, deadline);
    const bool alerted =
        !answer && std::string_view(answer.error().where) == "tls alert"; // says more than "send"
    if (!answer && !sent && !c.answered && !alerted) return tl::unexpected(sent.error());
    return answer;
}

HttpsClient::Core::Kept HttpsClient::Core::take_idle(const std::string& key) {
    Kept kept;
    {
        const std::lock_guard lock(mutex);
        const auto found = idle.find(key);
        if (found == idle.end()) return nullptr;
        kept = std::move(found->second);
        idle.erase(found);
    }
    if (Clock::now() - kept->last_used > options.idle_timeout) return nullptr;
    ERR_clear_error();
    char octet;
    const int count = SSL_read(kept->session.get(), &octet, 1); // closed, or unasked-for data: no use for it
    if (count > 0 || SSL_get_error(kept->session.get(), count) != SSL_ERROR_WANT_READ) return nullptr;
    kept->reused = true;
    return kept;
}

void HttpsClient::Core::keep(const std::string& key, Kept connection) {
    if (!connection->reusable) return;
    connection->last_used = Clock::now();
    const std::lock_guard lock(mutex);
    idle.insert_or_assign(key, std::move(connection));
}

Result<Response> HttpsClient::Core::exchange(const Url& url, const Request& request) {
    const auto deadline = Clock::now() + options.total_timeout;
    const std::string octets =
        TRY(serialize(request, request.target.empty() ? url.path : request.target, url.authority()));
    const std::string key = url.host + " " + std::to_string(url.port);
    const bool head = request.method == "HEAD";
    if (Kept kept = take_idle(key)) {
        auto answer = converse(*kept, octets, head, deadline);
        const bool stale = !answer && answer.error().code == Errc::unreachable && !kept->answered &&
                           std::string_view(answer.error().where) != "timeout";
        if (answer) keep(key, std::move(kept));
        if (!stale) return answer;
    }
    Kept fresh = TRY(connect(url, deadline));
    auto answer = converse(*fresh, octets, head, deadline);
    if (answer) keep(key, std::move(fresh));
    return answer;
}

Result<HttpsClient> HttpsClient::open(Options options) {
    auto core = std::make_unique<Core>(std::move(options));
    TRY(core->prepare());
    return HttpsClient(std::move(core));
}

HttpsClient::HttpsClient(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpsClient::~HttpsClient() = default;
HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;
HttpsClient& HttpsClient::operator=(HttpsClient&&) noexcept = default;

Result<Response> HttpsClient::exchange(const Url& url, const Request& request) {
    return core_->exchange(url, request);
}
void HttpsClient::close_idle() { core_->close_idle(); }

} // namespace halyard::net
