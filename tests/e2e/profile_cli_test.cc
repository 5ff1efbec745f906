// `halyard profile` as people and scripts meet it: text and back, lint, diff, batches.
#include "tests/e2e/run.h"
#include <sstream>

using namespace halyard;
using namespace halyard::e2e;

namespace {
void make_sample(const std::string& out) {
    const Ran ran = cli(
        {"profile", "sample", "--iccid", "8988000000000000016", "--imsi", "001010000000017", "--out", out});
    INFO(ran);
    REQUIRE(ran.status == 0);
}
size_t count(const std::string& directory, const std::string& extension) {
    size_t n = 0;
    if (!std::filesystem::exists(directory)) return 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        n += entry.path().extension() == extension;
    return n;
}
} // namespace

TEST_CASE("when a package is shown as text and built again, it is the same file") {
    const Directory d;
    make_sample(d / "a.der");
    REQUIRE(cli({"profile", "show", d / "a.der", "--text", "--out", d / "a.txt"}).status == 0);
    CHECK((std::filesystem::status(d / "a.txt").permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms(0600));
    CHECK(cli({"profile", "show", d / "a.der", "--text"}).out == read_text(d / "a.txt"));
    REQUIRE(cli({"profile", "build", d / "a.txt", "-o", d / "b.der"}).status == 0);
    CHECK(read_text(d / "a.der") == read_text(d / "b.der"));
    // In parts: text in front, DER behind.
    const std::string text = read_text(d / "a.txt");
    const size_t middle = text.find("value3 ");
    write_text(d / "front.txt", text.substr(0, middle));
    write_text(d / "back.txt", text.substr(middle));
    REQUIRE(cli({"profile",
                 "build",
                 d / "front.txt",
                 d / "back.txt",
                 "--set",
                 "iccid=8988000000000000024",
                 "--set",
                 "profileType=Mine",
                 "-o",
                 d / "c.der"})
                .status == 0);
    const Json shown = cli({"profile", "show", d / "c.der", "--json"}).json();
    CHECK(shown["iccid"] == "8988000000000000024");
    CHECK(shown["type"] == "Mine");
    for (const auto& name : {"NoBERTLV", "BERTLV_SUCI", "NoBERTLV_NoRAMRFM"}) {
        const auto der = shared_data(std::string("ts48-v7/") + name + ".der"),
                   notation = shared_data(std::string("ts48-v7/") + name + ".txt");
        if (!der || !notation) continue;
        REQUIRE(cli({"profile", "build", *notation, "-o", d / "ts48.der"}).status == 0);
        CHECK(read_text(d / "ts48.der") == read_text(*der));
    }
}

TEST_CASE("when a text is wrong or is no package, the place and the reason are told and nothing is written") {
    const Directory d;
    write_text(d / "wrong.txt", "value1 ProfileElement ::= header : {\n  major-version two\n}\n");
    const Words command{"profile", "build", d / "wrong.txt", "-o", d / "out.der"};
    const Ran people = cli(command);
    CHECK(people.status == 1);
    CHECK(
        contains(people.err, "wrong.txt:2:17: found 'two', expected a number within the component's range"));
    Words machine = command;
    machine.push_back("--json");
    const Json answer = cli(machine).json();
    CHECK(answer["error"]["line"] == 2);
    CHECK(answer["error"]["column"] == 17);
    write_text(d / "part.txt", "end : { end-header { identification 1 } }");
    const Ran part = cli({"profile", "build", d / "part.txt", "-o", d / "out.der"});
    CHECK(part.status == 1);
    CHECK(contains(part.err, "header"));
    CHECK(cli({"profile", "build", d / "none.txt", "-o", d / "out.der"}).status == 1);
    CHECK(cli({"profile", "build", "-o", d / "out.der"}).status == 2);
    CHECK_FALSE(std::filesystem::exists(d / "out.der"));
}

TEST_CASE("when packages are linted, the status tells whether there are errors and the rules can be chosen") {
    const Directory d;
    make_sample(d / "a.der");
    const Ran good = cli({"profile", "lint", d / "a.der"});
    INFO(good);
    CHECK(good.status == 0);
    CHECK(contains(good.out, "0 errors, 0 warnings"));
    // PUK1 of eight eights: a warning, an error where security findings are refused.
    const std::string text = cli({"profile", "show", d / "a.der", "--text"}).out;
    std::string weak = text;
    weak.replace(weak.find("pukValue '") + 10, 16, "3838383838383838");
    write_text(d / "weak.txt", weak);
    REQUIRE(cli({"profile", "build", d / "weak.txt", "-o", d / "weak.der"}).status == 0);
    CHECK(cli({"profile", "lint", d / "weak.der"}).status == 0);
    const Ran refused = cli({"profile", "lint", d / "a.der", d / "weak.der", "--policy", "refuse", "--json"});
    CHECK(refused.status == 1);
    const Json found = refused.json();
    CHECK(found["errors"] == 1);
    REQUIRE(found["files"].size() == 2);
    CHECK(found["files"][0]["findings"].empty());
    CHECK(found["files"][1]["findings"][0]["rule"] == "weak-code");
    CHECK(found["files"][1]["findings"][0]["element"]["name"] == "pukCodes");
    CHECK(cli({"profile", "lint", d / "weak.der", "--policy", "refuse", "--ignore", "weak-code"}).status ==
          0);
    // Without its last element.
    write_text(d / "cut.txt", text.substr(0, text.find("value8 ")));
    CHECK(cli({"profile", "build", d / "cut.txt", "-o", d / "cut.der"}).status == 1);
    const std::string der = read_text(d / "a.der");
    write_text(d / "cut.der", der.substr(0, der.size() - 9));
    const Ran cut = cli({"profile", "lint", d / "cut.der"});
    CHECK(cut.status == 1);
    CHECK(contains(cut.out, "[end-missing]"));
    CHECK(cli({"profile", "lint", d / "none.der"}).status == 1);
    CHECK(cli({"profile", "lint"}).status == 2);
    const Ran unknown = cli({"profile", "lint", d / "a.der", "--ignore", "no-such-rule"});
    CHECK(unknown.status == 2);
    CHECK(contains(unknown.err, "no-such-rule"));
    const Json rules = cli({"profile", "lint", "--rules", "--json"}).json();
    CHECK(rules.size() > 50);
    CHECK(contains(cli({"profile", "lint", "--rules"}).out, "end-missing"));
    if (const auto ts48 = shared_data("ts48-v7/NoBERTLV.der")) {
        CHECK(cli({"profile", "lint", *ts48}).status == 0);
        CHECK(cli({"profile", "lint", *ts48, "--policy", "refuse"}).status == 1);
    }
}

TEST_CASE("when two packages are compared, the status tells whether they differ, and keys stay hidden") {
    const Directory d;
    make_sample(d / "a.der");
    write_text(d / "secrets",
               R"({"k":"3C1D0A5E77F2419988A0B1C2D3E4F506","opc":"90A1B7C2D3E4F5061728394A5B6C7D8E"})");
    REQUIRE(cli({"profile",
                 "personalize",
                 d / "a.der",
                 "--out",
                 d / "b.der",
                 "--imsi",
                 "001010000000018",
                 "--secrets",
                 d / "secrets"})
                .status == 0);
    const Ran same = cli({"profile", "diff", d / "a.der", d / "a.der"});
    CHECK(same.status == 0);
    CHECK(same.out == "the same octets\n");
    const Ran other = cli({"profile", "diff", d / "a.der", d / "b.der"});
    INFO(other);
    CHECK(other.status == 1);
    CHECK(contains(other.out, "~ file 7FD06F07 ef-imsi: octet 8: 71 -> 81\n"));
    CHECK(contains(other.out, "algoConfiguration.algoParameter.key: changed, not shown\n"));
    CHECK_FALSE(contains(other.out, "3C1D0A5E"));
    CHECK(contains(cli({"profile", "diff", d / "a.der", d / "b.der", "--show-secrets"}).out,
                   "3C1D0A5E77F2419988A0B1C2D3E4F506"));
    const Json json = cli({"profile", "diff", d / "a.der", d / "b.der", "--json"}).json();
    CHECK(json["same"] == false);
    CHECK(json["changes"].size() >= 4);
    CHECK(cli({"profile", "diff", d / "a.der", d / "none.der"}).status == 1);
    CHECK(cli({"profile", "diff", d / "a.der"}).status == 2);
}

TEST_CASE(
    "when a batch has good and bad rows, the good ones are written and the bad ones listed, without keys") {
    const Directory d;
    make_sample(d / "t.der");
    // Milenage set 1 of 3GPP TS 35.208: K, OP, and the OPc that follows.
    const std::string k = "465B5CE8B199B49FAA5F0A2EE238A6BC", op = "CDC202D5123E20F62B6D676AC72CB318",
                      opc = "CD63CB71954A9F4E48A5994E37A02BAF";
    write_text(d / "data.csv",
               "iccid,imsi,ki,op,spn,pin1,puk1,adm1,smsp,acc,file:7FD06FAD\r\n"
               "8988000000000000107,001010000000101," +
                   k + "," + op +
                   ",\"Say \"\"Hi\"\"\",1234,12345678,87654321,+491710000000,0002,00000003\r\n"
                   "898800000000000011,001010000000102," +
                   k + "," + op +
                   ",,,,,,,\r\n" // check digit is added
                   "8988000000000000124,001010000000103," +
                   k + "," + op +
                   ",,,,,,,\r\n" // wrong one
                   "8988000000000000107,001010000000104," +
                   k + "," + op +
                   ",,,,,,,\r\n" // twice
                   "8988000000000000131,001010000000101," +
                   k + "," + op +
                   ",,,,,,,\r\n" // IMSI twice
                   "898800000000000014,00101000000010X," +
                   k + "," + op +
                   ",,,,,,,\r\n"
                   "898800000000000015,001010000000106," +
                   k.substr(1) + "," + op +
                   ",,,,,,,\r\n"
                   "898800000000000016,001010000000107,,,,12,,,,,\r\n"
                   "898800000000000017,001010000000108,,,,,,,,,0000000003\r\n"
                   "898800000000000018,001010000000109\r\n"
                   "898800000000000019,001010000000110," +
                   k + ",,,,,,,,\r\n");
    const Words command{"profile", "personalize", d / "t.der", "--csv", d / "data.csv", "-o", d / "out"};
    Words json = command;
    json.push_back("--json");
    const Ran ran = cli(json);
    INFO(ran);
    CHECK(ran.status == 1);
    const Json report = ran.json();
    CHECK(report["rows"] == 11);
    CHECK(report["written"] == 2);
    const std::pair<int, std::string> wrong[] = {{3, "iccid"},
                                                 {4, "iccid"},
                                                 {5, "imsi"},
                                                 {6, "imsi"},
                                                 {7, "ki"},
                                                 {8, "pin1"},
                                                 {9, "file:7FD06FAD"},
                                                 {10, ""},
                                                 {11, "opc"}};
    REQUIRE(report["failed"].size() == std::size(wrong));
    for (size_t i = 0; i < std::size(wrong); ++i) {
        CHECK(report["failed"][i]["row"] == wrong[i].first);
        CHECK(report["failed"][i]["line"] == wrong[i].first + 1);
        CHECK(report["failed"][i].value("column", "") == wrong[i].second);
        CHECK_FALSE(report["failed"][i].value("reason", "").empty());
    }
    CHECK(Json::parse(read_text(d / "out/report.json")) == report);
    CHECK(count(d / "out", ".der") == 2);
    CHECK(count(d / "out", ".new") == 0);
    for (const std::string& secret : {k, op, opc, std::string("12345678"), std::string("87654321")})
        CHECK_FALSE(contains(ran.all(), secret));
    // What was written: facts, and K and OPc as they stand in the package.
    const std::string first = d / "out/8988000000000000107.der";
    CHECK((std::filesystem::status(first).permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms(0600));
    const Json shown = cli({"profile", "show", first, "--json", "--content"}).json();
    CHECK(shown["iccid"] == "8988000000000000107");
    CHECK(shown["imsi"] == "001010000000101");
    CHECK(shown["service_provider"] == "Say \"Hi\"");
    CHECK(contains(
        shown.dump(),
        "\"path\":\"3F00/7FD0/6FAD\",\"kind\":\"transparent\",\"octets\":4,\"content\":\"00000003\""));
    const std::string text = cli({"profile", "show", first, "--text"}).out;
    CHECK(contains(text, "key '" + k + "'H"));
    CHECK(contains(text, "opc '" + opc + "'H"));
    CHECK(contains(text, "pukValue '3132333435363738'H"));
    // Again: nothing is replaced unless that is asked for.
    CHECK(cli(json).json()["written"] == 0);
    json.push_back("--overwrite");
    CHECK(cli(json).json()["written"] == 2);
    Words strict{"profile", "personalize", d / "t.der", "--csv", d / "data.csv", "-o", d / "all", "--strict"};
    const Ran none = cli(strict);
    CHECK(none.status == 1);
    CHECK(contains(none.out, "0 of 11 packages written"));
    CHECK(contains(none.err, "row 3 (line 4), column iccid: the check digit should be "));
    CHECK(count(d / "all", ".der") == 0);
}

TEST_CASE("when the header row is wrong, nothing is done and the column is named") {
    const Directory d;
    make_sample(d / "t.der");
    const std::pair<std::string, std::string> wrong[] = {{"iccid,colour\n", "column 'colour'"},
                                                         {"iccid,iccid\n", "column 'iccid'"},
                                                         {"imsi\n", "iccid"},
                                                         {"iccid,ki\n", "opc or op"},
                                                         {"iccid,ki,op,opc\n", "op and opc"},
                                                         {"iccid,file:7FD06FFF\n", "column 'file:7FD06FFF'"},
                                                         {"iccid,\"imsi\n", "quotes"},
                                                         {"", "header row"}};
    for (const auto& [text, message] : wrong) {
        write_text(d / "data.csv", text);
        const Ran ran =
            cli({"profile", "personalize", d / "t.der", "--csv", d / "data.csv", "-o", d / "out"});
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, message));
    }
    CHECK_FALSE(std::filesystem::exists(d / "out"));
    CHECK(cli({"profile", "personalize", d / "t.der", "--strict", "-o", d / "out"}).status == 2);
    CHECK(cli({"profile", "personalize", d / "t.der", "--csv", d / "x", "--imsi", "1", "-o", d / "out"})
              .status == 2);
}

TEST_CASE("when a batch is interrupted, complete files stay and no half one is left") {
    const Directory d;
    make_sample(d / "t.der");
    std::ostringstream rows;
    rows << "iccid,imsi\n";
    for (int i = 0; i < 60000; ++i)
        rows << "89880000000" << 1000000 + i << ",0010101" << 10000000 + i << "\n";
    write_text(d / "data.csv", rows.str());
    const Ran ran = shell("timeout -s INT 1 " + program("halyard") + " profile personalize " + (d / "t.der") +
                          " --csv " + (d / "data.csv") + " -o " + (d / "out") + " --json --quiet; true");
    const Json report = ran.json();
    INFO(report);
    REQUIRE(report.is_object());
    const size_t written = report["written"];
    CHECK(count(d / "out", ".der") == written);
    CHECK(count(d / "out", ".new") == 0);
    CHECK((report["interrupted"] == true || written == 60000));
    const auto size = std::filesystem::file_size(d / "t.der");
    for (const auto& entry : std::filesystem::directory_iterator(d / "out"))
        if (entry.path().extension() == ".der") CHECK(entry.file_size() == size);
}
