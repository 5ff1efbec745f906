// The lines of docs/factory.md, and what loading refuses or survives.
#include "tests/e2e/factory_place.h"
#include <csignal>
#include <set>

using namespace halyard;
using namespace halyard::e2e;

TEST_CASE("when the lines of docs/factory.md are run, an order comes from loaded data and the pool is low") {
    const Place p;
    const Ran ran = p.lines(factory_lines("stock"));
    INFO(ran);
    REQUIRE(ran.status == 0);
    CHECK(contains(ran.out, "2 of 2 rows can be loaded, 0 there before, 0 refused"));
    CHECK(contains(ran.out, "2 of 2 rows loaded"));
    CHECK(contains(ran.err, "pool of operator alpha, type data is low: 1 available, low-water mark 2"));
    CHECK(p.levels()["low"] == true);
    CHECK(p.levels()["available"] == 1);
    CHECK(p.levels()["low_water"] == 2);
    // Keys are nowhere on the disk as they stand in the file.
    const Ran found = shell("grep -rlai -e 3C1D0A5E77F2419988A0B1C2D3E4F506 -e 73519264 " + (p.d / "smdp"));
    CHECK(found.status == 1);
    // The same file again changes nothing.
    const Json again = p.load("subscribers.csv").json();
    CHECK(again["loaded"] == 0);
    CHECK(again["there_before"] == 2);
    CHECK(p.levels()["available"] == 1);
    const Ran types = p.smdp({"type", "list", "--json"});
    CHECK(types.json()["version"] == 1);
    CHECK(types.json()["name"] == "Data");
    CHECK(p.smdp({"type", "show", "--type", "voice"}).status == 1);
}

TEST_CASE("when rows cannot be used, line and column are told without values, and the others are loaded") {
    const Place p;
    p.template_of("template.der");
    p.add_type();
    std::string csv = "iccid,imsi,k,opc,puk1,adm1\n";
    csv += row(1, ",73519264,19283746");
    csv += "89001010000000001,001010000000012,3C1D0A5E77F2419988A0B1C2D3E4F506,"
           "90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += row(1, ",,"); // twice
    csv += "890010100000000013,001010000000013,3C1D,90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += "890010100000000014,001010000000014,465B5CE8B199B49FAA5F0A2EE238A6BC,"
           "90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += "890010100000000015,001010000000015,,,,\n";
    csv += "890010100000000016,001010000000016,3C1D0A5E77F2419988A0B1C2D3E4F516,"
           "90A1B7C2D3E4F5061728394A5B6C7D8E,12345678,\n";
    csv += row(7, ",26473519,");
    write_text(p.d / "s.csv", csv);
    const Ran checked = p.load("s.csv", {"--check"});
    CHECK(checked.json()["loadable"] == 2);
    CHECK(p.levels()["available"] == 0);
    const Ran ran = p.load("s.csv");
    INFO(ran);
    CHECK(ran.status == 1);
    const Json said = ran.json();
    CHECK(said["rows"] == 8);
    CHECK(said["loaded"] == 2);
    Json where = Json::array();
    for (const Json& f : said["failed"]) where.push_back({f["line"], f.value("column", "")});
    CHECK(where.dump() == R"([[3,"iccid"],[4,"iccid"],[5,"ki"],[6,"ki"],[7,"ki"],[8,"puk1"]])");
    CHECK_FALSE(contains(ran.all(), "3C1D"));
    CHECK_FALSE(contains(ran.all(), "12345678"));
    CHECK(p.levels()["available"] == 2);
    CHECK(p.smdp({"pool"}).status == 0);

    // JSON lines are the same; what is no row of data is told with its line.
    write_text(
        p.d / "s.ndjson",
        R"({"iccid":"890010100000000021","imsi":"001010000000021","k":"3C1D0A5E77F2419988A0B1C2D3E4F521","opc":"90A1B7C2D3E4F5061728394A5B6C7D21"})"
        "\nnonsense\n"
        R"({"iccid":"890010100000000022","color":"red"})"
        "\n");
    const Json lines = p.load("s.ndjson").json();
    CHECK(lines["loaded"] == 1);
    REQUIRE(lines["failed"].size() == 2);
    CHECK(lines["failed"][0]["reason"] == "no JSON object");
    CHECK(lines["failed"][1]["reason"] == "column 'color': unsupported at column");

    write_text(p.d / "bad.csv", "iccid,imsi,k\n");
    CHECK(contains(p.load("bad.csv").out, R"("where":"opc or op")"));
    CHECK(contains(p.load("absent.csv").out, R"("code":"not found")"));
    const Ran no_type = p.smdp({"load", "--operator", "beta", "--type", "data", p.d / "s.csv"});
    CHECK(no_type.status == 1);
    CHECK(contains(no_type.err, "type data of operator beta: not found at type"));
    // Another operator cannot load what is there.
    REQUIRE(
        p.smdp({"type", "add", "--operator", "beta", "--type", "data", "--template", p.d / "template.der"})
            .status == 0);
    write_text(p.d / "one.csv", kHeader + row(7));
    const Json other =
        p.smdp({"load", "--operator", "beta", "--type", "data", p.d / "one.csv", "--json"}).json();
    CHECK(other["failed"][0]["reason"] == "a profile of another operator or type has it");
}

