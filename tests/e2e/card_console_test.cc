// `halyard euicc create` out of files, `show`, and the console `apdu`: what people hold in hand.
#include "tests/e2e/site.h"
#include <algorithm>

using namespace halyard;
using namespace halyard::e2e;

namespace {
// A PKI of one eUICC, on either curve; files by the names of `pki init`.
struct Pki {
    std::string path, eid;
    Pki(const Directory& d, const std::string& name, const Words& more = {}) : path(d / name) {
        Words init{"pki", "init", "--dir", path, "--euiccs", "1"};
        init.insert(init.end(), more.begin(), more.end());
        REQUIRE(cli(init).status == 0);
        for (const auto& entry : std::filesystem::directory_iterator(path + "/euicc"))
            if (entry.path().extension() == ".der") eid = entry.path().stem().string();
    }
    std::string file(const std::string& name) const { return path + "/" + name; }
    // Options of `euicc create`, with what differs.
    Words files(const std::string& certificate = {},
                const std::string& key = {},
                const std::string& eum = {},
                const std::string& ci = {}) const {
        const auto either = [&](const std::string& given, const std::string& own) {
            return given.empty() ? file(own) : given;
        };
        return {"--certificate",
                either(certificate, "euicc/" + eid + ".der"),
                "--key",
                either(key, "euicc/" + eid + ".key"),
                "--eum",
                either(eum, "eum.der"),
                "--ci",
                either(ci, "ci.der")};
    }
};
Ran create(const std::string& card, const Words& first, const Words& second = {}, const Words& third = {}) {
    Words command{"euicc", "create", card};
    for (const Words* w : {&first, &second, &third}) command.insert(command.end(), w->begin(), w->end());
    return cli(command);
}
Ran console(const std::string& lines, const Words& where) {
    Words command{
        "/bin/sh", "-c", "printf '%s\\n' \"$0\" | exec \"$@\"", lines, program("halyard"), "euicc", "apdu"};
    command.insert(command.end(), where.begin(), where.end());
    return run(command);
}
} // namespace

TEST_CASE("when an identity comes out of files, DER or PEM, the card has its EID and the CIs in that order") {
    const Directory d;
    const Pki nist(d, "nist"), brainpool(d, "brp", {"--curve", "brainpool"});
    REQUIRE(nist.eid == brainpool.eid);
    const Ran made = create(d / "card",
                            brainpool.files(brainpool.file("euicc/" + nist.eid + ".pem"),
                                            {},
                                            brainpool.file("eum.pem"),
                                            brainpool.file("ci.pem")),
                            nist.files());
    INFO(made);
    REQUIRE(made.status == 0);
    const Json card = cli({"euicc", "show", d / "card", "--json"}).json();
    CHECK(card["eid"] == nist.eid);
    REQUIRE(card["cis"].size() == 2);
    CHECK(card["cis"][0]["curve"] == "brainpoolP256r1");
    CHECK(card["cis"][1]["curve"] == "P-256");
    CHECK(contains(card["cis"][0]["euicc"]["subject"], nist.eid));
    // EUICCInfo1 by APDU: both identifiers, the preferred one first. SGP.22 §5.7.8
    const Ran info = console("es10 BF2000", {d / "card"});
    CHECK(contains(info.out,
                   "A92C0414" + std::string(card["cis"][0]["key_id"]) + "0414" +
                       std::string(card["cis"][1]["key_id"])));
    CHECK(create(d / "same", {"--eid", nist.eid}, nist.files()).status == 0);
    CHECK(create(d / "both", {"--eid", nist.eid, "--pki", brainpool.path}, nist.files()).status == 0);
}

