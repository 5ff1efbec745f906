// A bound profile package read a second time: with OpenSSL called directly, from the description of SGP.22
// §2.5, §5.5 and Annex G, and nothing of what made it.
#include "profile/package.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
constexpr size_t kMaxSegment = 1020;

// Tag, whole and content of the TLV at the front; one- or two-octet tags, lengths up to three octets.
struct Item {
    unsigned tag;
    Bytes whole, content;
};
Item take(Bytes& from) {
    size_t at = 1;
    unsigned tag = from[0];
    if ((tag & 0x1F) == 0x1F) tag = tag << 8 | from[at++];
    size_t length = from[at++];
    if (length & 0x80) {
        size_t octets = length & 0x7F;
        for (length = 0; octets--;) length = length << 8 | from[at++];
    }
    REQUIRE(at + length <= from.size());
    const Item item{tag, from.first(at + length), from.subspan(at, length)};
    from = from.subspan(at + length);
    return item;
}

OwnedBytes sha256(const OwnedBytes& data) {
    OwnedBytes out(32);
    REQUIRE(EVP_Q_digest(nullptr, "SHA256", nullptr, data.data(), data.size(), out.data(), nullptr) == 1);
    return out;
}

// x-coordinate of the shared point of a scalar and an uncompressed point.
OwnedBytes shared_secret(int curve, Bytes scalar, Bytes point) {
    EC_GROUP* group = EC_GROUP_new_by_curve_name(curve);
    EC_POINT* p = EC_POINT_new(group);
    BIGNUM *k = BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr), *x = BN_new();
    REQUIRE(EC_POINT_oct2point(group, p, point.data(), point.size(), nullptr) == 1);
    REQUIRE(EC_POINT_mul(group, p, nullptr, p, k, nullptr) == 1);
    REQUIRE(EC_POINT_get_affine_coordinates(group, p, x, nullptr, nullptr) == 1);
    OwnedBytes z(32);
    REQUIRE(BN_bn2binpad(x, z.data(), 32) == 32);
    BN_free(x);
    BN_free(k);
    EC_POINT_free(p);
    EC_GROUP_free(group);
    return z;
}

OwnedBytes cipher(const char* name, Bytes key, const uint8_t* iv, Bytes in, bool encrypt) {
    EVP_CIPHER* c = EVP_CIPHER_fetch(nullptr, name, nullptr);
    EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
    OwnedBytes out(in.size());
    int n = 0;
    REQUIRE(EVP_CipherInit_ex2(ctx, c, key.data(), iv, encrypt, nullptr) == 1);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    REQUIRE(EVP_CipherUpdate(ctx, out.data(), &n, in.data(), static_cast<int>(in.size())) == 1);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(c);
    return out;
}
OwnedBytes cmac(Bytes key, const OwnedBytes& data) {
    OwnedBytes out(16);
    size_t n = 0;
    REQUIRE(EVP_Q_mac(nullptr,
                      "CMAC",
                      nullptr,
                      "AES-128-CBC",
                      nullptr,
                      key.data(),
                      key.size(),
                      data.data(),
                      data.size(),
                      out.data(),
                      out.size(),
                      &n));
    return out;
}

// Initial chaining value, encryption key, MAC key; the counter of segments.
struct Keys {
    OwnedBytes chain, encryption, mac;
    unsigned counter = 1;
};

// Checks the MAC of a segment and returns what is in it. SGP.22 §2.5.3
OwnedBytes open_segment(Keys& keys, const Item& segment) {
    REQUIRE(segment.whole.size() <= kMaxSegment);
    OwnedBytes input = keys.chain;
    append(input, segment.whole.first(segment.whole.size() - 8));
    keys.chain = cmac(keys.mac, input);
    CHECK(same(Bytes(keys.chain).first(8), segment.whole.last(8)));
    const Bytes body = segment.content.first(segment.content.size() - 8);
    OwnedBytes block(16, 0);
    block[14] = static_cast<uint8_t>(keys.counter >> 8);
    block[15] = static_cast<uint8_t>(keys.counter++);
    if (segment.tag == 0x88) return owned(body);
    const OwnedBytes icv = cipher("AES-128-ECB", keys.encryption, nullptr, block, true);
    OwnedBytes plain = cipher("AES-128-CBC", keys.encryption, icv.data(), body, false);
    while (!plain.empty() && plain.back() == 0) plain.pop_back();
    REQUIRE_FALSE(plain.empty());
    CHECK(plain.back() == 0x80);
    plain.pop_back();
    return plain;
}

// K(i) = SHA-256(Z ‖ i ‖ 88 10 ‖ len hostId ‖ len EID), 48 octets of it. ANSI X9.63
Keys agree(const OwnedBytes& z, Bytes host_id, Bytes eid) {
    OwnedBytes stream;
    for (uint8_t i = 1; i <= 2; ++i) {
        OwnedBytes input = z;
        append(input, std::array<uint8_t, 7>{0, 0, 0, i, 0x88, 0x10, static_cast<uint8_t>(host_id.size())});
        append(input, host_id);
        input.push_back(static_cast<uint8_t>(eid.size()));
        append(input, eid);
        append(stream, sha256(input));
    }
    const Bytes k = stream;
    return {owned(k.first(16)), owned(k.subspan(16, 16)), owned(k.subspan(32, 16))};
}

