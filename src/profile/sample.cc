#include "profile/package.h"

namespace halyard::profile {
namespace {

// Collects what the structs borrow until the package is encoded.
struct Maker {
    OwnedBytes out;
    uint16_t next_identification = 1;
    PeHeader header() { return {.mandated = Null{}, .identification = next_identification++}; }
    Ok add(Result<OwnedBytes> element) {
        append(out, TRY(std::move(element)));
        return {};
    }
};

// A member of a template element under construction.
struct Member {
    asn1::Tag tag;
    std::vector<FileCommand> commands;
};
FileCommand content(Bytes data) {
    FileCommand c;
    c.is = data;
    return c;
}
FileCommand descriptor(const Fcp& fcp) {
    FileCommand c;
    c.is = fcp;
    return c;
}

Result<OwnedBytes>
element(Maker& m, asn1::Tag tag, const char* template_id, std::span<const Member> members) {
    const OwnedBytes oid = TRY(asn1::oid_from_text(template_id));
    TemplateElement e{.header = m.header(), .template_id = {oid}};
    const Template& kind = *template_of(tag);
    for (const Member& member : members)
        e.members.push_back({member.tag, kind.find(member.tag), File{.items = member.commands}});
    return encode(kind, e);
}

// Access rules of annex A in the order of their numbers, so that a file's rule number is its record number.
const char* const kRules[] = {"8001019000800102A406830101950108800158A40683010A950108",
                              "800101A40683010195010880015AA40683010A950108",
                              "80015BA40683010A950108",
                              "800101900080011A9700800140A40683010A950108",
                              "800103A406830101950108800158A40683010A950108",
                              "800111A40683010195010880014AA40683010A950108",
                              "800103A406830101950108800158A40683010A950108840132A406830101950108",
                              "800101A406830101950108800102A406830181950108800158A40683010A950108",
                              "800101900080011AA406830101950108800140A40683010A950108",
                              "800101900080015AA40683010A950108",
                              "8001019000800118A40683010A9501088001429700",
                              "800101A40683010195010880015A9700",
                              "800113A406830101950108800148A40683010A950108",
                              "80015EA40683010A950108"};
constexpr uint8_t kRuleSize = 45;

OwnedBytes access_rules() {
    OwnedBytes all;
    for (const char* rule : kRules) {
        OwnedBytes record = *from_hex(rule);
        record.resize(kRuleSize, 0xFF);
        append(all, record);
    }
    return all;
}

const uint8_t kUsimAid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0x44, 0xFF, 0x12, 0x89};

struct Constants {
    OwnedBytes rules = access_rules();
    OwnedBytes directory_record; // EF.DIR: 61 { 4F aid, 50 label }
    uint8_t rules_descriptor[4] = {0x42, 0x21, 0x00, kRuleSize};
    uint8_t dir_descriptor[4] = {0x42, 0x21, 0x00, 0x26};
    uint8_t rules_size[2]{}, dir_size[1] = {0x26};
    uint8_t pins[2] = {0x01, 0x0A}; // those that add_codes defines
    Constants() {
        directory_record = {0x61, static_cast<uint8_t>(2 + sizeof kUsimAid + 6), 0x4F, sizeof kUsimAid};
        append(directory_record, kUsimAid);
        append(directory_record, bytes_of("\x50\x04USIM"));
        directory_record.resize(0x26, 0xFF);
        rules_size[0] = static_cast<uint8_t>(rules.size() >> 8);
        rules_size[1] = static_cast<uint8_t>(rules.size());
    }
    FileCommand rules_file() const {
        return descriptor({.file_descriptor = Bytes(rules_descriptor), .ef_file_size = Bytes(rules_size)});
    }
};

Ok add_header(Maker& m, const SampleParameters& p, bool preferences) {
    static constexpr uint8_t kUsim[] = {0x81, 0x00}, kMilenage[] = {0x84, 0x00};
    Service services[2];
    services[0].tlv.der = kUsim;
    services[1].tlv.der = kMilenage;
    const OwnedBytes mf = TRY(asn1::oid_from_text("2.23.143.1.2.1")),
                     usim = TRY(asn1::oid_from_text("2.23.143.1.2.4")),
                     opt_usim = TRY(asn1::oid_from_text("2.23.143.1.2.5"));
    const Oid templates[] = {{mf}, {usim}, {opt_usim}};
    ProfileHeader h{
        .major_version = 2, .minor_version = 3, .profile_type = p.type, .iccid = to_header_order(p.iccid)};
    h.mandatory_services.items = services;
    h.mandatory_gfste.items = std::span(templates).first(preferences ? 3 : 2);
    return m.add(asn1::encode(h));
}

Ok add_mf(Maker& m, const SampleParameters& p, const Constants& c) {
    const Member members[] = {
        {0xA2, {descriptor({.pin_status_template = Bytes(c.pins)})}},
        {0xA4, {content(p.iccid)}},
        {0xA5,
         {descriptor({.file_descriptor = Bytes(c.dir_descriptor), .ef_file_size = Bytes(c.dir_size)}),
          content(c.directory_record)}},
        {0xA6, {c.rules_file(), content(c.rules)}},
    };
    return m.add(element(m, 0xB0, "2.23.143.1.2.1", members));
}

Result<std::array<uint8_t, 8>> eight_digits(std::string_view digits, const char* where) {
    std::array<uint8_t, 8> out{};
    if (digits.size() != out.size())
        return fail(Errc::bad_length, where, static_cast<uint32_t>(digits.size()));
    std::copy(digits.begin(), digits.end(), out.begin());
    return out;
}

Ok add_codes(Maker& m, const SampleParameters& p) {
    const PukConfiguration puks[] = {{.key_reference = 1, .value = TRY(eight_digits(p.puk1, "puk1"))}};
    PukCodes puk{.header = m.header()};
    puk.puks.items = puks;
    TRY(m.add(asn1::encode(puk)));
    const PinConfiguration pins[] = {
        {.key_reference = 1,
         .value = {'0', '0', '0', '0', 0xFF, 0xFF, 0xFF, 0xFF},
         .unblocking_reference = uint16_t{1},
         .attributes =
             uint16_t{6}}, // may be changed and enabled, but is off: an unattended device types no PIN
        {.key_reference = 10,
         .value = TRY(eight_digits(p.adm1, "adm1")),
         .attributes = uint16_t{3},
         .attempts = uint16_t{0xAA}},
    };
    PinCodes pin{.header = m.header()};
    pin.pins.is = List<PinConfiguration>{.items = pins};
    return m.add(asn1::encode(pin));
}

Ok add_usim(Maker& m, const SampleParameters& p, const Constants& c, bool preferences) {
    static constexpr std::array<uint8_t, 2> kTemporaryFid = {0x7F, 0xD0};
    const auto imsi = TRY(imsi_to_ef(p.imsi));
    if (p.service_provider.size() > 16) return fail(Errc::bad_length, "serviceProviderName");
    OwnedBytes spn(17, 0xFF);
    spn[0] = 0x01;
    std::copy(p.service_provider.begin(), p.service_provider.end(), spn.begin() + 1);
    // Services: 12 SMSP, 19 SPN, 33 always, 34 EST, 85 EPS; 20, 42 and 43 the PLMN lists of add_preferences.
    // 3GPP TS 31.102 §4.2.8
    OwnedBytes ust(17, 0x00);
    const auto offer = [&](std::initializer_list<unsigned> services) {
        for (unsigned service : services)
            ust[(service - 1) / 8] = static_cast<uint8_t>(ust[(service - 1) / 8] | 1 << (service - 1) % 8);
    };
    offer({12, 19, 33, 34, 85});
    if (preferences) offer({20, 42, 43});
    const uint8_t est[] = {0x00}, ust_size[] = {0x11};
    const auto last = static_cast<unsigned>(p.imsi.back() - '0');
    const uint8_t acc[] = {static_cast<uint8_t>(last >= 8 ? 1 << (last - 8) : 0),
                           static_cast<uint8_t>(last < 8 ? 1 << last : 0)};
    const uint8_t ecc[] = {0x11, 0xF2, 0xFF, 0x00}; // 112
    const Member members[] = {
        {0xA2,
         {descriptor(
             {.file_id = kTemporaryFid, .df_name = Bytes(kUsimAid), .pin_status_template = Bytes(c.pins)})}},
        {0xA3, {content(imsi)}},
        {0xA4, {c.rules_file(), content(c.rules)}},
        // The first edition of the template has 14 octets, which end before service 113.
        {0xA8, {descriptor({.ef_file_size = Bytes(ust_size)}), content(ust)}},
        {0xAD, {content(spn)}},
        {0xAE, {content(est)}},
        {0xB2, {content(acc)}},
        {0xB6, {content(ecc)}},
    };
    return m.add(element(m, 0xB3, "2.23.143.1.2.4", members));
}

Ok add_aka(Maker& m, const SampleParameters& p) {
    AkaParameter aka{.header = m.header()};
    aka.configuration.is = AlgoParameter{
        .algorithm = AkaAlgorithm::milenage, .options = {0x01}, .key = p.k.reveal(), .opc = p.opc.reveal()};
    return m.add(asn1::encode(aka));
}

Ok add_preferences(Maker& m, const SampleParameters& p) {
    // Home network with E-UTRAN first; what a roaming IoT device scans before anything else.
    const auto digit = [&](size_t i) { return static_cast<uint8_t>(p.imsi[i] - '0'); };
    const uint8_t hplmn[] = {static_cast<uint8_t>(digit(1) << 4 | digit(0)),
                             static_cast<uint8_t>(0xF0 | digit(2)),
                             static_cast<uint8_t>(digit(4) << 4 | digit(3)),
                             0x40,
                             0x00};
    const Member members[] = {{0xAF, {}}, {0xB0, {}}, {0xB1, {content(hplmn)}}};
    return m.add(element(m, 0xB4, "2.23.143.1.2.5", members));
}

Ok add_end(Maker& m) { return m.add(asn1::encode(End{.header = m.header()})); }

} // namespace

