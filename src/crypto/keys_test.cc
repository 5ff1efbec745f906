#include "base/tolerated.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include <doctest/doctest.h>

using namespace halyard;
using crypto::Curve, crypto::PrivateKey, crypto::PublicKey;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
OwnedBytes flipped(Bytes good, size_t bit) {
    OwnedBytes bad = owned(good);
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
    return bad;
}

// RFC 6979 A.2.5: P-256, SHA-256.
const char* const kScalar = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const char* const kPoint = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                           "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
const char* const kSample = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
const char* const kTest = "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
                          "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083";
// The same "sample" signature as SEQUENCE of two INTEGERs: both have their top bit set, so each takes a 00.
const char* const kSampleDer = "3046"
                               "022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                               "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
// SEC 2 and RFC 5639: the orders.
const char* const kOrder256 = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
const char* const kOrderBrainpool = "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7";

PublicKey sample_key() { return *crypto::public_key_from_point(Curve::p256, octets(kPoint)); }
} // namespace

TEST_CASE("when RFC 6979 signatures are verified, they hold; over other words they do not") {
    const PublicKey key = sample_key();
    CHECK(crypto::verify(key, {bytes_of("sample")}, octets(kSample)));
    CHECK(crypto::verify(key, {bytes_of("sam"), {}, bytes_of("ple")}, octets(kSample)));
    CHECK(crypto::verify(key, {bytes_of("test")}, octets(kTest)));
    const auto other = crypto::verify(key, {bytes_of("test")}, octets(kSample), "eimSignature");
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::unverified);
    CHECK(std::string_view(other.error().where) == "eimSignature");
}

TEST_CASE("when the RFC 6979 private key is read, its public key is the published one") {
    const auto key = PrivateKey::from_scalar(Curve::p256, octets(kScalar));
    REQUIRE(key);
    CHECK(hex(key->public_key().point) == kPoint);
    CHECK(hex(key->scalar()) == kScalar);
    const auto signature = crypto::sign(*key, {bytes_of("sample")});
    REQUIRE(signature);
    CHECK(crypto::verify(sample_key(), {bytes_of("sample")}, *signature));
}

TEST_CASE("when any bit of signature, message or key is flipped, the signature is refused") {
    const PublicKey key = sample_key();
    const OwnedBytes signature = octets(kSample);
    for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
        const auto ok = crypto::verify(key, {bytes_of("sample")}, flipped(signature, bit));
        REQUIRE_FALSE(ok);
        CHECK(ok.error().code == Errc::unverified);
    }
    for (size_t bit = 0; bit < 6 * 8; ++bit)
        CHECK_FALSE(crypto::verify(key, {flipped(bytes_of("sample"), bit)}, signature));
    // A flipped coordinate bit leaves the curve (the x with two bits flipped could be on it again).
    for (size_t bit = 8; bit < 65 * 8; ++bit)
        CHECK_FALSE(crypto::public_key_from_point(Curve::p256, flipped(key.point, bit)));
}

TEST_CASE("when r or s is out of range or the length is wrong, the signature is refused") {
    const PublicKey key = sample_key();
    const std::string zero(64, '0'), order = kOrder256;
    const std::string r = std::string(kSample).substr(0, 64), s = std::string(kSample).substr(64);
    for (const std::string& bad : {zero + s, r + zero, order + s, r + order, zero + zero, order + order}) {
        const auto ok = crypto::verify(key, {bytes_of("sample")}, octets(bad));
        REQUIRE_FALSE(ok);
        CHECK(ok.error().code == Errc::unverified);
    }
    const OwnedBytes good = octets(kSample);
    for (size_t size = 0; size < good.size(); ++size) {
        const auto ok = crypto::verify(key, {bytes_of("sample")}, Bytes(good).first(size));
        REQUIRE_FALSE(ok);
        CHECK(ok.error().code == Errc::unverified);
    }
    CHECK_FALSE(crypto::verify(key, {bytes_of("sample")}, octets(kSample + std::string("00"))));
}

