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
