#include "apps/eim/inject.h"
#include "binding/http_habits.h"
#include <algorithm>

namespace halyard::eim_app {
namespace {
constexpr int kMost = 32; // packages of one call
}

Result<Injector> Injector::open(Options options) {
    std::vector<std::string> allowed;
    for (const std::string& address : options.allowed)
        allowed.push_back(TRY(net::parse_address(address, "inject-to")).authority());
    return Injector(std::move(allowed), TRY(net::HttpsClient::open(std::move(options.http))));
}

Result<OwnedBytes> Injector::post(const net::Url& url, Bytes message) {
    net::Request request;
    request.headers = {{"Content-Type", binding::kAsn1Type},
                       {"X-Admin-Protocol", "gsma/rsp/v2.1.0"},
                       {"User-Agent", "gsma-rsp-eim"}};
    request.body = owned(message);
    auto response = TRY(http_.exchange(url, request));
    if (response.status == 503) return fail(Errc::unreachable, "device busy");
    if (response.status != 200)
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(response.status));
    TRY(binding::judge_answer({.status = response.status,
                               .protocol = response.headers.get("X-Admin-Protocol"),
                               .content_type = response.headers.get("Content-Type"),
                               .body = response.body.size()},
                              binding::kAsn1Type,
                              binding::kEsipaMajors,
                              true));
    return std::move(response.body);
}

Result<Injector::Outcome>
Injector::run(eim::Server& server, const Eid& eid, std::string_view text, Time now) {
    net::Url url = TRY(net::parse_url(text, "url"));
    if (url.path != "/" && url.path != binding::kAsn1Path) return fail(Errc::bad_value, "url");
    if (std::find(allowed_.begin(), allowed_.end(), url.authority()) == allowed_.end())
        return fail(Errc::rejected, "url");
    url.path = binding::kAsn1Path;
    Outcome out;
    for (int i = 0; i < kMost; ++i) {
        // On disk before it is sent: whatever happens now, the same octets go out again.
        const auto request = TRY(server.transfer_request(eid, now));
        if (!request) break;
        const OwnedBytes answer = TRY(post(url, *request));
        ++out.sent;
        const auto done = TRY(server.transfer_answer(eid, *request, answer, now));
        out.acknowledged.insert(out.acknowledged.end(), done.acknowledged.begin(), done.acknowledged.end());
        if (!done.acknowledgement.empty()) (void)TRY(post(url, done.acknowledgement));
        out.end = done.end;
        out.code = done.code;
        if (done.end != eim::Transferred::End::done) break;
    }
    return out;
}

} // namespace halyard::eim_app
