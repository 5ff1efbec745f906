#include "apps/eim/esipa.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/esipa_json.h"
#include "binding/http_habits.h"

namespace halyard::eim_app {
namespace {
constexpr std::string_view kAgents[] = {"gsma-rsp-ipad", "gsma-rsp-ipae"};

// An edition of SGP.32 in the place of SGP.22's: only from v1.3 on is it written there.
std::optional<rsp::Edition> edition_in(std::string_view protocol) {
    return protocol.starts_with("gsma/rsp/v1.3.") ? std::optional(rsp::Edition::v1_3) : std::nullopt;
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

Result<OwnedBytes> in_json(eim::Server& server,
                           binding::EsipaFunction function,
                           std::string_view body,
                           Time now,
                           std::optional<rsp::Edition> hint) {
    const OwnedBytes message = TRY(binding::esipa_request_from_json(function, body));
    const OwnedBytes answer = TRY(server.esipa(message, now, hint));
    return owned(bytes_of(TRY(binding::esipa_answer_to_json(function, answer))));
}
} // namespace

net::Response esipa(eim::Server& server, const net::Request& request, Time now) {
    const bool asn1 = request.path() == binding::kAsn1Path;
    const auto function = binding::esipa_function_of_path(request.path());
    // TransferEimPackage goes the other way.
    const bool ours = function && *function != binding::EsipaFunction::transfer_eim_package;
    if (!asn1 && !ours) return net::plain(404, "no such function");
    if (request.method != "POST") {
        net::Response r = net::plain(405, "POST only");
        r.headers.add("Allow", "POST");
        return r;
    }
    const std::string_view protocol = request.headers.get("X-Admin-Protocol");
    binding::note_protocol(request.peer, protocol);
    const binding::RequestHeaders sent{
        protocol, request.headers.get("Content-Type"), request.headers.get("User-Agent")};
    if (const auto ok = binding::judge_headers(sent, asn1 ? binding::kAsn1Type : "application/json", kAgents);
        !ok)
        return refused(ok.error());
    const auto hint = edition_in(protocol);
    auto answer = asn1 ? server.esipa(request.body, now, hint)
                       : in_json(server, *function, text_of(request.body), now, hint);
    if (!answer) return refused(answer.error());
    net::Response response;
    response.headers.add("X-Admin-Protocol", binding::answered_protocol(protocol, binding::kEsipaProtocol));
    if (answer->empty()) {
        response.status = 204; // HandleNotification has no answer
        return response;
    }
    response.content_type = asn1 ? binding::kAsn1Type : binding::kJsonType;
    response.body = std::move(*answer);
    return response;
}

} // namespace halyard::eim_app