TEST_CASE("when files make no identity, the one to blame and the reason are named, and no card is made") {
    const Directory d;
    const Pki a(d, "a"), b(d, "b"), brp(d, "brp", {"--curve", "brainpool"});
    const Pki other(d, "other", {"--first-euicc", "77"}), v3(d, "v3", {"--variant", "Ov3"});
    REQUIRE(cli({"pki", "issue", "euicc", "--dir", a.path, "--name", "old", "--eid", a.eid, "--expired"})
                .status == 0);
    write_text(d / "garbage", "no certificate");
    write_text(d / "two.pem", read_text(a.file("ci.pem")) + read_text(a.file("eum.pem")));
    struct Case {
        Words options;
        std::string file, reason;
    };
    const Case cases[] = {
        {a.files({}, {}, {}, b.file("ci.der")), a.file("eum.der"), "certificate authority key identifier"},
        {a.files({}, {}, b.file("eum.der")), b.file("eum.der"), "certificate authority key identifier"},
        {a.files({}, b.file("euicc/" + b.eid + ".key")),
         b.file("euicc/" + b.eid + ".key"),
         "key and certificate"},
        {a.files({}, brp.file("euicc/" + brp.eid + ".key")),
         brp.file("euicc/" + brp.eid + ".key"),
         "key and certificate"},
        {a.files(a.file("eum.der")), a.file("eum.der"), "unverified"},
        {a.files({}, {}, {}, a.file("eum.der")), a.file("eum.der"), "unverified"},
        {a.files(a.file("old.der"), a.file("old.key")), a.file("old.der"), "expired"},
        {a.files({}, {}, brp.file("eum.der"), brp.file("ci.der")),
         a.file("euicc/" + a.eid + ".der"),
         "unverified"},
        {v3.files(), v3.file("eum.der"), "certificate role"},
        {a.files(d / "garbage"), d / "garbage", "bad value"},
        {a.files({}, d / "garbage"), d / "garbage", "bad value"},
        {a.files({}, {}, {}, d / "none"), d / "none", "not found"},
        {a.files({}, {}, {}, d / "two.pem"), d / "two.pem", "one certificate"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.reason);
        const Ran ran = create(d / "card", c.options);
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(ran.err.starts_with(c.file + ": "));
        CHECK(contains(ran.err, c.reason));
        CHECK_FALSE(std::filesystem::exists(d / "card"));
    }
    const Ran eid = create(d / "card", {"--eid", other.eid}, a.files());
    CHECK(eid.err == a.file("euicc/" + a.eid + ".der") + ": conflict at eid\n");
    const Ran mixed = create(d / "card", a.files(), other.files());
    CHECK(contains(mixed.err, "conflict at eid"));
    const Ran twice = create(d / "card", a.files(), a.files());
    CHECK(twice.err == a.file("ci.der") + ": conflict at ci\n");
    CHECK(create(d / "card", {"--key", "x"}).status == 2);
    CHECK(create(d / "card", {"--certificate", "x", "--key", "y"}).status == 2);
    CHECK(create(d / "card", {"--pki", a.path}).status == 2);
    CHECK_FALSE(std::filesystem::exists(d / "card"));
}

