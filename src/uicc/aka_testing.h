#pragma once
// Elements, images and challenges that the tests of authentication share.
#include "uicc/aka.h"
#include <cstdlib>
#include <doctest/doctest.h>

namespace halyard::uicc {
using profile::AkaAlgorithm, profile::AkaParameter, profile::AlgoParameter, profile::MappingParameter;

template <size_t N> std::array<uint8_t, N> octets(const char* text) {
    const OwnedBytes bytes = *from_hex(text);
    REQUIRE(bytes.size() == N);
    std::array<uint8_t, N> out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}
inline constexpr auto kUsim = AkaCommand::Application::usim;
inline constexpr auto kIsim = AkaCommand::Application::isim;
inline constexpr AkaServices kAllServices{.gsm_access = true, .gsm_security_context = true};
inline constexpr uint32_t kUsimNode = 1, kIsimNode = 2;

// An element in the making: what it borrows stays alive with it.
struct Element {
    OwnedBytes key, opc;
    AlgoParameter algorithm;
    AkaParameter aka;
    std::vector<std::array<uint8_t, 6>> init; // sqnInit, when not empty
    explicit Element(AkaAlgorithm kind, const char* k, const char* opc_text, uint8_t options = 0)
        : key(*from_hex(k)), opc(*from_hex(opc_text)) {
        algorithm.algorithm = kind;
        algorithm.options = {options};
    }
    Element& sequence_numbers(const std::array<uint64_t, 32>& seq) {
        init.clear();
        for (const uint64_t s : seq) {
            std::array<uint8_t, 6> one{};
            for (size_t i = 0; i < 6; ++i) one[i] = static_cast<uint8_t>(s >> (40 - 8 * i));
            init.push_back(one);
        }
        return *this;
    }
    OwnedBytes der() {
        algorithm.key = key;
        algorithm.opc = opc;
        if (!init.empty()) aka.sqn_init = asn1::List<std::array<uint8_t, 6>>{.items = init};
        aka.configuration.is = algorithm;
        return *asn1::encode(aka);
    }
};

// MF, a USIM and an ISIM.
inline profile::Image image(OwnedBytes usim_element, OwnedBytes isim_element = {}) {
    profile::Image out;
    out.nodes.push_back({.fid = 0x3F00, .kind = profile::FileKind::directory});
    out.nodes.push_back({.fid = 0x7FD0, .kind = profile::FileKind::application});
    out.nodes.back().aid = *from_hex("A0000000871002FF49FF0589");
    out.nodes.push_back({.fid = 0x7FB0, .kind = profile::FileKind::application});
    out.nodes.back().aid = *from_hex("A0000000871004FF49FF0589");
    if (!usim_element.empty()) out.akas.push_back({kUsimNode, std::move(usim_element)});
    if (!isim_element.empty()) out.akas.push_back({kIsimNode, std::move(isim_element)});
    return out;
}
inline Aka open(OwnedBytes element) {
    auto aka = Aka::open(image(std::move(element)), kUsimNode);
    REQUIRE(aka);
    return std::move(*aka);
}
inline std::string error_of(OwnedBytes element) {
    const auto aka = Aka::open(image(std::move(element)), kUsimNode);
    return aka ? "none" : std::string(name(aka.error().code)) + " " + aka.error().where;
}

// The state of a card that took `sqn` last.
inline SqnState state_at(uint64_t sqn) {
    SqnState out;
    out.seq[sqn & 31] = sqn >> 5;
    return out;
}
inline uint64_t number(const char* text) { return std::strtoull(text, nullptr, 16); }

// 3GPP TS 35.207 and TS 35.208. AUTS is that of the set's SQN as SQN_MS, with AMF* 0000.
struct Set {
    int number;
    const char *k, *rand, *sqn, *opc, *res, *ck, *ik, *autn, *kc, *sres, *auts;
};
inline constexpr Set kSets[] = {
    {1,
     "465b5ce8b199b49faa5f0a2ee238a6bc",
     "23553cbe9637a89d218ae64dae47bf35",
     "ff9bb4d0b607",
     "cd63cb71954a9f4e48a5994e37a02baf",
     "a54211d5e3ba50bf",
     "b40ba9a3c58b2a05bbf0d987b21bf8cb",
     "f769bcd751044604127672711c6d3441",
     "55f328b43577b9b94a9ffac354dfafb3",
     "eae4be823af9a08b",
     "46f8416a",
     "ba853f3c123ccf44e93596e355c6"},
    {2,
     "0396eb317b6d1c36f19c1c84cd6ffd16",
     "c00d603103dcee52c4478119494202e8",
     "fd8eef40df7d",
     "53c15671c60a4b731c55b4a441c0bde2",
     "d3a628ed988620f0",
     "58c433ff7a7082acd424220f2b67c556",
     "21a8c1f929702adb3e738488b9f5c5da",
     "39f96cd9800faf175df5b31807e258b0",
     "933b5481c192a8fb",
     "4b20081d",
     "cd7ff630bebc1fb5eba74924b0e0"},
    {3,
     "fec86ba6eb707ed08905757b1bb44b8f",
     "9f7c8d021accf4db213ccff0c7f71a6a",
     "9d0277595ffc",
     "1006020f0a478bf6b699f15c062e42b3",
     "8011c48c0c214ed2",
     "5dbdbb2954e8f3cde665b046179a5098",
     "59a92d3b476a0443487055cf88b2307b",
     "ae4a3a9b4c97725c9cabc3e99baf7281",
     "aa01739b8caa976d",
     "8c308a5e",
     "43aeaaddd33a9f8be774d095d08b"},
    {4,
     "9e5944aea94b81165c82fbf9f32db751",
     "ce83dbc54ac0274a157c17f80d017bd6",
     "0b604a81eca8",
     "a64a507ae1a2a98bb88eb4210135dc87",
     "f365cd683cd92e96",
     "e203edb3971574f5a94b0d61b816345d",
     "0c4524adeac041c4dd830d20854fc46b",
     "fbd98a0b3c869e0974a58220cba84c49",
     "9a8ec95f408cc507",
     "cfbce3fe",
     "6be5e2ed83cb7685bae0a5680aa6"},
    {5,
     "4ab1deb05ca6ceb051fc98e77d026a84",
     "74b0cd6031a1c8339b2b6ce2b8c4a186",
     "e880a1b580b6",
     "dcf07cbd51855290b92a07a9891e523e",
     "5860fc1bce351e7e",
     "7657766b373d1c2138f307e3de9242f9",
     "1c42e960d89b8fa99f2744e0708ccb53",
     "d961bbd511ae9f0749e785dd12626ef2",
     "cdc1dc0841b81a22",
     "9655e265",
     "16a5f450ca1f782c7adc092ecaf5"},
    {6,
     "6c38a116ac280c454f59332ee35c8c4f",
     "ee6466bc96202c5a557abbeff8babf63",
     "414b98222181",
     "3803ef5363b947c6aaa225e58fae3934",
     "16c8233f05a0ac28",
     "3f8c7587fe8e4b233af676aede30ba3b",
     "a7466cc1e6b2a1337d49d3b66e95d7b4",
     "04fb6eb891ed4464078adfb488241a57",
     "df75bc5ea899879f",
     "13688f17",
     "5e1855093092c6b5a5bee94751e0"},
    {7,
     "2d609d4db0ac5bf0d2c0de267014de0d",
     "194aa756013896b74b4a2a3b0af4539e",
     "6bf69438c2e4",
     "c35a0ab0bcbfc9252caff15f24efbde0",
     "8c25a16cd918a1df",
     "4cd0846020f8fa0731dd47cbdc6be411",
     "88ab80a415f15c73711254a1d388f696",
     "1592c1cb8e175f67bd07d3003b9e5cc3",
     "84b417ae3aeab4f3",
     "553d00b3",
     "b79b44264df104286f3b81eb15b0"},
    {8,
     "a530a7fe428fad1082c45eddfce13884",
     "3a4c2b3245c50eb5c71d08639395764d",
     "f63f5d768784",
     "27953e49bc8af6dcc6e730eb80286be3",
     "a63241e1ffc3e5ab",
     "10f05bab75a99a5fbb98a9c287679c3b",
     "f9ec0865eb32f22369cade40c59c3a44",
     "7e2631311febb90e53761fbd679b0bad",
     "3b4e244cdc60ce03",
     "59f1a44a",
     "3fb8fea4b6912b24b86f94caade3"},
    {9,
     "d9151cf04896e25830bf2e08267b8360",
     "f761e5e93d603feb730e27556cb8a2ca",
     "47ee0199820a",
     "c4c93effe8a08138c203d4c27ce4e3d9",
     "4a90b2171ac83a76",
     "71236b7129f9b22ab77ea7a54c96da22",
     "90527ebaa5588968db41727325a04d9e",
     "c54ef4b1f87b911366cc4be44862af1f",
     "8d4ec01de597acfe",
     "50588861",
     "1593bed871550572dd8154395c71"},
    {10,
     "a0e2971b6822e8d354a18cc235624ecb",
     "08eff828b13fdb562722c65c7f30a9b2",
     "db5c066481e0",
     "82a26f22bba9e9488f949a10d98e9cc4",
     "4bc2212d8624910a",
     "08cef6d004ec61471a3c3cda048137fa",
     "ed0318ca5deb9206272f6e8fa64ba411",
     "79a45ece1fbd716b9485fe24621cb9f6",
     "d8debc4ffbcd60aa",
     "cde6b027",
     "afbb69df6dd818b6fcef7d8be518"},
    {11,
     "0da6f7ba86d5eac8a19cf563ac58642d",
     "679ac4dbacd7d233ff9d6806f4149ce3",
     "6e2331d692ad",
     "0db1071f8767562ca43a0a64c41e8d08",
     "6fc30fee6d123523",
     "69b1cae7c7429d975e245cacb05a517c",
     "74f24e8c26df58e1b38d7dcd4f1b7fbd",
     "2270abf07357224a2831d7ae9088e492",
     "f0eaa50a1edcebb7",
     "02d13acd",
     "69a52fc4fb85a2c5343b290b2a9a"},
    {12,
     "77b45843c88e58c10d202684515ed430",
     "4c47eb3076dc55fe5106cb2034b8cd78",
     "fe1a8731005d",
     "d483afae562409a326b5bb0b20c4d762",
     "aefa357beac2a87a",
     "908c43f0569cb8f74bc971e706c36c5f",
     "c251df0d888dd9329bcf46655b226e40",
     "cee5a2fcadabad2508332d7e9f484570",
     "82dbab7f83f063da",
     "44389d01",
     "165457e56723bf9a241177b7f7b8"},
    {13,
     "729b17729270dd87ccdf1bfe29b4e9bb",
     "311c4c929744d675b720f3b7e9b1cbd0",
     "c85c4cf65916",
     "228c2f2f06ac3268a9e616ee16db4ba1",
     "98dbbd099b3b408d",
     "44c0f23c5493cfd241e48f197e1d1012",
     "0c9fb81613884c2535dd0eabf3b440d8",
     "9bdc9dae96f55bb2ff794fe2f827ebf8",
     "3c66cb98cab2d33d",
     "03e0fd84",
     "4ff077a3c6a059ada915ad8f840d"},
    {14,
     "d32dd23e89dc662354ca12eb79dd32fa",
     "cf7d0ab1d94306950bf12018fbd46887",
     "484107e56a43",
     "d22a4b4180a5325708a5ff70d9f67ec7",
     "af4a411e1139f2c2",
     "5af86b80edb70df5292cc1121cbad50c",
     "7f4d6ae7440e18789a8b75ad3f42f03a",
     "693bf37718eeb5e6cf19d62b6a809866",
     "9612b5d88a4130bb",
     "be73b3dc",
     "d84f17f90d3de1f000ebb1388a59"},
    {15,
     "af7c65e1927221de591187a2c5987a53",
     "1f0f8578464fd59b64bed2d09436b57a",
     "3d627b01418d",
     "a4cf5c8155c08a7eff418e5443b98e55",
     "7bffa5c2f41fbc05",
     "3f8c3f3ccf7625bf77fc94bcfd22fd26",
     "abcbae8fd46115e9961a55d0da5f2078",
     "be1dacb6059484f6c37cae7805642032",
     "75a150df3c6aed08",
     "8fe019c7",
     "6b8b0161d13cfc967cae34cb9929"},
    {16,
     "5bd7ecd3d3127a41d12539bed4e7cf71",
     "59b75f14251c75031d0bcbac1c2c04c7",
     "a298ae8929dc",
     "76089d3c0ff3efdc6e36721d4fceb747",
     "7e3f44c7591f6f45",
     "d42b2d615e49a03ac275a5aef97af892",
     "0b3f8d024fe6bfafaa982b8f82e319c2",
     "f979ba1c7b81d056c3f25cd94309107e",
     "b7f92e426a36fec5",
     "27202b82",
     "eff29a28cd37ce6374a30a75f479"},
    {17,
     "6cd1c6ceb1e01e14f1b82316a90b7f3d",
     "f69b78f300a0568bce9f0cb93c4be4c9",
     "b4fce5feb059",
     "a219dc37f1dc7d66738b5843c799f206",
     "70f6bdb9ad21525f",
     "6edaf99e5bd9f85d5f36d91c1272fb4b",
     "d61c853c280dd9c46f297baec386de17",
     "a8bc6f7b3b67e4bb69a90869c268cb7b",
     "88d9de10a22004c5",
     "ddd7efe6",
     "1eb600d31a693284c53cfcacaf12"},
    {18,
     "b73a90cbcf3afb622dba83c58a8415df",
     "b120f1c1a0102a2f507dd543de68281f",
     "f1e8a523a36d",
     "df0c67868fa25f748b7044c6e7c245b8",
     "479dd25c20792d63",
     "66195dbed0313274c5ca7766615fa25e",
     "66bec707eb2afc476d7408a8f2927b36",
     "5f150f7e7ef4471bebd70341bcd415b0",
     "a819e577a8d6175b",
     "67e4ff3f",
     "e3048ea458dc5d197108775c40c3"},
    {19,
     "5122250214c33e723a5dd523fc145fc0",
     "81e92b6c0ee0e12ebceba8d92a99dfa5",
     "16f3b3f70fc2",
     "981d464c7c52eb6e5036234984ad0bcf",
     "28d7b0f2a2ec3de5",
     "5349fbe098649f948f5d2e973a81c00f",
     "9744871ad32bf9bbd1dd5ce54e3e2e5a",
     "bb52e91c747ac3ab2a5c23d15ee351d5",
     "9a8d0e883ff0887a",
     "8a3b8d17",
     "c2920fe2489f5b7a8925819b614b"},
    {20,
     "90dca4eda45b53cf0f12d7c9c3bc6a89",
     "9fddc72092c6ad036b6e464789315b78",
     "20f813bd4141",
     "cb9cccc4b9258e6dca4760379fb82581",
     "a95100e2760952cd",
     "b5f2da03883b69f96bf52e029ed9ac45",
     "b4721368bc16ea67875c5598688bb0ef",
     "a337c6f0f85261df09db94eab4f8149e",
     "ed29b2f1c27f9f34",
     "df58522f",
     "6fd82a846c9d287ee99a05452d3a"},
};
inline constexpr const Set& kOne = kSets[0];

inline OwnedBytes challenge(const Set& s) { return *from_hex(std::string("10") + s.rand + "10" + s.autn); }
inline std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}
inline std::string success(const Set& s, bool kc) {
    return upper(std::string("DB08") + s.res + "10" + s.ck + "10" + s.ik +
                 (kc ? std::string("08") + s.kc : ""));
}
inline Element milenage(const Set& s) { return Element(AkaAlgorithm::milenage, s.k, s.opc); }

// What a network sends for `sqn` and `amf`, made with the functions that the sets have proven.
inline OwnedBytes
challenge_for(const crypto::AkaFunctions& f, const Set& s, uint64_t sqn, const char* amf = "B9B9") {
    const auto rand = octets<16>(s.rand);
    std::array<uint8_t, 16> ck, ik;
    std::array<uint8_t, 8> res, mac;
    std::array<uint8_t, 6> ak, number{};
    REQUIRE(f.f2345(rand, res, ck, ik, ak));
    for (size_t i = 0; i < 6; ++i) number[i] = static_cast<uint8_t>(sqn >> (40 - 8 * i));
    REQUIRE(f.f1(rand, number, octets<2>(amf), mac));
    for (size_t i = 0; i < 6; ++i) number[i] ^= ak[i];
    return *from_hex(std::string("10") + s.rand + "10" + hex(number) + amf + hex(mac));
}
} // namespace halyard::uicc
