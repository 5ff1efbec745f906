#include "crypto/certificate.h"
#include "crypto/hash.h"
#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace halyard;
using crypto::Certificate, crypto::Curve;

namespace {
const char* const kConfig = R"([req]
distinguished_name = dn
prompt = no
[dn]
C = DE
O = Maker
serialNumber = 89049032
CN = EUM
[ca]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
certificatePolicies = critical,2.23.146.1.2.1.2
nameConstraints = critical,permitted;dirName:permitted
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[permitted]
O = Maker
serialNumber = 89049032
[server]
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
certificatePolicies = 2.23.146.1.2.1.3,2.999.1
subjectAltName = DNS:a.example.com,DNS:b.example.com,RID:2.999.10
subjectKeyIdentifier = hash
[odd]
2.999.7 = critical,DER:0500
2.999.8 = DER:0500
)";

/// Certificates made by the openssl program in a directory of their own.
struct OpenSsl {
    std::filesystem::path dir;
    OpenSsl() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-x509-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        dir = name;
        std::ofstream(dir / "config") << kConfig;
    }
    ~OpenSsl() { std::filesystem::remove_all(dir); }
    OwnedBytes make(const std::string& command, const char* file = "out") {
        INFO(command);
        REQUIRE(std::system(("cd " + dir.string() + " && ( " + command + " ) >/dev/null 2>&1").c_str()) == 0);
        std::ifstream in(dir / file, std::ios::binary);
        return OwnedBytes(std::istreambuf_iterator<char>(in), {});
    }
    OwnedBytes self_signed(const std::string& curve, const std::string& more) {
        return make("openssl req -x509 -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:" + curve +
                    " -keyout key.pem -outform DER -out out -config config -set_serial 0x0102 -days 30 " +
                    more);
    }
};
} // namespace

TEST_CASE("when the openssl program makes a CA certificate, every part chain rules look at is read") {
    OpenSsl openssl;
    const struct {
        Curve curve;
        const char* name;
    } curves[] = {{Curve::p256, "prime256v1"}, {Curve::brainpool256, "brainpoolP256r1"}};
    for (const auto& curve : curves) {
        const OwnedBytes der = openssl.self_signed(curve.name, "-extensions ca");
        const auto c = Certificate::parse(der);
        REQUIRE(c);
        CHECK(c->der == der);
        CHECK(c->v3);
        CHECK(c->signature_algorithm == "1.2.840.10045.4.3.2");
        CHECK(hex(c->serial) == "0102");
        CHECK(c->subject_common_name == "EUM");
        CHECK(c->subject_organization == "Maker");
        CHECK(c->subject_serial_number == "89049032");
        CHECK(c->subject_country == "DE");
        CHECK(c->issuer == c->subject);
        CHECK(c->not_after - c->not_before == std::chrono::hours(30 * 24));
        REQUIRE(c->public_key);
        CHECK(c->public_key->curve == curve.curve);
        CHECK(c->spki == crypto::to_spki(*c->public_key));
        CHECK(c->spki == openssl.make("openssl pkey -in key.pem -pubout -outform DER -out spki", "spki"));
        const auto key_id = crypto::key_identifier(*c->public_key);
        REQUIRE(c->subject_key_id);
        CHECK(same(*c->subject_key_id, key_id)); // "hash" is the same SHA-1 of the point
        REQUIRE(c->authority_key_id);
        CHECK(same(*c->authority_key_id, key_id));
        CHECK(c->policies == std::vector<std::string>{"2.23.146.1.2.1.2"});
        CHECK(c->policies_critical);
        CHECK(c->key_usage == (crypto::key_cert_sign | crypto::crl_sign));
        CHECK(c->key_usage_critical);
        CHECK(c->has_basic_constraints);
        CHECK(c->is_ca);
        CHECK(c->basic_constraints_critical);
        CHECK(c->path_length == 0u);
        CHECK(c->has_name_constraints);
        CHECK(c->permitted_organization == "Maker");
        CHECK(c->permitted_serial_prefix == "89049032");
        CHECK(c->unknown_critical.empty());
        CHECK(c->extended_key_usage.empty());
        CHECK(c->signed_by(*c->public_key));
    }
}

TEST_CASE("when a server certificate is read, its names and usages are there and its CA parts are not") {
    OpenSsl openssl;
    const auto c = Certificate::parse(openssl.self_signed("prime256v1", "-extensions server"));
    REQUIRE(c);
    CHECK(c->san_dns_names == std::vector<std::string>{"a.example.com", "b.example.com"});
    CHECK(c->san_registered_ids == std::vector<std::string>{"2.999.10"});
    CHECK(c->extended_key_usage == std::vector<std::string>{"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"});
    CHECK(c->policies == std::vector<std::string>{"2.23.146.1.2.1.3", "2.999.1"});
    CHECK_FALSE(c->policies_critical);
    CHECK(c->key_usage == crypto::digital_signature);
    CHECK_FALSE(c->has_basic_constraints);
    CHECK_FALSE(c->is_ca);
    CHECK_FALSE(c->path_length);
    CHECK_FALSE(c->has_name_constraints);
    CHECK_FALSE(c->authority_key_id);
}

TEST_CASE("when an extension is unknown, it counts only where it is critical") {
    OpenSsl openssl;
    const auto c = Certificate::parse(openssl.self_signed("prime256v1", "-extensions odd"));
    REQUIRE(c);
    CHECK(c->unknown_critical == std::vector<std::string>{"2.999.7"});
    CHECK_FALSE(c->key_usage);
}

