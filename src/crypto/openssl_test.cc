// What the openssl program writes is read here, and what is written here it reads.
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

using namespace halyard;
using crypto::Certificate, crypto::Curve, crypto::PrivateKey;

namespace {
/// A directory of its own, and a shell that works in it.
struct Shell {
    std::filesystem::path dir;
    std::string output; // of the last command
    Shell() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-crypto-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        dir = name;
    }
    ~Shell() { std::filesystem::remove_all(dir); }
    bool run(const std::string& command) {
        output.clear();
        FILE* pipe = ::popen(("cd " + dir.string() + " && ( " + command + " ) 2>&1").c_str(), "r");
        REQUIRE(pipe);
        char piece[512];
        while (const size_t n = std::fread(piece, 1, sizeof piece, pipe)) output.append(piece, n);
        return ::pclose(pipe) == 0;
    }
    OwnedBytes read(const char* name) const {
        std::ifstream in(dir / name, std::ios::binary);
        return OwnedBytes(std::istreambuf_iterator<char>(in), {});
    }
    void write(const char* name, Bytes content) const {
        std::ofstream(dir / name, std::ios::binary) << text_of(content);
    }
    OwnedBytes made(const std::string& command, const char* file) {
        INFO(command);
        const bool ok = run(command);
        INFO(output);
        REQUIRE(ok);
        return read(file);
    }
};

const struct {
    Curve curve;
    const char* name;
} kCurves[] = {{Curve::p256, "prime256v1"}, {Curve::brainpool256, "brainpoolP256r1"}};
} // namespace

TEST_CASE("when a message is signed here, the openssl program verifies it") {
    Shell shell;
    crypto::SystemRandom random;
    shell.write("message", bytes_of("counterValue 7"));
    shell.write("other", bytes_of("counterValue 8"));
    for (const auto& c : kCurves) {
        const auto key = PrivateKey::generate(c.curve, random);
        REQUIRE(key);
        shell.write("key.pem", key->to_pem().reveal());
        shell.write("spki.der", crypto::to_spki(key->public_key()));
        shell.write("signature", *crypto::sign_der(*key, bytes_of("counterValue 7")));
        CHECK(shell.run("openssl pkey -pubin -inform DER -in spki.der -out public.pem"));
        CHECK(shell.run("openssl pkey -in key.pem -pubout | cmp - public.pem")); // PEM and SPKI are one key
        CHECK(shell.run("openssl pkey -in key.pem -noout -check"));
        CHECK(shell.run("openssl dgst -sha256 -verify public.pem -signature signature message"));
        CHECK_FALSE(shell.run("openssl dgst -sha256 -verify public.pem -signature signature other"));
    }
}

TEST_CASE("when the openssl program signs, the signature verifies here") {
    Shell shell;
    shell.write("message", bytes_of("a message"));
    for (const auto& c : kCurves) {
        const OwnedBytes pem = shell.made(
            std::string("openssl ecparam -genkey -noout -name ") + c.name + " -out key.pem", "key.pem");
        const OwnedBytes der =
            shell.made("openssl dgst -sha256 -sign key.pem -out signature message", "signature");
        const auto public_key = crypto::public_key_from_spki(
            shell.made("openssl pkey -in key.pem -pubout -outform DER -out spki.der", "spki.der"));
        REQUIRE(public_key);
        CHECK(public_key->curve == c.curve);
        const auto key = PrivateKey::from_pem(pem);
        REQUIRE(key);
        CHECK(key->public_key() == *public_key);
        bool was_der = false;
        CHECK(crypto::verify_tolerant(*public_key, {bytes_of("a message")}, der, &was_der));
        CHECK(was_der);
        CHECK_FALSE(crypto::verify_der(*public_key, bytes_of("A message"), der));
    }
}

TEST_CASE("when two keys agree, the openssl program derives the same secret") {
    Shell shell;
    crypto::SystemRandom random;
    for (const auto& c : kCurves) {
        const auto own = PrivateKey::generate(c.curve, random), peer = PrivateKey::generate(c.curve, random);
        REQUIRE(own);
        REQUIRE(peer);
        shell.write("own.pem", own->to_pem().reveal());
        shell.write("peer.der", crypto::to_spki(peer->public_key()));
        const OwnedBytes secret = shell.made("openssl pkeyutl -derive -inkey own.pem -peerform DER "
                                             "-peerkey peer.der -out secret",
                                             "secret");
        CHECK(same(crypto::ecka(*own, peer->public_key())->reveal(), secret));
    }
}