TEST_CASE(
    "when the published identity of SGP.26 is given, card, SM-DP+ and eIM do a whole download with it") {
    const auto data = shared_data("sgp26");
    if (!data) return;
    for (const std::string curve : {"NIST", "BRP"}) {
        CAPTURE(curve);
        const auto file = [&](const std::string& folder, const std::string& name, const char* kind) {
            return *data + "/" + folder + "/" + name + "_ECDSA_" + curve + kind;
        };
        const std::string ci = file("CertificateIssuer", "CERT_CI", ".der");
        Site site(1,
                  {"--ci-key",
                   file("CertificateIssuer", "SK_CI", ".pem"),
                   "--ci-cert",
                   ci,
                   "--smdp-oid",
                   "2.999.10"});
        // The SM-DP+ with the published pair; TLS stays minted under the same CI, since that of the set is
        // short-lived.
        for (const auto& [own, theirs] :
             {std::pair("smdp-auth", "S_SM_DPauth"), std::pair("smdp-pb", "S_SM_DPpb")}) {
            const std::string folder = own == std::string("smdp-auth") ? "DPauth" : "DPpb";
            for (const auto& [from, to] :
                 {std::pair(file(folder, std::string("CERT_") + theirs, ".der"), ".der"),
                  std::pair(file(folder, std::string("SK_") + theirs, ".pem"), ".key")})
                std::filesystem::copy_file(
                    from, site.pki(own + std::string(to)), std::filesystem::copy_options::overwrite_existing);
        }
        const std::string card = site.path("devices/device-0001/card"),
                          eid = "89049032123451234512345678901235";
        std::filesystem::remove_all(card);
        const Ran made =
            create(card,
                   {"--certificate", file("eUICC", "CERT_EUICC", ".der")},
                   {"--key", file("eUICC", "SK_EUICC", ".pem"), "--eum", file("EUM", "CERT_EUM", ".der")},
                   {"--ci", ci, "--bootstrap", site.path("devices/device-0001/bootstrap.der")});
        INFO(made);
        REQUIRE(made.status == 0);
        CHECK(site.card(0)["eid"] == eid);
        CHECK(site.card(0)["cis"][0]["ci"]["subject"] == "CN=Test CI, O=RSPTEST, C=IT");
        const Ran order = cli({"smdp",
                               "order",
                               "--profile",
                               site.path("devices/device-0001/profile.der"),
                               "--eid",
                               eid,
                               "--state",
                               site.path("smdp"),
                               "--iccid",
                               "8900101100020000005",
                               "--json"});
        INFO(order);
        REQUIRE(order.status == 0);
        site.start_smdp();
        site.start_eim();
        write_text(site.path("eids"), eid + "\n");
        write_text(site.path("code"), order.json().value("activation_code", "") + "\n");
        const Ran added = site.eim({"devices", "import", site.path("eids")});
        INFO(added);
        REQUIRE(added.status == 0);
        const Ran asked = site.eim(
            {"operations", "create", "download", "--eid", eid, "--activation-code-file", site.path("code")});
        INFO(asked);
        REQUIRE(asked.status == 0);
        const Ran polled = site.ipad(0);
        INFO(polled);
        CHECK(polled.status == 0);
        const Json after = site.card(0);
        REQUIRE(after["profiles"].size() == 2);
        CHECK(after["profiles"][1]["iccid"] == "8900101100020000005");
        CHECK(after["profiles"][1]["smdp_oid"] == "2.999.10");
        CHECK(after["eims"].size() == 1);
        CHECK(after["eims"][0]["key"]["curve"] == after["cis"][0]["curve"]);
    }
}

