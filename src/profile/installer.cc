#include "profile/image.h"

namespace halyard::profile {
namespace {
constexpr size_t kCodeCost = 16; // of a PIN or PUK
} // namespace

bool Installer::refuse(PeStatusCode code, const Element* e) {
    PeStatus status{.status = code};
    if (e && e->header) status.identification = e->header->identification;
    statuses_.push_back(status);
    refused_ = true;
    return false;
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
        if (!e) return refuse(PeStatusCode::invalid_request_format);
        if (!*e) { // keep the unfinished tail only
            pending_ = SecretBytes(rest);
            return true;
        }
        if (ended_) return refuse(PeStatusCode::invalid_request_format);
        if (!install(**e)) return false;
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
    case 0xA8:
    case 0xA9: return charge(e.der.size()) || refuse(PeStatusCode::not_enough_memory, &e);
    default: break;
    }
    if (template_of(e.tag)) return files(e);
    if (e.header && e.header->mandated) return refuse(PeStatusCode::pe_not_supported, &e);
    PeStatus skipped{.status = PeStatusCode::pe_not_supported};
    if (e.header) skipped.identification = e.header->identification;
    statuses_.push_back(skipped);
    return true;
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
        const auto& names = platform_.services;
        supported &= std::find(names.begin(), names.end(), ServicesList::kNames[index]) != names.end();
    });
    if (!supported) return refuse(PeStatusCode::feature_not_supported, &e);
    bool templates_known = true;
    (void)h->mandatory_gfste.for_each(
        [&](const Oid& oid) { templates_known &= oid.text().starts_with("2.23.143.1.2."); });
    if (!templates_known) return refuse(PeStatusCode::template_not_supported, &e);
    if (h->mandatory_aids && !h->mandatory_aids->empty()) return refuse(PeStatusCode::lib_not_supported, &e);
    image_.iccid = from_header_order(h->iccid);
    if (h->connectivity_parameters) image_.connectivity = owned(*h->connectivity_parameters);
    return true;
}

bool Installer::pins(const Element& e) {
    const auto p = asn1::decode<PinCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    const auto* here = std::get_if<List<PinConfiguration>>(&p->pins.is);
    if (!here) { // shared with another directory, which has them
        const Bytes path = std::get<1>(p->pins.is);
        uint32_t at = 0;
        for (size_t i = 0; i + 1 < path.size(); i += 2) {
            const auto next = image_.child(at, static_cast<uint16_t>(path[i] << 8 | path[i + 1]));
            if (!next) return refuse(PeStatusCode::invalid_parameter, &e);
            at = *next;
        }
        if (!image_.nodes.empty()) image_.nodes[pin_directory_].pin_source = at;
        return true;
    }
    size_t count = 0;
    (void)here->for_each([&](const PinConfiguration& pin) {
        ++count;
        image_.pins.push_back({pin.key_reference,
                               pin_directory_,
                               pin.value,
                               pin.unblocking_reference.value_or(0),
                               static_cast<uint8_t>(pin.attributes.value_or(7)),
                               static_cast<uint8_t>(pin.attempts.value_or(0x33))});
    });
    return charge(kCodeCost * count) || refuse(PeStatusCode::not_enough_memory, &e);
}

bool Installer::puks(const Element& e) {
    const auto p = asn1::decode<PukCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    size_t count = 0;
    (void)p->puks.for_each([&](const PukConfiguration& puk) {
        ++count;
        image_.puks.push_back(
            {puk.key_reference, puk.value, static_cast<uint8_t>(puk.attempts.value_or(0xAA))});
    });
    return charge(kCodeCost * count) || refuse(PeStatusCode::not_enough_memory, &e);
}

bool Installer::aka(const Element& e) {
    const auto a = asn1::decode<AkaParameter>(e.der);
    if (!a) return refuse(PeStatusCode::invalid_request_format, &e);
    if (const auto* algorithm = std::get_if<AlgoParameter>(&a->configuration.is)) {
        const bool tuak = algorithm->algorithm == AkaAlgorithm::tuak;
        const size_t k = algorithm->key.size();
        if (k != 16 && !(tuak && k == 32)) return refuse(PeStatusCode::bad_values, &e);
    }
    if (image_.nodes.empty() || image_.nodes[current_].kind != FileKind::application)
        return refuse(PeStatusCode::invalid_parameter, &e);
    image_.akas.push_back({current_, owned(e.der)});
    return charge(e.der.size()) || refuse(PeStatusCode::not_enough_memory, &e);
}

bool Installer::finish(const Element& e) {
    ended_ = true;
    const Node* iccid = image_.find({0x2FE2});
    if (!iccid || iccid->content.size() != 10) return refuse(PeStatusCode::bad_values, &e);
    for (uint32_t i = 0; i < image_.nodes.size(); ++i) {
        // A USIM without an IMSI would attach nowhere.
        static constexpr uint8_t kUsim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
        const Node& n = image_.nodes[i];
        if (n.kind != FileKind::application || n.aid.size() < 7 || !same(Bytes(n.aid).first(7), kUsim))
            continue;
        const auto imsi = image_.child(i, 0x6F07);
        if (!imsi || image_.nodes[*imsi].content.size() != 9) return refuse(PeStatusCode::bad_values, &e);
    }
    if (statuses_.empty()) statuses_.push_back({.status = PeStatusCode::ok});
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