Ok draw_secrets(SampleParameters& p, Random& random) {
    TRY(random.fill(p.k.writable()));
    TRY(random.fill(p.opc.writable()));
    for (std::string* code : {&p.puk1, &p.adm1}) {
        code->clear();
        while (code->size() < 8) // octets from 250 on would favour the low digits
            if (const uint8_t octet = TRY(random.draw<1>())[0]; octet < 250)
                *code += static_cast<char>('0' + octet % 10);
    }
    return {};
}

Result<SecretBytes> sample_operational(const SampleParameters& p) {
    const Constants c;
    Maker m;
    TRY(add_header(m, p, true));
    TRY(add_mf(m, p, c));
    TRY(add_codes(m, p));
    TRY(add_usim(m, p, c, true));
    TRY(add_preferences(m, p));
    TRY(add_aka(m, p));
    TRY(add_end(m));
    return SecretBytes(Bytes(m.out));
}

Result<SecretBytes> sample_bootstrap(const SampleParameters& p) {
    const Constants c;
    Maker m;
    TRY(add_header(m, p, false));
    TRY(add_mf(m, p, c));
    TRY(add_codes(m, p));
    TRY(add_usim(m, p, c, false));
    TRY(add_aka(m, p));
    TRY(add_end(m));
    return SecretBytes(Bytes(m.out));
}

} // namespace halyard::profile
