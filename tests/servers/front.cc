#include "tests/servers/front.h"
#include "apps/common/pki_files.h"
#include "apps/smdp/es2.h"
#include "apps/smdp/es9.h"
#include "apps/smds/http.h"
#include <unistd.h>

namespace halyard::servers {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
void must(const Ok& ok) { HALYARD_ASSERT(ok); }

constexpr const char* kOperators[][3] = {
    {"alpha", "2.999.77.1", ""}, {"beta", "2.999.77.2", ""}, {"narrow", "2.999.77.3", "voice"}};
} // namespace

PemFiles::PemFiles(const loop::Pki& pki, Random& random) {
    std::string name = (std::filesystem::temp_directory_path() / "halyard-servers-XXXXXX").string();
    HALYARD_ASSERT(::mkdtemp(name.data()));
    directory = name;
    const app::PkiDirectory files{directory};
    must(files.store("ci", {{}, pki.ci.certificate}));
    const auto tls = [&](rsp::Role role, const char* file, const char* host, const char* oid) {
        auto request = pki.request(role, host);
        request.registered_id = oid;
        request.dns_names = {host};
        must(files.store(file, must(pki::mint(request, pki.ci, random))));
    };
    tls(rsp::Role::dp_tls, "smdp", loop::kSmdpAddress, "2.999.10");
    tls(rsp::Role::dp_tls, "other-smdp", "other.loop.test", "2.999.11");
    tls(rsp::Role::ds_tls, "smds", kSmdsAddress, "2.999.15");
    tls(rsp::Role::ds_tls, "other-smds", "alt.loop.test", "2.999.16");
    tls(rsp::Role::dp_tls, "nameless", "nameless.loop.test", "");
    for (const auto& o : kOperators) tls(rsp::Role::dp_tls, o[0], o[0], "2.999.77");
}
PemFiles::~PemFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

const Ground& Ground::get() {
    static const Ground ground;
    return ground;
}

Front::Front(uint64_t seed)
    : random(seed), pki(Ground::get().pki), pem(Ground::get().pem), smdp(pki, random),
      es2_core(smdp.config, *smdp.store, random), smds_store(must(store::SmdsStore::open_in_memory())),
      smds(smds_config, *smds_store, random) {
    auto request = pki.request(rsp::Role::ds_auth, kSmdsAddress);
    request.registered_id = "2.999.15";
    ds_auth = must(pki::mint(request, pki.ci, random));
    smds_config.address = kSmdsAddress;
    smds_config.oid_der = must(asn1::oid_from_text("2.999.15"));
    smds_config.credentials.push_back({pki.anchor, ds_auth.key.clone(), ds_auth.certificate.der});
    for (const auto& o : kOperators) {
        smdp_app::Requester r;
        r.caller.operator_id = std::string(o[0]) == "narrow" ? "alpha" : o[0];
        if (*o[2]) r.caller.types = {o[2]};
        r.oid = o[1];
        r.subject = o[0];
        operators.push_back(std::move(r));
    }
    must(listen(
        es9_, "smdp", nullptr, [this](const net::Request& r) { return smdp_app::es9(smdp.server, r, now); }));
    must(listen(es2_, "smdp", "ci.pem", [this](const net::Request& r) {
        return smdp_app::es2(es2_core, smdp.config, operators, r, now);
    }));
    must(listen(
        es11_, "smds", nullptr, [this](const net::Request& r) { return smds_app::es11(smds, r, now); }));
    must(listen(
        es12_, "smds", "ci.pem", [this](const net::Request& r) { return smds_app::es12(smds, r, now); }));
}

Front::~Front() {
    es9_clients_.clear(); // a server that ends waits a while for clients that stay connected
    clients_.clear();
    for (net::HttpsServer* s : {&es9_, &es2_, &es11_, &es12_}) s->stop();
}

Ok Front::listen(net::HttpsServer& https,
                 const char* certificate,
                 const char* client_ca,
                 net::Handler handler) {
    net::HttpsServer::Options o;
    o.certificate_file = pem.path(certificate + std::string(".pem"));
    o.key_file = pem.path(certificate + std::string(".key"));
    if (client_ca) o.client_ca_file = pem.path(client_ca);
    o.verify_time = loop::kBegin;
    o.workers = 1; // handlers share what the test changes between requests
    return https.start(o, std::move(handler));
}

net::HttpsClient Front::client(const std::string& certificate) {
    net::HttpsClient::Options o;
    o.trust.anchors = {pki.ci.certificate.der};
    o.verify_time = loop::kBegin;
    const auto at = [](const net::HttpsServer& s) { return "127.0.0.1:" + std::to_string(s.port()); };
    o.connect_to = {{loop::kSmdpAddress, at(certificate.empty() ? es9_ : es2_)},
                    {kSmdsAddress, at(certificate.empty() ? es11_ : es12_)}};
    if (!certificate.empty()) {
        o.certificate_file = pem.path(certificate + ".pem");
        o.key_file = pem.path(certificate + ".key");
    }
    return must(net::HttpsClient::open(std::move(o)));
}

