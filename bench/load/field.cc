#include "bench/load/field.h"
#include "apps/common/files.h"
#include "rsp/chain.h"
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace halyard::bench {
namespace {
constexpr const char* kHost = "smdp.halyard.test";
std::string program() {
    return (app::own_program().parent_path().parent_path() / "apps" / "halyard").string();
}
} // namespace

std::string Field::run(std::vector<std::string> words) const {
    words.insert(words.begin(), program());
    return need(app::run(words, directory_ / "log"), words[1].c_str());
}

Field::Field(const FieldOptions& options) {
    std::string pattern = (std::filesystem::temp_directory_path() / "halyard-load-XXXXXX").string();
    HALYARD_ASSERT(::mkdtemp(pattern.data()));
    directory_ = pattern;
    run({"pki", "init", "--dir", path("pki"), "--euiccs", std::to_string(options.clients)});
    const app::PkiDirectory pki{path("pki")};
    eids_ = need(pki.eids(), "eids");
    oid_ = need(asn1::oid_from_text(need(rsp::server_oid(need(pki.certificate("smdp-auth"), "pki")), "oid")),
                "oid");
    place(options);
    std::vector<std::string> command{
        program(), "smdp", "serve", "--lab", "--state", path("smdp"), "--pki", path("pki"), "--port", "0"};
    command.insert(command.end(), options.store.begin(), options.store.end());
    command.insert(command.end(), options.serve.begin(), options.serve.end());
    smdp_ = need(app::Process::start({command, path("smdp.log")}), "smdp serve");
    const std::string line = need(smdp_.line(std::chrono::seconds(30)), "smdp serve");
    const std::string url = nlohmann::json::parse(line).value("listening", "");
    endpoint_ = url.substr(url.find("//") + 2);
}

Field::~Field() {
    smdp_.stop(std::chrono::seconds(10));
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

// The same package for all, each with an ICCID of its own.
void Field::place(const FieldOptions& options) {
    std::string profile =
        options.profile.empty() ? path("sample.der") : std::filesystem::absolute(options.profile).string();
    if (options.profile.empty())
        run({"profile",
             "sample",
             "--iccid",
             loop::iccid_text(0),
             "--imsi",
             "001010000000000",
             "--out",
             profile});
    std::ofstream file(path("orders.ndjson"));
    for (unsigned n = 0; n < options.orders; ++n)
        file << nlohmann::json{{"profile", profile},
                               {"iccid", loop::iccid_text(n + 1)},
                               {"imsi", "00101" + std::to_string(1'000'000'000u + n)},
                               {"matching_id", matching_id(n)}}
                    .dump()
             << "\n";
    file.close();
    std::vector<std::string> words{"smdp", "import", "--state", path("smdp"), path("orders.ndjson")};
    words.insert(words.end(), options.store.begin(), options.store.end());
    run(std::move(words));
    package_octets_ = static_cast<size_t>(std::filesystem::file_size(profile));
}

app::Es9Client Field::client(binding::Es9Form form, const std::string& at) const {
    net::HttpsClient::Options http;
    http.trust.anchors.push_back(need(app::PkiDirectory{path("pki")}.certificate("ci"), "ci").der);
    http.trust.policies = {rsp::policy_oid(rsp::Role::dp_tls)};
    http.connect_to[kHost] = at.empty() ? endpoint_ : at;
    return need(app::Es9Client::open(std::move(http), "gsma-rsp-ipad", form), "client");
}

std::unique_ptr<loop::Handset> Field::handset(app::Es9Client& client, size_t number, Random& random) const {
    const app::PkiDirectory pki{path("pki")};
    const Eid& eid = eids_[number % eids_.size()];
    auto out = std::make_unique<loop::Handset>(
        eid,
        need(pki.credential("euicc/" + to_text(eid)), "euicc"),
        need(pki.certificate("eum"), "eum").der,
        need(pki.anchor(), "ci").key_id,
        oid_,
        [&client](Bytes message, Time) { return client.exchange(kHost, message); },
        random);
    out->smdp_address = out->server_address = kHost;
    return out;
}

double cpu_seconds(int pid) {
    if (pid < 0) {
        struct rusage used {};
        ::getrusage(RUSAGE_SELF, &used);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        return seconds(used.ru_utime) + seconds(used.ru_stime);
    }
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) rest >> skipped; // state … majflt, cmajflt
    double user = 0, system = 0;
    rest >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    double total = 0, pages = 0;
    file >> total >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

} // namespace halyard::bench
