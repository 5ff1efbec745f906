// `halyard euicc serve`, `trace`, `replay`, `fs`: cards at sockets and lpac's lines. tests/readers has PC/SC.
#include "base/octets.h"
#include "tests/e2e/site.h"
#include <algorithm>
#include <csignal>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr auto kPatience = std::chrono::seconds(60);
constexpr const char* kSelectIsdr = "00A4040010A0000005591010FFFFFFFF8900000100";
constexpr const char* kGetEid = "80E2910006BF3E035C015A";

struct Cards {
    Directory directory;
    std::vector<std::string> eids, cards;
    explicit Cards(unsigned count = 1) {
        REQUIRE(cli({"pki", "init", "--dir", directory / "pki", "--euiccs", std::to_string(count)}).status ==
                0);
        for (const auto& entry : std::filesystem::directory_iterator(directory / "pki/euicc"))
            if (entry.path().extension() == ".der") eids.push_back(entry.path().stem().string());
        std::sort(eids.begin(), eids.end());
        const std::string boot = directory / "boot.der";
        const Words sample{
            "profile", "sample", "--kind", "bootstrap", "--iccid", "89001019000100000000", "--out", boot};
        REQUIRE(cli(sample).status == 0);
        for (const std::string& eid : eids) {
            cards.push_back(directory / ("card" + std::to_string(cards.size())));
            const Ran made = cli({"euicc",
                                  "create",
                                  cards.back(),
                                  "--pki",
                                  directory / "pki",
                                  "--eid",
                                  eid,
                                  "--bootstrap",
                                  boot});
            INFO(made);
            REQUIRE(made.status == 0);
        }
    }
};

// A running `euicc serve`, and the sockets it says it has.
struct Serving {
    app::Process process;
    std::vector<Json> said;
    Serving(Words options, size_t seams, const std::string& log) {
        Words command{program("halyard"), "euicc", "serve"};
        command.insert(command.end(), options.begin(), options.end());
        command.push_back("--json");
        auto started = app::Process::start({command, log});
        REQUIRE(started);
        process = std::move(*started);
        for (size_t open = 0; open < seams;) {
            const auto line = process.line(kPatience);
            INFO(read_text(log));
            REQUIRE(line);
            said.push_back(Json::parse(*line, nullptr, false));
            open += said.back().value("event", "") == "serving";
        }
    }
    int stop(int number = SIGTERM) {
        process.signal(number);
        while (const auto line = process.line(kPatience)) said.push_back(Json::parse(*line, nullptr, false));
        REQUIRE(process.wait(kPatience));
        return process.status();
    }
};

// One connection; APDUs in their frames.
class Line {
  public:
    explicit Line(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        const timeval patience{60, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    }
    Line(const Line&) = delete;
    ~Line() { ::close(fd_); }
    // "" when the connection ended instead
    std::string operator()(const std::string& apdu) const {
        const OwnedBytes octets = *from_hex(apdu);
        OwnedBytes out{static_cast<uint8_t>(octets.size() >> 8), static_cast<uint8_t>(octets.size())};
        append(out, octets);
        CHECK(::send(fd_, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size()));
        uint8_t head[2];
        if (::recv(fd_, head, 2, MSG_WAITALL) != 2) return "";
        OwnedBytes in(static_cast<size_t>(head[0]) << 8 | head[1]);
        if (::recv(fd_, in.data(), in.size(), MSG_WAITALL) != static_cast<ssize_t>(in.size())) return "";
        return hex(in);
    }
    std::string eid() const {
        (*this)(kSelectIsdr);
        CHECK((*this)(kGetEid) == "6115");
        const std::string answer = (*this)("80C0000015");
        return answer.starts_with("BF3E125A10") && answer.ends_with("9000") ? answer.substr(10, 32) : answer;
    }

  private:
    int fd_;
};
} // namespace

