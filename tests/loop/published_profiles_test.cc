// The published test profiles (GSMA TS.48 v7) and our own samples on their whole way: ordered at an SM-DP+,
// downloaded and enabled by an eIM's order, then read back by APDUs as a terminal does, field by field beside
// the text form. Nothing is looked up in the card's state.
#include "profile/key_reference.h"
#include "profile/notation.h"
#include "profile/testing_ts48.h"
#include "tests/loop/world.h"

using namespace halyard;
using namespace halyard::loop;
using namespace halyard::profile::published;
using profile::FileKind;

namespace {
// What a downloaded profile's card answers.
struct Terminal {
    World world;
    Device& card;

    Terminal(Bytes package, std::string_view iccid, uint64_t seed = 1)
        : world(seed), card(world.add_device()) {
        const std::string code = world.smdp.order_package(package, world.now);
        const std::string loaded = world.eim.download(card.identity.eid, code);
        REQUIRE(world.run());
        REQUIRE(world.eim.operation(loaded).state == eim::State::succeeded);
        const std::string enabled = world.eim.enable(card.identity.eid, iccid, false);
        REQUIRE(world.poll());
        REQUIRE(world.eim.operation(enabled).state == eim::State::succeeded);
        REQUIRE(card.card->reset());
    }
    std::string operator()(const std::string& apdu) { return hex(card.card->transmit(*from_hex(apdu))); }
    std::string with_data(const std::string& header, const std::string& data, const char* le = "") {
        const auto n = static_cast<uint8_t>(data.size() / 2);
        return (*this)(header + hex(Bytes(&n, 1)) + data + le);
    }
};

class ReadBack {
  public:
    ReadBack(Terminal& card, const Model& model) : card_(card), model_(model) {}
    size_t read = 0, forbidden = 0, linked = 0, directories = 0, records = 0;

    void codes() {
        for (const auto& [key, value] : model_.pins) check_pin(key, *value);
    }
    void files() {
        for (const auto& [path, file] : model_.files) check(path, file);
    }

  private:
    // The answer with the FCP. An application is entered by its AID, what is in it by 7FFF.
    std::string select(const std::string& path) {
        if (path.empty()) return card_("00A40004023F0000");
        const auto adf = model_.files.find(path.substr(0, 4));
        if (adf == model_.files.end() || adf->second.aid.empty())
            return card_.with_data("00A40804", path, "00");
        const std::string fcp = card_.with_data("00A40404", hex(adf->second.aid), "00");
        if (path.size() == 4 || !fcp.ends_with("9000")) return fcp;
        return card_.with_data("00A40804", "7FFF" + path.substr(4), "00");
    }

    static uint16_t reference(std::span<const asn1::NamedValue> names, const std::string& name) {
        for (const auto& n : names)
            if (name == n.name) return static_cast<uint16_t>(n.value);
        FAIL("no such reference: " << name);
        return 0;
    }
    static std::string p2(uint16_t number) {
        const auto octet = static_cast<uint8_t>(number);
        return hex(Bytes(&octet, 1));
    }
    // PIN and PUK have the values of the text: told right and wrong, and counted as the text says.
    void check_pin(const std::string& key, const Value& v) {
        CAPTURE(key);
        const size_t space = key.find(' ');
        CHECK(select(key.substr(0, space)).ends_with("9000"));
        const std::string ref = p2(reference(profile::kPinReferenceNames, key.substr(space + 1)));
        const std::string value = hex(v.hex_of("pinValue")), wrong = "3132333435363738";
        const unsigned attributes = static_cast<unsigned>(std::stoul(v.atom_of("pinAttributes", "7")));
        const unsigned attempts =
            static_cast<unsigned>(std::stoul(v.atom_of("maxNumOfAttemps-retryNumLeft", "51")));
        const auto left = [](unsigned n) { return "63C" + std::string(1, "0123456789ABCDEF"[n & 0x0F]); };
        const bool on = attributes & 1;
        if (!on) {
            CHECK(card_("002000" + ref + "08" + value) == "6984");
            CHECK(card_("002800" + ref + "08" + wrong) == left(attempts - 1));
            CHECK(card_("002800" + ref + "08" + value) == "9000");
        } else {
            CHECK(card_("002000" + ref) == left(attempts));
            CHECK(card_("002000" + ref + "08" + wrong) == left(attempts - 1));
            CHECK(card_("002000" + ref + "08" + value) == "9000");
        }
        if (const Value* puk = v.find("unblockingPINReference")) check_puk(ref, puk->atom, value);
        if (!on) CHECK(card_("002600" + ref + "08" + value) == "9000");
    }
    void check_puk(const std::string& pin, const std::string& name, const std::string& new_value) {
        for (const Value* v : model_.puks) {
            if (v->find("keyReference")->atom != name) continue;
            const unsigned attempts =
                static_cast<unsigned>(std::stoul(v->atom_of("maxNumOfAttemps-retryNumLeft", "170")));
            const std::string value = hex(v->hex_of("pukValue"));
            CHECK(card_("002C00" + pin) == "63C" + std::string(1, "0123456789ABCDEF"[attempts & 0x0F]));
            CHECK(card_("002C00" + pin + "10" + "3132333435363738" + new_value) ==
                  "63C" + std::string(1, "0123456789ABCDEF"[(attempts - 1) & 0x0F]));
            CHECK(card_("002C00" + pin + "10" + value + new_value) == "9000");
            return;
        }
        FAIL("no PUK of that name: " << name);
    }

