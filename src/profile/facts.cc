// What can be said of a package without making its file system.
#include "profile/package.h"

namespace halyard::profile {

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
