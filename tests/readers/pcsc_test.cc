// The card as PC/SC programs see it: the real pcscd with the virtual reader's driver, OpenSC and pcsc-tools.
// What they must show is by hand: the ATR from its table, EID and ICCID as the card was made.
#include "tests/e2e/run.h"
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr auto kPatience = std::chrono::seconds(60);
// With Le: OpenSC fetches what 61xx announces only when an answer is wanted.
constexpr const char* kSelectIsdr = "00A4040010A0000005591010FFFFFFFF890000010000";
constexpr const char* kGetEid = "80E2910006BF3E035C015A00";
constexpr const char* kIccid = "89001019000100000000";
constexpr const char* kEfIccid = "98000191001000000000"; // its digits in pairs, swapped

// Debian has pcscd where only root's PATH leads.
std::string path_of(const std::string& name) {
    std::string out = shell("PATH=$PATH:/usr/sbin; command -v " + name).out;
    out.erase(std::min(out.find('\n'), out.size()));
    return out;
}

std::string missing_program() {
    for (const char* name : {"pcscd", "opensc-tool", "pcsc_scan", "python3"})
        if (path_of(name).empty()) return name;
    const char* driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
    return std::filesystem::exists(driver) ? "" : driver;
}
// True when there is nothing to test with; CTest shows the test as skipped then.
bool skipped() {
    const std::string name = missing_program();
    if (name.empty()) return false;
    std::fprintf(stderr, "SKIPPED: no PC/SC here, %s is missing; ./do setup installs it\n", name.c_str());
    return true;
}

// Two ports in a row that nobody listens at.
int free_port() {
    for (int port = 36000 + ::getpid() % 5000 * 4;; port += 2) {
        bool free = true;
        for (int p = port; p < port + 2; ++p) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            sockaddr_in at{};
            at.sin_family = AF_INET;
            at.sin_port = htons(static_cast<uint16_t>(p));
            free = free && ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
            ::close(fd);
        }
        if (free) return port;
    }
}

// Repeats until `good` or patience ends; the last run either way.
template <class Good> Ran until(const Words& command, Good good) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        Ran ran = run(command);
        if (good(ran) || std::chrono::steady_clock::now() > end) return ran;
        std::this_thread::sleep_for(milliseconds(100));
    }
}

class Reader {
  public:
    Directory directory;
    std::string eid;
    int port = free_port();

    std::vector<std::string> eids; // eid first

    explicit Reader(const std::string& iccid, unsigned cards = 1) {
        const std::string boot = directory / "boot.der";
        REQUIRE(cli({"pki", "init", "--dir", directory / "pki", "--euiccs", std::to_string(cards)}).status ==
                0);
        for (const auto& entry : std::filesystem::directory_iterator(directory / "pki/euicc"))
            if (entry.path().extension() == ".der") eids.push_back(entry.path().stem().string());
        REQUIRE(cli({"profile", "sample", "--kind", "bootstrap", "--iccid", iccid, "--out", boot}).status ==
                0);
        for (size_t i = 0; i < eids.size(); ++i) {
            const Ran made = cli({"euicc",
                                  "create",
                                  card(i),
                                  "--pki",
                                  directory / "pki",
                                  "--eid",
                                  eids[i],
                                  "--bootstrap",
                                  boot});
            INFO(made);
            REQUIRE(made.status == 0);
        }
        eid = eids[0];
        const std::string socket = directory / "pcscd.comm";
        auto started =
            app::Process::start({{path_of("python3"), "tests/readers/pcscd.py", socket, std::to_string(port)},
                                 directory / "pcscd.log"});
        REQUIRE(started);
        pcscd_ = std::move(*started);
        ::setenv("PCSCLITE_CSOCK_NAME", socket.c_str(), 1);
        const Ran list = until({path_of("opensc-tool"), "-l"},
                               [](const Ran& r) { return contains(r.out, "Halyard test"); });
        INFO(list);
        INFO(read_text(directory / "pcscd.log"));
        REQUIRE(contains(list.out, "Halyard test"));
    }
    std::string card(size_t i) const {
        return directory / (i ? "card" + std::to_string(i) : std::string("card"));
    }
    ~Reader() { ::unsetenv("PCSCLITE_CSOCK_NAME"); }

