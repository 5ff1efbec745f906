#include "apps/ipad/links.h"
#include "binding/esipa_json.h"
#include "binding/http_habits.h"
#include "rsp/chain.h"

namespace halyard::ipad {
namespace {
using Clock = std::chrono::steady_clock;

std::string text(std::string_view view) { return std::string(view); }

/// Some servers put a good answer under an error status: what reads as a message of the protocol counts as
/// one.
bool is_message(Bytes body) {
    const auto tlv = asn1::read_tlv(body);
    return tlv && tlv->rest.empty() && tlv->tag >> 8 == 0xBF;
}

Ok judge(const net::Response& response, std::string_view media_type, Bytes request) {
    const auto tlv = asn1::read_tlv(request);
    return binding::judge_answer({.status = response.status,
                                  .protocol = response.headers.get("X-Admin-Protocol"),
                                  .content_type = response.headers.get("Content-Type"),
                                  .body = response.body.size()},
                                 media_type,
                                 binding::kEsipaMajors,
                                 !tlv || tlv->tag != 0xBF3D); // HandleNotification has no answer
}

int retry_after(const net::Response& response) {
    const std::string value(response.headers.get("Retry-After"));
    if (value.empty() || value.size() > 5 || value.find_first_not_of("0123456789") != std::string::npos)
        return 0;
    return std::stoi(value);
}
} // namespace

net::HttpsClient::Options Links::options_for(net::Trust trust) const {
    net::HttpsClient::Options options;
    options.trust = std::move(trust);
    options.connect_to = options_.connect_to;
    options.total_timeout = std::chrono::seconds(120); // a package of some 100 kB over a slow bearer
    return options;
}

Result<net::HttpsClient*> Links::eim_client(std::string_view eim_id) {
    if (revision_ != book_.revision()) { // trust may have changed with the configuration
        eims_.clear();
        revision_ = book_.revision();
    }
    auto found = eims_.find(eim_id);
    if (found == eims_.end())
        found = eims_
                    .emplace(text(eim_id),
                             TRY(net::HttpsClient::open(options_for(book_.trust_of(eim_id, options_.trust)))))
                    .first;
    return &found->second;
}

// Where an event leads is an SM-DP+ or a further SM-DS: its RSP certificate tells, after TLS.
Result<app::Es9Client*> Links::server_client(bool by_event) {
    auto& client = by_event ? either_ : smdp_;
    if (client) return &*client;
    net::Trust trust = options_.trust;
    trust.policies = {rsp::policy_oid(rsp::Role::dp_tls)};
    if (by_event) trust.policies.push_back(rsp::policy_oid(rsp::Role::ds_tls));
    client.emplace(TRY(app::Es9Client::open(options_for(std::move(trust)), "gsma-rsp-ipad", options_.es9)));
    return &*client;
}

void Links::drop_connections() {
    for (auto& [id, client] : eims_) client.close_idle();
    if (smdp_) smdp_->close_idle();
    if (either_) either_->close_idle();
    by_event_.clear();
}

Result<net::Response>
Links::post(net::HttpsClient& client, const net::Url& url, std::string content_type, Bytes body) {
    const auto wait = not_before_.find(url.authority());
    if (wait != not_before_.end() && Clock::now() < wait->second)
        return fail(Errc::unreachable, "retry after");
    net::Request request;
    request.headers = {{"Content-Type", std::move(content_type)},
                       {"X-Admin-Protocol", options_.protocol},
                       {"User-Agent", "gsma-rsp-ipad"}};
    request.body = owned(body);
    auto response = TRY(client.exchange(url, request));
    if (response.status == 503 || response.status == 429) {
        not_before_[url.authority()] = Clock::now() + std::chrono::seconds(retry_after(response));
        return fail(Errc::unreachable, "http status", static_cast<uint32_t>(response.status));
    }
    return response;
}

Result<OwnedBytes> Links::to_eim(const ipa::Action& action) {
    net::Url url = TRY(net::parse_address(action.address, "eimFqdn"));
    net::HttpsClient& client = *TRY(eim_client(action.eim_id));
    if (options_.esipa == Binding::json) return to_eim_in_json(client, url, action.message);
    url.path = binding::kAsn1Path;
    auto response = TRY(post(client, url, binding::kAsn1Type, action.message));
    if (response.status != 200 && response.status != 204 && !is_message(response.body))
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(response.status));
    TRY(judge(response, binding::kAsn1Type, action.message));
    return std::move(response.body);
}

Result<OwnedBytes> Links::to_eim_in_json(net::HttpsClient& client, net::Url& url, Bytes message) {
    const auto function = TRY(binding::esipa_function_of_message(message));
    url.path = binding::path(function);
    const std::string body = TRY(binding::esipa_request_to_json(function, message));
    const auto response = TRY(post(client, url, binding::kJsonType, bytes_of(body)));
    if (response.status != 200 && response.status != 204)
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(response.status));
    TRY(judge(response, "application/json", message));
    return binding::esipa_answer_from_json(function, text_of(response.body));
}

Result<OwnedBytes> Links::to_server(const ipa::Action& action) {
    const std::string authority = TRY(net::parse_address(action.address, "smdpAddress")).authority();
    const auto wait = not_before_.find(authority);
    if (wait != not_before_.end() && Clock::now() < wait->second)
        return fail(Errc::unreachable, "retry after");
    const bool smds = action.to == ipa::Peer::smds;
    if (smds) by_event_.insert(authority);
    app::Es9Client& client = *TRY(server_client(by_event_.contains(authority)));
    const auto on = smds ? rsp::Interface::es11 : rsp::Interface::es9p;
    auto answer = client.exchange(action.address, action.message, on);
    if (client.retry_after() > 0)
        not_before_[authority] = Clock::now() + std::chrono::seconds(client.retry_after());
    return std::move(TRY(std::move(answer)).der);
}

Result<OwnedBytes> Links::exchange(const ipa::Action& action) {
    return action.to == ipa::Peer::eim ? to_eim(action) : to_server(action);
}

} // namespace halyard::ipad
