#include "tests/e2e/operator.h"
#include <cstdlib>
#include <thread>

namespace halyard::e2e {

std::string documented(const std::string& name) {
    const std::string text = read_text("docs/smdp.md"), begin = "```sh\n";
    const size_t mark = text.find("<!-- runs: " + name + " -->");
    REQUIRE(mark != text.npos);
    const size_t from = text.find(begin, mark) + begin.size();
    return text.substr(from, text.find("```", from) - from);
}

int port_of(const std::string& url) { return std::atoi(url.substr(url.rfind(':') + 1).c_str()); }

Json header(const char* oid, const std::string& id) {
    return {{"functionRequesterIdentifier", oid}, {"functionCallIdentifier", id}};
}
std::string status(const Ran& ran) {
    const Json all = Json::parse(ran.out.substr(0, ran.out.find('\n')), nullptr, false);
    if (!all.is_object()) return "no JSON: " + ran.all();
    const Json& s = all["header"]["functionExecutionStatus"];
    std::string out = s.value("status", "");
    if (s.contains("statusCodeData"))
        out += " " + s["statusCodeData"].value("subjectCode", "") + "/" +
               s["statusCodeData"].value("reasonCode", "");
    return out;
}
std::string listener_certificate() {
    return "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=listener "
           "-keyout listener.key -out listener.csr\n"
           "echo subjectAltName=DNS:operator.halyard.test > san\n"
           "openssl x509 -req -days 30 -CA operators-ca.pem -CAkey operators-ca.key -in listener.csr "
           "-extfile san -out listener.pem\n";
}

Listener::Listener(const Directory& d) {
    net::HttpsServer::Options o;
    o.certificate_file = d / "listener.pem";
    o.key_file = d / "listener.key";
    REQUIRE(https_.start(o, [this](const net::Request& r) { return take(r); }));
}
void Listener::up(bool yes) {
    const std::lock_guard lock(mutex_);
    up_ = yes;
}
bool Listener::wait(size_t taken, size_t turned_away) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] {
        return messages_.size() >= taken && turned_away_.size() >= turned_away;
    });
}
bool Listener::wait_until(const std::function<bool(const std::vector<Json>&)>& is_so) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return is_so(messages_); });
}
std::vector<Json> Listener::messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
}
std::vector<Json> Listener::turned_away() {
    const std::lock_guard lock(mutex_);
    return turned_away_;
}
net::Response Listener::take(const net::Request& r) {
    const std::lock_guard lock(mutex_);
    const bool right = r.path() == "/gsma/rsp2/es2plus/" + function;
    (up_ ? messages_ : turned_away_).push_back(Json::parse(text_of(r.body), nullptr, false));
    changed_.notify_all();
    return net::Response{.status = !right ? 404 : up_ ? 204 : 503};
}

namespace {
app::Es9Client client(const app::PkiDirectory& pki, const std::string& endpoint) {
    net::HttpsClient::Options to;
    to.trust.anchors_pem = read_text(pki.pem("ci"));
    to.connect_to["smdp.halyard.test"] = endpoint;
    auto opened = app::Es9Client::open(std::move(to), "gsma-rsp-lpad");
    REQUIRE(opened);
    return std::move(*opened);
}
} // namespace

Handheld::Handheld(const app::PkiDirectory& pki, const std::vector<std::string>& endpoints, const Eid& eid)
    : hand(
          eid,
          *pki.credential("euicc/" + to_text(eid)),
          pki.certificate("eum")->der,
          pki.anchor()->key_id,
          *asn1::oid_from_text(*rsp::server_oid(*pki.certificate("smdp-auth"))),
          [this](Bytes m, Time) { return exchange(m); },
          random) {
    for (const std::string& e : endpoints) servers.push_back(client(pki, e));
    hand.smdp_address = hand.server_address = "smdp.halyard.test";
}

Result<rsp::Es9Answer> Handheld::exchange(Bytes message) {
    for (int i = 0;; ++i) {
        auto answer = servers[turn++ % servers.size()].exchange("smdp.halyard.test", message);
        if (answer || servers.size() == 1 || i == 600) return answer;
        std::this_thread::sleep_for(milliseconds(100));
    }
}

} // namespace halyard::e2e
