// A whole life of a served card, `halyard euicc serve` killed before, after and in the midst of its APDUs:
// started again it shows the state before or after the command, and the life goes on to the same end. RR-13
#include "apps/common/pki_files.h"
#include "reader/client.h"
#include "tests/e2e/run.h"
#include "tests/loop/life.h"
#include <csignal>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;
using loop::Life;

namespace {
namespace fs = std::filesystem;
constexpr auto kPatience = std::chrono::seconds(60);

/// What `show` says, without the numbers of what waits; next_seq less `numbers`. It opens the card, as
/// serving it does.
Json view(const std::string& card, uint64_t numbers) {
    const Ran ran = cli({"euicc", "show", card, "--json"});
    INFO(ran);
    REQUIRE(ran.status == 0);
    Json out = ran.json();
    for (const char* list : {"notifications", "package_results"})
        for (Json& one : out[list]) one.erase("seq");
    out["next_seq"] = out["next_seq"].get<uint64_t>() - numbers;
    return out;
}

/// A process that serves a card, to be killed.
struct Served {
    app::Process process;
    Served(const std::string& card, const std::string& socket, const std::string& log) {
        auto started = app::Process::start(
            {{program("halyard"), "euicc", "serve", card, "--unix", socket, "--json"}, log});
        REQUIRE(started);
        process = std::move(*started);
        for (std::string event; event != "serving";) {
            const auto line = process.line(kPatience);
            INFO(read_text(log));
            REQUIRE(line);
            event = Json::parse(*line, nullptr, false).value("event", "");
        }
    }
    void kill() {
        process.signal(SIGKILL);
        REQUIRE(process.wait(kPatience));
    }
};

enum class Kill : uint8_t { before, after, during };

/// A card behind a socket, whose process is killed at one APDU.
class KilledPort final : public reader::CardPort {
  public:
    KilledPort(const std::string& socket, Served& served)
        : inner_({.kind = reader::Seam::Kind::local, .path = socket}, kPatience), served_(served) {
        REQUIRE(inner_.power(reader::Power::on));
    }
    std::optional<size_t> at; // n-th APDU, from 0
    Kill when = Kill::before;
    std::chrono::microseconds delay{0}; // of a kill in the midst
    size_t apdus = 0;
    std::function<void()> answered;

    Bytes atr() override { return inner_.atr(); }
    Ok power(reader::Power what) override { return inner_.power(what); }
    Result<reader::Answer> transmit(Bytes apdu) override {
        const bool here = at == apdus++;
        if (here && when == Kill::before) return gone();
        std::thread killer;
        if (here && when == Kill::during)
            killer = std::thread([this] {
                std::this_thread::sleep_for(delay);
                served_.process.signal(SIGKILL);
            });
        auto answer = inner_.transmit(apdu);
        if (killer.joinable()) killer.join();
        if (here) return gone();
        if (answered) answered();
        return answer;
    }

  private:
    Result<reader::Answer> gone() {
        served_.kill();
        return fail(Errc::unreachable, "killed");
    }
    reader::SeamClient inner_;
    Served& served_;
};

struct Stage {
    Life::Book book;
    std::vector<Json> views; // before the step's first APDU, and after each
};

class Site {
  public:
    Site() {
        REQUIRE(cli({"pki", "init", "--dir", directory / "pki", "--euiccs", "1"}).status == 0);
        const app::PkiDirectory pki{directory / "pki"};
        const auto eids = pki.eids();
        REQUIRE(eids);
        const std::string boot = directory / "boot.der";
        REQUIRE(cli({"profile",
                     "sample",
                     "--kind",
                     "bootstrap",
                     "--iccid",
                     "89001019000100000000",
                     "--out",
                     boot})
                    .status == 0);
        const Ran made = cli({"euicc",
                              "create",
                              card,
                              "--pki",
                              pki.path.string(),
                              "--eid",
                              to_text(eids->front()),
                              "--bootstrap",
                              boot});
        INFO(made);
        REQUIRE(made.status == 0);
        const auto credential = [&](const char* name) {
            auto loaded = pki.credential(name);
            REQUIRE(loaded);
            return std::move(*loaded);
        };
        life.bench.world.pki.dp_auth = credential("smdp-auth");
        life.bench.world.pki.dp_pb = credential("smdp-pb");
        const auto anchor = pki.anchor();
        REQUIRE(anchor);
        life.bench.world.pki.anchor = *anchor;
        life.bench.eim.eid = eids->front();
        uncut();
    }
    /// The card as it was before the step, killed at its n-th APDU; the life goes on.
    void accident(size_t step, size_t n, Kill when, std::chrono::microseconds delay = {}) {
        put(start_of(step), card);
        life.book = stages[step].book;
        {
            Served served(card, socket, log);
            KilledPort port(socket, served);
            port.at = n;
            port.when = when;
            port.delay = delay;
            life.port = &port;
            life.reconnect();
            CHECK_THROWS_AS(take(step), loop::CardGone);
        }
        const Json found = view(card, 0);
        const auto& views = stages[step].views;
        CHECK(
            ((when != Kill::after && found == views[n]) || (when != Kill::before && found == views[n + 1])));
        Served served(card, socket, log);
        KilledPort port(socket, served);
        life.port = &port;
        life.reconnect();
        for (size_t i = step; i < stages.size() - 1; ++i) take(i);
        served.kill();
        CHECK(view(card, life.book.interrupted) == stages.back().views.front());
        std::multiset<std::string> events = life.book.events;
        std::erase_if(events, [](const std::string& e) { return e.starts_with("interrupted"); });
        CHECK(events == stages.back().book.events);
    }

