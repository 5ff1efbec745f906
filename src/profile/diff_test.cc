#include "profile/diff.h"
#include "profile/notation.h"
#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
OwnedBytes package(const std::string& text) {
    const auto out = from_notation(text);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    return owned(out->reveal());
}
std::string text() { return *to_notation(sample_operational(sample())->reveal()); }
std::string changed(std::string all, const std::string& from, const std::string& to) {
    const size_t at = all.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return all.replace(at, from.size(), to);
}
std::string lines(const Difference& d) {
    std::string out;
    for (const Change& c : d.changes)
        out += std::string(name(c.kind)) + " " + c.what + " | " + c.where + " | " +
               (c.secret ? "secret" : c.before + " -> " + c.after) + "\n";
    return out;
}
std::string between(const std::string& a, const std::string& b, bool secrets = false) {
    const auto d = diff(package(a), package(b), secrets);
    REQUIRE(d);
    return lines(*d);
}
// The text of one element, cut out of `all`.
std::string cut(std::string& all, const std::string& element) {
    const size_t at = all.rfind("value", all.find("::= " + element + " :"));
    const size_t end = all.find("\nvalue", at) + 1;
    const std::string out = all.substr(at, end - at);
    all.erase(at, end - at);
    return out;
}
} // namespace

TEST_CASE("when one thing of a package changes, the difference is that thing, at its place") {
    const std::string a = text();
    CHECK(between(a, a).empty());
    CHECK(between(a, changed(a, "\"Halyard sample\"", "\"Another\"")) ==
          "changed header | profileType | \"Halyard sample\" -> \"Another\"\n");
    CHECK(between(a, changed(a, "usim NULL", "usim NULL, isim NULL")) ==
          "added header | eUICC-Mandatory-services.isim |  -> NULL\n");
    CHECK(between(a, changed(a, "'080910100000000071'", "'080910100000001071'")) ==
          "changed file 7FD06F07 ef-imsi | octet 7 | 00 -> 10\n");
    // SPN: display condition, then GSM text; "Halyard" is 48616C79617264.
    CHECK(between(a, changed(a, "0148616C79617264", "0148616C79627365")) ==
          "changed file 7FD06F46 ef-spn | octets 5 to 7 | 617264 -> 627365\n");
    CHECK(between(a, changed(a, "keyReference adm1", "keyReference adm2"))
              .find("pinCodes.pinconfig.adm2.keyReference") != std::string::npos);
    CHECK(between(a, changed(a, "pinAttributes 6", "pinAttributes 7")) ==
          "changed pinCodes 3 of 3F00 | pinCodes.pinconfig.pinAppl1.pinAttributes | 6 -> 7\n");
    CHECK(between(a, changed(a, "'7FD0'H", "'7FD1'H")).find("removed file 7FD06F07 ef-imsi | ") !=
          std::string::npos);
}

TEST_CASE("when a rule of EF.ARR changes, the record is named") {
    const std::string a = text();
    // Record 3 is the rule "everything ADM1": 80 01 5B A4 06 83 01 0A 95 01 08.
    const auto d = diff(package(a), package(changed(a, "80015BA40683010A950108", "80015BA40683010B950108")));
    REQUIRE(d);
    REQUIRE(d->changes.size() == 1);
    CHECK(d->changes[0].what == "file 2F06 ef-arr");
    CHECK(d->changes[0].where == "record 3");
    CHECK(d->changes[0].after.starts_with("80015BA40683010B950108FF"));
}

TEST_CASE("when a key or a code changes, it is named but not shown, unless that is asked for") {
    const std::string a = text(), zero = "key '00000000000000000000000000000000'H",
                      b = changed(changed(a, zero, "key '0000000000000000000000000000002A'H"),
                                  "pukValue '3030303030303030'H",
                                  "pukValue '3132333435363738'H");
    const std::string hidden = between(a, b);
    CHECK(hidden == "changed pukCodes 2 | pukCodes.pukAppl1.pukValue | secret\n"
                    "changed akaParameter 6 of 7FD0 | algoConfiguration.algoParameter.key | secret\n");
    CHECK(between(a, b, true).find("'3030303030303030'H -> '3132333435363738'H") != std::string::npos);
}

TEST_CASE("when elements change places without effect, that is no difference") {
    const std::string a = text();
    std::string b = a;
    const std::string puks = cut(b, "pukCodes");
    b.insert(b.find("value5"), puks); // pinCodes first, then pukCodes
    const auto d = diff(package(a), package(b));
    REQUIRE(d);
    INFO(lines(*d));
    CHECK(d->changes.empty());
    CHECK(d->reordered);
    CHECK_FALSE(d->same_octets);
    // pinCodes behind the USIM belong to the USIM.
    std::string c = a;
    const std::string pins = cut(c, "pinCodes");
    c.insert(c.find("value6"), pins);
    CHECK(between(a, c) == "changed pinCodes 3 of 3F00 | directory it belongs to | 3F00 -> 7FD0\n");
}

TEST_CASE("when an element or a file is there in one package only, it is added or removed") {
    const std::string a = text();
    std::string b = a;
    cut(b, "opt-usim");
    CHECK(between(a, b) == "removed opt-usim 5 |  |  -> \n"
                           "removed file 7FD06F60 ef-plmnwact |  |  -> \n"
                           "removed file 7FD06F61 ef-oplmnwact |  |  -> \n"
                           "removed file 7FD06F62 ef-hplmnwact |  |  -> \n");
    CHECK(between(b, a).starts_with("added opt-usim 5"));
}

TEST_CASE("when a DEFAULT is written out, the meaning is the same") {
    const std::string a = text();
    const auto out = from_notation(changed(a,
                                           "opc '00000000000000000000000000000000'H",
                                           "opc '00000000000000000000000000000000'H, numberOfKeccak 1"),
                                   {.keep_defaults = true});
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    const auto d = diff(package(a), out->reveal());
    REQUIRE(d);
    INFO(lines(*d));
    CHECK(d->changes.empty());
    CHECK_FALSE(d->same_octets);
    CHECK_FALSE(d->reordered);
}

TEST_CASE(
    "when a TS.48 package is compared with the one without remote management, what is missing is told") {
    const auto all = ts48();
    if (all.size() < 3) return;
    for (const auto& one : all) CHECK(diff(one.second, one.second)->changes.empty());
    const auto d = diff(all[0].second, all[2].second);
    REQUIRE(d);
    size_t removed = 0;
    for (const Change& c : d->changes)
        removed += c.kind == Change::Kind::removed && c.what.starts_with("rfm");
    CHECK(removed == 4);
}
