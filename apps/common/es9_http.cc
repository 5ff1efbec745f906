#include "apps/common/es9_http.h"
#include "apps/common/request_scope.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/es9_asn1.h"
#include "binding/http_habits.h"

namespace halyard::app {
namespace {
using rsp::Es9Function, rsp::Interface;

// LPAs, IPAs, and eIMs in their place.
constexpr std::string_view kAgents[] = {"gsma-rsp-lpa", "gsma-rsp-ipa", "gsma-rsp-eim"};

net::Response refused(std::string_view path, const Error& e) {
    log(LogLevel::warning, std::string(path) + ": " + name(e.code) + " at " + e.where);
    return net::plain(400, std::string(name(e.code)) + " at " + e.where);
}

net::Response not_done(std::string_view path, const Error& e) {
    if (e.code != Errc::storage && e.code != Errc::conflict && e.code != Errc::internal)
        return refused(path, e);
    log(LogLevel::warning, std::string(path) + ": " + name(e.code) + " at " + e.where);
    return try_again();
}

struct Asked {
    Es9Function function;
    OwnedBytes message;
};
Result<Asked> asked_in_asn1(Bytes body, Interface on) {
    const auto request = TRY(binding::request_from_asn1(body, on));
    return Asked{request.function, owned(request.message)};
}
Result<Asked> asked_in_json(Es9Function function, std::string_view body) {
    return Asked{function, TRY(binding::request_from_json(function, body))};
}
Result<OwnedBytes> written(const Asked& asked, const rsp::Es9Answer& answer, bool asn1, Interface on) {
    if (asn1) return binding::answer_to_asn1(asked.function, answer, on);
    return owned(bytes_of(TRY(binding::answer_to_json(asked.function, answer, on))));
}
} // namespace

bool is_es9(const net::Request& request, Interface on) {
    return request.path() == binding::kAsn1Path || binding::function_of_path(request.path(), on);
}

net::Response post_only() {
    net::Response r = net::plain(405, "POST only");
    r.headers.add("Allow", "POST");
    return r;
}
net::Response json_answer(std::string_view protocol, std::string_view body) {
    net::Response response;
    response.headers.add("X-Admin-Protocol",
                         binding::answered_protocol(protocol, binding::kEs9Protocol, binding::kEs9Protocol));
    response.content_type = binding::kJsonType;
    response.body = owned(bytes_of(body));
    return response;
}
net::Response try_again() {
    net::Response later = net::plain(503, "try again");
    later.headers.add("Retry-After", "1");
    return later;
}

net::Response serve_es9(const net::Request& request, Interface on, const Es9Handler& handle) {
    const std::string_view path = request.path();
    const bool asn1 = path == binding::kAsn1Path;
    const auto function = binding::function_of_path(path, on);
    if (!asn1 && !function) return net::plain(404, "no such function");
    if (request.method != "POST") return post_only();
    const std::string_view protocol = request.headers.get("X-Admin-Protocol");
    binding::note_protocol(request.peer, protocol);
    const binding::RequestHeaders sent{
        protocol, request.headers.get("Content-Type"), request.headers.get("User-Agent")};
    if (const auto ok = binding::judge_headers(sent, asn1 ? binding::kAsn1Type : "application/json", kAgents);
        !ok)
        return refused(path, ok.error());
    const auto asked =
        asn1 ? asked_in_asn1(request.body, on) : asked_in_json(*function, text_of(request.body));
    if (!asked) return refused(path, asked.error());
    const char* interface = on == Interface::es11 ? "ES11" : "ES9+";
    if (auto instead = RequestScope::begin(interface, binding::name(asked->function))) return *instead;
    const auto done = handle(asked->function, asked->message);
    if (!done) return not_done(path, done.error());
    RequestScope::end(done->failed ? done->failed->subject + "/" + done->failed->reason : "ok");
    if (done->failed)
        log(LogLevel::info,
            std::string(binding::name(asked->function)) + ": " + done->failed->subject + "/" +
                done->failed->reason + " " + done->failed->message);
    net::Response response;
    response.headers.add("X-Admin-Protocol",
                         binding::answered_protocol(protocol, binding::kEs9Protocol, binding::kEs9Protocol));
    if (asked->function == Es9Function::handle_notification) {
        response.status = 204;
        return response;
    }
    auto body = written(*asked, *done, asn1, on);
    if (!body) return net::plain(500);
    response.content_type = asn1 ? binding::kAsn1Type : binding::kJsonType;
    response.body = std::move(*body);
    return response;
}

} // namespace halyard::app
