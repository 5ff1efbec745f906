#include "apps/ipad/eim_book.h"
#include "apps/common/files.h"
#include "rsp/es10b_iot.h"

namespace halyard::ipad {

Ok EimBook::load() {
    if (!std::filesystem::exists(path_)) return {};
    entries_ = TRY(read(TRY(app::read_file(path_, 4u << 20, "eims"))));
    ++revision_;
    return {};
}

Result<EimBook::Entries> EimBook::read(Bytes list) {
    Entries out;
    while (!list.empty()) {
        const auto tlv = TRY(asn1::read_tlv(list, "eimConfigurationDataList"));
        list = tlv.rest;
        const auto data = asn1::decode<rsp::EimConfigurationData>(tlv.whole);
        if (data) out[std::string(data->eim_id)] = owned(tlv.whole);
    }
    return out;
}

Ok EimBook::merge(Bytes response, std::string_view owed) {
    const auto outer = TRY(asn1::read_tlv(response, "getEimConfigurationDataResponse"));
    Entries now = TRY(read(TRY(asn1::read_tlv(outer.content, "eimConfigurationDataList")).content));
    if (const auto kept = entries_.find(owed); kept != entries_.end())
        now.insert(*kept); // unless it is listed
    ++revision_;
    if (now == entries_) return {};
    entries_ = std::move(now);
    return save();
}

Ok EimBook::save() const {
    OwnedBytes all;
    for (const auto& [id, der] : entries_) all.insert(all.end(), der.begin(), der.end());
    return app::write_secret(path_, all); // synced: an eIM's trust may outlive its entry on the card
}

net::Trust EimBook::trust_of(std::string_view eim_id, const net::Trust& fallback) const {
    const auto found = entries_.find(eim_id);
    if (found == entries_.end()) return fallback;
    const auto data = asn1::decode<rsp::EimConfigurationData>(Bytes(found->second));
    if (!data || !data->trusted_public_key_data_tls) return fallback;
    net::Trust trust;
    const auto& trusted = data->trusted_public_key_data_tls->is;
    if (const auto* key = std::get_if<0>(&trusted)) trust.pinned_key = key->der();
    if (const auto* certificate = std::get_if<1>(&trusted)) trust.pinned_certificate = certificate->der();
    return trust;
}

} // namespace halyard::ipad