    std::vector<Stage> stages; // the last one: the end

  private:
    void take(size_t step) { (life.*Life::steps()[step].take)(); }
    std::string start_of(size_t step) const { return directory / ("start-" + std::to_string(step)); }
    static void put(const std::string& from, const std::string& to) {
        fs::remove_all(to);
        fs::copy(from, to, fs::copy_options::recursive);
    }
    /// All files of the card.
    std::string octets() const {
        std::map<std::string, std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(card))
            if (entry.is_regular_file()) files[entry.path().string()] = read_text(entry.path());
        std::string out;
        for (const auto& [name, content] : files) out += name + content;
        return out;
    }
    Json view_of_copy() const {
        put(card, directory / "copy");
        return view(directory / "copy", 0);
    }
    // One process for each step, so that each begins with a card that was just switched on.
    void uncut() {
        for (size_t i = 0; i < Life::steps().size(); ++i) {
            put(card, start_of(i));
            Stage& stage = stages.emplace_back();
            stage.book = life.book;
            Served served(card, socket, log);
            KilledPort port(socket, served);
            life.port = &port;
            life.reconnect();
            stage.views.push_back(view_of_copy());
            std::string last = octets();
            port.answered = [&] {
                std::string now = octets();
                stage.views.push_back(now == last ? stage.views.back() : view_of_copy());
                last = std::move(now);
            };
            take(i);
            served.kill();
        }
        stages.emplace_back();
        stages.back().book = life.book;
        stages.back().views.push_back(view(card, 0));
    }

    Directory directory;
    std::string card = directory / "card", socket = directory / "s", log = directory / "log";
    Life life;
};
} // namespace

TEST_CASE("when the process of a card is killed at APDUs of a whole life, the card is as before or after the "
          "command "
          "and the life goes on to the same end") {
    Site site;
    const Json& end = site.stages.back().views.front();
    CAPTURE(end.dump());
    CHECK(end["next_seq"] == 16); // as in tests/loop/life_cuts_test.cc
    CHECK(end["profiles"].size() == 2);
    CHECK(end["notifications"].empty());
    CHECK(end["package_results"].empty());
    loop::SeededRandom dice{2026};
    for (size_t step = 0; step + 1 < site.stages.size(); ++step) {
        const size_t apdus = site.stages[step].views.size() - 1;
        const auto at = [&] { return dice.next() % apdus; };
        struct Case {
            size_t apdu;
            Kill when;
        };
        for (const Case& one :
             {Case{at(), Kill::before}, Case{apdus - 1, Kill::after}, Case{at(), Kill::during}}) {
            INFO("step " << std::string(Life::steps()[step].name) << ", APDU " << one.apdu << " of " << apdus
                         << ", kill " << static_cast<int>(one.when));
            site.accident(step, one.apdu, one.when, std::chrono::microseconds(dice.next() % 1500));
        }
    }
}

TEST_CASE("when the process of a card is killed while it writes, the write has happened or not") {
    Site site;
    loop::SeededRandom dice{7};
    for (size_t step = 0; step + 1 < site.stages.size(); ++step) {
        const auto& views = site.stages[step].views;
        for (size_t n = 0; n + 1 < views.size(); ++n) {
            if (views[n] == views[n + 1] || dice.next() % 3) continue;
            INFO("step " << std::string(Life::steps()[step].name) << ", APDU " << n);
            site.accident(step, n, Kill::during, std::chrono::microseconds(dice.next() % 3000));
        }
    }
}
