#include "net/fetch.h"
#include "net/http_message.h"
#include "net/https_client.h"
#include "net/source.h"
#include "net/tcp_connect.h"
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>

namespace halyard::net {
namespace {
constexpr std::string_view kPlain = "http://";

struct Target {
    Url url;
    bool tls = false;
};

Result<Target> parse(const std::string& text) {
    if (!text.starts_with(kPlain)) return Target{TRY(parse_url(text, "url")), true};
    const std::string rest = text.substr(kPlain.size());
    Url url = TRY(parse_url("https://" + rest, "url"));
    const std::string authority = rest.substr(0, rest.find_first_of("/?"));
    const size_t colon = authority.rfind(':');
    const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
    if (!has_port) url.port = 80;
    return Target{std::move(url), false};
}

// Literals of the addresses of a name; may block as long as the resolver does.
std::vector<std::string> addresses_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
    std::vector<std::string> out;
    for (const addrinfo* at = list; at; at = at->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
            out.emplace_back(text);
    }
    return out;
}

// Where to connect: judged once, then used, so that a name cannot change its address in between.
Result<Url> permitted(const Url& url, const FetchOptions& o) {
    Url at = url;
    for (const std::string& name : {url.host + ":" + std::to_string(url.port), url.host})
        if (const auto found = o.connect_to.find(name); found != o.connect_to.end()) {
            at = TRY(parse_address(found->second, "resolve"));
            break;
        }
    const auto all = addresses_of(at.host);
    if (all.empty()) return fail(Errc::unreachable, "resolve");
    for (const std::string& text : all) {
        const auto source = Source::parse(text);
        if (!source || (source->is_private() && !o.allow_private)) continue;
        at.host = text;
        return at;
    }
    return fail(Errc::rejected, "private address");
}

Ok send_all(int socket, std::string_view octets, Clock::time_point deadline) {
    while (!octets.empty()) {
        const auto count = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (count > 0) {
            octets.remove_prefix(static_cast<size_t>(count));
            continue;
        }
        if (count < 0 && errno != EAGAIN && errno != EINTR) return fail(Errc::unreachable, "send");
        if (!wait_ready(socket, 4, deadline)) return fail(Errc::unreachable, "timeout"); // POLLOUT
    }
    return {};
}

Result<Response> receive(int socket, size_t max_body, Clock::time_point deadline) {
    HttpReader reader(HttpReader::Role::response, {.body = max_body});
    std::array<uint8_t, 16 * 1024> part;
    while (!reader.done()) {
        if (!wait_ready(socket, 1, deadline)) return fail(Errc::unreachable, "timeout"); // POLLIN
        const auto count = ::recv(socket, part.data(), part.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return fail(Errc::unreachable, "receive");
        if (count == 0) {
            TRY(reader.end());
            break;
        }
        TRY(reader.feed(Bytes(part).first(static_cast<size_t>(count))));
    }
    return reader.take_response();
}

Result<Response> exchange_plain(const Url& url, const Url& at, const FetchOptions& o) {
    const auto deadline = Clock::now() + o.timeout;
    const Socket socket = TRY(connect_tcp(at.host, at.port, deadline));
    Request request;
    request.method = "GET";
    request.headers.add("Connection", "close");
    std::string authority = url.authority();
    if (url.port == 80) authority = authority.substr(0, authority.rfind(":80"));
    TRY(send_all(socket.get(), TRY(serialize(request, url.path, authority)), deadline));
    return receive(socket.get(), o.max_body, deadline);
}

Result<Response> exchange_tls(const Url& url, const Url& at, const FetchOptions& o) {
    if (o.ca_file.empty()) return fail(Errc::unsupported, "https");
    std::ifstream file(o.ca_file, std::ios::binary);
    std::stringstream pem;
    pem << file.rdbuf();
    HttpsClient::Options options;
    options.trust.anchors_pem = pem.str();
    options.total_timeout = o.timeout;
    options.max_body = o.max_body;
    options.connect_to[url.authority()] = at.authority();
    options.connect_to[url.host] = at.host + ":" + std::to_string(at.port);
    if (at.host.find(':') != at.host.npos)
        options.connect_to[url.host] = "[" + at.host + "]:" + std::to_string(at.port);
    auto client = TRY(HttpsClient::open(std::move(options)));
    Request request;
    request.method = "GET";
    return client.exchange(url, request);
}
} // namespace

Result<OwnedBytes> fetch(const std::string& text, const FetchOptions& o) {
    const Target target = TRY(parse(text));
    const Url at = TRY(permitted(target.url, o));
    auto response = TRY(target.tls ? exchange_tls(target.url, at, o) : exchange_plain(target.url, at, o));
    if (response.status != 200)
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(response.status));
    return std::move(response.body);
}

} // namespace halyard::net
