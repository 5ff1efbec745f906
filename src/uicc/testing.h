#pragma once
// A UICC made by hand for tests: every file, rule and PIN stands here.
#include "uicc/uicc.h"
#include <doctest/doctest.h>
#include <functional>

namespace halyard::uicc {

struct TestCard : Backing {
    // Records of EF.ARR, by number. Rules as profile-package annexes write them.
    static constexpr const char* kRules[] = {
        "8001019000 80015AA40683010A950108",                                           // 1
        "800103A406830101950108 800158A40683010A950108",                               // 2
        "800101A406830101950108 800102A406830181950108 800158A40683010A950108",        // 3
        "800103A406830101950108 840132A406830101950108",                               // 4
        "800101A406830101950108 800102A010A406830101950108A406830181950108",           // 5
        "8001019000 80015A9700",                                                       // 6
        "8001019000 800102AF10A406830101950108A40683010A950108 800102B406830101950108" // 7
    };
    static constexpr uint16_t kRuleSize = 0x30;

    Uicc uicc;
    int commits = 0;
    bool broken = false; // the store
    std::function<void(const Image&)> on_commit;
    uint8_t dice = 0;

    TestCard() { uicc.reset(made()); }
    Ok commit(const Image& image, std::span<const profile::Changed>) override {
        if (broken) return fail(Errc::storage, "commit");
        ++commits;
        if (on_commit) on_commit(image);
        return {};
    }
    Ok random(Buffer out) override {
        for (uint8_t& b : out) b = ++dice;
        return {};
    }
    OwnedBytes transmit(Bytes in) {
        Apdu a;
        if (const unsigned refusal = parse(in, a)) return sw(refusal);
        if (!uicc.is_open(a.channel)) return sw(0x6881);
        uicc.begin(a);
        return uicc.end(uicc.run(a, *this));
    }
    std::string operator()(const std::string& apdu) { return hex(transmit(*from_hex(apdu))); }
    void verify_pin1() { CHECK((*this)("0020000108 31323334FFFFFFFF") == "9000"); }
    void verify_adm() { CHECK((*this)("0020000A08 0102030405060708") == "9000"); }
    void select_usim() { CHECK((*this)("00A4040C0C A0000000871002FF49FF0589") == "9000"); }

    static Image made() {
        Image i;
        const auto add =
            [&](uint32_t parent, uint16_t fid, FileKind kind, uint8_t rule, uint8_t sfi = 0) -> Node& {
            i.nodes.push_back({.fid = fid, .parent = parent, .kind = kind, .sfi = sfi});
            i.nodes.back().security = {0x2F, 0x06, rule};
            return i.nodes.back();
        };
        const auto records = [](Node& n, uint16_t size, size_t count, const char* content = "") {
            n.record_size = size;
            n.content = *from_hex(content);
            n.content.resize(size * count, 0xFF);
        };
        add(0, 0x3F00, FileKind::directory, 1).pins = {0x01, 0x81, 0x0A, 0x0B};
        Node& arr = add(0, 0x2F06, FileKind::linear, 1);
        arr.record_size = kRuleSize;
        for (const char* rule : kRules) {
            OwnedBytes record = *from_hex(rule);
            record.resize(kRuleSize, 0xFF);
            append(arr.content, record);
        }
        add(0, 0x2FE2, FileKind::transparent, 6, 0x02).content = *from_hex("98001032547698103214");
        Node& dir = add(0, 0x2F00, FileKind::linear, 1, 0x1E);
        records(dir, 0x2B, 8);
        const uint32_t telecom = 4, usim = 5, isim = 6, fivegs = 7;
        add(0, 0x7F10, FileKind::directory, 1).pins = {0x01, 0x0A};
        Node& u = add(0, 0x7FD0, FileKind::application, 1);
        u.aid = *from_hex("A0000000871002FF49FF0589");
        u.pins = {0x01, 0x81, 0x0A};
        Node& is = add(0, 0x7FB0, FileKind::application, 1);
        is.aid = *from_hex("A0000000871004FF49FF0589");
        is.pins = {0x01, 0x81, 0x0A};
        add(usim, 0x5FC0, FileKind::directory, 1);
        add(fivegs, 0x4F01, FileKind::transparent, 2, 0x01).content.assign(20, 0xFF);
        add(usim, 0x6F07, FileKind::transparent, 2, 0x07).content = *from_hex("080910101032547698");
        records(add(usim, 0x6F3B, FileKind::linear, 3), 4, 3, "AABBCCDD 11AABB22 AABBAABB");
        records(add(usim, 0x6F39, FileKind::cyclic, 4, 0x1C), 3, 3, "000003 000002 000001");
        add(usim, 0x6FFE, FileKind::ber_tlv, 2).content.assign(300, 0xFF);
        records(add(telecom, 0x6F3A, FileKind::linear, 2), 4, 3);
        Node& linked = add(telecom, 0x6F3C, FileKind::linear, 1);
        records(linked, 4, 0);
        linked.link = {0x7F, 0xD0, 0x6F, 0x3B};
        add(usim, 0x6F10, FileKind::transparent, 5).content.assign(2, 0x00);
        add(usim, 0x6F11, FileKind::transparent, 7).content.assign(2, 0x00);
        add(isim, 0x6F07, FileKind::transparent, 3, 0x07).content.assign(2, 0x77);
        Node& alone = add(usim, 0x6F12, FileKind::transparent, 1);
        alone.content.assign(2, 0x12);
        alone.shareable = false;
        Node& handy = add(usim, 0x6F13, FileKind::transparent, 2);
        handy.content.assign(2, 0x13);
        handy.special = 0x40;
        add(isim, 0x5FC0, FileKind::directory, 1).link = {0x7F, 0xD0, 0x5F, 0xC0};
        add_codes(i, usim, isim);
        return i;
    }
    static void add_codes(Image& i, uint32_t usim, uint32_t isim) {
        const auto pin = [&](uint16_t reference,
                             uint32_t directory,
                             const char* value,
                             uint16_t puk,
                             uint8_t attributes,
                             uint8_t attempts) {
            profile::Pin p{.reference = reference,
                           .directory = directory,
                           .unblocking = puk,
                           .attributes = attributes,
                           .attempts = attempts};
            const OwnedBytes v = *from_hex(value);
            std::copy(v.begin(), v.end(), p.value.begin());
            i.pins.push_back(p);
        };
        pin(0x01, 0, "31323334FFFFFFFF", 0x01, 7, 0x33);    // "1234", on
        pin(0x0A, 0, "0102030405060708", 0, 3, 0xAA);       // ADM1
        pin(0x81, usim, "39393939FFFFFFFF", 0x81, 3, 0x33); // "9999"
        pin(0x81, isim, "38383838FFFFFFFF", 0x81, 3, 0x33); // "8888"
        for (const uint16_t reference : {uint16_t{0x01}, uint16_t{0x81}}) {
            profile::Puk p{.reference = reference};
            p.value.fill(reference == 0x01 ? '1' : '2');
            i.puks.push_back(p);
        }
    }
};

} // namespace halyard::uicc