    void serve(const Words& more = {}) {
        Words command{program("halyard"),
                      "euicc",
                      "serve",
                      directory / "card",
                      "--json",
                      "--vpcd",
                      "127.0.0.1:" + std::to_string(port)};
        command.insert(command.end(), more.begin(), more.end());
        auto started = app::Process::start({command, directory / "serve.log"});
        REQUIRE(started);
        serve_ = std::move(*started);
        wait_for_card(true);
    }
    // How it ended, and what it said.
    std::pair<int, std::vector<Json>> stop() {
        serve_.signal(SIGTERM);
        std::vector<Json> said;
        while (const auto line = serve_.line(kPatience)) said.push_back(Json::parse(*line, nullptr, false));
        REQUIRE(serve_.wait(kPatience));
        return {serve_.status(), said};
    }
    void wait_for_card(bool there) const {
        const Ran list = until({path_of("opensc-tool"), "-l"},
                               [&](const Ran& r) { return contains(r.out, "Yes") == there; });
        INFO(list);
        INFO(read_text(directory / "serve.log"));
        REQUIRE(contains(list.out, "Yes") == there);
    }
    Ran opensc(const Words& more) const {
        Words command{path_of("opensc-tool"), "-r", "0", "-c", "default"};
        command.insert(command.end(), more.begin(), more.end());
        return run(command);
    }
    // Answers of the card to the APDUs, one after the other in one connection: "9000 BF3E…".
    std::vector<std::string> send(const Words& apdus, const Words& before = {}) const {
        Words options = before;
        for (const std::string& a : apdus) {
            options.push_back("-s");
            options.push_back(a);
        }
        const Ran ran = opensc(options);
        INFO(ran);
        CHECK(ran.status == 0);
        return answers(ran.out);
    }

  private:
    // "Received (SW1=0x90, SW2=0x00):" and lines of 16 octets with their text behind them
    static std::vector<std::string> answers(const std::string& text) {
        std::vector<std::string> out;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            const size_t sw = line.find("SW1=0x");
            if (line.starts_with("Received") && sw != std::string::npos) {
                out.push_back(line.substr(sw + 6, 2) + line.substr(line.find("SW2=0x") + 6, 2) + " ");
            } else if (!out.empty()) {
                for (size_t at = 0; at + 2 < line.size() && at < 48; at += 3) {
                    if (!std::isxdigit(line[at]) || !std::isxdigit(line[at + 1]) || line[at + 2] != ' ')
                        break;
                    out.back() += line.substr(at, 2);
                }
            }
        }
        return out;
    }

    app::Process pcscd_, serve_;
};
} // namespace