struct Opened {
    OwnedBytes configure, metadata, replace, package;
};

// Everything in the order the eUICC would take it.
Opened open_package(Bytes bound, const Handset& phone, int curve, bool own_keys) {
    Opened out;
    const Item outer = take(bound);
    REQUIRE(outer.tag == 0xBF36);
    CHECK(bound.empty());
    Bytes rest = outer.content;
    const Item channel = take(rest);
    REQUIRE(channel.tag == 0xBF23);
    Bytes inside = channel.content;
    const Item operation = take(inside), transaction = take(inside), reference = take(inside),
               otpk = take(inside), signature = take(inside);
    CHECK(hex(operation.whole) == "820101");
    CHECK(transaction.tag == 0x80);
    CHECK(same(transaction.content, phone.transaction_id));
    REQUIRE(reference.tag == 0xA6);
    REQUIRE(otpk.tag == 0x5F49);
    CHECK(otpk.content.size() == 65);
    CHECK(signature.tag == 0x5F37);
    CHECK(signature.content.size() == 64);
    Bytes crt = reference.content;
    CHECK(hex(take(crt).whole) == "800188");
    CHECK(hex(take(crt).whole) == "810110");
    const Item host = take(crt);
    CHECK(host.tag == 0x84);
    const bool nothing_else = inside.empty() && crt.empty();
    CHECK(nothing_else);

    Keys keys = agree(shared_secret(curve, phone.otsk.scalar(), otpk.content), host.content, phone.eid);
    const auto sequence = [&](unsigned tag, unsigned segment_tag) {
        const Item list = take(rest);
        REQUIRE(list.tag == tag);
        OwnedBytes all;
        for (Bytes segments = list.content; !segments.empty();) {
            const Item segment = take(segments);
            CHECK(segment.tag == segment_tag);
            append(all, open_segment(keys, segment));
        }
        return all;
    };
    out.configure = sequence(0xA0, 0x87);
    out.metadata = sequence(0xA1, 0x88);
    if (own_keys) {
        out.replace = sequence(0xA2, 0x87);
        REQUIRE(out.replace.size() == 3 + 3 * 18);
        CHECK(hex(Bytes(out.replace).first(5)) == "BF26368010");
        const Bytes r = out.replace;
        keys = {owned(r.subspan(5, 16)), owned(r.subspan(23, 16)), owned(r.subspan(41, 16))};
    }
    out.package = sequence(0xA3, 0x86);
    CHECK(rest.empty());
    return out;
}

void check_a_download(crypto::Curve curve, int nid, bool own_keys) {
    SeededRandom random{13};
    const Pki pki{random, curve};
    Smdp smdp{pki, random};
    smdp.config.own_keys = own_keys;
    Handset phone{pki, smdp, random};
    const auto package =
        profile::sample_operational({.iccid = iccid(iccid_text(1)), .imsi = "001010000000001"});
    phone.matching_id = matching_id_of(smdp.order(iccid_text(1), "001010000000001", kBegin));
    REQUIRE(phone.download());
    const Opened opened = open_package(phone.bound, phone, nid, own_keys);
    CHECK(hex(opened.configure) == "BF2407B805800388370A"); // dpOid 2.999.10
    CHECK(opened.metadata == smdp.find(iccid_text(1)).metadata);
    CHECK(opened.package == owned(package->reveal()));
}
} // namespace

TEST_CASE("when a bound package is opened by an independent reading, metadata and profile come out") {
    check_a_download(crypto::Curve::p256, NID_X9_62_prime256v1, false);
    check_a_download(crypto::Curve::brainpool256, NID_brainpoolP256r1, false);
}
TEST_CASE("when profiles have keys of their own, ReplaceSessionKeys leads to them") {
    check_a_download(crypto::Curve::p256, NID_X9_62_prime256v1, true);
}

TEST_CASE("when the published vectors are opened by the same reading, it agrees with them") {
    // SGP.22 keys and segments as in pySim's tests: ECKA, KDF, an 87, an 88 and an 87 with new keys.
    const OwnedBytes scalar = *from_hex("fb68a38ccedb69e15cbe03c256228998ac398587e5dc7117f948145c839d61a4");
    const OwnedBytes point = *from_hex(
        "0400f7b8d71403f21d84b00cd9e561178d737d3f4d065e62fee279271298dd4f074794ab791b9939d4461296efe388aa"
        "26731064263af988b7d2c4d77da44801b5");
    const OwnedBytes z = shared_secret(NID_X9_62_prime256v1, scalar, point);
    CHECK(hex(z) == "C9A993DD4879A8F7161F2085410EDD4F9652F1DF37BE097BA96BA2CA6BE528FE");
    Keys keys = agree(z, OwnedBytes(8, 0x80), *from_hex("89049032123451234512345678901235"));
    CHECK(hex(keys.chain) == "406D507B448A699E7A36A38494DEBBDE");
    CHECK(hex(keys.encryption) == "472F5BFADD97F21D34F3CE9B51B92751");
    CHECK(hex(keys.mac) == "9EC07F5B36A13E12A991D66E294E6242");
    const OwnedBytes first = *from_hex("8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89");
    Bytes at = first;
    CHECK(hex(open_segment(keys, take(at))) == "BF2400");
}