TEST_CASE("when cards are served at Unix sockets, each client gets its own card's EID") {
    Cards cards(2);
    Serving serving(
        {cards.cards[0], cards.cards[1], "--unix", cards.directory / "s"}, 2, cards.directory / "log");
    CHECK(Line(cards.directory / "s.0").eid() == cards.eids[0]);
    CHECK(Line(cards.directory / "s.1").eid() == cards.eids[1]);
    const Ran taken = cli({"euicc", "show", cards.cards[0]});
    CHECK(taken.status == 1);
    CHECK(contains(taken.err, "card is in use"));
    CHECK(serving.stop(SIGINT) == 0);
    CHECK(serving.said[0]["event"] == "card");
    CHECK(serving.said[0]["eid"] == cards.eids[0]);
    CHECK(serving.said.back()["event"] == "stopped");
    CHECK(serving.said.back()["apdus"] == 6);
    CHECK_FALSE(std::filesystem::exists(cards.directory / "s.0"));
    CHECK(cli({"euicc", "show", cards.cards[0]}).status == 0);
}

TEST_CASE("when a card is served at a Unix socket and a port at once, the console has it by either, one at a "
          "time") {
    Cards cards(2);
    const std::string socket = cards.directory / "s", trace = cards.directory / "trace";
    Serving serving({cards.cards[0], cards.cards[1], "--unix", socket, "--tcp", "0", "--trace", trace},
                    4,
                    cards.directory / "log");
    std::vector<std::string> seams;
    for (const Json& e : serving.said)
        if (e["event"] == "serving") seams.push_back(e["seam"]);
    size_t ports = 0;
    for (const std::string& seam : seams) {
        if (!seam.starts_with("tcp ")) continue;
        const Ran ran = cli({"euicc", "apdu", "--socket", "tcp:" + seam.substr(4), "es10 BF3E035C015A"});
        INFO(ran);
        CHECK(ran.status == 0);
        CHECK(contains(ran.out, cards.eids[ports++]));
    }
    CHECK(ports == 2);
    const Line holds(socket + ".0");
    CHECK(holds.eid() == cards.eids[0]);
    const Ran second = cli({"euicc", "apdu", "--socket", "unix:" + socket + ".0", "atr"});
    INFO(second);
    CHECK(second.status == 1);
    CHECK(contains(second.out, "line 1: no answer: unreachable at card"));
    CHECK(contains(cli({"euicc", "apdu", "--socket", "unix:" + socket + ".1", "es10 BF3E035C015A"}).out,
                   cards.eids[1]));      // the other card is free
    CHECK(holds.eid() == cards.eids[0]); // and the first client undisturbed
    CHECK(cli({"euicc", "apdu", "--socket", "ftp:x"}).status == 1);
    CHECK(serving.stop() == 0);
    for (size_t i = 0; i < 2; ++i) { // each card has a recording of its own, with its own EID only
        const std::string recorded = read_text(trace + "." + std::to_string(i));
        CHECK(contains(recorded, cards.eids[i]));
        CHECK_FALSE(contains(recorded, cards.eids[1 - i]));
    }
}

TEST_CASE("when the command line of serve makes no sense, it is refused before anything is opened") {
    const Directory directory;
    const std::string card = directory / "card";
    for (const Words& bad : {Words{card},
                             Words{card, "--lpac", "--tcp", "0"},
                             Words{card, card, "--lpac"},
                             Words{card, "--vpcd", "--unix", "x"},
                             Words{card, card, card, "--tcp", "1", "--tcp", "2"}}) {
        Words command{"euicc", "serve"};
        command.insert(command.end(), bad.begin(), bad.end());
        const Ran ran = cli(command);
        INFO(ran);
        CHECK(ran.status == 2);
        CHECK(contains(ran.err, "euicc serve: "));
    }
    CHECK(cli({"euicc", "serve", card, "--tcp", "0"}).status == 1); // no card there
    write_text(directory / "plan", "seed 1\napdu x: lose\n");
    const Ran plan = cli({"euicc", "serve", card, "--tcp", "0", "--faults", directory / "plan"});
    CHECK(plan.status == 1);
    CHECK(contains(plan.err, "plan:2: expected a number from 1"));
    const Json json =
        cli({"euicc", "serve", card, "--tcp", "0", "--faults", directory / "plan", "--json"}).json();
    CHECK(json["error"]["lines"][0]["line"] == 2);
    Cards cards;
    const Ran address = cli({"euicc", "serve", cards.cards[0], "--tcp", "nowhere:1"});
    CHECK(address.status == 1);
    CHECK(contains(address.err, "bad value at address"));
}