TEST_CASE("when a key comes as SEC1, PKCS#8 or behind EC PARAMETERS, it is the same key") {
    Shell shell;
    for (const auto& c : kCurves) {
        // Without -noout, ecparam writes EC PARAMETERS in front.
        const OwnedBytes both =
            shell.made(std::string("openssl ecparam -genkey -name ") + c.name + " -out both.pem", "both.pem");
        REQUIRE(text_of(both).starts_with("-----BEGIN EC PARAMETERS-----"));
        const OwnedBytes sec1 = shell.made("openssl ec -in both.pem -out sec1.pem", "sec1.pem");
        REQUIRE(text_of(sec1).starts_with("-----BEGIN EC PRIV"));
        const OwnedBytes pkcs8 =
            shell.made("openssl pkcs8 -topk8 -nocrypt -in both.pem -out pkcs8.pem", "pkcs8.pem");
        REQUIRE(text_of(pkcs8).starts_with("-----BEGIN PRIV"));
        const auto first = PrivateKey::from_pem(both);
        REQUIRE(first);
        for (const OwnedBytes& pem : {sec1, pkcs8}) {
            const auto key = PrivateKey::from_pem(pem);
            REQUIRE(key);
            CHECK(same(key->scalar(), first->scalar()));
        }
    }
}

TEST_CASE("when a PEM holds no plain key of our curves, it is refused for what it is") {
    Shell shell;
    const struct {
        const char* command;
        Errc code;
    } rows[] = {
        {"openssl ecparam -genkey -noout -name secp384r1 -out k", Errc::unsupported},
        {"openssl ecparam -genkey -noout -name secp256k1 -out k", Errc::unsupported},
        {"openssl ecparam -genkey -noout -name prime256v1 -param_enc explicit -out k", Errc::unsupported},
        {"openssl genpkey -algorithm ED25519 -out k", Errc::unsupported},
        {"openssl genpkey -algorithm X25519 -out k", Errc::unsupported},
        {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out k", Errc::unsupported},
        {"openssl ecparam -genkey -noout -name prime256v1 | "
         "openssl pkcs8 -topk8 -passout pass:secret -out k",
         Errc::bad_value},
        {"openssl ecparam -genkey -noout -name prime256v1 | openssl ec -aes128 -passout pass:secret -out k",
         Errc::bad_value},
        {"openssl ecparam -genkey -noout -name prime256v1 | openssl pkey -pubout -out k", Errc::bad_value},
        {"openssl ecparam -name prime256v1 -out k", Errc::bad_value},
        {"echo not a key > k", Errc::bad_value},
        {": > k", Errc::bad_value},
    };
    for (const auto& row : rows) {
        INFO(std::string(row.command));
        const auto key = PrivateKey::from_pem(shell.made(row.command, "k"), "eimKey");
        REQUIRE_FALSE(key);
        CHECK(key.error().code == row.code);
        CHECK(std::string_view(key.error().where) == "eimKey");
    }
}

TEST_CASE("when a PEM key is cut at any octet of its text, it is refused") {
    crypto::SeededRandom random(3);
    const SecretBytes pem = PrivateKey::generate(Curve::p256, random)->to_pem();
    const size_t dashes = text_of(pem.reveal()).rfind("-----"); // the last five are not needed to read it
    REQUIRE(dashes != std::string_view::npos);
    for (size_t size = 0; size < dashes; ++size) CHECK_FALSE(PrivateKey::from_pem(pem.reveal().first(size)));
}

TEST_CASE("when a SubjectPublicKeyInfo is none of ours, it is refused for what it is") {
    Shell shell;
    const struct {
        const char* command;
        Errc code;
    } rows[] = {
        {"openssl ecparam -genkey -noout -name secp384r1 | openssl pkey -pubout -outform DER -out k",
         Errc::unsupported},
        {"openssl ecparam -genkey -noout -name prime256v1 -param_enc explicit | "
         "openssl pkey -pubout -outform DER -out k",
         Errc::unsupported},
        {"openssl genpkey -algorithm ED25519 | openssl pkey -pubout -outform DER -out k", Errc::unsupported},
        {"openssl ecparam -genkey -noout -name prime256v1 | "
         "openssl ec -conv_form compressed -pubout -outform DER -out k",
         Errc::bad_length},
        {"echo no DER > k", Errc::bad_value},
        {": > k", Errc::bad_value},
    };
    for (const auto& row : rows) {
        INFO(std::string(row.command));
        const auto key = crypto::public_key_from_spki(shell.made(row.command, "k"), "eimPublicKey");
        REQUIRE_FALSE(key);
        CHECK(key.error().code == row.code);
        CHECK(std::string_view(key.error().where) == "eimPublicKey");
    }
    OwnedBytes longer = shell.made(
        "openssl ecparam -genkey -noout -name prime256v1 | openssl pkey -pubout -outform DER -out k", "k");
    REQUIRE(crypto::public_key_from_spki(longer));
    longer.push_back(0);
    CHECK(crypto::public_key_from_spki(longer).error().code == Errc::bad_length);
}
