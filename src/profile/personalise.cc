#include "profile/package.h"
#include <algorithm>
#include <set>

namespace halyard::profile {
namespace {

// Digits as PIN and PUK values: ASCII, filled with FF. A PUK always has eight. ETSI TS 102 221 §9.5.1
Result<std::array<uint8_t, 8>> code(std::string_view digits, const char* where, size_t least) {
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
    bool imsi = false, k = false, spn = false, acc = false, msisdn = false, smsp = false;
    std::set<std::string_view> codes; // by the names below
};

// Codes by their key references. ETSI TS 102 221 §9.5.1
struct Code {
    uint16_t reference;
    const char* name;
    std::optional<std::string> Personal::*value;
};
constexpr Code kPins[] = {{0x01, "pin1", &Personal::pin1},
                          {0x81, "pin2", &Personal::pin2},
                          {0x0A, "adm1", &Personal::adm1},
                          {0x0B, "adm2", &Personal::adm2}};
constexpr Code kPuks[] = {{0x01, "puk1", &Personal::puk1}, {0x81, "puk2", &Personal::puk2}};

bool has_any(const Personal& p, std::span<const Code> codes) {
    return std::any_of(codes.begin(), codes.end(), [&](const Code& c) { return (p.*c.value).has_value(); });
}
template <class Configuration>
Ok put_code(Configuration& c, const Personal& p, std::span<const Code> codes, size_t least, Done& done) {
    for (const Code& known : codes) {
        if (c.key_reference != known.reference || !(p.*known.value)) continue;
        c.value = TRY(code(*(p.*known.value), known.name, least));
        done.codes.insert(known.name);
    }
    return {};
}

Result<SecretBytes> header(const Element& e, const Personal& p) {
    ProfileHeader h = TRY(asn1::decode<ProfileHeader>(e.der));
    if (p.iccid) h.iccid = to_header_order(*p.iccid);
    return SecretBytes(Bytes(TRY(asn1::encode(h))));
}

// Length, type of number, digits swapped, FF behind them: 12 octets at `at`. 3GPP TS 31.102 §4.2.26, §4.2.27
Ok put_number(OwnedBytes& record, size_t at, std::string_view number, const char* where) {
    const bool international = number.starts_with('+');
    if (international) number.remove_prefix(1);
    if (number.empty() || number.size() > 20)
        return fail(Errc::bad_length, where, static_cast<uint32_t>(number.size()));
    record[at] = static_cast<uint8_t>(1 + (number.size() + 1) / 2);
    record[at + 1] = international ? 0x91 : 0x81;
    for (size_t i = 0; i < number.size(); ++i) {
        if (number[i] < '0' || number[i] > '9')
            return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
        uint8_t& octet = record[at + 2 + i / 2];
        const auto digit = static_cast<uint8_t>(number[i] - '0');
        octet = static_cast<uint8_t>(i % 2 ? (octet & 0x0F) | digit << 4 : 0xF0 | digit);
    }
    return {};
}

// Octets of a record of the member: what its descriptor says, otherwise the template.
size_t record_size(const TemplateMember& m) {
    size_t size = m.file ? m.file->size : 0;
    (void)m.commands.for_each([&](const FileCommand& c) {
        const auto* fcp = std::get_if<Fcp>(&c.is);
        if (fcp && fcp->file_descriptor && fcp->file_descriptor->size() > 2) {
            size = 0;
            for (uint8_t octet : fcp->file_descriptor->subspan(2)) size = size << 8 | octet;
        }
    });
    return size;
}

// What a person's data makes of one file; nullopt: the file has none of it.
Result<std::optional<OwnedBytes>> usim_file(const TemplateMember& m, const Personal& p, Done& done) {
    using Content = std::optional<OwnedBytes>;
    const std::string_view name = m.file ? m.file->name : "";
    if (name == "ef-imsi" && p.imsi) {
        done.imsi = true;
        return Content(owned(TRY(imsi_to_ef(*p.imsi))));
    }
    if (name == "ef-acc" && p.acc) {
        done.acc = true;
        return Content(owned(*p.acc));
    }
    if (name == "ef-acc" && p.imsi) { // access class: one of 0 to 9, from the last digit. 3GPP TS 22.011
        const unsigned access_class = static_cast<unsigned>(p.imsi->back() - '0');
        return Content({static_cast<uint8_t>(access_class >= 8 ? 1 << (access_class - 8) : 0),
                        static_cast<uint8_t>(access_class < 8 ? 1 << access_class : 0)});
    }
    if (name == "ef-spn" && p.service_provider) {
        if (p.service_provider->size() > 16) return fail(Errc::bad_length, "serviceProviderName");
        OwnedBytes spn(17, 0xFF);
        spn[0] = 0x01;
        std::copy(p.service_provider->begin(), p.service_provider->end(), spn.begin() + 1);
        done.spn = true;
        return Content(std::move(spn));
    }
    const size_t size = record_size(m);
    if (name == "ef-msisdn" && p.msisdn) { // alpha identifier, then 14 octets from the length on
        if (size < 14 || size > 255) return fail(Errc::unsupported, "msisdn: record length");
        OwnedBytes record(size, 0xFF);
        TRY(put_number(record, size - 14, *p.msisdn, "msisdn"));
        done.msisdn = true;
        return Content(std::move(record));
    }
    if (name == "ef-smsp" && p.service_centre) { // alpha identifier, then 28 octets from the indicators on
        if (size < 28 || size > 255) return fail(Errc::unsupported, "smsp: record length");
        OwnedBytes record(size, 0xFF);
        record[size - 28] = 0xFD; // the service centre's address and nothing else is present
        TRY(put_number(record, size - 28 + 13, *p.service_centre, "smsp"));
        done.smsp = true;
        return Content(std::move(record));
    }
    return Content();
}

Result<SecretBytes> files(const Element& e, size_t index, const Personal& p, Done& done) {
    TemplateElement t = TRY(take_apart(e));
    const Template& kind = *template_of(e.tag);
    std::vector<OwnedBytes> kept; // what replaced members point to
    const auto replace = [&](TemplateMember& m, Bytes data) -> Ok {
        kept.push_back(TRY(with_content(m, data)));
        m.commands = File{.content = kept.back()};
        return {};
    };
    // Files that the template makes by itself get a member of their own when they get a content.
    const auto member = [&](asn1::Tag tag) -> TemplateMember& {
        auto at = t.members.begin();
        while (at != t.members.end() && at->tag < tag) ++at;
        if (at == t.members.end() || at->tag != tag) at = t.members.insert(at, {tag, kind.find(tag), {}});
        return *at;
    };
    const bool usim = e.tag == 0xB3 || e.tag == 0xB4 || e.tag == 0xBF20 || e.tag == 0xBF21;
    if (p.service_centre && e.tag == 0xB3) (void)member(0xAB); // EF.SMSP
    for (TemplateMember& m : t.members) {
        if (m.file && std::string_view(m.file->name) == "ef-iccid" && p.iccid) TRY(replace(m, *p.iccid));
        if (!usim) continue;
        if (const auto content = TRY(usim_file(m, p, done))) TRY(replace(m, *content));
    }
    for (const auto& [place, content] : p.files)
        if (place.element == index && place.member) TRY(replace(member(place.member), content));
    if (kept.empty()) return SecretBytes(e.der);
    return SecretBytes(Bytes(TRY(encode(kind, t))));
}

// The content of files made by file management: what follows their createFCP until another file's turn.
Result<SecretBytes> management(const Element& e, size_t index, const Personal& p) {
    const auto mine = [&](const FilePlace& place) { return place.element == index && !place.member; };
    if (std::none_of(p.files.begin(), p.files.end(), [&](const auto& f) { return mine(f.first); }))
        return SecretBytes(e.der);
    auto pe = TRY(asn1::decode<GenericFileManagement>(e.der));
    size_t created = 0;
    bool dropping = false;
    std::vector<std::vector<ManagementCommand>> all;
    TRY(pe.commands.for_each([&](const List<ManagementCommand>& list) -> Ok {
        auto& out = all.emplace_back();
        return list.for_each([&](const ManagementCommand& c) {
            const bool create = std::holds_alternative<Fcp>(c.is);
            if (create || std::holds_alternative<Bytes>(c.is)) dropping = false;
            if (!dropping) out.push_back(c);
            if (!create) return;
            for (const auto& [place, content] : p.files)
                if (mine(place) && place.created == created) {
                    dropping = true;
                    out.emplace_back().is.emplace<3>(asn1::Tagged<Bytes, 0x81>{Bytes(content)});
                }
            ++created;
        });
    }));
    std::vector<List<ManagementCommand>> lists;
    for (const auto& commands : all)
        if (!commands.empty()) lists.push_back({.items = commands});
    pe.commands = {.items = lists};
    return SecretBytes(Bytes(TRY(asn1::encode(pe))));
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
    if (!list || !has_any(p, kPins)) return SecretBytes(e.der);
    std::vector<PinConfiguration> changed;
    TRY(list->for_each([&](PinConfiguration pin) -> Ok {
        TRY(put_code(pin, p, kPins, 4, done));
        changed.push_back(pin);
        return {};
    }));
    *list = {.items = changed};
    return secret(TRY(asn1::encode(codes)));
}

Result<SecretBytes> puks(const Element& e, const Personal& p, Done& done) {
    PukCodes codes = TRY(asn1::decode<PukCodes>(e.der));
    if (!has_any(p, kPuks)) return SecretBytes(e.der);
    std::vector<PukConfiguration> changed;
    TRY(codes.puks.for_each([&](PukConfiguration puk) -> Ok {
        TRY(put_code(puk, p, kPuks, 8, done));
        changed.push_back(puk);
        return {};
    }));
    codes.puks = {.items = changed};
    return secret(TRY(asn1::encode(codes)));
}

Result<SecretBytes> one(const Element& e, size_t index, const Personal& p, Done& done) {
    switch (e.tag) {
    case 0xA0: return header(e, p);
    case 0xA1: return management(e, index, p);
    case 0xA2: return pins(e, p, done);
    case 0xA3: return puks(e, p, done);
    case 0xA4: return aka(e, p, done);
    default: break;
    }
    if (template_of(e.tag)) return files(e, index, p, done);
    return SecretBytes(e.der);
}

} // namespace

Result<SecretBytes> personalise(Bytes package, const Personal& personal) {
    // A new key under the template's OPc, or the other way round, would be a mistake nobody notices.
    if (personal.k.has_value() != personal.opc.has_value())
        return fail(Errc::missing_field, personal.k ? "opc" : "k");
    SecretBytes out;
    Done done;
    size_t index = 0;
    for (const Element& e : TRY(parse(package))) out.append(TRY(one(e, index++, personal, done)).reveal());
    if (personal.imsi && !done.imsi) return fail(Errc::missing_field, "ef-imsi");
    if ((personal.k || personal.opc) && !done.k) return fail(Errc::missing_field, "akaParameter");
    if (personal.service_provider && !done.spn) return fail(Errc::missing_field, "ef-spn");
    if (personal.acc && !done.acc) return fail(Errc::missing_field, "acc");
    if (personal.msisdn && !done.msisdn) return fail(Errc::missing_field, "msisdn");
    if (personal.service_centre && !done.smsp) return fail(Errc::missing_field, "smsp");
    for (const auto codes : {std::span<const Code>(kPins), std::span<const Code>(kPuks)})
        for (const Code& c : codes)
            if (personal.*c.value && !done.codes.contains(c.name)) return fail(Errc::missing_field, c.name);
    return out;
}

} // namespace halyard::profile
