// The lines of docs/factory.md, and what the commands of the profile factory refuse.
#include "apps/common/pki_files.h"
#include "tests/e2e/run.h"
#include <csignal>
#include <filesystem>
#include <sys/stat.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
std::string documented(const std::string& name) {
    const std::string text = read_text("docs/factory.md"), begin = "```sh\n";
    const size_t mark = text.find("<!-- runs: " + name + " -->");
    REQUIRE(mark != text.npos);
    const size_t from = text.find(begin, mark) + begin.size();
    return text.substr(from, text.find("```", from) - from);
}

struct Place {
    Directory d;
    Ran lines(const std::string& text, const std::string& before = {}) const {
        const std::string bin = std::filesystem::path(program("halyard")).parent_path().string();
        write_text(d / "lines.sh", "set -e\ncd " + d.path() + "\nPATH=" + bin + ":$PATH\n" + before + "\n" + text);
        return shell("sh " + (d / "lines.sh"));
    }
    Ran smdp(Words words) const {
        words.insert(words.begin(), "smdp");
        words.insert(words.end(), {"--state", d / "smdp"});
        return cli(words);
    }
    Ran load(const std::string& file, Words more = {}) const {
        Words words{"load", "--operator", "alpha", "--type", "data", d / file, "--json"};
        words.insert(words.end(), more.begin(), more.end());
        return smdp(words);
    }
    Json levels() const { return smdp({"pool", "--json"}).json(); }
    void template_of(const std::string& file) const {
        REQUIRE(cli({"profile", "sample", "--iccid", "8900101000000000010", "--out", d / file}).status == 0);
    }
    void add_type(const std::string& file = "template.der") const {
        const Ran added = smdp({"type", "add", "--operator", "alpha", "--type", "data", "--template", d / file});
        INFO(added);
        REQUIRE(added.status == 0);
    }
};
std::string row(unsigned n, const std::string& more = {}) {
    const std::string two = std::to_string(10 + n);
    return "8900101000000000" + two + ",0010100000000" + two + ",3C1D0A5E77F2419988A0B1C2D3E4F5" + two +
           ",90A1B7C2D3E4F5061728394A5B6C7D" + two + more + "\n";
}
constexpr const char* kHeader = "iccid,imsi,k,opc\n";
} // namespace