    // Every code of the profile has been presented rightly, so a condition holds when it names one of them.
    bool holds(uint32_t tag, Bytes content) const {
        if (tag == 0x90) return true;
        if (tag == 0xA4) {
            for (const auto& n : profile::kPinReferenceNames)
                if (n.value == content[2])
                    for (const auto& [key, v] : model_.pins)
                        if (key.ends_with(std::string(" ") + n.name)) return true;
            return false;
        }
        if (tag != 0xA0 && tag != 0xAF) return false;
        bool all = true, any = false;
        while (!content.empty()) {
            const auto one = asn1::read_tlv(content);
            REQUIRE(one);
            const bool it = holds(one->tag, one->content);
            all = all && it;
            any = any || it;
            content = one->rest;
        }
        return tag == 0xA0 ? any : all;
    }
    // Whether the record of EF.ARR that the file names lets it be read. ETSI TS 102 221 §9.2
    bool readable(const std::string& path, const Expected& e) const {
        const std::string parent = path.substr(0, path.size() - 4);
        const std::string fid = e.security.size() == 3 ? hex(Bytes(e.security).first(2))
                                : parent.empty()       ? "2F06"
                                                       : "6F06";
        const Expected* arr = nullptr;
        for (std::string at = parent;; at = at.substr(0, at.size() - 4)) {
            if (const auto it = model_.files.find(at + fid); it != model_.files.end()) arr = &it->second;
            if (arr || at.empty()) break;
        }
        if (arr && !arr->link.empty()) arr = &model_.files.at(arr->link);
        const size_t number = e.security.empty() ? 0 : e.security.back();
        if (!arr || number == 0 || arr->record * number > arr->content.size()) return false;
        Bytes rest = Bytes(arr->content).subspan(arr->record * (number - 1), arr->record);
        bool for_reading = false;
        while (!rest.empty() && rest[0] != 0xFF) {
            const auto one = asn1::read_tlv(rest);
            if (!one) return false;
            rest = one->rest;
            if (one->tag >= 0x80 && one->tag <= 0x8F)
                for_reading = one->tag == 0x80 && (one->content[0] & 0x01);
            else if (for_reading && holds(one->tag, one->content))
                return true;
        }
        return false;
    }

    std::string descriptor(const Expected& e) const {
        const auto n = [](size_t value) {
            const auto octet = static_cast<uint8_t>(value);
            return hex(Bytes(&octet, 1));
        };
        if (e.is_directory()) return "82027821";
        if (e.kind == FileKind::transparent) return "82024121";
        if (e.kind == FileKind::ber_tlv) return "82027921";
        return std::string("8205") + (e.kind == FileKind::cyclic ? "46" : "42") + "21" + n(e.record >> 8) +
               n(e.record) + n(e.content.size() / e.record);
    }
    void check(const std::string& path, const Expected& e) {
        CAPTURE(path);
        CAPTURE(e.name);
        const std::string fcp = select(path);
        CAPTURE(fcp);
        REQUIRE(fcp.ends_with("9000"));
        const auto says = [&](const std::string& part) { return fcp.find(part) != std::string::npos; };
        if (e.link.empty()) CHECK(says(descriptor(e)));
        CHECK(says(e.life == 0x04 ? "8A0104" : "8A0105"));
        if (e.security.size() == 3) CHECK(says("8B03" + hex(e.security)));
        if (e.security.size() == 1)
            CHECK(says((path.size() <= 4 ? "8B032F06" : "8B036F06") + hex(e.security)));
        if (e.is_directory()) {
            for (const uint8_t pin : e.pins) CHECK(says("8301" + hex(Bytes(&pin, 1))));
            if (!e.aid.empty()) CHECK(says(hex(e.aid)));
            ++directories;
            return;
        }
        CHECK(says("8302" + path.substr(path.size() - 4)));
        CHECK(says("C001" + hex(Bytes(&e.special, 1))));
        const auto sfi = static_cast<uint8_t>(e.sfi << 3);
        CHECK(says(e.sfi ? "8801" + hex(Bytes(&sfi, 1)) : "8800"));
        const Expected* data = &e;
        if (!e.link.empty()) {
            data = &model_.files.at(e.link);
            ++linked;
        }
        const bool allowed = readable(path, e);
        forbidden += !allowed;
        const char* expected = !allowed ? "6982" : data->kind == FileKind::ber_tlv ? "6A88" : "9000";
        CHECK(read_all(*data) == expected);
    }
    // Compares what is read; the status word that ended it.
    std::string read_all(const Expected& e) {
        OwnedBytes wanted = e.content;
        if (e.name == "ef-ust") { // services 64 and 65 (VGCS, VBS) are not offered, whatever the package says
            wanted[7] &= 0x7F;
            wanted[8] &= 0xFE;
        }
        if (e.kind == FileKind::ber_tlv)
            return card_("80CB00800180"
                         "00"); // all of them come without objects
        const bool by_record = e.kind != FileKind::transparent;
        std::string got;
        for (size_t at = 0, n = 0; at < wanted.size(); at += n) {
            n = by_record ? e.record : std::min<size_t>(wanted.size() - at, 255);
            const auto record = static_cast<uint8_t>(at / std::max<size_t>(e.record, 1) + 1);
            const OwnedBytes command = by_record
                                           ? OwnedBytes{0x00, 0xB2, record, 0x04, static_cast<uint8_t>(n)}
                                           : OwnedBytes{0x00,
                                                        0xB0,
                                                        static_cast<uint8_t>(at >> 8),
                                                        static_cast<uint8_t>(at),
                                                        static_cast<uint8_t>(n)};
            const std::string answer = card_(hex(command));
            if (!answer.ends_with("9000")) return answer;
            got += answer.substr(0, answer.size() - 4);
            records += by_record;
        }
        CHECK(got == hex(wanted));
        ++read;
        return "9000";
    }

