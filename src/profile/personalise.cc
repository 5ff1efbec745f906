#include "profile/package.h"

namespace halyard::profile {
namespace {

// Digits as PIN and PUK values: ASCII, filled with FF. A PUK always has eight. ETSI TS 102 221 §9.5.1
Result<std::array<uint8_t, 8>> code(std::string_view digits, const char* where, size_t least = 4) {
    std::array<uint8_t, 8> out;
    out.fill(0xFF);
    if (digits.size() < least || digits.size() > 8)
        return fail(Errc::bad_length, where, static_cast<uint32_t>(digits.size()));
    for (size_t i = 0; i < digits.size(); ++i)
        if (digits[i] < '0' || digits[i] > '9')
            return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
    std::copy(digits.begin(), digits.end(), out.begin());
    return out;
}

// The member's content replaced by `data`; its descriptor stays.
Result<OwnedBytes> with_content(const TemplateMember& member, Bytes data) {
    OwnedBytes out;
    TRY(member.commands.for_each([&](const FileCommand& c) -> Ok {
        if (std::holds_alternative<Fcp>(c.is)) append(out, TRY(asn1::encode(c)));
        return {};
    }));
    FileCommand content;
    content.is = data;
    append(out, TRY(asn1::encode(content)));
    return out;
}

// What holds keys or codes leaves no copy behind (SR-44).
SecretBytes secret(OwnedBytes octets) {
    SecretBytes out{Bytes(octets)};
    wipe(octets);
    return out;
}

struct Done {
    bool imsi = false, k = false, spn = false, pin1 = false, puk1 = false, adm1 = false;
};

Result<SecretBytes> header(const Element& e, const Personal& p) {
    ProfileHeader h = TRY(asn1::decode<ProfileHeader>(e.der));
    if (p.iccid) h.iccid = to_header_order(*p.iccid);
    return SecretBytes(Bytes(TRY(asn1::encode(h))));
}

Result<SecretBytes> files(const Element& e, const Personal& p, Done& done) {
    TemplateElement t = TRY(take_apart(e));
    std::vector<OwnedBytes> kept; // what replaced members point to
    kept.reserve(t.members.size());
    const auto replace = [&](TemplateMember& m, Bytes data) -> Ok {
        kept.push_back(TRY(with_content(m, data)));
        m.commands = File{.content = kept.back()};
        return {};
    };
    for (TemplateMember& m : t.members) {
        const std::string_view name = m.file ? m.file->name : "";
        if (name == "ef-iccid" && p.iccid) TRY(replace(m, *p.iccid));
        const bool usim = e.tag == 0xB3 || e.tag == 0xBF20 || e.tag == 0xBF21;
        if (!usim) continue;
        if (name == "ef-imsi" && p.imsi) {
            TRY(replace(m, TRY(imsi_to_ef(*p.imsi))));
            done.imsi = true;
        }
        if (name == "ef-acc" && p.imsi) { // access class: one of 0 to 9, from the last digit. 3GPP TS 22.011
            const unsigned access_class = static_cast<unsigned>(p.imsi->back() - '0');
            const uint8_t acc[] = {static_cast<uint8_t>(access_class >= 8 ? 1 << (access_class - 8) : 0),
                                   static_cast<uint8_t>(access_class < 8 ? 1 << access_class : 0)};
            TRY(replace(m, acc));
        }
        if (name == "ef-spn" && p.service_provider) {
            if (p.service_provider->size() > 16) return fail(Errc::bad_length, "serviceProviderName");
            OwnedBytes spn(17, 0xFF);
            spn[0] = 0x01;
            std::copy(p.service_provider->begin(), p.service_provider->end(), spn.begin() + 1);
            TRY(replace(m, spn));
            done.spn = true;
        }
    }
    if (kept.empty()) return SecretBytes(e.der);
    return SecretBytes(Bytes(TRY(encode(*template_of(e.tag), t))));
}

Result<SecretBytes> aka(const Element& e, const Personal& p, Done& done) {
    AkaParameter a = TRY(asn1::decode<AkaParameter>(e.der));
    auto* algorithm = std::get_if<AlgoParameter>(&a.configuration.is);
    if (!algorithm || (!p.k && !p.opc && !p.algorithm)) return SecretBytes(e.der);
    if (p.algorithm) algorithm->algorithm = *p.algorithm;
    if (p.k) algorithm->key = p.k->reveal();
    if (p.opc) algorithm->opc = p.opc->reveal();
    done.k = true;
    return secret(TRY(asn1::encode(a)));
}

Result<SecretBytes> pins(const Element& e, const Personal& p, Done& done) {
    PinCodes codes = TRY(asn1::decode<PinCodes>(e.der));
    auto* list = std::get_if<List<PinConfiguration>>(&codes.pins.is);
    if (!list || (!p.pin1 && !p.adm1)) return SecretBytes(e.der);
    std::vector<PinConfiguration> changed;
    TRY(list->for_each([&](PinConfiguration pin) -> Ok {
        if (pin.key_reference == 1 && p.pin1) {
            pin.value = TRY(code(*p.pin1, "pin1"));
            done.pin1 = true;
        }
        if (pin.key_reference == 10 && p.adm1) {
            pin.value = TRY(code(*p.adm1, "adm1"));
            done.adm1 = true;
        }
        changed.push_back(pin);
        return {};
    }));
    *list = {.items = changed};
    return secret(TRY(asn1::encode(codes)));
}

Result<SecretBytes> puks(const Element& e, const Personal& p, Done& done) {
    PukCodes codes = TRY(asn1::decode<PukCodes>(e.der));
    if (!p.puk1) return SecretBytes(e.der);
    std::vector<PukConfiguration> changed;
    TRY(codes.puks.for_each([&](PukConfiguration puk) -> Ok {
        if (puk.key_reference == 1) {
            puk.value = TRY(code(*p.puk1, "puk1", 8));
            done.puk1 = true;
        }
        changed.push_back(puk);
        return {};
    }));
    codes.puks = {.items = changed};
    return secret(TRY(asn1::encode(codes)));
}

Result<SecretBytes> one(const Element& e, const Personal& p, Done& done) {
    switch (e.tag) {
    case 0xA0: return header(e, p);
    case 0xA2: return pins(e, p, done);
    case 0xA3: return puks(e, p, done);
    case 0xA4: return aka(e, p, done);
    default: break;
    }
    if (template_of(e.tag)) return files(e, p, done);
    return SecretBytes(e.der);
}

} // namespace

Result<SecretBytes> personalise(Bytes package, const Personal& personal) {
    // A new key under the template's OPc, or the other way round, would be a mistake nobody notices.
    if (personal.k.has_value() != personal.opc.has_value())
        return fail(Errc::missing_field, personal.k ? "opc" : "k");
    SecretBytes out;
    Done done;
    for (const Element& e : TRY(parse(package))) out.append(TRY(one(e, personal, done)).reveal());
    if (personal.imsi && !done.imsi) return fail(Errc::missing_field, "ef-imsi");
    if ((personal.k || personal.opc) && !done.k) return fail(Errc::missing_field, "akaParameter");
    if (personal.service_provider && !done.spn) return fail(Errc::missing_field, "ef-spn");
    if (personal.pin1 && !done.pin1) return fail(Errc::missing_field, "pin1");
    if (personal.puk1 && !done.puk1) return fail(Errc::missing_field, "puk1");
    if (personal.adm1 && !done.adm1) return fail(Errc::missing_field, "adm1");
    return out;
}

namespace {
constexpr size_t kMaxFile = 0xFFFF; // offsets add up: no package may make us hold more

// Of the GSM 7 bit default alphabet what ASCII has as well; 3GPP TS 23.038 §6.2.1.
char readable(uint8_t septet) {
    if (septet == 0x11) return '_';
    if (septet == 0x00) return '@';
    return septet >= 0x20 && septet < 0x7B ? static_cast<char>(septet) : '?';
}
} // namespace

Result<Facts> facts(Bytes package) {
    Facts out;
    const auto content = [](const TemplateMember& m) {
        OwnedBytes all;
        size_t at = 0;
        (void)m.commands.for_each([&](const FileCommand& c) {
            if (const auto* fcp = std::get_if<Fcp>(&c.is); fcp && fcp->proprietary)
                if (const auto& pattern = fcp->proprietary->fill_pattern) all = owned(*pattern);
            const auto* skip = std::get_if<uint16_t>(&c.is);
            if (skip) at = std::min(at + *skip, kMaxFile);
            if (const auto* data = std::get_if<Bytes>(&c.is)) { // over a pattern, at its start
                if (all.size() < at + data->size()) all.resize(at + data->size(), 0xFF);
                std::copy(data->begin(), data->end(), all.begin() + static_cast<std::ptrdiff_t>(at));
                at += data->size();
            }
        });
        return all;
    };
    for (const Element& e : TRY(parse(package))) {
        if (e.tag == 0xA0) {
            const auto h = TRY(asn1::decode<ProfileHeader>(e.der));
            out.type = std::string(h.profile_type.value_or(""));
            out.iccid = from_header_order(h.iccid);
            out.major_version = h.major_version;
            out.minor_version = h.minor_version;
            TRY(h.mandatory_services.for_each([&](const Service& s) -> Ok {
                const asn1::Tlv tlv = TRY(asn1::read_tlv(s.tlv.der));
                const size_t index = tlv.tag - 0x80;
                out.mandatory_services.emplace_back(index < ServicesList::kCount ? ServicesList::kNames[index]
                                                                                 : "unknown");
                return {};
            }));
        }
        if (!template_of(e.tag)) continue;
        for (const TemplateMember& m : TRY(take_apart(e)).members) {
            const std::string_view name = m.file ? m.file->name : "";
            if (name == "ef-imsi" && out.imsi.empty()) out.imsi = imsi_from_ef(content(m));
            if (name == "ef-gid1") out.gid1 = content(m);
            if (name == "ef-gid2") out.gid2 = content(m);
            if (name == "ef-ad" && e.tag == 0xB3) {
                const OwnedBytes ad = content(m);
                if (ad.size() >= 4) out.mcc_mnc[2] = ad[3] & 15; // length of the MNC, used below
            }
            // The CSIM's file of that name is coded otherwise.
            if (name == "ef-spn" && e.tag != 0xBA && out.service_provider.empty()) {
                const OwnedBytes spn = content(m);
                for (size_t i = 1; i < spn.size() && spn[i] != 0xFF; ++i)
                    out.service_provider += readable(spn[i]);
            }
        }
    }
    const bool three = out.mcc_mnc[2] == 3;
    if (out.imsi.size() >= 6) {
        const auto digit = [&](size_t i) { return static_cast<uint8_t>(out.imsi[i] - '0'); };
        const uint8_t mnc3 = three ? digit(5) : uint8_t{15};
        out.mcc_mnc = {static_cast<uint8_t>(digit(1) << 4 | digit(0)),
                       static_cast<uint8_t>(mnc3 << 4 | digit(2)),
                       static_cast<uint8_t>(digit(4) << 4 | digit(3))};
        out.has_mcc_mnc = true;
    }
    return out;
}

} // namespace halyard::profile
