#include "profile/image.h"

namespace halyard::profile {
bool Installer::refuse(PeStatusCode code, const Element* e) {
    PeStatus status{.status = code};
    if (e && e->header) status.identification = e->header->identification;
    statuses_.push_back(status);
    refused_ = true;
    return false;
}

// An element that we do not have: reported, unless it is mandated.
bool Installer::skip_element(const Element& e) {
    if (e.header && e.header->mandated) return refuse(PeStatusCode::pe_not_supported, &e);
    PeStatus skipped{.status = PeStatusCode::pe_not_supported};
    if (e.header) skipped.identification = e.header->identification;
    statuses_.push_back(skipped);
    return true;
}

bool Installer::offers(std::string_view service) const {
    const auto& names = platform_.services;
    return std::find(names.begin(), names.end(), service) != names.end();
}

bool Installer::charge(size_t octets) {
    used_ += octets;
    return used_ <= platform_.memory;
}

bool Installer::feed(Bytes more) {
    if (refused_) return false;
    pending_.append(more);
    for (Bytes rest = pending_.reveal();;) {
        const auto e = rest.empty() ? Result<std::optional<Element>>(std::optional<Element>{})
                                    : next_element(rest, offset_);
        if (e && !*e) { // keep the unfinished tail only
            pending_ = SecretBytes(rest);
            return true;
        }
        if (!e || ended_)
            refuse(PeStatusCode::invalid_request_format);
        else
            install(**e);
        if (refused_) { // memory is left as it was
            image_ = Image();
            pending_ = SecretBytes();
            return false;
        }
        offset_ += static_cast<uint32_t>((*e)->der.size());
        rest = rest.subspan((*e)->der.size());
    }
}

bool Installer::install(const Element& e) {
    if (!started_ && e.tag != 0xA0) return refuse(PeStatusCode::invalid_request_format, &e);
    switch (e.tag) {
    case 0xA0: return header(e);
    case 0xA1: return management(e);
    case 0xA2: return pins(e);
    case 0xA3: return puks(e);
    case 0xA4: return aka(e);
    case 0xAA: return finish(e);
    case 0xA5: // kept as memory only: this card has no CDMA, runs no applets and no remote management (SR-25)
    case 0xA6:
    case 0xA7:
    case 0xA8: return charge(e.der.size()) || refuse(PeStatusCode::not_enough_memory, &e);
    default: break;
    }
    return template_of(e.tag) ? files(e) : skip_element(e);
}

bool Installer::header(const Element& e) {
    if (started_) return refuse(PeStatusCode::invalid_request_format, &e);
    started_ = true;
    const auto h = asn1::decode<ProfileHeader>(e.der);
    if (!h) return refuse(PeStatusCode::invalid_request_format, &e);
    if (h->major_version > platform_.max_major_version)
        return refuse(PeStatusCode::unsupported_profile_version, &e);
    bool supported = true;
    (void)h->mandatory_services.for_each([&](const Service& s) {
        const auto tlv = asn1::read_tlv(s.tlv.der);
        const size_t index = tlv && tlv->tag >= 0x80 ? tlv->tag - 0x80 : ServicesList::kCount;
        if (index >= ServicesList::kCount) return void(supported = false);
        supported &= offers(ServicesList::kNames[index]);
    });
    if (!supported) return refuse(PeStatusCode::feature_not_supported, &e);
    bool templates_known = true;
    (void)h->mandatory_gfste.for_each(
        [&](const Oid& oid) { templates_known &= element_of_template(oid.text()) != 0; });
    if (!templates_known) return refuse(PeStatusCode::template_not_supported, &e);
    if (h->mandatory_aids && !h->mandatory_aids->empty()) return refuse(PeStatusCode::lib_not_supported, &e);
    image_.iccid = from_header_order(h->iccid);
    if (h->connectivity_parameters) image_.connectivity = owned(*h->connectivity_parameters);
    return true;
}

Result<OwnedBytes> Installer::response() const {
    EuiccResponse response;
    response.statuses.items = statuses_;
    if (refused_) response.aborted = Null{};
    return asn1::encode(response);
}

Result<Image> install(Bytes package, const Platform& platform) {
    Installer installer(platform);
    const bool ok = installer.feed(package);
    if (!ok || !installer.complete()) {
        const auto& s = installer.statuses();
        return fail(Errc::rejected,
                    "EUICCResponse",
                    s.empty() ? static_cast<uint32_t>(PeStatusCode::invalid_request_format)
                              : static_cast<uint32_t>(s.back().status));
    }
    return installer.take();
}

} // namespace halyard::profile
