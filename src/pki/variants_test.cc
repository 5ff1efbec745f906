// Chains of every variant: minted here, judged here and by the openssl program.
#include "pki/testing.h"
#include <functional>

using namespace halyard;
using namespace halyard::pki::testing;
using pki::Flaw, pki::Request, rsp::ChainRule, rsp::Role, rsp::RoleOids, rsp::Variant;

namespace {
constexpr Variant kVariants[] = {Variant::o, Variant::ov3, Variant::a, Variant::b, Variant::c};

ChainRule judge(const Pki& p, const std::vector<crypto::Certificate>& path, Role leaf, Time now = kNow) {
    return rule(rsp::check_chain(path, leaf, p.anchors, now));
}
/// One certificate of `path` made anew with something changed, for the same key and by the same issuer.
std::vector<crypto::Certificate>
with(Pki& p, Role leaf, Role changed, const std::function<void(Request&)>& change) {
    Request r = request(changed, p.oids);
    change(r);
    auto path = p.path(leaf);
    const auto& issuer = p.by_role.at(*rsp::issuer_of(changed, p.variant));
    for (auto& c : path)
        if (same(c.der, p.certificate(changed).der))
            c = *pki::certify(r, p.by_role.at(changed).key.public_key(), issuer, p.random);
    return path;
}
} // namespace

