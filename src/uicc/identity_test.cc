// GET IDENTITY. IMSI, keys and scheme outputs are those of 3GPP TS 33.501 annex C.4: MCC 274, MNC 012, MSIN
// 001002086.
#include "uicc/aka_testing.h"
#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
constexpr const char* kSelect = "00A4040C07A0000000871002";
const std::string kGetIdentity = "8078000100";
// A0 { 02 key 1, 01 key 2 }, A1 { 80 id 27, 81 P-256, 80 id 255, 81 X25519 }
const std::string kBothSchemes =
    "A00402010102 A14B"
    "80011B 81210272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
    "8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650";
const std::string kOutputB = "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1"
                             "46A33FC2716AC7DAE96AA30A4D";
const std::string kOutputA = "B2E92F836055A255837DEBF850B528997CE0201CB82ADFE4BE1F587D07D8457D"
                             "CB02352410CDDD9E730EF3FA87";

struct Subscription {
    std::string imsi = "082947100210000268"; // 274 012 001002086: 15 digits, odd
    std::string ad = "00000003";
    std::string ust = std::string(30, '0') + "18"; // services 124 and 125: octet 16, b4 and b5
    std::string calc_info, routing;                // "": no file
};
/// A card whose dice fall as the test data say.
struct Usim : TestCard {
    OwnedBytes ephemeral;
    explicit Usim(const Subscription& s, const char* ephemeral_key = "")
        : ephemeral(*from_hex(ephemeral_key)) {
        profile::Image i = uicc::image({});
        const auto add = [&](uint32_t parent, uint16_t fid, const std::string& content) {
            i.nodes.push_back({.fid = fid, .parent = parent});
            i.nodes.back().content = *from_hex(content);
        };
        const auto directory = [&](uint16_t fid) {
            i.nodes.push_back({.fid = fid, .parent = kUsimNode, .kind = profile::FileKind::directory});
            return static_cast<uint32_t>(i.nodes.size() - 1);
        };
        if (!s.imsi.empty()) add(kUsimNode, 0x6F07, s.imsi);
        add(kUsimNode, 0x6FAD, s.ad);
        add(kUsimNode, 0x6F38, s.ust);
        if (!s.calc_info.empty()) add(directory(0x5FD0), 0x4F01, s.calc_info);
        if (!s.routing.empty()) add(directory(0x5FC0), 0x4F0A, s.routing);
        uicc.reset(std::move(i));
        CHECK((*this)(kSelect) == "9000");
    }
    Ok random(Buffer out) override {
        if (ephemeral.empty()) return TestCard::random(out);
        HALYARD_ASSERT(out.size() == ephemeral.size());
        std::copy(ephemeral.begin(), ephemeral.end(), out.begin());
        return {};
    }
};
} // namespace

TEST_CASE("GET IDENTITY by profile B, the first scheme of the list, with its key (TS 33.501 annex C.4.4)") {
    Usim c({.calc_info = kBothSchemes + "FFFF", .routing = "2143FFFF"},
           "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529");
    // A1, SUCI of an IMSI, 274 012, routing indicator 1234, profile B, key 27
    CHECK(c(kGetIdentity) == "A136"
                             "01"
                             "722410"
                             "2143"
                             "02"
                             "1B" +
                                 kOutputB + "9000");
}

TEST_CASE("GET IDENTITY by profile A (TS 33.501 annex C.4.3); fetched as over T=0") {
    Usim c({.calc_info =
                "A0020101 A125 8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650"},
           "C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256");
    const std::string whole = "A135"
                              "01"
                              "722410"
                              "F0FF"
                              "01"
                              "FF" +
                              kOutputA; // without routing indicator: 0
    CHECK(c("80780001") == "6137");
    CHECK(c("00C0000037") == whole + "9000");
}

TEST_CASE("each SUCI has an ephemeral key of its own") {
    Usim c({.calc_info = kBothSchemes});
    CHECK(c(kGetIdentity).substr(0, 20) == c(kGetIdentity).substr(0, 20));
    CHECK(c(kGetIdentity) != c(kGetIdentity));
}

TEST_CASE("without a scheme that can be used, the null scheme: the MSIN as it is") {
    const std::string odd = "A10D"
                            "01"
                            "722410"
                            "F0FF"
                            "00"
                            "00"
                            "00012080F6"
                            "9000";
    CHECK(Usim({})(kGetIdentity) == odd);
    for (const char* info : {
             "FFFFFFFF",      // nothing provisioned
             "A0020000 A100", // the home network wants it so
             "A00400000101 A125 8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650",
             "A0020102 A125 8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650",
             "A0020301 A125 8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650",
             "A0020101",                 // no list of keys
             "A0020101 A105 8001FF 8101" // a key cut short
         }) {
        CAPTURE(info);
        CHECK(Usim({.calc_info = info})(kGetIdentity) == odd);
    }
    // A key that is none: the next scheme of the list
    Usim next({.calc_info = "A00402010102 A14B 80011B 812104" + std::string(64, '0') +
                            "8001FF 81205A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650"},
              "C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256");
    CHECK(next(kGetIdentity) == "A135"
                                "01"
                                "722410"
                                "F0FF"
                                "01"
                                "FF" +
                                    kOutputA + "9000");
    // MNC of two digits, and an even number of digits: 262 01 234567890
    CHECK(Usim({.imsi = "0821261032547698F0", .ad = "00000002"})(kGetIdentity) == "A10D"
                                                                                  "01"
                                                                                  "62F210"
                                                                                  "F0FF"
                                                                                  "00"
                                                                                  "00"
                                                                                  "32547698F0"
                                                                                  "9000");
}

TEST_CASE("GET IDENTITY: what is refused, with its status word") {
    Usim c({});
    CHECK(c("8078000000") == "6A86");
    CHECK(c("8078000200") == "6A86"); // non-seamless WLAN offload: not offered
    CHECK(c("8078010100") == "6A86");
    CHECK(c("8078000101AA00") == "6700");
    CHECK(c("0078000100") == "6E00");
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c(kGetIdentity).starts_with("A1")); // the application is still the current one
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c(kGetIdentity) == "6985"); // an ISIM has no SUPI
    TestCard none;
    CHECK(none(kGetIdentity) == "6985"); // no application
    const std::string zeros(30, '0');
    for (const std::string& ust :
         {zeros + "08", zeros + "10", zeros, zeros + "1802"}) // 124 alone, 125 alone, with 130
        CHECK(Usim({.ust = ust})(kGetIdentity) == "6985");
    for (const char* imsi : {"", "00", "08", "03294720", "0829A7100210000268"})
        CHECK(Usim({.imsi = imsi})(kGetIdentity) == "6985");
}

TEST_CASE("SUSPEND UICC is not there, and EF.UMPC of a card without a profile does not offer it") {
    TestCard c;
    CHECK(c("8076000004003C003C00") == "6D00");
    CHECK(c("8076010008 0102030405060708") == "6D00");
    c.uicc.reset(bare_card());
    CHECK(c("00B0880005") == "3C3C0000009000"); // ETSI TS 102 221 §13.6: the third octet's bits are 0
}