TEST_CASE("when a card is served to a virtual reader, PC/SC programs list it, read its ATR, EID and files") {
    if (skipped()) return;
    Reader reader(kIccid);
    const std::string trace = reader.directory / "trace.txt";
    reader.serve({"--trace", trace});
    const Ran atr = reader.opensc({"-a"});
    INFO(atr);
    CHECK(contains(atr.out, "3b:9d:96:80:3f:c7:82:80:31:e0:73:fe:21:1b:65:76:65:53:49:4d:36"));

    const auto isdr = reader.send({kSelectIsdr, kGetEid});
    REQUIRE(isdr.size() == 2);
    CHECK(isdr[0].starts_with("9000 6F"));
    CHECK(contains(isdr[0], "8410A0000005591010FFFFFFFF8900000100")); // its AID, in the FCI
    CHECK(isdr[1] == "9000 BF3E125A10" + reader.eid);

    const auto files = reader.send({"00A4000C023F00", "00A4000C022FE2", "00B000000A", "00A40004022FFF"});
    REQUIRE(files.size() == 4);
    CHECK(files[2] == std::string("9000 ") + kEfIccid);
    CHECK(files[3] == "6A82 ");

    SUBCASE("and after a reset nothing is selected, and all works again") {
        const auto after = reader.send({kGetEid, kSelectIsdr, kGetEid}, {"--reset=cold"});
        REQUIRE(after.size() == 3);
        CHECK(after[0] == "6985 "); // the ISD-R of before is forgotten
        CHECK(after[2] == "9000 BF3E125A10" + reader.eid);
        const auto warm = reader.send({kSelectIsdr, kGetEid}, {"--reset=warm"});
        REQUIRE(warm.size() == 2);
        CHECK(warm[1] == "9000 BF3E125A10" + reader.eid);
    }
    SUBCASE("and pcsc_scan shows reader and ATR") {
        const Ran scan = run({path_of("pcsc_scan"), "-n", "-t", "3"});
        INFO(scan);
        CHECK(contains(scan.out, "Halyard test"));
        CHECK(contains(scan.out, "3B 9D 96 80 3F C7 82 80 31 E0 73 FE 21 1B 65 76 65 53 49 4D 36"));
    }
    SUBCASE("and when it is served no more, it is gone; served again, it is back") {
        const auto [status, said] = reader.stop();
        CHECK(status == 0);
        REQUIRE_FALSE(said.empty());
        CHECK(said.back()["event"] == "stopped");
        CHECK(said.back()["apdus"] == 8); // six, and GET RESPONSE twice
        reader.wait_for_card(false);
        reader.serve();
        const auto back = reader.send({kSelectIsdr, kGetEid});
        REQUIRE(back.size() == 2);
        CHECK(back[1] == "9000 BF3E125A10" + reader.eid);
    }
    // what was recorded is read back
    const Ran decoded = cli({"euicc", "trace", trace});
    INFO(decoded);
    CHECK(decoded.status == 0);
    CHECK(contains(decoded.out, "GetEuiccDataRequest"));
    CHECK(contains(decoded.out, "power: on"));
    CHECK(cli({"asn1", "decode", trace}).status == 0);
}

TEST_CASE("when power is cut by plan, PC/SC programs see the card pulled out, and in again") {
    if (skipped()) return;
    Reader reader(kIccid);
    write_text(reader.directory / "plan", "tag BF3E #1: cut after\n");
    reader.serve({"--faults", reader.directory / "plan"});
    const Ran cut = reader.opensc({"-s", kSelectIsdr, "-s", kGetEid});
    INFO(cut);
    CHECK_FALSE(contains(cut.out, "BF 3E 12"));
    const Ran again = until({path_of("opensc-tool"), "-c", "default", "-s", kSelectIsdr, "-s", kGetEid},
                            [](const Ran& r) { return r.status == 0; });
    INFO(again);
    CHECK(contains(again.out, "BF 3E 12 5A 10 89 04 90 32"));
}

TEST_CASE("when two cards are served at once, each is in a slot of its own") {
    if (skipped()) return;
    Reader reader(kIccid, 2);
    reader.serve({reader.card(1)});
    for (const char* slot : {"0", "1"}) {
        const Ran ran =
            until({path_of("opensc-tool"), "-r", slot, "-c", "default", "-s", kSelectIsdr, "-s", kGetEid},
                  [](const Ran& r) { return r.status == 0; });
        INFO(ran);
        std::string octets; // of the EID, as opensc-tool prints them
        const std::string& eid = reader.eids[slot[0] - '0'];
        for (size_t i = 0; i < 22; i += 2) octets += eid.substr(i, 2) + " "; // up to the end of its line
        CHECK(contains(ran.out, "BF 3E 12 5A 10 " + octets));
    }
    CHECK(reader.stop().first == 0);
}
