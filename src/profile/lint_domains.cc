// Rules about security domains, applications and remote file management, and which keys everybody knows.
#include "profile/lint_model.h"
#include <set>

namespace halyard::profile::linting {
namespace {

// Keys and OPc values that stand in specifications and in the manuals of open core networks and test cards.
constexpr const char* kPublished[] = {
    "404142434445464748494A4B4C4D4E4F", // GlobalPlatform default key
    "465B5CE8B199B49FAA5F0A2EE238A6BC", // 3GPP TS 35.208 test sets: K, OP and OPc
    "CDC202D5123E20F62B6D676AC72CB318", "CD63CB71954A9F4E48A5994E37A02BAF",
    "0396EB317B6D1C36F19C1C84CD6FFD16", "53C15671C60A4B731C55B4A441C0BDE2",
    "FEC86BA6EB707ED08905757B1BB44B8F", "1006020F0A478BF6B699F15C062E42B3",
    "9E5944AEA94B81165C82FBF9F32DB751", "A64A507AE1A2A98BB88EB4210135DC87",
    "4AB1DEB05CA6CEB051FC98E77D026A84", "DCF07CBD51855290B92A07A9891E523E",
    "6C38A116AC280C454F59332EE35C8C4F", "3803EF5363B947C6AAA225E58FAE3934",
    "5122250214C33E723A5DD523FC145FC0", "981D464C7C52EB6E5036234984AD0BCF",
    "E8ED289DEBA952E4283B54E88E6183CA", // defaults of open core networks
    "8BAF473F2F8FD09487CCCBD7097C6862", "8E27B6AF0E692E750F32667A3B14605D",
    "00112233445566778899AABBCCDDEEFF", "63BFA50EE6523365FF14C1F45F88737D",
};

void check_instance(const ApplicationInstance& instance,
                    size_t index,
                    std::set<std::string>& aids,
                    Report& report) {
    if (!aids.insert(hex(instance.instance_aid)).second)
        report.element("aid-duplicate", index, "instanceAID " + hex(instance.instance_aid) + " is taken");
    const size_t n = instance.privileges.size();
    if (n != 1 && n != 3)
        report.element("privileges-form",
                       index,
                       "applicationPrivileges of " + std::to_string(n) + " octets: one or three");
}

// Lengths by key type. GlobalPlatform Card Specification §11.1.8
bool key_fits(const KeyComponent& c) {
    const size_t n = c.data.size();
    if (c.type.size() != 1) return n > 0;
    switch (c.type[0]) {
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
    case 0x84: return n == 16 || n == 24; // DES with two or three keys
    case 0x85: return n >= 16;            // pre-shared key of TLS
    case 0x88: return n == 16 || n == 24 || n == 32;
    default: return n > 0;
    }
}

void check_keys(const List<KeyObject>& keys, size_t index, Report& report) {
    std::set<std::pair<uint8_t, uint8_t>> seen;
    (void)keys.for_each([&](const KeyObject& key) {
        const std::string what = "key " + hex(key.version) + "/" + hex(key.identifier);
        if (!seen.emplace(key.version[0], key.identifier[0]).second)
            report.element("sd-key-duplicate", index, what + " is there already");
        (void)key.components.for_each([&](const KeyComponent& c) {
            if (!key_fits(c))
                report.element("sd-key-length",
                               index,
                               what + ": " + std::to_string(c.data.size()) + " octets for type " +
                                   hex(c.type));
            const bool secret = c.type.size() == 1 && c.type[0] >= 0x80 && c.type[0] <= 0x88;
            if (secret && is_public(c.data))
                report.element(
                    "public-sd-key", index, what + " is published or trivial: give each card its own");
        });
    });
}

void check_rfm(const Rfm& rfm, size_t index, std::set<std::string>& tars, Report& report) {
    // SPI1: b2b1 00 is no integrity. ETSI TS 102 225 §5.1.1
    if (!(rfm.minimum_security_level[0] & 3))
        report.element("msl-none",
                       index,
                       "minimumSecurityLevel " + hex(rfm.minimum_security_level) +
                           ": demand a cryptographic checksum (02), better with ciphering (06)");
    if (!rfm.tars) return;
    (void)rfm.tars->for_each([&](const std::array<uint8_t, 3>& tar) {
        if (!tars.insert(hex(tar)).second)
            report.element("tar-duplicate", index, "TAR " + hex(tar) + " is taken");
    });
}
} // namespace

bool is_public(Bytes key) {
    if (key.empty()) return false;
    bool alike = true, counting = true;
    for (size_t i = 1; i < key.size(); ++i) {
        alike &= key[i] == key[0];
        counting &= key[i] == static_cast<uint8_t>(key[i - 1] + 1);
    }
    const std::string text = hex(key);
    return alike || counting || std::any_of(std::begin(kPublished), std::end(kPublished), [&](const char* k) {
               return text == k;
           });
}

void check_domains(const Model& m, Report& report) {
    std::set<std::string> aids, domains, tars;
    const auto known = [&](const std::optional<Bytes>& aid, size_t index) {
        if (aid && !domains.count(hex(*aid)))
            report.element(
                "sd-unknown", index, "there is no security domain " + hex(*aid) + " in front of it");
    };
    for (size_t i = 0; i < m.elements.size(); ++i) {
        const Element& e = m.elements[i];
        if (e.tag == 0xA6) {
            const auto sd = asn1::decode<SecurityDomain>(e.der);
            if (!sd) continue;
            known(sd->instance.extradite_aid, i);
            check_instance(sd->instance, i, aids, report);
            domains.insert(hex(sd->instance.instance_aid));
            if (sd->keys) check_keys(*sd->keys, i, report);
        }
        if (e.tag == 0xA7) {
            const auto rfm = asn1::decode<Rfm>(e.der);
            if (!rfm) continue;
            if (!aids.insert(hex(rfm->instance_aid)).second)
                report.element("aid-duplicate", i, "instanceAID " + hex(rfm->instance_aid) + " is taken");
            known(rfm->security_domain_aid, i);
            check_rfm(*rfm, i, tars, report);
        }
        if (e.tag == 0xA8) {
            const auto app = asn1::decode<Application>(e.der);
            if (!app) continue;
            if (app->load_block) known(app->load_block->security_domain_aid, i);
            if (app->instances)
                (void)app->instances->for_each([&](const ApplicationInstance& instance) {
                    known(instance.extradite_aid, i);
                    check_instance(instance, i, aids, report);
                });
        }
    }
}

} // namespace halyard::profile::linting
