#include "apps/eim/api.h"
#include "apps/eim/site.h"
#include "apps/eim/words.h"
#include <set>

namespace halyard::eim_app {
namespace {
constexpr size_t kMaxBody = 1u << 20; // SR-48
constexpr int kMaxDepth = 32;

net::Response json_response(int status, const Json& body) {
    net::Response r{.status = status, .content_type = "application/json"};
    r.headers.add("Cache-Control", "no-store");
    // What devices call themselves need not be UTF-8.
    r.body = owned(bytes_of(body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
    return r;
}
// RFC 9457; `member` names the part of the request that is at fault.
net::Response problem(int status, const std::string& detail, const std::string& member = {}) {
    Json body{{"type", "about:blank"},
              {"title", net::reason_phrase(status)},
              {"status", status},
              {"detail", detail}};
    if (!member.empty()) body["member"] = member;
    net::Response r = json_response(status, body);
    r.content_type = "application/problem+json";
    return r;
}
net::Response problem(const Complaint& c, const std::string& prefix = {}) {
    return problem(400, prefix + c.member + " " + c.reason, prefix + c.member);
}
net::Response problem(const Error& e) {
    const std::string where = e.where;
    switch (e.code) {
    case Errc::not_found: return problem(404, "there is no such " + where, where);
    case Errc::conflict:
        if (where == "state") return problem(409, "the operation has ended already", where);
        if (where == "idempotency-key")
            return problem(409, "another request was made under this key", "Idempotency-Key");
        return problem(409, where + " was changed by somebody else meanwhile; try again", where);
    case Errc::storage: return problem(503, "nothing was changed; try again");
    case Errc::unsupported: return problem(422, where + " is not supported", where);
    case Errc::limit: return problem(400, where + " is too large", where);
    default: break;
    }
    if (where == "expires") return problem(400, "expires lies in the past", where);
    if (where == "after") return problem(400, "after names no earlier operation of this batch", where);
    return problem(400, where + ": " + name(e.code), where);
}
net::Response wrong_method(const char* allowed) {
    net::Response r = problem(405, std::string(allowed) + " only");
    r.headers.add("Allow", allowed);
    return r;
}
bool is_json(std::string_view type) {
    std::string media(type.substr(0, type.find(';')));
    while (!media.empty() && media.back() == ' ') media.pop_back();
    for (char& c : media)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return media == "application/json";
}
// An object; an absent body is an empty one.
tl::expected<Json, net::Response> body_of(const net::Request& request) {
    const auto refuse = [](net::Response r) { return tl::unexpected<net::Response>(std::move(r)); };
    if (request.body.empty()) return Json::object();
    if (!is_json(request.headers.get("Content-Type")))
        return refuse(problem(415, "the body must be application/json", "Content-Type"));
    if (request.body.size() > kMaxBody) return refuse(problem(413, "the body is larger than 1 MiB", "body"));
    bool deep = false, twice = false;
    std::vector<std::set<std::string>> keys;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
        deep |= depth > kMaxDepth;
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
        if (event == Json::parse_event_t::key && !keys.empty())
            twice |= !keys.back().insert(value.get<std::string>()).second;
        return !deep;
    };
    auto json = Json::parse(text_of(request.body), watch, false);
    if (deep) return refuse(problem(400, "the body is nested deeper than 32 levels", "body"));
    if (twice) return refuse(problem(400, "the body has an object with the same member twice", "body"));
    if (json.is_discarded()) return refuse(problem(400, "the body is not JSON", "body"));
    if (!json.is_object()) return refuse(problem(400, "the body must be a JSON object", "body"));
    return json;
}
Read<size_t> limit_of(const Json& body) {
    if (!body.contains("limit")) return size_t{100};
    if (!body["limit"].is_number_unsigned() || body["limit"] == 0 || body["limit"] > 1000)
        return tl::unexpected(Complaint{"limit", "must be 1 to 1000"});
    return body["limit"].get<size_t>();
}
} // namespace

net::Response Api::handle(const net::Request& request, Time now) {
    if (request.path() == "/v1/health") {
        if (request.method != "GET") return wrong_method("GET");
        return json_response(200,
                             {{"status", store_.database().broken() ? "broken" : "ok"}, {"eim_id", eim_id_}});
    }
    // Default deny: nothing behind this line without a valid token (SR-28).
    const auto who = authenticate(store_, request.headers.get("Authorization"), now);
    if (!who) return problem(who.error());
    if (!*who) {
        net::Response r = problem(401, "a valid bearer token is needed");
        r.headers.add("WWW-Authenticate", "Bearer");
        return r;
    }
    return route(request, **who, now);
}

net::Response Api::route(const net::Request& request, const std::string& who, Time now) {
    const std::string_view path = request.path();
    const bool post = request.method == "POST", get = request.method == "GET";
    if (path == "/v1/euiccs:import") return post ? import(request, now) : wrong_method("POST");
    if (path == "/v1/euiccs:search") return post ? search_devices(request) : wrong_method("POST");
    if (path == "/v1/euiccs:inject") return post ? inject(request, now) : wrong_method("POST");
    if (path == "/v1/deviations:search") return post ? search_deviations(request) : wrong_method("POST");
    if (path == "/v1/operations") return post ? create(request, who, now) : wrong_method("POST");
    if (path == "/v1/operations:search") return post ? search_operations(request) : wrong_method("POST");
    constexpr std::string_view kOne = "/v1/operations/";
    if (path.starts_with(kOne)) {
        const std::string_view rest = path.substr(kOne.size());
        const size_t colon = rest.find(':');
        if (colon == std::string_view::npos)
            return get ? operation(rest, {}, request, now) : wrong_method("GET");
        return post ? operation(rest.substr(0, colon), rest.substr(colon + 1), request, now)
                    : wrong_method("POST");
    }
    return problem(404, "there is no such resource");
}

net::Response Api::import(const net::Request& request, Time now) {
    const auto body = body_of(request);
    if (!body) return body.error();
    if (!body->contains("euiccs") || !(*body)["euiccs"].is_array() || body->size() != 1)
        return problem(Complaint{"euiccs", "must be the only member, a list"});
    std::vector<eim::Device> devices;
    size_t i = 0;
    for (const Json& one : (*body)["euiccs"]) {
        auto device = read_device(one);
        if (!device) return problem(device.error(), "euiccs[" + std::to_string(i) + "].");
        devices.push_back(std::move(*device));
        ++i;
    }
    const auto added = server_.add_devices(std::move(devices), now);
    if (!added) return problem(added.error());
    return json_response(200, {{"added", *added}, {"known", i - *added}});
}

net::Response Api::search_devices(const net::Request& request) {
    const auto body = body_of(request);
    if (!body) return body.error();
    const auto limit = limit_of(*body);
    if (!limit) return problem(limit.error());
    for (const auto& [key, value] : body->items()) {
        if (key != "eid" && key != "cursor" && key != "limit")
            return problem(Complaint{key, "is not a member of this object"});
        if (key != "limit" && !value.is_string()) return problem(Complaint{key, "must be a string"});
    }
    std::vector<eim::Device> found;
    if (body->contains("eid")) {
        const auto eid = eid_from_text((*body)["eid"].get<std::string>());
        if (!eid) return problem(Complaint{"eid", "must be 32 digits"});
        auto device = store_.device(*eid);
        if (!device) return problem(device.error());
        if (*device) found.push_back(std::move(**device));
    } else {
        std::optional<Eid> after;
        if (body->contains("cursor")) {
            const auto eid = eid_from_text((*body)["cursor"].get<std::string>());
            if (!eid) return problem(Complaint{"cursor", "is not one of ours"});
            after = *eid;
        }
        auto list = store_.devices(after, *limit);
        if (!list) return problem(list.error());
        found = std::move(*list);
    }
    Json out{{"items", Json::array()}};
    for (const auto& d : found) out["items"].push_back(describe(d));
    if (!body->contains("eid") && found.size() == *limit) out["cursor"] = to_text(found.back().eid);
    return json_response(200, out);
}

net::Response Api::inject(const net::Request& request, Time now) {
    const auto body = body_of(request);
    if (!body) return body.error();
    for (const char* key : {"eid", "url"})
        if (!body->contains(key) || !(*body)[key].is_string())
            return problem(Complaint{key, "must be a string"});
    if (body->size() != 2) return problem(Complaint{"body", "has members other than eid and url"});
    const auto eid = eid_from_text((*body)["eid"].get<std::string>());
    if (!eid) return problem(Complaint{"eid", "must be 32 digits"});
    if (!injector_) return problem(403, "this eIM sends to no device (--inject-to)", "url");
    const auto done = injector_->run(server_, *eid, (*body)["url"].get<std::string>(), now);
    if (!done) {
        const Error& e = done.error();
        if (std::string_view(e.where) == "url")
            return e.code == Errc::rejected ? problem(403, "url is not one that this eIM may call", "url")
                                            : problem(Complaint{"url", "must be https://HOST[:PORT]"});
        if (e.code == Errc::not_found || e.code == Errc::storage || e.code == Errc::conflict ||
            e.code == Errc::unsupported)
            return problem(e);
        return problem(502, std::string("the device: ") + name(e.code) + " at " + e.where);
    }
    constexpr const char* kEnds[] = {"empty", "received", "refused"};
    Json out{{"sent", done->sent},
             {"acknowledged", done->acknowledged},
             {"end", kEnds[static_cast<size_t>(done->end)]}};
    if (done->end == eim::Transferred::End::refused) out["code"] = done->code;
    return json_response(200, out);
}

net::Response Api::search_deviations(const net::Request& request) {
    const auto body = body_of(request);
    if (!body) return body.error();
    const auto limit = limit_of(*body);
    if (!limit) return problem(limit.error());
    for (const auto& [key, value] : body->items()) {
        if (key != "peer" && key != "cursor" && key != "limit")
            return problem(Complaint{key, "is not a member of this object"});
        if (key != "limit" && !value.is_string()) return problem(Complaint{key, "must be a string"});
    }
    std::vector<app::PeerLedger::Entry> found;
    if (body->contains("peer")) {
        const std::string peer = (*body)["peer"];
        if (auto kinds = peers_.of(peer); !kinds.empty()) found.push_back({peer, std::move(kinds)});
    } else {
        found = peers_.peers(body->value("cursor", ""), *limit);
    }
    Json out{{"items", Json::array()}};
    for (const auto& entry : found) {
        Json kinds = Json::array();
        for (const app::PeerLedger::Kind& k : entry.kinds)
            kinds.push_back({{"what", k.what},
                             {"where", k.where},
                             {"count", k.count},
                             {"first", app::text_from_seconds(k.first.count() / 1000)},
                             {"last", app::text_from_seconds(k.last.count() / 1000)}});
        out["items"].push_back({{"peer", entry.peer}, {"deviations", std::move(kinds)}});
    }
    if (!body->contains("peer") && found.size() == *limit) out["cursor"] = found.back().peer;
    return json_response(200, out);
}

net::Response Api::create(const net::Request& request, const std::string& who, Time now) {
    const auto body = body_of(request);
    if (!body) return body.error();
    const bool many = body->contains("operations");
    if (many && (body->size() != 1 || !(*body)["operations"].is_array() || (*body)["operations"].empty()))
        return problem(
            Complaint{"operations", "must be the only member, a list with at least one operation"});
    const std::string_view key = request.headers.get("Idempotency-Key");
    if (key.size() > 255) return problem(Complaint{"Idempotency-Key", "is longer than 255 characters"});
    const Sha256 hash = crypto::sha256({request.body});
    std::vector<eim::NewOperation> wanted;
    const Json single = many ? Json() : Json::array({*body});
    const Json& list = many ? (*body)["operations"] : single;
    for (size_t i = 0; i < list.size(); ++i) {
        auto one = read_operation(list[i]);
        if (!one) return problem(one.error(), many ? "operations[" + std::to_string(i) + "]." : "");
        one->created_by = who;
        one->request_hash = hash;
        // No header field has a line break, so no key of one caller is another's.
        if (!key.empty()) one->idempotency_key = who + '\n' + std::string(key);
        wanted.push_back(std::move(*one));
    }
    const auto made = server_.create(wanted, now);
    if (!made) return problem(made.error());
    if (!many) return json_response(202, describe(made->front(), false));
    Json out{{"operations", Json::array()}};
    for (const auto& o : *made) out["operations"].push_back(describe(o, false));
    return json_response(202, out);
}

net::Response Api::search_operations(const net::Request& request) {
    const auto body = body_of(request);
    if (!body) return body.error();
    eim::OperationFilter filter;
    const auto limit = limit_of(*body);
    if (!limit) return problem(limit.error());
    filter.limit = *limit;
    for (const auto& [key, value] : body->items()) {
        if (key == "limit") continue;
        if (!value.is_string()) return problem(Complaint{key, "must be a string"});
        const std::string text = value;
        if (key == "eid") {
            const auto eid = eid_from_text(text);
            if (!eid) return problem(Complaint{"eid", "must be 32 digits"});
            filter.eid = *eid;
        } else if (key == "state") {
            filter.state = eim::state_from(text);
            if (!filter.state) return problem(Complaint{"state", "is none of the states of an operation"});
        } else if (key == "cursor") {
            if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
                return problem(Complaint{"cursor", "is not one of ours"});
            filter.after_sequence = std::stoull(text);
        } else {
            return problem(Complaint{key, "is not a member of this object"});
        }
    }
    const auto found = store_.operations(filter);
    if (!found) return problem(found.error());
    Json out{{"items", Json::array()}};
    for (const auto& o : *found) out["items"].push_back(describe(o, false));
    if (found->size() == filter.limit) out["cursor"] = std::to_string(found->back().sequence);
    return json_response(200, out);
}

net::Response
Api::operation(std::string_view id, std::string_view verb, const net::Request& request, Time now) {
    if (verb == "cancel" || verb == "release") {
        const auto body = body_of(request);
        if (!body) return body.error();
        if (!body->empty()) return problem(Complaint{body->begin().key(), "is not a member of this object"});
        const auto o = verb == "cancel" ? server_.cancel(id, now) : server_.release(id, now);
        return o ? json_response(200, describe(*o, false)) : problem(o.error());
    }
    if (!verb.empty()) return problem(404, "operations know :cancel and :release");
    const auto o = store_.operation(id);
    if (!o) return problem(o.error());
    if (!*o) return problem(404, "there is no such operation");
    Json out = describe(**o, true);
    const auto evidence = store_.evidence(id);
    if (!evidence) return problem(evidence.error());
    if (!evidence->empty()) {
        out["evidence"] = Json::array();
        for (const auto& e : *evidence) out["evidence"].push_back(describe(e));
    }
    return json_response(200, out);
}

} // namespace halyard::eim_app
