// docs/first-day.md, line by line: from an empty directory to a profile on a card.
#include "tests/e2e/run.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
/// All lines that the page marks with "runs: NAME", in their order.
std::string documented(const std::string& name) {
    const std::string text = read_text("docs/first-day.md"), mark = "<!-- runs: " + name + " -->\n```sh\n";
    std::string out;
    for (size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
        at += mark.size();
        out += text.substr(at, text.find("```", at) - at);
    }
    REQUIRE_FALSE(out.empty());
    return out;
}
} // namespace

TEST_CASE("when the page for the operator's first day is followed, a card has a profile at its end") {
    const Directory d;
    const std::string bin = std::filesystem::path(program("halyard")).parent_path().string();
    std::string port = "0", where = d.path();
    const auto follow = [&](const std::string& name) {
        write_text(d / "lines.sh",
                   "set -e\ncd " + where + "\nPATH=" + bin + ":$PATH\nES9_PORT=" + port + "\n" +
                       documented(name));
        const Ran ran = shell("sh " + (d / "lines.sh"));
        INFO(name << "\n" << ran);
        REQUIRE(ran.status == 0);
        return ran;
    };
    const Ran prepared = follow("prepare");
    CHECK(contains(prepared.out, "\"checked\":true"));
    where = d / "first-day";

    // Ports of a page are taken by somebody on a machine that tests.
    auto started = app::Process::start({{program("halyard"),
                                         "smdp",
                                         "serve",
                                         "--config",
                                         where + "/smdp.toml",
                                         "--port",
                                         "0",
                                         "--metrics",
                                         "127.0.0.1:0"},
                                        d / "smdp.log"});
    REQUIRE(started);
    const auto line = started->line(std::chrono::seconds(30));
    INFO(read_text(d / "smdp.log"));
    REQUIRE(line);
    const std::string url = Json::parse(*line).value("listening", "");
    port = url.substr(url.rfind(':') + 1);

    CHECK(contains(follow("order").out, "1$smdp.example.com$"));
    const Ran downloaded = follow("download");
    CHECK(contains(downloaded.out, "89001010000000001")); // any of the three in stock
    CHECK(contains(follow("look").out, "installed"));
}