TEST_CASE("when a peer sends DER, only the tolerant check takes it, and says so") {
    const PublicKey key = sample_key();
    CHECK_FALSE(crypto::verify(key, {bytes_of("sample")}, octets(kSampleDer)));
    bool was_der = false;
    CHECK(crypto::verify_tolerant(key, {bytes_of("sam"), bytes_of("ple")}, octets(kSampleDer), &was_der));
    CHECK(was_der);
    CHECK(crypto::verify_tolerant(key, {bytes_of("sample")}, octets(kSample), &was_der));
    CHECK_FALSE(was_der);
    CHECK(crypto::verify_der(key, bytes_of("sample"), octets(kSampleDer)));
    CHECK(crypto::verify_tolerant(key, {bytes_of("sample")}, octets(kSampleDer), nullptr));
    CHECK(crypto::verify_tolerant(key, {bytes_of("sample")}, octets(kSampleDer), nullptr, "euiccSignEPR"));
    CHECK(tolerated("ECDSA signature in DER form", "signature") == 2);
    CHECK(tolerated("ECDSA signature in DER form", "euiccSignEPR") == 1);

    was_der = true;
    CHECK_FALSE(crypto::verify_tolerant(key, {bytes_of("test")}, octets(kSampleDer), &was_der));
    CHECK_FALSE(was_der);
    const OwnedBytes der = octets(kSampleDer);
    for (size_t bit = 0; bit < der.size() * 8; ++bit)
        CHECK_FALSE(crypto::verify_tolerant(key, {bytes_of("sample")}, flipped(der, bit), &was_der));
    for (size_t size = 0; size < der.size(); ++size)
        CHECK_FALSE(crypto::verify_tolerant(key, {bytes_of("sample")}, Bytes(der).first(size), &was_der));
    CHECK_FALSE(
        crypto::verify_tolerant(key, {bytes_of("sample")}, octets(kSampleDer + std::string("00")), &was_der));
    CHECK(tolerated("ECDSA signature in DER form") == 3); // what was refused is not tolerated
}

// RFC 7027 A.1
TEST_CASE("when RFC 7027 agrees on a key over brainpoolP256r1, it is the published one, from both sides") {
    const auto a = PrivateKey::from_scalar(
        Curve::brainpool256, octets("81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D"));
    const auto b = PrivateKey::from_scalar(
        Curve::brainpool256, octets("55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3"));
    REQUIRE(a);
    REQUIRE(b);
    CHECK(hex(a->public_key().point) == "0444106E913F92BC02A1705D9953A8414DB95E1AAA49E81D9E85F929A8E3100BE5"
                                        "8AB4846F11CACCB73CE49CBDD120F5A900A69FD32C272223F789EF10EB089BDC");
    CHECK(hex(b->public_key().point) == "048D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B"
                                        "990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006547CEC6A");
    const char* const shared = "89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B";
    CHECK(hex(crypto::ecka(*a, b->public_key())->reveal()) == shared);
    CHECK(hex(crypto::ecka(*b, a->public_key())->reveal()) == shared);
}

TEST_CASE("when the two sides are on different curves, no key is agreed") {
    const auto small = PrivateKey::from_scalar(Curve::brainpool256, octets(std::string(63, '0') + "7"));
    REQUIRE(small);
    CHECK(crypto::ecka(*small, sample_key()).error().code == Errc::unsupported);
    CHECK(crypto::ecka(PrivateKey{}, sample_key()).error().code == Errc::missing_field);
}

TEST_CASE("when a point is infinity, compressed, of the other curve or of the wrong length, it is refused") {
    const struct {
        std::string point;
        Errc code;
    } rows[] = {
        {"", Errc::bad_length},
        {"00", Errc::bad_length}, // infinity
        {"02" + std::string(kPoint).substr(2, 64), Errc::bad_length},
        {std::string(kPoint).substr(0, 128), Errc::bad_length},
        {std::string(kPoint) + "00", Errc::bad_length},
        {"00" + std::string(128, '0'), Errc::bad_value},
        {"04" + std::string(128, '0'), Errc::bad_value},
        {"04" + std::string(128, 'F'), Errc::bad_value},         // coordinates above p
        {"06" + std::string(kPoint).substr(2), Errc::bad_value}, // hybrid
        {"07" + std::string(kPoint).substr(2), Errc::bad_value},
    };
    for (const auto& row : rows) {
        CAPTURE(row.point);
        const auto key = crypto::public_key_from_point(Curve::p256, octets(row.point), "otPK");
        REQUIRE_FALSE(key);
        CHECK(key.error().code == row.code);
        CHECK(std::string_view(key.error().where) == "otPK");
    }
    CHECK(crypto::public_key_from_point(Curve::brainpool256, octets(kPoint)).error().code == Errc::bad_value);
}

