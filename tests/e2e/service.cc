#include "tests/e2e/service.h"
#include <csignal>
#include <thread>

namespace halyard::e2e {
namespace {
bool poll(const std::function<bool()>& is_so) {
    for (int i = 0; i < 300; ++i) {
        if (is_so()) return true;
        std::this_thread::sleep_for(milliseconds(100));
    }
    return false;
}

app::Es9Client client(const Service& s) {
    net::HttpsClient::Options to;
    to.trust.anchors_pem = read_text(s.d / "pki/ci.pem");
    to.connect_to[s.kind + ".halyard.test"] = s.at("listening");
    auto opened = app::Es9Client::open(std::move(to), "gsma-rsp-lpad");
    REQUIRE(opened);
    return std::move(*opened);
}
} // namespace

Service::Service(std::string k) : kind(std::move(k)) {
    const Ran made = cli({"pki", "init", "--dir", d / "pki", "--euiccs", "2", "--json"});
    INFO(made);
    REQUIRE(made.status == 0);
}

void Service::start(const std::string& more) {
    const std::string ports = kind == "smdp" ? "[es9]\nport = 0\n" : "[es11]\nport = 0\n[es12]\nport = 0\n";
    write_text(d / "config.toml",
               "state = 'state'\npki = 'pki'\nlab = true\n" + ports + "[metrics]\nlisten = '127.0.0.1:0'\n" +
                   more);
    auto started =
        app::Process::start({{program("halyard"), kind, "serve", "--config", d / "config.toml"}, d / "log"});
    REQUIRE(started);
    process = std::move(*started);
    const auto line = process.line(std::chrono::seconds(30));
    INFO(log());
    REQUIRE(line);
    said = Json::parse(*line, nullptr, false);
}

void Service::stop() {
    process.signal(SIGTERM);
    REQUIRE(process.wait(std::chrono::seconds(60)));
    CHECK(process.status() == 0);
}

std::string Service::at(const std::string& member) const {
    const std::string url = said.value(member, "");
    return url.substr(url.rfind('/') + 1);
}

Page Service::get(const std::string& path) const {
    const Ran ran = shell("curl -sS --max-time 20 -o " + (d / "page") + " -w '%{http_code}\\n' http://" +
                          at("metrics") + path);
    if (ran.status != 0) return {};
    return {std::atoi(ran.out.c_str()), read_text(d / "page")};
}

std::optional<double> Service::metric(const std::string& series) const {
    const std::string page = "\n" + get("/metrics").body, wanted = "\n" + series + " ";
    const size_t found = page.find(wanted);
    if (found == page.npos) return std::nullopt;
    return std::atof(page.c_str() + found + wanted.size());
}

bool Service::reaches(const std::string& series, double value) const {
    const bool reached = poll([&] { return metric(series) == value; });
    if (!reached) MESSAGE(get("/metrics").body);
    return reached;
}
bool Service::log_says(const std::string& text) const {
    const bool says = poll([&] { return contains(log(), text); });
    if (!says) MESSAGE(log());
    return says;
}
bool Service::becomes(int status, const std::string& text) const {
    Page page;
    const bool is_so = poll([&] {
        page = get("/readyz");
        return page.status == status && contains(page.body, text);
    });
    if (!is_so) MESSAGE(page.body);
    return is_so;
}

ServicePhone::ServicePhone(const Service& s, size_t number)
    : http(client(s)), hand([&] {
          const app::PkiDirectory pki{s.d / "pki"};
          const Eid eid = pki.eids()->at(number);
          return loop::Handset(
              eid,
              *pki.credential("euicc/" + to_text(eid)),
              pki.certificate("eum")->der,
              pki.anchor()->key_id,
              *asn1::oid_from_text(*rsp::server_oid(*pki.certificate(s.kind + "-auth"))),
              [this,
               name = s.kind + ".halyard.test",
               on = s.kind == "smdp" ? rsp::Interface::es9p : rsp::Interface::es11](Bytes m, Time) {
                  return http.exchange(name, m, on);
              },
              random);
      }()) {
    hand.smdp_address = hand.server_address = s.kind + ".halyard.test";
}

} // namespace halyard::e2e