TEST_CASE("when the lines of docs/factory.md are run, an order comes from loaded data and the pool is low") {
    const Place p;
    const Ran ran = p.lines(documented("stock"));
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
    csv += "89001010000000001,001010000000012,3C1D0A5E77F2419988A0B1C2D3E4F506,90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += row(1, ",,"); // twice
    csv += "890010100000000013,001010000000013,3C1D,90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += "890010100000000014,001010000000014,465B5CE8B199B49FAA5F0A2EE238A6BC,90A1B7C2D3E4F5061728394A5B6C7D8E,,\n";
    csv += "890010100000000015,001010000000015,,,,\n";
    csv += "890010100000000016,001010000000016,3C1D0A5E77F2419988A0B1C2D3E4F516,90A1B7C2D3E4F5061728394A5B6C7D8E,12345678,\n";
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
    write_text(p.d / "s.ndjson",
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
    REQUIRE(p.smdp({"type", "add", "--operator", "beta", "--type", "data", "--template", p.d / "template.der"})
                .status == 0);
    write_text(p.d / "one.csv", kHeader + row(7));
    const Json other = p.smdp({"load", "--operator", "beta", "--type", "data", p.d / "one.csv", "--json"}).json();
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
        csv += "890010100000" + six + ",001010000" + six + ",3C1D0A5E77F2419988A0B1C2D3" + six + ",90A1B7C2D3E4F5061728394A5B" +
               six + "\n";
    }
    write_text(p.d / "many.csv", csv);
    unsigned last = 0, kills = 0;
    for (; kills < 3; ++kills) {
        auto load = app::Process::start({{program("halyard"), "smdp", "load", "--state", p.d / "smdp", "--operator",
                                          "alpha", "--type", "data", p.d / "many.csv"},
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

namespace {
// A token of SoftHSM in this directory.
std::string softhsm(const Place& p) {
    std::filesystem::create_directory(p.d / "tokens");
    write_text(p.d / "softhsm2.conf", "directories.tokendir = " + (p.d / "tokens") + "\n");
    return "export SOFTHSM2_CONF=" + (p.d / "softhsm2.conf");
}
void guarded(const std::string& path, const std::string& text, unsigned mode = 0600) {
    write_text(path, text);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
}
} // namespace

TEST_CASE("when the storage key is missing, another one or open to others, that is told at start") {
    const Place p;
    p.template_of("template.der");
    p.add_type();
    const std::string key = p.d / "smdp/storage.key";
    const std::string former = read_text(key);
    REQUIRE(former.size() == 32);
    const auto refused = [&](const std::string& for_what) {
        const Ran ran = p.smdp({"pool"});
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, for_what));
    };
    guarded(key, std::string(32, 'x'));
    refused("unverified at storage key");
    guarded(key, former, 0644);
    refused("rejected at mode");
    guarded(key, former.substr(1));
    refused("bad length at storage key");
    std::filesystem::remove(key);
    refused("not found at storage key"); // and no new one is made
    CHECK_FALSE(std::filesystem::exists(key));
    guarded(key, former, 0400);
    CHECK(p.smdp({"pool"}).status == 0);

    // The same key as a file elsewhere, as a credential, and what is none.
    guarded(p.d / "elsewhere", former, 0400);
    CHECK(p.smdp({"pool", "--storage-key", p.d / "elsewhere"}).status == 0);
    std::filesystem::create_directory(p.d / "credentials");
    guarded(p.d / "credentials/dpkey", former, 0400);
    const std::string pool = "halyard smdp pool --state smdp --storage-key credential:dpkey";
    CHECK(p.lines(pool, "export CREDENTIALS_DIRECTORY=" + (p.d / "credentials")).status == 0);
    CHECK(contains(p.lines(pool, "unset CREDENTIALS_DIRECTORY").err, "not found at CREDENTIALS_DIRECTORY"));
    CHECK(contains(p.smdp({"pool", "--storage-key", "credential:../dpkey"}).err, "CREDENTIALS_DIRECTORY"));
    CHECK(contains(p.lines("halyard smdp pool --state smdp --storage-key credential:../dpkey",
                           "export CREDENTIALS_DIRECTORY=" + (p.d / "credentials"))
                       .err,
                   "bad value at credential"));
}

TEST_CASE("when keys are exchanged while a server runs, it goes on, and the former key opens nothing") {
    const Place p;
    const Ran stock = p.lines(documented("stock"));
    INFO(stock);
    REQUIRE(stock.status == 0);
    const std::string former = read_text(p.d / "smdp/storage.key");
    const Ran ran = p.smdp({"rekey", "--json"});
    INFO(ran);
    REQUIRE(ran.status == 0);
    CHECK(ran.json()["sealed_anew"] == 3); // two rows and the template
    CHECK(ran.json()["keys_dropped"] == 1);
    CHECK(read_text(p.d / "smdp/storage.key") != former);
    CHECK_FALSE(std::filesystem::exists(p.d / "smdp/storage.key.next"));
    CHECK_FALSE(std::filesystem::exists(p.d / "smdp/storage.json.next"));
    guarded(p.d / "former", former);
    const Ran old = p.smdp({"pool", "--storage-key", p.d / "former"});
    CHECK(old.status == 1);
    CHECK(contains(old.err, "unverified at storage key"));
    const Json keys = p.smdp({"keys", "--json"}).json();
    CHECK(keys["storage_key"] == "directory");
    REQUIRE(keys["keys"].size() == 2);
    CHECK(keys["keys"][1]["operator"] == "alpha");
    CHECK(keys["keys"][1]["key"] == 2);
    CHECK(p.load("subscribers.csv").json()["there_before"] == 2);

    // To a file of the operator's own, which must be there.
    const Ran absent = p.smdp({"rekey", "--to", p.d / "absent"});
    CHECK(contains(absent.err, "not found at storage key"));
    guarded(p.d / "own", std::string(64, 'a') + "\n");
    const Ran moved = p.smdp({"rekey", "--to", p.d / "own", "--wrapping-only"});
    INFO(moved);
    REQUIRE(moved.status == 0);
    CHECK_FALSE(std::filesystem::exists(p.d / "smdp/storage.key"));
    CHECK(p.smdp({"keys", "--json"}).json()["storage_key"] == p.d / "own");
    CHECK(contains(p.smdp({"rekey"}).err, "--to"));
    REQUIRE(p.smdp({"rekey", "--to", "directory"}).status == 0);
    CHECK(read_text(p.d / "smdp/storage.key").size() == 32);
}

TEST_CASE("when an exchange of keys ended between its steps, the next command finds the key that fits") {
    const Place p;
    p.template_of("template.der");
    p.add_type();
    const std::string key = p.d / "smdp/storage.key", next = p.d / "smdp/storage.key.next";
    const std::string former = read_text(key);
    // Before the database was changed: a key that fits nothing is left over.
    guarded(next, std::string(32, 'n'));
    guarded(p.d / "smdp/storage.json.next", R"({"storage_key":""})");
    CHECK(p.smdp({"pool"}).status == 0);
    CHECK(read_text(key) == former);
    // After it, before the names were changed.
    REQUIRE(p.smdp({"rekey", "--wrapping-only"}).status == 0);
    const std::string present = read_text(key);
    guarded(next, present);
    guarded(key, former);
    guarded(p.d / "smdp/storage.json.next", R"({"storage_key":""})");
    CHECK(p.smdp({"pool"}).status == 0);
    CHECK(read_text(key) == present);
    CHECK_FALSE(std::filesystem::exists(next));
    // The former file is gone already.
    std::filesystem::rename(key, next);
    guarded(p.d / "smdp/storage.json.next", R"({"storage_key":""})");
    CHECK(p.smdp({"pool"}).status == 0);
    CHECK(read_text(key) == present);
}

TEST_CASE("when the storage key is wrapped by a token, nothing opens without the token, its PIN and its key") {
    const Place p;
    const std::string hsm = softhsm(p);
    REQUIRE(p.lines(documented("stock")).status == 0);
    const Ran ran = p.lines(documented("token"), hsm);
    INFO(ran);
    REQUIRE(ran.status == 0);
    CHECK(contains(ran.out, "storage key: pkcs11:token=halyard;object=storage"));
    CHECK_FALSE(std::filesystem::exists(p.d / "smdp/storage.key"));
    const auto with_token = [&](const std::string& line) { return p.lines(line, hsm); };
    const std::string pool = "halyard smdp pool --state smdp";
    CHECK(with_token(pool).status == 0);
    // A new directory, from the start.
    const std::string uri = "pkcs11:token=halyard;object=storage?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=";
    CHECK(with_token("halyard smdp type list --state other --storage-key '" + uri + (p.d / "pin'") +
                     " && halyard smdp pool --state other")
              .status == 0);

    const auto refused = [&](const Ran& r, const std::string& why) {
        INFO(r);
        CHECK(r.status == 1);
        CHECK(contains(r.err, why));
    };
    REQUIRE(::chmod((p.d / "pin").c_str(), 0600) == 0);
    guarded(p.d / "pin", "000000\n");
    refused(with_token(pool), "rejected at token PIN");
    guarded(p.d / "pin", "271828\n", 0644);
    refused(with_token(pool), "rejected at mode");
    guarded(p.d / "pin", "271828\n", 0400);
    std::filesystem::create_directory(p.d / "empty");
    write_text(p.d / "empty.conf", "directories.tokendir = " + (p.d / "empty") + "\n");
    refused(p.lines(pool, "export SOFTHSM2_CONF=" + (p.d / "empty.conf")), "not found at token");
    // Another key under the same name, and keys that could leave the token.
    const std::string tool = "pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label halyard --login --pin 271828 ";
    REQUIRE(with_token(tool + "--keygen --key-type AES:32 --label loose --extractable --sensitive").status == 0);
    refused(with_token("halyard smdp rekey --state smdp --to 'pkcs11:token=halyard;object=loose?module-path="
                       "/usr/lib/softhsm/libsofthsm2.so&pin-source=" + (p.d / "pin'")),
            "rejected at CKA_EXTRACTABLE");
    refused(with_token("halyard smdp rekey --state smdp --to 'pkcs11:token=halyard;object=absent?module-path="
                       "/usr/lib/softhsm/libsofthsm2.so&pin-source=" + (p.d / "pin'")),
            "not found at token key");
    refused(with_token("halyard smdp rekey --state smdp --to '" + uri + "x&pin-value=271828'"),
            "unsupported at pin-value");
    refused(with_token("halyard smdp rekey --state smdp --to pkcs11:object=storage"), "missing field at module-path");
    CHECK(with_token(pool).status == 0);
    REQUIRE(with_token(tool + "--delete-object --type secrkey --label storage").status == 0);
    REQUIRE(with_token(tool + "--keygen --key-type AES:32 --label storage --sensitive").status == 0);
    refused(with_token(pool), "unverified at wrapped key");
}