TEST_CASE("when the key is of another kind, the certificate is read without one") {
    OpenSsl openssl;
    const auto c = Certificate::parse(openssl.self_signed("secp384r1", "-extensions server"));
    REQUIRE(c);
    CHECK_FALSE(c->public_key);
    CHECK(c->subject_common_name == "EUM");
}

TEST_CASE("when a certificate is v1, it is read as such") {
    OpenSsl openssl;
    const auto c = Certificate::parse(openssl.make(
        "openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout key.pem -config "
        "config | openssl x509 -req -signkey key.pem -outform DER -out out"));
    REQUIRE(c);
    CHECK_FALSE(c->v3);
    CHECK(c->signed_by(*c->public_key));
}

TEST_CASE("when any bit of the signed part is flipped, the signature no longer holds") {
    OpenSsl openssl;
    const OwnedBytes der = openssl.self_signed("prime256v1", "-extensions ca");
    const auto good = Certificate::parse(der);
    REQUIRE(good);
    size_t read = 0;
    for (size_t bit = 0; bit < der.size() * 8; ++bit) {
        OwnedBytes bad = der;
        bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
        const auto c = Certificate::parse(bad);
        if (!c) continue;
        ++read;
        const bool untouched = c->tbs == good->tbs && c->signature == good->signature;
        CHECK(c->signed_by(*good->public_key) == untouched);
    }
    CHECK(read > 1000); // most flips leave a readable certificate
}

TEST_CASE("when a certificate is cut, or followed by something, it is refused by name") {
    OpenSsl openssl;
    OwnedBytes der = openssl.self_signed("prime256v1", "-extensions server");
    for (size_t size = 0; size < der.size(); ++size) {
        const auto c = Certificate::parse(Bytes(der).first(size), "smdpCertificate");
        REQUIRE_FALSE(c);
        CHECK(c.error().code == Errc::bad_value);
        CHECK(std::string_view(c.error().where) == "smdpCertificate");
    }
    der.push_back(0);
    CHECK(Certificate::parse(der).error().code == Errc::bad_length);
}

TEST_CASE("when the signature claims unused bits, the certificate is refused: there is one coding only") {
    OpenSsl openssl;
    OwnedBytes der = openssl.self_signed("prime256v1", "-extensions server");
    const size_t at = der.size() - Certificate::parse(der)->signature.size() - 1;
    REQUIRE(der[at] == 0);
    for (uint8_t unused = 1; unused < 9; ++unused) {
        der[at] = unused;
        CHECK_FALSE(Certificate::parse(der));
    }
}

TEST_CASE("when a file holds PEM or DER, all its certificates are read; an empty one is refused") {
    OpenSsl openssl;
    const OwnedBytes der = openssl.self_signed("prime256v1", "-extensions server");
    const auto c = Certificate::parse(der);
    REQUIRE(c);
    CHECK(Certificate::parse_file(der)->front().der == der);
    const OwnedBytes theirs = openssl.make("openssl x509 -inform DER -in out -out pem", "pem");
    CHECK(c->to_pem() == text_of(theirs));
    const std::string two = "a comment\n" + c->to_pem() + "another\n" + c->to_pem();
    const auto both = Certificate::parse_file(bytes_of(two));
    REQUIRE(both);
    REQUIRE(both->size() == 2);
    CHECK((*both)[1].der == der);
    CHECK(Certificate::parse_file({}).error().code == Errc::bad_value);
    CHECK(Certificate::parse_file(bytes_of("no PEM")).error().code == Errc::bad_value);
    const std::string bad = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    CHECK(Certificate::parse_file(bytes_of(bad)).error().code == Errc::bad_value);
}

TEST_CASE("when one PEM block of several is damaged, the file is refused rather than cut short") {
    OpenSsl openssl;
    const auto c = Certificate::parse(openssl.self_signed("prime256v1", "-extensions server"));
    REQUIRE(c);
    const std::string bad =
        c->to_pem() + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + c->to_pem();
    CHECK(Certificate::parse_file(bytes_of(bad)).error().code == Errc::bad_value);
}

TEST_CASE("when a certificate lists EINs and where its CRLs are, they are read; damaged ones are refused") {
    OpenSsl openssl;
    const auto with = [&](const std::string& extension) {
        return Certificate::parse(
            openssl.self_signed("prime256v1", "-extensions ca -addext '" + extension + "'"));
    };
    // SEQUENCE OF PrintableString "89049032", "8904". SGP.22 v3
    const auto eins = with("2.23.146.1.2.2.0=DER:301013083839303439303332130438393034");
    REQUIRE(eins);
    CHECK(eins->permitted_eins == std::vector<std::string>{"89049032", "8904"});
    CHECK(eins->unknown_critical.empty());
    const auto critical = with("2.23.146.1.2.2.0=critical,DER:3006130438393034");
    REQUIRE(critical);
    CHECK(critical->unknown_critical.empty());
    for (const char* damaged : {"30060C0438393034",     // UTF8String
                                "30061304383930340500", // something behind it
                                "3007130438393034",     // cut short
                                "130438393034",         // no SEQUENCE
                                "0500"})
        CHECK_FALSE(with(std::string("2.23.146.1.2.2.0=DER:") + damaged));
    const auto points = with("crlDistributionPoints=URI:http://a.test/1.crl,URI:http://a.test/2.crl");
    REQUIRE(points);
    CHECK(points->crl_uris == std::vector<std::string>{"http://a.test/1.crl", "http://a.test/2.crl"});
    CHECK(points->permitted_eins.empty());
}
