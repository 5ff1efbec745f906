// What packages and CIs an SM-DP+ takes. SR-10, SR-24
#include "tests/e2e/factory_place.h"

using namespace halyard;
using namespace halyard::e2e;

// SR-10: what is for laboratories starts with the lab switch only.
TEST_CASE("when test CIs or published profiles are served, it takes --lab; every combination") {
    const Place p;
    REQUIRE(cli({"pki", "init", "--dir", p.d / "test"}).status == 0);
    REQUIRE(cli({"pki", "init", "--dir", p.d / "own", "--production"}).status == 0);
    p.template_of("template.der");
    // The key of 3GPP TS 35.208 test set 1, as a row and as an order.
    constexpr const char* kRow = "890010100000000031,001010000000031,465B5CE8B199B49FAA5F0A2EE238A6BC,"
                                 "CD63CB71954A9F4E48A5994E37A02BAF\n";
    write_text(p.d / "published.csv", std::string(kHeader) + kRow);
    write_text(p.d / "published.ndjson",
               R"({"profile":"template.der","iccid":"8900101000000000324","imsi":"001010000000032",)"
               R"("k":"465B5CE8B199B49FAA5F0A2EE238A6BC","opc":"CD63CB71954A9F4E48A5994E37A02BAF"})"
               "\n");
    const auto on = [&](const std::string& state, Words words) {
        words.insert(words.begin(), "smdp");
        words.insert(words.end(), {"--state", p.d / state});
        return cli(words);
    };
    REQUIRE(on("plain", {"type", "add", "--type", "data", "--template", p.d / "template.der"}).status == 0);
    REQUIRE(on("lab", {"type", "add", "--type", "data", "--template", p.d / "template.der"}).status == 0);
    for (const Words& more : {Words{}, Words{"--lint", "warn"}}) {
        Words load{"load", "--type", "data", p.d / "published.csv"},
            import{"import", p.d / "published.ndjson"};
        load.insert(load.end(), more.begin(), more.end());
        import.insert(import.end(), more.begin(), more.end());
        const Ran loaded = on("plain", load), imported = on("plain", import);
        CHECK(loaded.status == 1);
        CHECK(contains(loaded.err, "published or trivial: only with --lab"));
        CHECK(imported.status == 1);
        CHECK(contains(imported.err, "[public-key]: only with --lab"));
        CHECK(contains(imported.err, "rejected at lint"));
    }
    CHECK(on("lab", {"load", "--type", "data", "--lab", p.d / "published.csv"}).status == 0);
    CHECK(on("lab2", {"import", "--lab", p.d / "published.ndjson"}).status == 0);

    for (const std::string pki : {"test", "own"})
        for (const std::string state : {"plain", "lab", "lab2"})
            for (const bool lab : {false, true}) {
                Words command{program("halyard"),
                              "smdp",
                              "serve",
                              "--state",
                              p.d / state,
                              "--pki",
                              p.d / pki,
                              "--port",
                              "0"};
                if (lab) command.push_back("--lab");
                const bool starts = lab || (pki == "own" && state == "plain");
                INFO(pki, " ", state, " ", lab);
                auto server = app::Process::start({command, p.d / "serve.log"});
                REQUIRE(server);
                const auto line = server->line(std::chrono::seconds(30));
                server->stop(std::chrono::seconds(5));
                CHECK(line.has_value() == starts);
                const std::string said = read_text(p.d / "serve.log");
                if (!starts && state == "plain")
                    CHECK(contains(said, "rejected at ci: a test CI, see --lab"));
                if (!starts && pki == "own")
                    CHECK(contains(said, "rejected at state: it has profiles taken with --lab"));
            }
    for (const std::string pki : {"test", "own"}) {
        auto server = app::Process::start(
            {{program("halyard"), "smds", "serve", "--state", p.d / "smds", "--pki", p.d / pki},
             p.d / "smds.log"});
        REQUIRE(server);
        const auto line = server->line(std::chrono::seconds(30));
        server->stop(std::chrono::seconds(5));
        CHECK(line.has_value() == (pki == "own"));
    }
}

TEST_CASE("when SGP.26's CI or a TS.48 profile is used, it takes --lab") {
    const Place p;
    if (const auto sgp26 = shared_data("sgp26")) {
        const std::string ci = *sgp26 + "/CertificateIssuer/";
        REQUIRE(cli({"pki",
                     "init",
                     "--production",
                     "--dir",
                     p.d / "pki",
                     "--ci-key",
                     ci + "SK_CI_ECDSA_NIST.pem",
                     "--ci-cert",
                     ci + "CERT_CI_ECDSA_NIST.der"})
                    .status == 0);
        const Ran ran = p.smdp({"serve", "--pki", p.d / "pki"});
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, "rejected at ci: a test CI, see --lab"));
    }
    if (const auto ts48 = shared_data("ts48-v7")) {
        std::string package;
        for (const auto& entry : std::filesystem::directory_iterator(*ts48))
            if (entry.path().extension() == ".der") package = entry.path().string();
        REQUIRE(!package.empty());
        for (const Words& command : {Words{"order", "--profile", package},
                                     Words{"type", "add", "--type", "test", "--template", package}}) {
            const Ran refused = p.smdp(command);
            INFO(refused);
            CHECK(refused.status == 1);
            CHECK(contains(refused.err, "[test-profile]: only with --lab"));
            Words lab = command;
            lab.push_back("--lab");
            CHECK(p.smdp(lab).status == 0);
        }
    }
}

TEST_CASE(
    "when a package endangers keys, it is refused with its element and rule, or told with --lint warn") {
    const Place p;
    p.template_of("template.der");
    // ADM1 that can be guessed, in a whole package and in data.
    REQUIRE(cli({"profile", "show", p.d / "template.der", "--text", "--out", p.d / "t.txt"}).status == 0);
    const Ran weak =
        p.lines("printf 'iccid,puk1\\n890010100000000041,12345678\\n' > weak.csv; chmod 600 weak.csv\n"
                "halyard profile personalize template.der --csv weak.csv -o weak");
    REQUIRE(weak.status == 0);
    std::string package;
    for (const auto& entry : std::filesystem::directory_iterator(p.d / "weak"))
        if (entry.path().extension() == ".der") package = entry.path().string();
    const Ran refused = p.smdp({"order", "--profile", package});
    INFO(refused);
    CHECK(refused.status == 1);
    CHECK(contains(refused.err, "pukCodes"));
    CHECK(contains(refused.err, "[weak-code]"));
    CHECK(p.smdp({"order", "--profile", package, "--ignore", "weak-code"}).status == 0);
    const Ran told = p.smdp(
        {"order", "--profile", p.d / "template.der", "--iccid", "8900101000000000530", "--lint", "warn"});
    CHECK(told.status == 0);
    const Ran warned = p.smdp({"type", "add", "--type", "data", "--template", package});
    CHECK(warned.status == 0); // codes are the rows' business
    write_text(p.d / "row.csv", std::string(kHeader) + row(4));
    const Ran row_refused =
        p.smdp({"load", "--type", "data", p.d / "row.csv"}); // which leaves them to the template
    CHECK(row_refused.status == 1);
    CHECK(contains(row_refused.err, "[weak-code]"));
    CHECK(p.smdp({"load", "--type", "data", "--lint", "warn", p.d / "row.csv"}).status == 0);
}
