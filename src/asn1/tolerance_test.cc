// What is tolerated is counted, by name, wherever it is met.
#include "asn1/asn1.h"
#include "base/log.h"
#include "base/tolerated.h"
#include <doctest/doctest.h>

using namespace halyard;
using asn1::alternative, asn1::choice, asn1::Deviation, asn1::field, asn1::List, asn1::sequence;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

struct Flagged {
    uint8_t number = 0;
    std::optional<asn1::Null> flag;
    template <int = 0> static constexpr auto asn1() {
        using T = Flagged;
        return sequence(
            "Flagged", 0xBF31, field<&T::number>("number", 0x80), field<&T::flag>("flag", 0x05).or_tag(0x81));
    }
};
struct Answer {
    std::variant<Flagged, uint8_t> is;
    template <int = 0> static constexpr auto asn1() {
        using T = Answer;
        return choice(
            "Answer", 0xBF32, alternative<&T::is, 0>("ok", 0xA0), alternative<&T::is, 1>("error", 0x02));
    }
};
struct Certified {
    asn1::Raw certificate;
    template <int = 0> static constexpr auto asn1() {
        return sequence("Certified", 0xBF33, field<&Certified::certificate>("certificate", 0xA5));
    }
};
struct Numbers {
    List<uint8_t> numbers;
    template <int = 0> static constexpr auto asn1() {
        return sequence("Numbers", 0xBF34, field<&Numbers::numbers>("tallied numbers", 0xA0));
    }
};

/// Decodes with one deviation expected, gives it.
template <class T> asn1::Noted only_deviation(const OwnedBytes& der) {
    std::vector<asn1::Noted> noted;
    REQUIRE(asn1::decode<T>(Bytes(der), {.noted = &noted}));
    REQUIRE(noted.size() == 1);
    const auto strict = asn1::decode<T>(Bytes(der), {.strict = true});
    REQUIRE_FALSE(strict);
    CHECK(strict.error().code == Errc::bad_value);
    CHECK(strict.error().offset == noted[0].offset);
    CHECK(std::string_view(strict.error().where) == noted[0].where);
    return noted[0];
}
} // namespace

TEST_CASE("when a field comes under the tag another stack gives it, it is taken and sent under its own") {
    const OwnedBytes der = octets("BF3105 800107 8100");
    const auto noted = only_deviation<Flagged>(der);
    CHECK(noted.what == Deviation::other_tag);
    CHECK(std::string_view(noted.where) == "flag");
    CHECK(noted.offset == 6);
    const auto value = asn1::decode<Flagged>(der);
    REQUIRE(value);
    CHECK(value->flag.has_value());
    CHECK(*asn1::encode(*value) == octets("BF3105 800107 0500"));
    CHECK_FALSE(asn1::decode<Flagged>(Bytes(octets("BF3105 800107 8000")))); // number again: no third tag
}

TEST_CASE("when a CHOICE carries its tag twice, the second is passed over, but no third") {
    const auto noted = only_deviation<Answer>(octets("BF3206 BF3203 020101"));
    CHECK(noted.what == Deviation::repeated_tag);
    CHECK(noted.offset == 3);
    CHECK(std::get<uint8_t>(asn1::decode<Answer>(Bytes(octets("BF3206 BF3203 020101")))->is) == 1);
    CHECK(asn1::decode<Answer>(Bytes(octets("BF3209 BF3206 BF3203 020101"))).error().code == Errc::bad_tag);
    CHECK(asn1::decode<Answer>(Bytes(octets("BF3208 BF3203 020101 0500"))).error().code == Errc::bad_tag);
    CHECK(asn1::decode<Answer>(Bytes(octets("BF3208 BF3205 020101 0500"))).error().code == Errc::bad_length);
    CHECK(asn1::decode<Answer>(Bytes(octets("BF3203 BF3200"))).error().code == Errc::truncated);
}

TEST_CASE("when a certificate keeps its header inside an implicit tag, the header is taken off") {
    // what a certificate looks like from outside: three components, the first a SEQUENCE
    const OwnedBytes right = octets("BF330A A508 3000 3000 03020055"),
                     wrapped = octets("BF330C A50A 3008 3000 3000 03020055");
    CHECK(hex(asn1::decode<Certified>(right, {.strict = true})->certificate.content) == "3000300003020055");
    const auto noted = only_deviation<Certified>(wrapped);
    CHECK(noted.what == Deviation::kept_header);
    // a SEQUENCE alone in a SEQUENCE is no certificate with its header: nothing is taken off
    const OwnedBytes alone = octets("BF3308 A506 3004 3002 0500");
    CHECK(hex(asn1::decode<Certified>(alone, {.strict = true})->certificate.content) == "300430020500");
    CHECK(std::string_view(noted.where) == "certificate");
    CHECK(hex(asn1::decode<Certified>(wrapped)->certificate.content) == "3000300003020055");
    // something else that is a single SEQUENCE stays as it is
    CHECK(hex(asn1::decode<Certified>(Bytes(octets("BF3307 A505 3003020101")))->certificate.content) ==
          "3003020101");
}

TEST_CASE("when deviations are tolerated, the process counts each by name, logs the first and no walk counts "
          "twice") {
    static std::string logged;
    logged.clear();
    set_log_sink([](LogLevel, std::string_view line) { logged += line; });
    const OwnedBytes der =
        octets("BF340D A00B 02020007 02020008 020109"); // two numbers with a superfluous 00
    const auto value = asn1::decode<Numbers>(Bytes(der));
    REQUIRE(value);
    const char* what = name(Deviation::long_integer);
    CHECK(tolerated(what, "INTEGER") >= 2);
    const size_t before = tolerated(what, "INTEGER");
    CHECK(*value->numbers.count() == 3);
    CHECK(tolerated(what, "INTEGER") == before);
    REQUIRE(asn1::decode<Numbers>(Bytes(der), {.tally = false}));
    CHECK(tolerated(what, "INTEGER") == before);
    REQUIRE(asn1::decode<Numbers>(Bytes(der)));
    CHECK(tolerated(what, "INTEGER") == before + 2);
    REQUIRE_FALSE(asn1::decode<Numbers>(Bytes(der), {.strict = true}));
    CHECK(tolerated(what, "INTEGER") == before + 2); // refused, not tolerated
    logged.clear();
    REQUIRE(asn1::decode<Flagged>(Bytes(octets("BF310A 800107 0500 9F8F7F0100"))));
    CHECK(logged == "tolerated: component unknown to this edition at Flagged of Flagged, octet 8; from now "
                    "on counted only");
    set_log_sink(nullptr);
}