TEST_CASE("when loading is killed at any moment, loading the file again completes it, each profile once") {
    const Place p;
    p.template_of("template.der");
    p.add_type();
    std::string csv = "iccid,imsi,k,opc\n";
    constexpr unsigned kRows = 6000;
    for (unsigned n = 0; n < kRows; ++n) {
        const std::string six = std::to_string(100000 + n);
        csv += "890010100000" + six + ",001010000" + six + ",3C1D0A5E77F2419988A0B1C2D3" + six +
               ",90A1B7C2D3E4F5061728394A5B" + six + "\n";
    }
    write_text(p.d / "many.csv", csv);
    unsigned last = 0, kills = 0;
    for (; kills < 3; ++kills) {
        auto load = app::Process::start({{program("halyard"),
                                          "smdp",
                                          "load",
                                          "--state",
                                          p.d / "smdp",
                                          "--operator",
                                          "alpha",
                                          "--type",
                                          "data",
                                          p.d / "many.csv"},
                                         p.d / "load.log"});
        REQUIRE(load);
        // Until something more is there, which is a commit of several hundred rows.
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        unsigned now = last;
        while (now == last && std::chrono::steady_clock::now() < end) now = p.levels().value("available", 0u);
        load->signal(SIGKILL);
        load->stop(std::chrono::seconds(5));
        REQUIRE(now > last);
        last = p.levels().value("available", 0u);
        if (last == kRows) break;
    }
    const Json said = p.load("many.csv").json();
    CHECK(said["loaded"].get<unsigned>() + said["there_before"].get<unsigned>() == kRows);
    CHECK(said["there_before"] == last);
    CHECK(p.levels()["available"] == kRows);
}

TEST_CASE(
    "when data is generated, numbers count up, secrets differ, and the file of keys is what was loaded") {
    const Place p;
    p.template_of("template.der");
    p.add_type();
    const Words generate{"load",
                         "--operator",
                         "alpha",
                         "--type",
                         "data",
                         "--generate",
                         "3",
                         "--iccid-from",
                         "890010100000000098",
                         "--imsi-from",
                         "001010000000998",
                         "--out-keys",
                         p.d / "keys.csv"};
    const Ran ran = p.smdp(generate);
    INFO(ran);
    REQUIRE(ran.status == 0);
    CHECK(p.levels()["available"] == 3);
    CHECK((std::filesystem::status(p.d / "keys.csv").permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms(0600));
    const std::string text = read_text(p.d / "keys.csv");
    CHECK(contains(text, "iccid,imsi,ki,opc,puk1,adm1\n"));
    for (const char* begin : {"8900101000000000985,001010000000998,",
                              "8900101000000000993,001010000000999,",
                              "8900101000000001009,001010000001000,"})
        CHECK(contains(text, begin));
    CHECK(p.load("keys.csv").json()["there_before"] == 3);
    CHECK(contains(p.smdp(generate).err, "conflict at out-keys"));
    std::set<std::string> secrets;
    for (size_t at = text.find('\n') + 1; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        for (size_t i = 36; i < line.size(); i = line.find(',', i) + 1) {
            secrets.insert(line.substr(i, line.find(',', i) - i));
            if (line.find(',', i) == std::string::npos) break;
        }
    }
    CHECK(secrets.size() == 12);
    Words wrong = generate;
    wrong[8] = "8900";
    wrong.back() = p.d / "other.csv";
    CHECK(contains(p.smdp(wrong).err, "bad value at iccid-from"));
    CHECK(p.smdp({"load", "--type", "data"}).status == 2);
}