    Terminal& card_;
    const Model& model_;
};

Model model_of(const std::vector<Value>& elements) {
    Model out;
    for (const Value& value : elements) out.element(value.name, value);
    return out;
}
} // namespace

TEST_CASE(
    "when a published test profile was downloaded and enabled, every file and code reads as its text says") {
    for (const auto& [name, package] : profile::ts48()) {
        CAPTURE(name);
        const auto text = ts48_text(name);
        if (!text) continue;
        const Model model = model_of(*text);
        Terminal card(package, "89000123456789012341");
        ReadBack back(card, model);
        back.codes();
        back.files();
        MESSAGE(name << ": " << back.read << " files read, " << back.records << " records, " << back.forbidden
                     << " forbidden, " << back.linked << " linked, " << back.directories << " directories");
        CHECK(back.read > 200);
        CHECK(back.directories > 10);
        // The network answers with the key of the text: the USIM's and the ISIM's. 3GPP TS 34.108 §8.1.2
        for (const char* aid : {"A0000000871002", "A0000000871004"}) {
            CHECK(card.with_data("00A4040C", aid) == "9000");
            const std::string answer = card("00880081 22 10 00112233445566778899AABBCCDDEEFF"
                                            "10 3040506070A18000001020304071E070 00");
            CHECK(answer.starts_with("DB1000102030405060708090A0B0C0D0E0F0"
                                     "10102030405060708090A0B0C0D0E0F000"
                                     "102030405060708090A0B0C0D0E0F00010"));
            CHECK(answer.ends_with("9000"));
        }
    }
}

TEST_CASE(
    "when a sample profile was downloaded and enabled, every file and code reads as its text form says") {
    profile::SampleParameters p{.iccid = iccid(iccid_text(7)), .imsi = "001010000000017"};
    SeededRandom dice(5);
    REQUIRE(profile::draw_secrets(p, dice));
    for (const bool bootstrap : {false, true}) {
        CAPTURE(bootstrap);
        const auto package = bootstrap ? profile::sample_bootstrap(p) : profile::sample_operational(p);
        REQUIRE(package);
        const auto text = profile::to_notation(package->reveal());
        REQUIRE(text);
        const auto elements = Reader(*text).elements();
        const Model model = model_of(elements);
        Terminal card(package->reveal(), iccid_text(7));
        ReadBack back(card, model);
        back.codes();
        back.files();
        MESSAGE(back.read << " files read, " << back.records << " records, " << back.forbidden
                          << " forbidden");
        CHECK(back.read > 10);
        // ICCID and IMSI by hand: digits swapped, parity nibble 9 in front of fifteen digits. ETSI TS 102 221
        // §13.2, 3GPP TS 31.102 §4.2.2
        CHECK(card("00A40804022FE200").ends_with("9000"));
        CHECK(card("00B000000A") == hex(iccid(iccid_text(7))) + "9000");
        CHECK(card("00A4040C07A0000000871002") == "9000");
        CHECK(card("00A4080C047FFF6F07") == "9000");
        CHECK(card("00B0000009") == "080910100000000071"
                                    "9000");
    }
}
