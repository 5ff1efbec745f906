#include "apps/ipad/inject.h"
#include "binding/esipa_json.h"
#include "binding/http_habits.h"
#include "crypto/certificate.h"
#include "net/url.h"
#include <algorithm>
#include <utility>

namespace halyard::ipad {
namespace {
using binding::EsipaFunction;
constexpr auto kPatience = std::chrono::seconds(60); // for a card that takes its time
constexpr size_t kMaxWaiting = 8;

net::Response later() {
    net::Response r = net::plain(503, "try again");
    r.headers.add("Retry-After", "2");
    return r;
}
net::Response refused(const Error& e) {
    if (e.code == Errc::conflict || e.code == Errc::unreachable) return later();
    if (e.code == Errc::not_found) return net::plain(403, "not an eIM of this eUICC");
    return net::plain(400, std::string(name(e.code)) + " at " + e.where);
}
} // namespace

void InjectDoor::Waiting::reply(Result<OwnedBytes> result) {
    if (!std::exchange(answered, true)) answer.set_value(std::move(result));
}

InjectDoor::~InjectDoor() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    queue_.clear(); // each of them is told to come again
}

Ok InjectDoor::open(const Options& options, std::function<void()> wake) {
    wake_ = std::move(wake);
    const auto at = TRY(net::parse_address(options.listen, "inject-listen"));
    if (!at.is_address_literal()) return fail(Errc::bad_value, "inject-listen");
    for (const auto& [file, what] : {std::pair{&options.certificate, "inject-cert"},
                                     std::pair{&options.key, "inject-key"},
                                     std::pair{&options.trust, "inject-trust"}})
        if (file->empty()) return fail(Errc::missing_field, what);
    net::HttpsServer::Options listen;
    listen.bind = at.host;
    listen.port = at.port;
    listen.certificate_file = options.certificate;
    listen.key_file = options.key;
    listen.client_ca_file = options.trust;
    listen.max_connections = 32;
    listen.max_body = 64 * 1024;
    return server_.start(listen, [this](const net::Request& r) { return handle(r); });
}

std::unique_ptr<InjectDoor::Waiting> InjectDoor::take() {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return nullptr;
    auto first = std::move(queue_.front());
    queue_.pop_front();
    return first;
}
void InjectDoor::give_back(std::unique_ptr<Waiting> waiting) {
    const std::lock_guard lock(mutex_);
    queue_.push_front(std::move(waiting));
}

Result<OwnedBytes> InjectDoor::ask(std::vector<std::string> names, OwnedBytes message) {
    auto waiting = std::make_unique<Waiting>();
    waiting->names = std::move(names);
    waiting->message = std::move(message);
    auto answer = waiting->answer.get_future();
    const Waiting* which = waiting.get();
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || queue_.size() >= kMaxWaiting) return fail(Errc::conflict, "busy");
        queue_.push_back(std::move(waiting));
    }
    wake_();
    if (answer.wait_for(kPatience) == std::future_status::ready) return answer.get();
    // Still here: nobody will work for a client that is told to come again. Else the work is under way, and
    // the eIM gets what comes of it by its next message.
    const std::lock_guard lock(mutex_);
    std::erase_if(queue_, [&](const auto& w) { return w.get() == which; });
    return fail(Errc::conflict, "busy");
}

net::Response InjectDoor::handle(const net::Request& request) {
    constexpr auto kFunction = EsipaFunction::transfer_eim_package;
    const bool asn1 = request.path() == binding::kAsn1Path;
    if (!asn1 && request.path() != binding::path(kFunction)) return net::plain(404, "no such function");
    if (request.method != "POST") {
        net::Response r = net::plain(405, "POST only");
        r.headers.add("Allow", "POST");
        return r;
    }
    const auto certificate = crypto::Certificate::parse(request.client_certificate, "clientCertificate");
    if (!certificate) return net::plain(403, "no client certificate");
    auto message = asn1 ? Result<OwnedBytes>(request.body)
                        : binding::esipa_request_from_json(kFunction, text_of(request.body));
    if (!message) return refused(message.error());
    const auto answer = ask(certificate->san_dns_names, std::move(*message));
    if (!answer) return refused(answer.error());
    net::Response response{.content_type = asn1 ? binding::kAsn1Type : binding::kJsonType};
    response.headers.add("X-Admin-Protocol", "gsma/rsp/v2.1.0");
    if (asn1) {
        response.body = *answer;
        return response;
    }
    const auto json = binding::esipa_answer_to_json(kFunction, *answer);
    if (!json) return refused(json.error());
    response.body = owned(bytes_of(*json));
    return response;
}

std::string eim_of(const std::vector<std::string>& names, const ipa::Context& context) {
    for (size_t i = 0; i < context.eim_count; ++i) {
        const auto address = net::parse_address(text_of(context.eims[i].address.bytes()), "eimFqdn");
        if (!address) continue;
        for (std::string dns : names) {
            std::transform(dns.begin(), dns.end(), dns.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            if (dns == address->host) return std::string(text_of(context.eims[i].id.bytes()));
        }
    }
    return {};
}

} // namespace halyard::ipad