TEST_CASE("when a scalar is 0, the order or above, or has another length, it is refused") {
    const struct {
        Curve curve;
        std::string order, last; // last: n - 1, by hand
    } rows[] = {{Curve::p256, kOrder256, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550"},
                {Curve::brainpool256,
                 kOrderBrainpool,
                 "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A6"}};
    for (const auto& row : rows) {
        CHECK(PrivateKey::from_scalar(row.curve, octets(row.last)));
        for (const std::string& bad : {row.order, std::string(64, '0'), std::string(64, 'F')})
            CHECK(PrivateKey::from_scalar(row.curve, octets(bad)).error().code == Errc::bad_value);
        for (const size_t size : {0u, 1u, 31u, 33u})
            CHECK(PrivateKey::from_scalar(row.curve, OwnedBytes(size, 1)).error().code == Errc::bad_length);
    }
}

TEST_CASE("when the generator draws out of range for ever, no key is made of it") {
    struct Broken : Random {
        Ok fill(Buffer out) override { return std::ranges::fill(out, uint8_t{0xFF}), Ok{}; }
    } broken;
    struct Absent : Random {
        Ok fill(Buffer) override { return fail(Errc::internal, "no dice"); }
    } absent;
    for (const Curve curve : {Curve::p256, Curve::brainpool256}) {
        CHECK(PrivateKey::generate(curve, broken).error().code == Errc::internal);
        CHECK(std::string_view(PrivateKey::generate(curve, absent).error().where) == "no dice");
    }
}

TEST_CASE("when keys are drawn, sign and verify, agree and round-trip through PEM on both curves") {
    crypto::SeededRandom random(1);
    for (const Curve curve : {Curve::p256, Curve::brainpool256}) {
        CAPTURE(crypto::name(curve));
        for (int i = 0; i < 8; ++i) { // one draw in three is out of range for brainpool
            const auto a = PrivateKey::generate(curve, random), b = PrivateKey::generate(curve, random);
            REQUIRE(a);
            REQUIRE(b);
            CHECK_FALSE(a->public_key() == b->public_key());
            CHECK(same(crypto::ecka(*a, b->public_key())->reveal(),
                       crypto::ecka(*b, a->public_key())->reveal()));
            const auto signature = crypto::sign(*a, {bytes_of("one"), bytes_of("two")});
            REQUIRE(signature);
            CHECK(crypto::verify(a->public_key(), {bytes_of("onetwo")}, *signature));
            CHECK_FALSE(crypto::verify(b->public_key(), {bytes_of("onetwo")}, *signature));
            const auto der = crypto::sign_der(*a, bytes_of("onetwo"));
            REQUIRE(der);
            CHECK(crypto::verify_der(a->public_key(), bytes_of("onetwo"), *der));
            const auto again = PrivateKey::from_pem(a->to_pem().reveal());
            REQUIRE(again);
            CHECK(again->public_key() == a->public_key());
            CHECK(same(again->scalar(), a->scalar()));
            const auto spki = crypto::public_key_from_spki(crypto::to_spki(a->public_key()));
            REQUIRE(spki);
            CHECK(*spki == a->public_key());
            OwnedBytes off_curve = crypto::to_spki(a->public_key());
            off_curve.back() ^= 1;
            CHECK(crypto::public_key_from_spki(off_curve).error().code == Errc::bad_value);
        }
    }
}

TEST_CASE("when a private key moves on, its old place holds nothing and cannot sign") {
    auto from = *PrivateKey::from_scalar(Curve::p256, octets(kScalar));
    PrivateKey to(std::move(from));
    CHECK_FALSE(from.valid()); // NOLINT: what a moved-from key holds is the point
    CHECK(hex(from.scalar()) == std::string(64, '0'));
    CHECK(crypto::sign(from, {bytes_of("x")}).error().code == Errc::missing_field);
    CHECK(from.to_pem().empty());
    PrivateKey assigned;
    assigned = std::move(to);
    CHECK(hex(to.scalar()) == std::string(64, '0')); // NOLINT
    const PrivateKey copy = assigned.clone();
    assigned = PrivateKey{};
    CHECK_FALSE(assigned.valid());
    REQUIRE(copy.valid());
    CHECK(hex(copy.scalar()) == kScalar);
    CHECK(crypto::sign(copy, {bytes_of("x")}));
}

TEST_CASE("when a key identifier is made, it is the SHA-1 of the point") {
    // echo <point> | xxd -r -p | openssl dgst -sha1
    CHECK(hex(crypto::key_identifier(sample_key())) == "1A9569579BCE329A942D0769C9C0B56431563710");
}
