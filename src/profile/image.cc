#include "profile/image.h"

namespace halyard::profile {
namespace {
constexpr size_t kNodeCost = 32; // administration of one file, as real cards charge it
constexpr uint16_t kMf = 0x3F00;

uint32_t number(Bytes b) {
    uint32_t v = 0;
    for (uint8_t x : b) v = v << 8 | x;
    return v;
}

// "07~FF" → 07 FF FF … ; "~FF07" → FF … 07.
bool fill(OwnedBytes& content, size_t unit, const char* pattern) {
    const std::string_view text(pattern);
    const size_t tilde = text.find('~');
    const auto prefix = from_hex(text.substr(0, tilde));
    if (!prefix) return false;
    OwnedBytes repeat{0xFF}, suffix;
    if (tilde != std::string_view::npos) {
        const auto r = from_hex(text.substr(tilde + 1, 2));
        const auto s = from_hex(text.substr(tilde + 3));
        if (!r || !s) return false;
        repeat = *r;
        suffix = *s;
    }
    for (size_t start = 0; unit && start + unit <= content.size(); start += unit)
        for (size_t i = 0; i < unit; ++i) {
            const size_t from_end = unit - i;
            content[start + i] = from_end <= suffix.size() ? suffix[suffix.size() - from_end]
                                 : i < prefix->size()      ? (*prefix)[i]
                                                           : repeat[0];
        }
    return true;
}

void fill_with(OwnedBytes& content, size_t unit, Bytes pattern, bool repeat) {
    for (size_t start = 0; unit && start + unit <= content.size(); start += unit)
        for (size_t i = 0; i < unit; ++i)
            content[start + i] =
                repeat ? pattern[i % pattern.size()] : pattern[std::min(i, pattern.size() - 1)];
}
} // namespace

Image::~Image() {
    for (Pin& p : pins) wipe(p.value);
    for (Puk& p : puks) wipe(p.value);
    for (Aka& a : akas) wipe(a.element);
}

size_t Image::memory() const {
    size_t total = pins.size() * 16 + puks.size() * 16;
    for (const Node& n : nodes) total += kNodeCost + n.content.size();
    for (const Aka& a : akas) total += a.element.size();
    return total;
}

std::optional<uint32_t> Image::child(uint32_t directory, uint16_t fid) const {
    for (uint32_t i = 1; i < nodes.size(); ++i)
        if (nodes[i].parent == directory && nodes[i].fid == fid) return i;
    return std::nullopt;
}

std::optional<uint32_t> Image::application(Bytes aid) const {
    for (uint32_t i = 1; i < nodes.size(); ++i)
        if (nodes[i].kind == FileKind::application && nodes[i].aid.size() >= aid.size() && !aid.empty() &&
            same(Bytes(nodes[i].aid).first(aid.size()), aid))
            return i;
    return std::nullopt;
}

const Node* Image::find(std::initializer_list<uint16_t> path) const {
    if (nodes.empty()) return nullptr;
    uint32_t at = 0;
    for (uint16_t fid : path) {
        const auto next = child(at, fid);
        if (!next) return nullptr;
        at = *next;
    }
    const Node* node = &nodes[at];
    for (int hops = 0; !node->link.empty() && hops < 4; ++hops) {
        uint32_t target = 0;
        for (size_t i = 0; i + 1 < node->link.size(); i += 2) {
            const auto next = child(target, static_cast<uint16_t>(node->link[i] << 8 | node->link[i + 1]));
            if (!next) return node;
            target = *next;
        }
        node = &nodes[target];
    }
    return node;
}

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

// Values of the element's FCP override those of the template.
bool Installer::apply(Node& n, const Fcp& fcp, const Element& e) {
    if (fcp.file_id) n.fid = static_cast<uint16_t>((*fcp.file_id)[0] << 8 | (*fcp.file_id)[1]);
    if (fcp.df_name) n.aid = owned(*fcp.df_name);
    if (fcp.pin_status_template) n.pins = owned(*fcp.pin_status_template);
    if (fcp.security_attributes_referenced) n.security = owned(*fcp.security_attributes_referenced);
    if (fcp.link_path) n.link = owned(*fcp.link_path);
    if (fcp.short_efid)
        n.sfi = fcp.short_efid->empty() ? uint8_t{0} : static_cast<uint8_t>((*fcp.short_efid)[0] >> 3);
    if (fcp.file_descriptor) {
        const Bytes d = *fcp.file_descriptor;
        switch (d[0] & 0x3F) {
        case 0x01: n.kind = FileKind::transparent; break;
        case 0x02: n.kind = FileKind::linear; break;
        case 0x06: n.kind = FileKind::cyclic; break;
        case 0x38: n.kind = n.aid.empty() ? FileKind::directory : FileKind::application; break;
        case 0x39: n.kind = FileKind::ber_tlv; break;
        default: return refuse(PeStatusCode::bad_values, &e);
        }
        if (d.size() > 2) n.record_size = static_cast<uint16_t>(number(d.subspan(2)));
    }
    if (fcp.ef_file_size) {
        const uint32_t size = number(fcp.ef_file_size->first(std::min<size_t>(fcp.ef_file_size->size(), 4)));
        if (size > 0xFFFF) return refuse(PeStatusCode::bad_values, &e);
        if (!charge(size)) return refuse(PeStatusCode::not_enough_memory, &e);
        n.content.assign(size, 0xFF);
    }
    const size_t unit = n.record_size ? n.record_size : n.content.size();
    if (fcp.proprietary && fcp.proprietary->fill_pattern)
        fill_with(n.content, unit, *fcp.proprietary->fill_pattern, false);
    if (fcp.proprietary && fcp.proprietary->repeat_pattern)
        fill_with(n.content, unit, *fcp.proprietary->repeat_pattern, true);
    return true;
}

namespace {
// A new file as its template has it.
Node from_template(const TemplateFile& f, uint32_t parent) {
    Node n{.fid = f.fid, .parent = parent, .kind = f.kind, .sfi = f.sfi};
    if (n.is_directory()) return n;
    if (f.kind == FileKind::linear || f.kind == FileKind::cyclic) n.record_size = f.size;
    n.content.assign(static_cast<size_t>(f.size) * std::max<uint16_t>(f.records, 1), 0xFF);
    if (f.kind == FileKind::linear || f.kind == FileKind::cyclic)
        if (!f.records) n.content.clear();
    n.security = {f.arr};
    return n;
}

bool write(Node& n, size_t at, Bytes data) {
    if (n.content.size() < at + data.size()) {
        // Templates may leave the size to the content, where no size is given.
        if (!n.content.empty()) return false;
        n.content.assign(at + data.size(), 0xFF);
    }
    std::copy(data.begin(), data.end(), n.content.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}
} // namespace

bool Installer::files(const Element& e) {
    const Template& kind = *template_of(e.tag);
    const auto parts = take_apart(e);
    if (!parts) return refuse(PeStatusCode::invalid_request_format, &e);
    const bool root = kind.pe == 0xB0 || (kind.pe == 0xBF20 && image_.nodes.empty());
    if (!root && image_.nodes.empty()) return refuse(PeStatusCode::invalid_parameter, &e);
    if (kind.pe == 0xB0 && !image_.nodes.empty()) return refuse(PeStatusCode::invalid_request_format, &e);
    // Elements without a directory of their own add to that of the ADF they follow.
    uint32_t directory = current_;
    // Directories of the second level (graphics, phonebook …) hang under the element's first directory.
    std::optional<uint32_t> top;
    for (const TemplateFile& f : kind.files) {
        const auto member = std::find_if(parts->members.begin(),
                                         parts->members.end(),
                                         [&](const TemplateMember& m) { return m.tag == f.member; });
        const bool given = member != parts->members.end();
        if (!given && (!kind.created_by_default || (!f.fill && !f.required))) continue;
        const bool is_dir = f.kind == FileKind::directory || f.kind == FileKind::application;
        uint32_t parent = directory;
        if (is_dir) {
            if (image_.nodes.empty())
                parent = 0;
            else if (f.kind == FileKind::application || (kind.pe == 0xB2 && !top) || kind.pe == 0xB1)
                parent = 0;
            else
                parent = top ? *top : current_;
        }
        Node n = from_template(f, parent);
        if (image_.nodes.empty()) n.fid = kMf;
        if (f.fill && !fill(n.content, n.record_size ? n.record_size : n.content.size(), f.fill))
            return refuse(PeStatusCode::bad_values, &e);
        bool create = true, good = true;
        size_t at = 0;
        if (given)
            (void)member->commands.for_each([&](const FileCommand& c) -> Ok {
                if (std::holds_alternative<Null>(c.is)) create = false;
                if (const auto* fcp = std::get_if<Fcp>(&c.is)) {
                    good = good && apply(n, *fcp, e);
                    if (good && !fcp->ef_file_size && f.fill && n.record_size)
                        (void)fill(n.content, n.record_size, f.fill);
                    if (good && fcp->ef_file_size && f.fill &&
                        !(fcp->proprietary &&
                          (fcp->proprietary->fill_pattern || fcp->proprietary->repeat_pattern)))
                        (void)fill(n.content, n.record_size ? n.record_size : n.content.size(), f.fill);
                }
                if (const auto* skip = std::get_if<uint16_t>(&c.is)) at += *skip;
                if (const auto* data = std::get_if<Bytes>(&c.is)) {
                    good = good && write(n, at, *data);
                    at += data->size();
                }
                return {};
            });
        if (refused_) return false;
        if (!good) return refuse(PeStatusCode::bad_values, &e);
        if (!create && kind.pe != 0xB0) continue;
        if (!charge(kNodeCost + n.content.size())) return refuse(PeStatusCode::not_enough_memory, &e);
        if (n.is_directory() && n.fid == 0) return refuse(PeStatusCode::invalid_parameter, &e);
        if (n.fid == 0) continue; // no place known for it, and the element names none
        image_.nodes.push_back(std::move(n));
        if (is_dir) {
            directory = static_cast<uint32_t>(image_.nodes.size() - 1);
            if (!top) top = directory;
            // Files of "opt" elements that follow belong to the ADF, those of a DF element only to that DF.
            if (f.kind == FileKind::application || kind.pe == 0xB0 || kind.pe == 0xBF20) current_ = directory;
        }
    }
    return true;
}

bool Installer::management(const Element& e) {
    const auto m = asn1::decode<GenericFileManagement>(e.der);
    if (!m || image_.nodes.empty()) return refuse(PeStatusCode::invalid_request_format, &e);
    uint32_t directory = 0;
    std::optional<uint32_t> file;
    size_t at = 0;
    const auto select = [&](Bytes path) {
        uint32_t here = 0;
        for (size_t i = 0; i + 1 < path.size(); i += 2) {
            const auto next = image_.child(here, static_cast<uint16_t>(path[i] << 8 | path[i + 1]));
            if (!next) return false;
            here = *next;
        }
        at = 0;
        if (image_.nodes[here].is_directory()) {
            directory = here;
            file.reset();
        } else {
            file = here;
        }
        return path.size() % 2 == 0;
    };
    const auto run = [&](const ManagementCommand& c) -> Ok {
        if (const auto* path = std::get_if<0>(&c.is)) {
            if (!select(*path)) refuse(PeStatusCode::invalid_parameter, &e);
        } else if (const auto* fcp = std::get_if<1>(&c.is)) {
            Node n{.parent = directory};
            if (!apply(n, *fcp, e)) return fail(Errc::rejected);
            if (n.fid == 0) refuse(PeStatusCode::invalid_parameter, &e);
            if (!charge(kNodeCost)) refuse(PeStatusCode::not_enough_memory, &e);
            // Generic files without SFI in the FCP get it from their FID.
            if (!fcp->short_efid && !n.is_directory()) n.sfi = static_cast<uint8_t>(n.fid & 0x1F);
            image_.nodes.push_back(std::move(n));
            const auto created = static_cast<uint32_t>(image_.nodes.size() - 1);
            at = 0;
            if (image_.nodes[created].is_directory()) {
                directory = created;
                file.reset();
            } else {
                file = created;
            }
        } else if (const auto* skip = std::get_if<2>(&c.is)) {
            at += *skip;
        } else {
            const Bytes data = std::get<3>(c.is).value;
            if (!file || !write(image_.nodes[*file], at, data)) refuse(PeStatusCode::bad_values, &e);
            at += data.size();
        }
        if (refused_) return fail(Errc::rejected);
        return {};
    };
    (void)m->commands.for_each(
        [&](const List<ManagementCommand>& commands) -> Ok { return commands.for_each(run); });
    return !refused_;
}

bool Installer::pins(const Element& e) {
    const auto p = asn1::decode<PinCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    const auto* here = std::get_if<List<PinConfiguration>>(&p->pins.is);
    if (!here) return true; // shared with another directory, which has them
    (void)here->for_each([&](const PinConfiguration& pin) {
        image_.pins.push_back({pin.key_reference,
                               current_,
                               pin.value,
                               pin.unblocking_reference.value_or(0),
                               static_cast<uint8_t>(pin.attributes.value_or(7)),
                               static_cast<uint8_t>(pin.attempts.value_or(0x33))});
    });
    return charge(16 * image_.pins.size()) || refuse(PeStatusCode::not_enough_memory, &e);
}

bool Installer::puks(const Element& e) {
    const auto p = asn1::decode<PukCodes>(e.der);
    if (!p) return refuse(PeStatusCode::invalid_request_format, &e);
    (void)p->puks.for_each([&](const PukConfiguration& puk) {
        image_.puks.push_back(
            {puk.key_reference, puk.value, static_cast<uint8_t>(puk.attempts.value_or(0xAA))});
    });
    return true;
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