loop::Handset Front::handset(binding::Es9Form form, uint64_t number) {
    net::HttpsClient::Options o;
    o.trust.anchors = {pki.ci.certificate.der};
    o.verify_time = loop::kBegin;
    o.connect_to = {{loop::kSmdpAddress, "127.0.0.1:" + std::to_string(es9_.port())}};
    es9_clients_.push_back(
        std::make_unique<app::Es9Client>(must(app::Es9Client::open(std::move(o), "gsma-rsp-lpad", form))));
    return {pki,
            [this, http = es9_clients_.back().get()](Bytes m, Time at) {
                now = at;
                return http->exchange(loop::kSmdpAddress, m);
            },
            smdp.config.oid_der,
            random,
            number};
}

loop::Handset Front::smds_handset(binding::Es9Form form, uint64_t number) {
    net::HttpsClient::Options o;
    o.trust.anchors = {pki.ci.certificate.der};
    o.verify_time = loop::kBegin;
    o.connect_to = {{kSmdsAddress, "127.0.0.1:" + std::to_string(es11_.port())}};
    es9_clients_.push_back(
        std::make_unique<app::Es9Client>(must(app::Es9Client::open(std::move(o), "gsma-rsp-lpad", form))));
    loop::Handset phone(
        pki,
        [this, http = es9_clients_.back().get()](Bytes m, Time at) {
            now = at;
            return http->exchange(kSmdsAddress, m, rsp::Interface::es11);
        },
        smds_config.oid_der,
        random,
        number);
    phone.smdp_address = phone.server_address = kSmdsAddress;
    return phone;
}

Result<net::Response>
Front::post(const std::string& host, const std::string& path, Bytes body, net::Headers headers) {
    auto found = clients_.find("");
    if (found == clients_.end()) found = clients_.emplace("", client()).first;
    net::Url url = TRY(net::parse_address(host, "host"));
    url.path = path;
    net::Request request{.headers = std::move(headers), .body = owned(body)};
    return found->second.exchange(url, request);
}

std::string Front::call(net::HttpsClient& http, const std::string& url, const ordered_json& body) {
    net::Request request;
    request.headers = {{"Content-Type", "application/json"}, {"X-Admin-Protocol", "gsma/rsp/v2.5.0"}};
    request.body = owned(bytes_of(body.dump()));
    const std::string host = url.substr(0, url.find('/'));
    net::Url to = must(net::parse_address(host, "host"));
    to.path = url.substr(host.size());
    const auto response = http.exchange(to, request);
    if (!response) return std::string(name(response.error().code)) + " " + response.error().where;
    if (response->status != 200) return "HTTP " + std::to_string(response->status);
    last = ordered_json::parse(text_of(response->body), nullptr, false);
    const auto& execution = last["header"]["functionExecutionStatus"];
    if (execution.value("status", "") == "Executed-Success") return "";
    const auto& code = execution["statusCodeData"];
    return code.value("subjectCode", "") + "/" + code.value("reasonCode", "");
}

std::string Front::es2(const std::string& who, const std::string& function, ordered_json body) {
    auto found = clients_.find(who);
    if (found == clients_.end()) found = clients_.emplace(who, client(who)).first;
    std::string oid;
    for (const auto& o : kOperators)
        if (who == o[0]) oid = o[1];
    if (!body.contains("header"))
        body["header"] = {{"functionRequesterIdentifier", oid},
                          {"functionCallIdentifier", "call-" + std::to_string(++calls)}};
    return call(found->second, loop::kSmdpAddress + ("/gsma/rsp2/es2plus/" + function), body);
}

std::string Front::es12(const std::string& certificate, const std::string& path, ordered_json body) {
    auto found = clients_.find(certificate);
    if (found == clients_.end()) found = clients_.emplace(certificate, client(certificate)).first;
    return call(found->second, kSmdsAddress + ("/gsma/rsp2/" + path), body);
}

std::string Front::order(unsigned n, rsp::StoreMetadataRequest more) {
    return loop::matching_id_of(smdp.order(loop::iccid_text(n), "001010000000001", now, more));
}

void Front::release(unsigned n, const std::string& matching_id, ordered_json more) {
    smdp.stock(loop::iccid_text(n), "data", "alpha", now);
    HALYARD_ASSERT(es2("alpha", "downloadOrder", {{"iccid", loop::iccid_text(n)}}).empty());
    more["iccid"] = loop::iccid_text(n);
    more["matchingId"] = matching_id;
    more["releaseFlag"] = true;
    HALYARD_ASSERT(es2("alpha", "confirmOrder", more).empty());
}

} // namespace halyard::servers
