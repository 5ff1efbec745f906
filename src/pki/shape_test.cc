// What we mint beside what SGP.26 publishes: the same extensions, critical where theirs are.
#include "asn1/asn1.h"
#include "base/random.h"
#include "crypto/hash.h"
#include "pki/mint.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace halyard;
using rsp::Role;

namespace {
// "551D0F critical" of every extension; walks the TLVs by itself.
std::set<std::string> extensions(Bytes der) {
    std::set<std::string> out;
    const Bytes tbs = asn1::read_tlv(asn1::read_tlv(der)->content)->content;
    for (Bytes rest = tbs; !rest.empty();) {
        const auto member = asn1::read_tlv(rest);
        REQUIRE(member);
        rest = member->rest;
        if (member->tag != 0xA3) continue;
        for (Bytes list = asn1::read_tlv(member->content)->content; !list.empty();) {
            const auto one = asn1::read_tlv(list);
            const auto id = asn1::read_tlv(one->content);
            const bool critical = asn1::read_tlv(id->rest)->tag == 0x01;
            out.insert(hex(id->content) + (critical ? " critical" : ""));
            list = one->rest;
        }
    }
    return out;
}

std::string text(const std::set<std::string>& names) {
    std::string out;
    for (const auto& n : names) out += n + ", ";
    return out;
}

struct Minted {
    pki::Credential ci, eum;
    crypto::SystemRandom random;
    pki::Request request(Role role) const {
        pki::Request r{.role = role};
        r.subject = {.country = "DE", .organization = "Shape", .common_name = "shape.test"};
        r.validity = {Time(1'780'272'000'000), Time(1'880'272'000'000)};
        if (role != Role::euicc) r.crl_uris = {"http://ci.test.example.com/CRL-1.crl"};
        if (role == Role::ci) r.registered_id = "2.999.1";
        if (role == Role::eum) r.registered_id = "2.999.5";
        if (role == Role::dp_auth || role == Role::dp_pb || role == Role::dp_tls)
            r.registered_id = "2.999.10";
        if (role == Role::dp_tls) r.dns_names = {"shape.test"};
        if (role == Role::euicc) r.subject.serial_number = "89049032123451234512345678901235";
        r.eid_prefix = "89049032";
        r.permitted_organization = "Shape";
        return r;
    }
    Minted() {
        ci = std::move(*pki::mint_ci(request(Role::ci), random));
        eum = std::move(*pki::mint(request(Role::eum), ci, random));
    }
    OwnedBytes certificate(Role role) {
        if (role == Role::ci) return ci.certificate.der;
        if (role == Role::eum) return eum.certificate.der;
        return pki::mint(request(role), role == Role::euicc ? eum : ci, random)->certificate.der;
    }
};
} // namespace

TEST_CASE("when SGP.26 certificates are present, ours of the same role have the same extensions") {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/sgp26";
    const std::pair<const char*, Role> files[] = {
        {"CertificateIssuer/CERT_CI_ECDSA_NIST.der", Role::ci},
        {"EUM/CERT_EUM_ECDSA_NIST.der", Role::eum},
        {"eUICC/CERT_EUICC_ECDSA_NIST.der", Role::euicc},
        {"DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", Role::dp_auth},
        {"DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der", Role::dp_pb},
        {"DPtls/CERT_S_SM_DP2_TLS.der", Role::dp_tls},
    };
    Minted minted;
    for (const auto& one : files) {
        const char* const file = one.first;
        const Role role = one.second;
        std::ifstream in(dir / file, std::ios::binary);
        if (!in) {
            MESSAGE("SKIPPED: no " << (dir / file).string());
            continue;
        }
        INFO(file);
        const OwnedBytes theirs(std::istreambuf_iterator<char>(in), {});
        CHECK(text(extensions(minted.certificate(role))) == text(extensions(theirs)));
    }
}

TEST_CASE("when PKIs are minted, no key and no serial number comes twice") {
    Minted one, two;
    std::set<std::string> keys, serials;
    for (const pki::Credential* c : {&one.ci, &one.eum, &two.ci, &two.eum}) {
        keys.insert(hex(c->key.public_key().point));
        serials.insert(hex(c->certificate.serial));
        CHECK(c->certificate.serial.size() <= 20);
        CHECK(c->certificate.serial.front() < 0x80); // positive
    }
    CHECK(keys.size() == 4);
    CHECK(serials.size() == 4);
}
