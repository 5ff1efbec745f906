#include "apps/eim/esipa.h"
#include "base/log.h"
#include "binding/esipa_json.h"

namespace halyard::eim_app {
namespace {
constexpr const char* kAsn1 = "application/x-gsma-rsp-asn1";
constexpr const char* kJson = "application/json;charset=UTF-8";

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

// A fault of the transport: nothing was done, or the peer should come again.
net::Response refused(const Error& e) {
    log(LogLevel::warning, std::string("ESipa: ") + name(e.code) + " at " + e.where);
    if (e.code == Errc::storage || e.code == Errc::conflict || e.code == Errc::unreachable ||
        e.code == Errc::internal) {
        net::Response later = net::plain(503, "try again");
        later.headers.add("Retry-After", "1");
        return later;
    }
    return net::plain(400, std::string(name(e.code)) + " at " + e.where);
}

Result<OwnedBytes>
in_json(eim::Server& server, binding::EsipaFunction function, std::string_view body, Time now) {
    const OwnedBytes message = TRY(binding::esipa_request_from_json(function, body));
    const OwnedBytes answer = TRY(server.esipa(message, now));
    return owned(bytes_of(TRY(binding::esipa_answer_to_json(function, answer))));
}
} // namespace

net::Response esipa(eim::Server& server, const net::Request& request, Time now) {
    const bool asn1 = request.path() == "/gsma/rsp2/asn1";
    const auto function = binding::esipa_function_of_path(request.path());
    // TransferEimPackage goes the other way.
    const bool ours = function && *function != binding::EsipaFunction::transfer_eim_package;
    if (!asn1 && !ours) return net::plain(404, "no such function");
    if (request.method != "POST") {
        net::Response r = net::plain(405, "POST only");
        r.headers.add("Allow", "POST");
        return r;
    }
    auto answer =
        asn1 ? server.esipa(request.body, now) : in_json(server, *function, text_of(request.body), now);
    if (!answer) return refused(answer.error());
    net::Response response;
    response.headers.add("X-Admin-Protocol", protocol_for(request.headers.get("X-Admin-Protocol")));
    if (answer->empty()) {
        response.status = 204; // HandleNotification has no answer
        return response;
    }
    response.content_type = asn1 ? kAsn1 : kJson;
    response.body = std::move(*answer);
    return response;
}

} // namespace halyard::eim_app