TEST_CASE("when a stand-in for lpac talks to the card by lines, it reads EID and profiles") {
    Cards cards;
    const Ran ran = run({"/usr/bin/env",
                         "python3",
                         "tests/e2e/lpac_peer.py",
                         program("halyard"),
                         "euicc",
                         "serve",
                         cards.cards[0],
                         "--lpac"});
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(ran.out == cards.eids[0] + "\n");
    CHECK(contains(ran.err, "\"type\": \"lpa\"")); // what lpac reports is shown to people
    CHECK(contains(ran.err, "stopped after "));
}

TEST_CASE("when a card was recorded, the recording is read, decoded and told again") {
    Cards cards;
    const std::string file = cards.directory / "trace.txt", socket = cards.directory / "s";
    {
        Serving serving({cards.cards[0], "--unix", socket, "--trace", file}, 1, cards.directory / "log");
        {
            const Line line(socket);
            CHECK(line.eid() == cards.eids[0]);
            line("00A4000C023F00");
            line("00A4000C022FE2");
            CHECK(line("00B000000A") == "980001910010000000009000");
        }
        CHECK(serving.stop() == 0);
    }
    const std::string text = read_text(file);
    CHECK(contains(text, "* on 3B9D96803FC7828031E073FE211B65766553494D36"));
    CHECK(contains(text, "> 80E2910006BF3E035C015A  # STORE DATA GetEuiccDataRequest"));
    CHECK(contains(text, "* off"));
    const Ran decoded = cli({"euicc", "trace", file});
    INFO(decoded);
    CHECK(decoded.status == 0);
    CHECK(contains(decoded.out, "power: on"));
    CHECK(contains(decoded.out, cards.eids[0]));
    const Json json = cli({"euicc", "trace", file, "--json"}).json();
    REQUIRE(json["sessions"].size() == 2);
    CHECK(json["sessions"][0]["power"] == "on");
    CHECK(json["sessions"][0]["exchanges"].size() == 5);
    CHECK(json["sessions"][1]["power"] == "off");

    const Ran same = cli({"euicc", "replay", cards.cards[0], file});
    INFO(same);
    CHECK(same.status == 0);
    CHECK(contains(same.out, "6 commands, 6 answered as recorded"));
    std::string changed = text;
    changed.replace(changed.find("< 98000191"), 10, "< 98000192");
    write_text(file, changed);
    const Ran differs = cli({"euicc", "replay", cards.cards[0], file, "--json"});
    CHECK(differs.status == 1);
    const Json d = differs.json();
    CHECK(d["same"] == 5);
    REQUIRE(d["differences"].size() == 1);
    CHECK(d["differences"][0]["what"] == "READ BINARY");
    CHECK(d["differences"][0]["now"] == "980001910010000000009000");
    write_text(file, "nothing of that kind\n");
    CHECK(contains(cli({"euicc", "replay", cards.cards[0], file}).err, "bad value at no trace"));
    CHECK(contains(cli({"euicc", "trace", file}).err, "bad value at no trace"));
}