TEST_CASE("when a PKI of any variant is minted, every role is recognised and its chain is that variant's") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256})
        for (const Variant v : kVariants) {
            Pki p(v, curve);
            CHECK(p.by_role.size() == (v == Variant::o || v == Variant::ov3 ? 10u
                                       : v == Variant::b                    ? 11u
                                       : v == Variant::a                    ? 13u
                                                                            : 14u));
            for (const auto& [role, credential] : p.by_role) {
                CAPTURE(std::string(rsp::name(v)) + " " + rsp::name(role));
                const auto said = rsp::recognise(credential.certificate);
                REQUIRE(said);
                CHECK(said->role == role);
                if (role == Role::ci) continue;
                const auto path = p.path(role);
                const auto found = rsp::check_chain(path, role, p.anchors, kNow);
                REQUIRE_MESSAGE(found, (found ? "" : found.error().where));
                // How far the chain of one role tells its variant: an eIM's is flat in all of them.
                const bool eim = role == Role::eim || role == Role::eim_tls;
                if (eim) CHECK(*found == Variant::o);
                if (!eim && !rsp::is_ca(role)) CHECK(*found == v);
                auto whole = path; // the CI may come along
                whole.push_back(p.certificate(Role::ci));
                CHECK(rsp::check_chain(whole, role, p.anchors, kNow));
                CHECK(judge(p, path, role, at(2'600'000'000)) == ChainRule::expired);
            }
        }
}

TEST_CASE(
    "when the openssl program reads a PKI of any variant, it finds the policies of SGP.26 and good chains") {
    // SGP.26, table of role identifiers.
    const struct {
        Role role;
        const char *v2, *v3;
    } rows[] = {{Role::ci, "2.23.146.1.2.1.0", "2.23.146.1.2.1.0"},
                {Role::ci_sub, "", "2.23.146.1.2.1.0.0"},
                {Role::eum, "2.23.146.1.2.1.2", "2.23.146.1.2.1.0.0.0"},
                {Role::eum_sub, "", "2.23.146.1.2.1.0.0.0.0"},
                {Role::euicc, "2.23.146.1.2.1.1", "2.23.146.1.2.1.0.0.0.0.0"},
                {Role::dp_sub, "", "2.23.146.1.2.1.0.0.1"},
                {Role::dp_tls, "2.23.146.1.2.1.3", "2.23.146.1.2.1.0.0.1.0"},
                {Role::dp_auth, "2.23.146.1.2.1.4", "2.23.146.1.2.1.0.0.1.1"},
                {Role::dp_pb, "2.23.146.1.2.1.5", "2.23.146.1.2.1.0.0.1.2"},
                {Role::ds_sub, "", "2.23.146.1.2.1.0.0.2"},
                {Role::ds_tls, "2.23.146.1.2.1.6", "2.23.146.1.2.1.0.0.2.0"},
                {Role::ds_auth, "2.23.146.1.2.1.7", "2.23.146.1.2.1.0.0.2.1"}};
    for (const Variant v : kVariants) {
        Pki p(v);
        Scratch s;
        for (const auto& row : rows) {
            if (!p.by_role.count(row.role)) continue;
            CAPTURE(std::string(rsp::name(v)) + " " + rsp::name(row.role));
            s.write("leaf.pem", p.certificate(row.role).to_pem());
            CHECK(s.run("openssl x509 -noout -text -in leaf.pem") == 0);
            CHECK(s.says(std::string("Policy: ") + (p.oids == RoleOids::v2 ? row.v2 : row.v3) + "\n"));
            if (row.role == Role::eum && p.oids == RoleOids::v3) {
                CHECK(s.says("2.23.146.1.2.2.0"));
                // A SEQUENCE with one PrintableString.
                CHECK(hex(p.certificate(Role::eum).der).find("300A13083839303439303332") !=
                      std::string::npos);
            }
            if (row.role == Role::ci || row.role == Role::euicc)
                continue; // the latter fails by design. SGP.26 §3.1
            std::string between;
            for (const auto& c : p.path(row.role)) between += c.to_pem();
            s.write("ci.pem", p.certificate(Role::ci).to_pem());
            s.write("between.pem", between);
            const std::string verify =
                "openssl verify -x509_strict -attime 1800000000 -CAfile ci.pem -untrusted "
                "between.pem leaf.pem";
            const int status = s.run(verify);
            if (row.role ==
                Role::eum_sub) // below the EUM's name constraint, too: that complaint and no other
                CHECK_MESSAGE((s.says("error 47 at 0 depth") && !s.says("signature")), s.said);
            else
                CHECK_MESSAGE(status == 0, s.said);
        }
    }
}

TEST_CASE("when a CA certifies a role that is not its business, the chain is refused for it") {
    Pki a(Variant::a), c(Variant::c);
    const auto misissued = [](Pki& p, Role issuer, Role role) {
        auto path = p.path(issuer);
        path.insert(path.begin(),
                    pki::mint(request(role, p.oids), p.by_role.at(issuer), p.random)->certificate);
        return judge(p, path, role);
    };
    CHECK(misissued(a, Role::dp_sub, Role::eum) != ChainRule::none);
    CHECK(misissued(a, Role::dp_sub, Role::eum) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::dp_sub, Role::ds_auth) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::dp_sub, Role::euicc) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::ds_sub, Role::dp_auth) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::eum, Role::dp_auth) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::eum_sub, Role::dp_tls) == ChainRule::issuer_role);
    CHECK(misissued(c, Role::ci_sub, Role::eim) == ChainRule::issuer_role);
    CHECK(misissued(c, Role::ci_sub, Role::euicc) == ChainRule::issuer_role);
    CHECK(misissued(c, Role::ci_sub, Role::ci_sub) == ChainRule::issuer_role);
    CHECK(misissued(a, Role::dp_auth, Role::dp_pb) == ChainRule::issuer_not_ca);
    // B is allowed within C's hierarchy: each chain is of a variant of its own.
    CHECK(misissued(c, Role::ci_sub, Role::dp_auth) == ChainRule::none);
    CHECK(misissued(a, Role::eum, Role::euicc) == ChainRule::none);
}

