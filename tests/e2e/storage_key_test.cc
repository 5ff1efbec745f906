// Where the storage key comes from, and what its exchange comes to. SR-42, SR-43
#include "tests/e2e/factory_place.h"
#include <sys/stat.h>

using namespace halyard;
using namespace halyard::e2e;

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
    refused("conflict at storage key: the database has another one");
    guarded(key, former, 0644);
    refused("rejected at mode");
    guarded(key, former.substr(1));
    refused("bad length at storage key");
    std::filesystem::remove(key);
    refused("not found at storage.key: the database has one"); // and no new one is made
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

TEST_CASE("when keys are exchanged, everything is under new ones, and the former key opens nothing") {
    const Place p;
    const Ran stock = p.lines(factory_lines("stock"));
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
    CHECK(contains(old.err, "conflict at storage key: the database has another one"));
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

TEST_CASE("when keys are exchanged while a server runs, it hands out what lies under the new ones") {
    const Place p;
    REQUIRE(p.lines(factory_lines("stock")).status == 0);
    const Ran made = cli({"pki", "init", "--dir", p.d / "pki", "--euiccs", "2", "--json"});
    REQUIRE(made.status == 0);
    auto server = app::Process::start({{program("halyard"),
                                        "smdp",
                                        "serve",
                                        "--lab",
                                        "--state",
                                        p.d / "smdp",
                                        "--pki",
                                        p.d / "pki",
                                        "--port",
                                        "0"},
                                       p.d / "serve.log"});
    REQUIRE(server);
    const auto line = server->line(std::chrono::seconds(30));
    REQUIRE(line);
    const std::string url = Json::parse(*line).value("listening", "");
    // From stock to the card, at that server.
    const auto download = [&](unsigned n) {
        const std::string eid = made.json()["eids"][n], card = p.d / ("card" + std::to_string(n));
        REQUIRE(cli({"euicc", "create", card, "--pki", p.d / "pki", "--eid", eid}).status == 0);
        const Json order = p.smdp({"order", "--operator", "alpha", "--type", "data", "--json"}).json();
        REQUIRE(order.contains("iccid"));
        const Json released =
            p.smdp({"confirm", order["iccid"].get<std::string>(), "--release", "--json"}).json();
        write_text(p.d / "code", released.value("activation_code", ""));
        return cli({"lpa",
                    "download",
                    "--card",
                    "sim:" + card,
                    "--trust",
                    p.d / "pki/ci.pem",
                    "--resolve",
                    "smdp.halyard.test=" + url.substr(url.find("//") + 2),
                    "--activation-code-file",
                    p.d / "code"});
    };
    write_text(p.d / "more.csv", kHeader + row(20) + row(21));
    REQUIRE(p.load("more.csv", {"--lint", "warn"}).json()["loaded"] == 2);
    const Ran before = download(0);
    INFO(before);
    REQUIRE(before.status == 0);
    REQUIRE(p.smdp({"rekey"}).status == 0);
    const Ran after = download(1);
    INFO(after);
    CHECK(after.status == 0);
    server->stop(std::chrono::seconds(5));
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

TEST_CASE(
    "when the storage key is wrapped by a token, nothing opens without the token, its PIN and its key") {
    const Place p;
    const std::string hsm = softhsm(p);
    REQUIRE(p.lines(factory_lines("stock")).status == 0);
    const Ran ran = p.lines(factory_lines("token"), hsm);
    INFO(ran);
    REQUIRE(ran.status == 0);
    CHECK(contains(ran.out, "storage key: pkcs11:token=halyard;object=storage"));
    CHECK_FALSE(std::filesystem::exists(p.d / "smdp/storage.key"));
    const auto with_token = [&](const std::string& line) { return p.lines(line, hsm); };
    const std::string pool = "halyard smdp pool --state smdp";
    CHECK(with_token(pool).status == 0);
    // A new directory, from the start.
    const std::string uri =
        "pkcs11:token=halyard;object=storage?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=";
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
    const std::string tool =
        "pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label halyard --login --pin 271828 ";
    REQUIRE(with_token(tool + "--keygen --key-type AES:32 --label loose --extractable --sensitive").status ==
            0);
    refused(with_token("halyard smdp rekey --state smdp --to 'pkcs11:token=halyard;object=loose?module-path="
                       "/usr/lib/softhsm/libsofthsm2.so&pin-source=" +
                       (p.d / "pin'")),
            "rejected at CKA_EXTRACTABLE");
    refused(with_token("halyard smdp rekey --state smdp --to 'pkcs11:token=halyard;object=absent?module-path="
                       "/usr/lib/softhsm/libsofthsm2.so&pin-source=" +
                       (p.d / "pin'")),
            "not found at token key");
    refused(with_token("halyard smdp rekey --state smdp --to '" + uri + "x&pin-value=271828'"),
            "unsupported at pin-value");
    refused(with_token("halyard smdp rekey --state smdp --to pkcs11:object=storage"),
            "missing field at module-path");
    CHECK(with_token(pool).status == 0);
    REQUIRE(with_token(tool + "--delete-object --type secrkey --label storage").status == 0);
    REQUIRE(with_token(tool + "--keygen --key-type AES:32 --label storage --sensitive").status == 0);
    refused(with_token(pool), "unverified at wrapped key");
}