TEST_CASE("when faults are planned, clients of the card meet them, and the card is whole afterwards") {
    Cards cards;
    const std::string socket = cards.directory / "s", plan = cards.directory / "plan";
    write_text(plan, "tag BF3E #1: cut before\nins B0 #1: status 6F00\nalways: slow 20ms\n");
    Serving serving({cards.cards[0], "--unix", socket, "--faults", plan}, 1, cards.directory / "log");
    {
        const Line line(socket);
        line(kSelectIsdr);
        CHECK(line(kGetEid) == ""); // gone
    }
    const Line line(socket);
    CHECK(line(kGetEid) == "6985"); // the channel is as after power on: no ISD-R selected
    const auto begin = std::chrono::steady_clock::now();
    CHECK(line.eid() == cards.eids[0]);
    CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(60)); // three APDUs
    CHECK(line("00B0000001") == "6F00");
    CHECK(serving.stop() == 0);
}

TEST_CASE("when the files of the enabled profile are asked for, the tree and any file of it are shown") {
    Cards cards;
    const Ran tree = cli({"euicc", "fs", cards.cards[0]});
    INFO(tree);
    CHECK(tree.status == 0);
    CHECK(contains(tree.out, "3F00 MF\n"));
    CHECK(contains(tree.out, "2FE2 EF.ICCID"));
    CHECK(contains(tree.out, "ADF.USIM"));
    CHECK(contains(tree.out, "6F07 EF.IMSI"));
    const Json iccid = cli({"euicc", "fs", cards.cards[0], "2FE2", "--json"}).json();
    CHECK(iccid["name"] == "EF.ICCID");
    CHECK(iccid["kind"] == "transparent");
    CHECK(iccid["size"] == 10);
    CHECK(iccid["content"] == "98000191001000000000");
    CHECK(cli({"euicc", "fs", cards.cards[0], "3F00/EF.ICCID", "--json"}).json() == iccid);
    const Json imsi = cli({"euicc", "fs", cards.cards[0], "ADF.USIM/6F07", "--json"}).json();
    CHECK(imsi == cli({"euicc", "fs", cards.cards[0], "A0000000871002/ef.imsi", "--json"}).json());
    CHECK(imsi["size"] == 9); // 3GPP TS 31.102 §4.2.2
    const Json dir = cli({"euicc", "fs", cards.cards[0], "2F00", "--json"}).json();
    CHECK(dir["kind"] == "linear fixed");
    REQUIRE(dir["record_contents"].size() > 0);
    CHECK(contains(dir["record_contents"][0],
                   "A0000000871002")); // EF.DIR names the USIM. ETSI TS 102 221 §13.1
    const Ran none = cli({"euicc", "fs", cards.cards[0], "7F10/6F99"});
    CHECK(none.status == 1);
    CHECK(contains(none.err, "not found at file"));
    const Json below = cli({"euicc", "fs", cards.cards[0], "ADF.USIM", "--json"}).json();
    for (const Json& f : below["files"]) CHECK(contains(f["path"], "A0000000871002"));
}

TEST_CASE("when an IPAd's card is behind a socket and loses power again and again, a download is done all "
          "the same") {
    Site site;
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    const std::string socket = site.path("card.sock"), plan = site.path("plan");
    write_text(plan, "apdu 30: cut after\napdu 75: cut before\napdu 120: lose\ncommit 4: cut\n");
    Serving serving({site.path("devices/device-0001/card"), "--unix", socket, "--faults", plan},
                    1,
                    site.path("serve.log"));
    site.card_seam = "unix:" + socket;
    std::string state;
    for (int attempt = 0; attempt < 5 && state != "succeeded"; ++attempt) {
        const Ran ran = site.ipad(0);
        INFO(ran);
        state = site.operation(id).value("state", "");
    }
    CHECK(state == "succeeded");
    CHECK(serving.stop() == 0);
    size_t cuts = 0;
    for (const Json& e : serving.said)
        cuts += e.value("detail", "") == "power cut" || e.value("detail", "") == "response lost";
    CHECK(cuts >= 3);
    CHECK(site.card(0)["profiles"].size() == 2);
}
