#include "apps/eim/esipa.h"
#include "base/log.h"

namespace halyard::eim_app {
namespace {
constexpr const char* kAsn1 = "application/x-gsma-rsp-asn1";

// "gsma/rsp/v2.1.0": the peer's own edition is answered with the same; anything else with ours.
std::string protocol_for(std::string_view theirs) {
    constexpr std::string_view kPrefix = "gsma/rsp/v";
    const std::string ours = "gsma/rsp/v2.1.0";
    if (!theirs.starts_with(kPrefix) || theirs.size() > kPrefix.size() + 11) return ours;
    int dots = 0;
    bool digit = false;
    for (char c : theirs.substr(kPrefix.size())) {
        if (c == '.' && digit) {
            ++dots;
            digit = false;
        } else if (c >= '0' && c <= '9') {
            digit = true;
        } else {
            return ours;
        }
    }
    return dots == 2 && digit ? std::string(theirs) : ours;
}
} // namespace

net::Response esipa(eim::Server& server, const net::Request& request, Time now) {
    if (request.path() != "/gsma/rsp2/asn1") return net::plain(404, "no such function");
    if (request.method != "POST") {
        net::Response r = net::plain(405, "POST only");
        r.headers.add("Allow", "POST");
        return r;
    }
    auto answer = server.esipa(request.body, now);
    if (!answer) {
        const Error& e = answer.error();
        log(LogLevel::warning, std::string("ESipa: ") + name(e.code) + " at " + e.where);
        if (e.code == Errc::storage || e.code == Errc::conflict || e.code == Errc::unreachable ||
            e.code == Errc::internal) {
            net::Response later = net::plain(503, "try again");
            later.headers.add("Retry-After", "1");
            return later;
        }
        return net::plain(400, std::string(name(e.code)) + " at " + e.where);
    }
    net::Response response;
    response.headers.add("X-Admin-Protocol", protocol_for(request.headers.get("X-Admin-Protocol")));
    if (answer->empty()) {
        response.status = 204; // HandleNotification has no answer
        return response;
    }
    response.content_type = kAsn1;
    response.body = std::move(*answer);
    return response;
}

} // namespace halyard::eim_app
