#pragma once
// For tests of this layer: a PKI of any variant, and a directory in which the openssl program looks at it.
#include "crypto/hash.h"
#include "pki/mint_crl.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

namespace halyard::pki::testing {

inline Time at(int64_t seconds) { return std::chrono::duration_cast<Time>(Seconds(seconds)); }
inline const Time kNow = at(1'800'000'000); // 2027-01-15
inline constexpr const char* kEid = "89049032123451234512345678901235";

struct Scratch {
    std::filesystem::path dir;
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-pki-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        dir = name;
    }
    ~Scratch() { std::filesystem::remove_all(dir); }
    void write(const std::string& name, std::string_view content) const {
        std::ofstream(dir / name, std::ios::binary) << content;
    }
    void write(const std::string& name, Bytes content) const { write(name, text_of(content)); }
    OwnedBytes read(const std::string& name) const {
        std::ifstream in(dir / name, std::ios::binary);
        return OwnedBytes((std::istreambuf_iterator<char>(in)), {});
    }
    /// Exit status; what was said is in `said`.
    int run(const std::string& command) {
        const int status = std::system(("cd " + dir.string() + " && ( " + command + " ) >said 2>&1").c_str());
        said = std::string(text_of(read("said")));
        return status;
    }
    bool says(std::string_view part) const { return said.find(part) != std::string::npos; }
    std::string said;
};

inline Request request(rsp::Role role, rsp::RoleOids oids, crypto::Curve curve = crypto::Curve::p256) {
    using rsp::Role;
    Request r{.role = role, .oids = oids, .curve = curve, .validity = {at(1'700'000'000), at(2'500'000'000)}};
    r.subject = {.country = "DE", .organization = "Maker", .common_name = rsp::name(role)};
    if (role == Role::eum) r.eid_prefix = "89049032";
    if (role == Role::eum || role == Role::eum_sub) r.permitted_organization = "Maker";
    if (role == Role::dp_auth || role == Role::dp_pb || role == Role::dp_tls) r.registered_id = "2.999.10";
    if (role == Role::ds_auth || role == Role::ds_tls) r.registered_id = "2.999.15";
    if (role == Role::dp_tls || role == Role::ds_tls || role == Role::eim_tls)
        r.dns_names = {"a.example.com"};
    if (role == Role::euicc) r.subject.serial_number = kEid;
    return r;
}

/// Every role of a variant, by whom SGP.26 has it issued.
struct Pki {
    crypto::SystemRandom random;
    rsp::Variant variant;
    rsp::RoleOids oids;
    std::map<rsp::Role, Credential> by_role;
    std::vector<rsp::TrustAnchor> anchors;

    explicit Pki(rsp::Variant v, crypto::Curve curve = crypto::Curve::p256)
        : variant(v), oids(v == rsp::Variant::o ? rsp::RoleOids::v2 : rsp::RoleOids::v3) {
        using rsp::Role;
        by_role.emplace(Role::ci, *mint_ci(request(Role::ci, oids, curve), random));
        // CAs first, from the top.
        for (const Role role : {Role::ci_sub,
                                Role::eum,
                                Role::eum_sub,
                                Role::dp_sub,
                                Role::ds_sub,
                                Role::euicc,
                                Role::dp_auth,
                                Role::dp_pb,
                                Role::dp_tls,
                                Role::ds_auth,
                                Role::ds_tls,
                                Role::eim,
                                Role::eim_tls})
            if (const auto issuer = rsp::issuer_of(role, v))
                by_role.emplace(role, *mint(request(role, oids), by_role.at(*issuer), random));
        anchors.push_back(*rsp::TrustAnchor::from(certificate(Role::ci)));
    }
    const crypto::Certificate& certificate(rsp::Role role) const { return by_role.at(role).certificate; }
    /// Leaf first, without the CI.
    std::vector<crypto::Certificate> path(rsp::Role leaf) const {
        std::vector<crypto::Certificate> out;
        for (std::optional<rsp::Role> r = leaf; r && *r != rsp::Role::ci; r = rsp::issuer_of(*r, variant))
            out.push_back(certificate(*r));
        return out;
    }
};

inline rsp::ChainRule rule(const auto& result) {
    return result ? rsp::ChainRule::none : static_cast<rsp::ChainRule>(result.error().detail);
}

} // namespace halyard::pki::testing