TEST_CASE("when lines come by a pipe, each is answered in words, a bad one is told and the next is taken") {
    const Directory d;
    const Pki pki(d, "pki");
    const std::string boot = d / "boot.der", card = d / "card";
    REQUIRE(
        cli({"profile", "sample", "--kind", "bootstrap", "--iccid", "89001019000100000000", "--out", boot})
            .status == 0);
    REQUIRE(create(card, pki.files(), {"--bootstrap", boot}).status == 0);
    const Ran good =
        console("# what is it?\n\n atr\nselect EF.ICCID # by name\n00 B0 00 00 0A\n"
                "select ADF.USIM/EF.IMSI\n00B0000009\nselect ./6F07\nselect 3F00\nselect 2FE2\n"
                "00B0000FFF\nes10 BF3E035C015A\nselect isd-r\n80E2910003BF2000\n00C0000038\nreset\n"
                "select ecasd\nhelp\nquit\nnonsense",
                {card});
    INFO(good);
    CHECK(good.status == 0); // what stands behind quit is not read
    CHECK(contains(good.out, "< 3B9D96803FC7828031E073FE211B65766553494D36\n"));
    CHECK(contains(good.out, "> 00B000000A  # READ BINARY\n< 980001910010000000009000  # done\n"));
    CHECK(contains(good.out, "< 0809101000000000109000  # done"));
    CHECK(contains(good.out, "file identifier: 6F07"));
    CHECK(contains(good.out, "# offset or parameters outside the file"));
    CHECK(contains(good.out, "eidValue: \"" + pki.eid + "\""));
    CHECK(contains(good.out, "< 6138  # more octets to fetch"));
    CHECK(contains(good.out, "< EUICCInfo1 (BF20")); // put together from two lines
    CHECK(contains(good.out, "es10 HEX"));
    // It reads as a trace.
    write_text(d / "trace", good.out);
    CHECK(contains(cli({"euicc", "trace", d / "trace"}).out, "EUICCInfo1"));

    const Ran bad = console("00A4zz\nfrob\nselect\nselect EF.NONE\nes10\nes10 BF\n80\n00B0000001", {card});
    INFO(bad);
    CHECK(bad.status == 1);
    CHECK(contains(bad.out, "line 1: bad value at hex"));
    CHECK(contains(bad.out, "line 2: no hex and no word of this console: frob"));
    CHECK(contains(bad.out, "line 3: select what?"));
    CHECK(contains(bad.out, "line 4: no FID and no name of a file: EF.NONE"));
    CHECK(contains(bad.out, "line 5: es10 needs a command"));
    CHECK(contains(bad.out, "line 7: a command APDU has more octets"));
    CHECK(contains(bad.out, "> 00B0000001  # READ BINARY")); // and goes on
}

TEST_CASE("when the console speaks JSON, each line is one object; a refusal of the card is no bad line") {
    const Directory d;
    const Pki pki(d, "pki");
    REQUIRE(create(d / "card", pki.files()).status == 0);
    const Ran ran = console("select 7FF1\nes10 BF3E035C015A\nfrob", {d / "card", "--json"});
    CHECK(ran.status == 1);
    const auto lines = json_lines(ran.out);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0]["apdus"][0]["status"] == "6A82");
    CHECK(lines[0]["apdus"][0]["status_text"] == "file or application not found");
    CHECK_FALSE(lines[0].contains("error"));
    CHECK(lines[1]["messages"].back()["type"] == "GetEuiccDataResponse");
    CHECK(lines[1]["messages"].back()["value"]["eidValue"] == pki.eid);
    CHECK(lines[2]["line"] == 3);
    CHECK(contains(lines[2]["error"], "frob"));
}

TEST_CASE("when a long ES10 command is typed, it goes in blocks on a channel that is opened again when it "
          "was closed") {
    const Directory d;
    const Pki pki(d, "pki");
    REQUIRE(create(d / "card", pki.files()).status == 0);
    // SetDefaultDpAddress with 255 octets, and BF3C; then MANAGE CHANNEL closes channel 1 behind the
    // console's back.
    const std::string address(255, '7');
    std::string octets;
    for (size_t i = 0; i < address.size(); ++i) octets += "37";
    const Ran ran =
        console("es10 BF3F8201028081FF" + octets + "\nes10 BF3C00\n00708001\nes10 BF3C00", {d / "card"});
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(contains(ran.out, "# STORE DATA (1) block 01"));
    CHECK(contains(ran.out, "setDefaultDpAddressResult: 0 (ok)"));
    size_t told = 0;
    for (size_t at = 0; (at = ran.out.find("defaultDpAddress: \"" + address, at)) != std::string::npos; ++at)
        ++told;
    CHECK(told >= 2);
    const Json card = cli({"euicc", "show", d / "card", "--json"}).json();
    CHECK(card["default_smdp"] == address);
    const Ran text = cli({"euicc", "show", d / "card"});
    size_t widest = 0, begin = 0;
    for (size_t end; (end = text.out.find('\n', begin)) != std::string::npos; begin = end + 1)
        widest = std::max(widest, end - begin);
    CHECK(widest <= 100);
}
