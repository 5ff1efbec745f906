#include "tests/e2e/shop.h"
#include "tests/loop/world.h"
#include <csignal>

namespace halyard::e2e {
namespace {
constexpr auto kStart = std::chrono::seconds(30);

Ran must(Ran ran) {
    INFO(ran);
    REQUIRE(ran.status == 0);
    return ran;
}
int port_of(const Json& line, const char* key) {
    const std::string url = line.value(key, "");
    return std::atoi(url.substr(url.rfind(':') + 1).c_str());
}
Json start(app::Process& process, const Words& command, const std::string& log) {
    auto started = app::Process::start({command, log});
    REQUIRE(started);
    process = std::move(*started);
    const auto line = process.line(kStart);
    INFO(read_text(log));
    REQUIRE(line);
    return Json::parse(*line, nullptr, false);
}
} // namespace

Shop::Shop(unsigned stock, unsigned cards) {
    const Ran made =
        must(cli({"pki", "init", "--dir", path("pki"), "--euiccs", std::to_string(cards), "--json"}));
    const Json said = made.json();
    for (const Json& eid : said["eids"]) eids_.push_back(eid);
    REQUIRE(eids_.size() == cards);
    for (size_t i = 0; i < eids_.size(); ++i)
        must(cli(
            {"euicc", "create", path("card" + std::to_string(i)), "--pki", path("pki"), "--eid", eids_[i]}));
    must(cli({"profile", "sample", "--iccid", loop::iccid_text(500), "--out", path("sample.der")}));
    std::string lines;
    for (unsigned n = 0; n < stock; ++n) {
        iccids_.push_back(loop::iccid_text(n + 1));
        lines += Json{{"profile", "sample.der"}, {"iccid", iccids_.back()}, {"type", "data"}}.dump() + "\n";
    }
    write_text(path("stock.ndjson"), lines);
    must(cli({"smdp", "import", "--state", path("smdp"), "--stock", path("stock.ndjson")}));
}

void Shop::start_smdp(const Words& more) {
    Words command{program("halyard"),
                  "smdp",
                  "serve",
                  "--lab",
                  "--state",
                  path("smdp"),
                  "--pki",
                  path("pki"),
                  "--port",
                  std::to_string(smdp_port_)};
    command.insert(command.end(), more.begin(), more.end());
    smdp_line = start(smdp_, command, path("smdp.log"));
    smdp_port_ = port_of(smdp_line, "listening");
}

void Shop::kill_smdp() {
    smdp_.signal(SIGKILL);
    REQUIRE(smdp_.wait(kStart));
}

void Shop::start_smds() {
    const Json line = start(smds_,
                            {program("halyard"),
                             "smds",
                             "serve",
                             "--lab",
                             "--state",
                             path("smds"),
                             "--pki",
                             path("pki"),
                             "--port",
                             "0",
                             "--es12-port",
                             "0"},
                            path("smds.log"));
    smds_port_ = port_of(line, "listening");
    es12_port_ = port_of(line, "es12");
}

std::string Shop::order(unsigned n, const Words& more) {
    must(cli({"smdp", "order", "--state", path("smdp"), "--iccid", iccid(n)}));
    Words confirm{"smdp", "confirm", iccid(n), "--state", path("smdp"), "--release", "--json"};
    confirm.insert(confirm.end(), more.begin(), more.end());
    return must(cli(confirm)).json().value("activation_code", "");
}

Json Shop::show(unsigned n) const {
    return must(cli({"smdp", "show", iccid(n), "--state", path("smdp"), "--json"})).json();
}

Words Shop::lpa_command(Words words, size_t card) const {
    words.insert(words.begin(), {program("halyard"), "lpa"});
    const Words more{"--card",
                     "sim:" + path("card" + std::to_string(card)),
                     "--trust",
                     path("pki/ci.pem"),
                     "--resolve",
                     "smdp.halyard.test=" + smdp_endpoint(),
                     "--resolve",
                     "smds.halyard.test=127.0.0.1:" + std::to_string(smds_port_),
                     "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Ran Shop::lpa(const Words& words, size_t card) const { return run(lpa_command(words, card)); }

Json Shop::card(size_t card) const {
    return must(cli({"euicc", "show", path("card" + std::to_string(card)), "--json"})).json();
}

} // namespace halyard::e2e
