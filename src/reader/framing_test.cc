// Messages of the virtual reader, and what they do to a card. Octets by hand: two of length, big-endian.
#include "reader/framing.h"
#include "reader/session.h"
#include "reader/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::reader;

namespace {
OwnedBytes octets(const char* text) { return *from_hex(text); }
std::string said(const CardSession::Reply& r) {
    if (r.close) return std::string("closed: ") + r.close;
    std::string out = r.message ? hex(*r.message) : "nothing";
    return r.note ? out + ", " + r.note : out;
}
} // namespace

TEST_CASE("when a stream of messages is cut at any octet, the same messages come out") {
    const OwnedBytes stream = octets("000104 0005 00A4000C02 0000 0002 9000 000101");
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
        CAPTURE(cut);
        FrameReader reader;
        std::string all;
        for (const Bytes part : {Bytes(stream).first(cut), Bytes(stream).subspan(cut)}) {
            reader.feed(part);
            while (const auto m = reader.next()) all += hex(*m) + ";";
        }
        CHECK(all == "04;00A4000C02;;9000;01;");
        CHECK(reader.pending() == 0);
    }
    FrameReader by_one;
    std::string all;
    for (const uint8_t& o : stream) {
        by_one.feed(Bytes(&o, 1));
        while (const auto m = by_one.next()) all += hex(*m) + ";";
    }
    CHECK(all == "04;00A4000C02;;9000;01;");
}

TEST_CASE("when a message is not whole, nothing comes out and what is there is known") {
    FrameReader reader;
    reader.feed(octets("00"));
    CHECK_FALSE(reader.next());
    CHECK(reader.pending() == 1);
    reader.feed(octets("03 AABB"));
    CHECK_FALSE(reader.next());
    CHECK(reader.pending() == 4);
}

TEST_CASE("when a message is as long as its length can say, it passes; a longer one is refused") {
    const OwnedBytes longest(0xFFFF, 0x5A);
    const auto framed = frame(longest);
    REQUIRE(framed);
    CHECK(framed->size() == 0x10001);
    CHECK(hex(Bytes(*framed).first(3)) == "FFFF5A");
    FrameReader reader;
    reader.feed(Bytes(*framed).first(0x10000));
    CHECK_FALSE(reader.next());
    reader.feed(Bytes(*framed).subspan(0x10000));
    const auto out = reader.next();
    REQUIRE(out);
    CHECK(*out == longest);
    const auto refused = frame(OwnedBytes(0x10000));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit);
    CHECK(hex(*frame({})) == "0000");
}

TEST_CASE("when a reader uses the control octets, the card gets power, resets and shows its ATR") {
    ToldCard card;
    CardSession session(card);
    CHECK(said(session.message(octets("04"))) == "3B00"); // before it has power: is there a card at all?
    CHECK(card.all().empty());
    CHECK(said(session.message(octets("01"))) == "nothing");
    CHECK(said(session.message(octets("00A4000C023F00"))) == "9000");
    CHECK(said(session.message(octets("04"))) == "3B00");
    CHECK(said(session.message(octets("02"))) == "nothing");
    CHECK(said(session.message(octets("00"))) == "nothing");
    CHECK(said(session.message(octets("00"))) == "nothing"); // off already
    CHECK(card.all() == "on 00A4000C023F00 reset off");
    CHECK(session.apdus() == 1);
}

TEST_CASE("when a control octet is unknown, it is passed over and told") {
    ToldCard card;
    CardSession session(card);
    for (const char* odd : {"03", "05", "7F", "FF"})
        CHECK(said(session.message(octets(odd))) == "nothing, unknown control octet");
    CHECK(card.all().empty());
}

TEST_CASE("when a client knows of no power, its first command switches the card on") {
    ToldCard card;
    {
        CardSession session(card);
        CHECK(said(session.message(octets("00A4"))) == "9000"); // two octets are an APDU, if a bad one
        CHECK(said(session.message(octets("80F2000C"))) == "9000");
    }
    CHECK(card.all() == "on 00A4 80F2000C off");
}

TEST_CASE("when the client goes, the card loses power; one that never had any does not") {
    ToldCard card;
    { CardSession session(card); }
    CHECK(card.all().empty());
    {
        CardSession session(card);
        session.message(octets("01"));
        session.message(octets("00"));
    }
    CHECK(card.all() == "on off");
}

TEST_CASE("when the card cannot go on, the connection ends without an answer") {
    ToldCard card;
    CardSession session(card);
    CHECK(said(session.message({})) == "closed: empty message");
    card.answers = {""};
    CHECK(said(session.message(octets("00A4000C"))) == "closed: response lost");
    card.there = false;
    CHECK(said(session.message(octets("04"))) == "closed: mute card");
    card.starts = false;
    CHECK(said(session.message(octets("02"))) == "closed: the card does not start");
}