TEST_CASE("when a chain is too long, empty, in disorder, or broken at one place, the rule and the place are "
          "named") {
    Pki p(Variant::c);
    rsp::ChainFinding found;
    const auto named = [&](const std::vector<crypto::Certificate>& path, Role leaf) {
        return rule(rsp::check_chain(path, leaf, p.anchors, kNow, nullptr, &found));
    };
    CHECK(named({}, Role::euicc) == ChainRule::chain_length);
    auto path = p.path(Role::euicc);
    REQUIRE(path.size() == 4);
    auto longer = path;
    longer.insert(longer.end() - 1, longer[2]);
    CHECK(named(longer, Role::euicc) == ChainRule::chain_length);
    auto swapped = path;
    std::swap(swapped[1], swapped[2]);
    CHECK(named(swapped, Role::euicc) != ChainRule::none);
    auto gap = path;
    gap.erase(gap.begin() + 1);
    CHECK(named(gap, Role::euicc) == ChainRule::authority_key);
    CHECK(found.position == 0);
    CHECK(named(path, Role::dp_auth) == ChainRule::issuer_role);
    CHECK(named({path[0]}, Role::euicc) == ChainRule::not_trusted);
    Pki stranger(Variant::c);
    CHECK(named(stranger.path(Role::euicc), Role::euicc) == ChainRule::not_trusted);
    CHECK(found.position == 3);

    const auto broken = [&](Role changed, const std::function<void(Request&)>& change) {
        return named(with(p, Role::euicc, changed, change), Role::euicc);
    };
    CHECK(broken(Role::eum, [](Request& r) { r.validity.to = at(1'790'000'000); }) == ChainRule::expired);
    CHECK(found.position == 2);
    CHECK(broken(Role::ci_sub, [](Request& r) { r.validity.from = at(1'810'000'000); }) ==
          ChainRule::not_yet_valid);
    CHECK(found.position == 3);
    // Path lengths: the CI SubCA has EUM and EUM SubCA below it, the EUM its SubCA.
    CHECK(broken(Role::ci_sub, [](Request& r) { r.path_length = 1; }) == ChainRule::path_length);
    CHECK(broken(Role::eum, [](Request& r) { r.path_length = 0; }) == ChainRule::path_length);
    CHECK(found.position == 1);
    CHECK(broken(Role::eum_sub, [](Request& r) { r.path_length = 7; }) == ChainRule::none);
    // v2 roles in a chain of v3.
    CHECK(broken(Role::eum, [](Request& r) { r.oids = RoleOids::v2; }) == ChainRule::role);
    CHECK(broken(Role::euicc, [](Request& r) { r.oids = RoleOids::v2; }) == ChainRule::role);
    CHECK(broken(Role::ci_sub, [](Request& r) { r.flaw = Flaw::key_usage; }) == ChainRule::issuer_not_ca);
    CHECK(broken(Role::eum_sub, [](Request& r) { r.flaw = Flaw::signature; }) == ChainRule::signature);
    CHECK(found.position == 1);
}

TEST_CASE("when an EID starts with none of the EINs of EUM and SubCA, or the makers differ, it is the name "
          "constraint") {
    Pki p(Variant::a);
    const auto with_eins = [&](Role changed, const std::string& first, std::vector<std::string> more) {
        return judge(p,
                     with(p,
                          Role::euicc,
                          changed,
                          [&](Request& r) {
                              r.eid_prefix = first;
                              r.more_eins = std::move(more);
                          }),
                     Role::euicc);
    };
    CHECK(with_eins(Role::eum, "89049033", {}) == ChainRule::name_constraint);
    CHECK(with_eins(Role::eum, "89049033", {"89049032"}) == ChainRule::none);
    CHECK(with_eins(Role::eum, "89049033", {"8904903", "1"}) == ChainRule::none);
    CHECK(with_eins(Role::eum, kEid, {}) == ChainRule::none); // a prefix of all digits is one
    CHECK(with_eins(Role::eum, std::string(kEid) + "0", {}) == ChainRule::name_constraint);
    CHECK(with_eins(Role::eum_sub, "8904903212", {}) == ChainRule::none);
    CHECK(with_eins(Role::eum_sub, "8904903299", {}) == ChainRule::name_constraint);
    for (const Role role : {Role::eum, Role::eum_sub})
        CHECK(judge(p,
                    with(p, Role::euicc, role, [](Request& r) { r.permitted_organization = "Other"; }),
                    Role::euicc) == ChainRule::name_constraint);
}

TEST_CASE("when a certificate is wrong on purpose, its rule is named and the rest of it is in order") {
    Pki p(Variant::o);
    const struct {
        Flaw flaw;
        Role role;
        ChainRule rule;
    } rows[] = {{Flaw::signature, Role::dp_auth, ChainRule::signature},
                {Flaw::policy, Role::dp_auth, ChainRule::role},
                {Flaw::policy, Role::euicc, ChainRule::role},
                {Flaw::critical_extension, Role::dp_pb, ChainRule::key_usage_missing},
                {Flaw::key_usage, Role::dp_auth, ChainRule::key_usage},
                {Flaw::key_usage, Role::eum, ChainRule::key_usage},
                {Flaw::extended_key_usage, Role::dp_tls, ChainRule::extended_key_usage},
                {Flaw::extended_key_usage, Role::eim_tls, ChainRule::extended_key_usage}};
    Scratch s;
    for (const auto& row : rows) {
        CAPTURE(rsp::name(row.role));
        CAPTURE(rsp::rule_name(row.rule));
        const auto path = with(p, row.role, row.role, [&](Request& r) { r.flaw = row.flaw; });
        CHECK(judge(p, path, row.role) == row.rule);
        // Whether the signature is good is openssl's to say.
        s.write("leaf.pem", path[0].to_pem());
        s.write("ci.pem", p.certificate(*rsp::issuer_of(row.role, Variant::o)).to_pem());
        CHECK((s.run("openssl verify -partial_chain -attime 1800000000 -CAfile ci.pem leaf.pem") == 0 ||
               !s.says("signature failure")) == (row.flaw != Flaw::signature));
    }
    Request r = request(Role::dp_auth, RoleOids::v2);
    r.flaw = Flaw::extended_key_usage;
    CHECK(pki::mint(r, p.by_role.at(Role::ci), p.random).error().code == Errc::unsupported);
    // Curves that RSP does not know.
    for (const char* curve : {"prime192v1", "brainpoolP192r1", "secp384r1"}) {
        const auto key = crypto::ForeignKey::generate(curve);
        REQUIRE(key);
        const auto c =
            pki::certify(request(Role::dp_auth, RoleOids::v2), *key, p.by_role.at(Role::ci), p.random);
        REQUIRE(c);
        CHECK(judge(p, {*c}, Role::dp_auth) == ChainRule::curve);
        s.write("leaf.pem", c->to_pem());
        s.write("ci.pem", p.certificate(Role::ci).to_pem());
        s.write("key.pem", key->pem.reveal());
        CHECK(s.run("openssl x509 -noout -text -in leaf.pem") == 0);
        CHECK(s.says(std::string("ASN1 OID: ") + curve));
        CHECK(s.run("openssl verify -attime 1800000000 -CAfile ci.pem leaf.pem") == 0);
        CHECK(s.run("openssl x509 -noout -pubkey -in leaf.pem >a && openssl pkey -in key.pem -pubout >b && "
                    "cmp a b") == 0);
    }
}

TEST_CASE("when any bit of a SubCA or of what it certified is flipped, the chain is refused") {
    Pki p(Variant::a);
    for (size_t which : {0u, 1u}) {
        const auto good = p.path(Role::dp_auth);
        const OwnedBytes der = good[which].der;
        for (size_t bit = 0; bit < der.size() * 8; ++bit) {
            OwnedBytes bad = der;
            bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
            const auto parsed = crypto::Certificate::parse(bad);
            if (!parsed) continue;
            auto path = good;
            path[which] = *parsed;
            if (rsp::check_chain(path, Role::dp_auth, p.anchors, kNow))
                FAIL("bit " << bit << " of " << which);
        }
    }
}
