// Files of an image from template elements and file management commands.
#include "profile/image.h"

namespace halyard::profile {
namespace {
constexpr uint16_t kMf = 0x3F00;
constexpr size_t kMaxFile = 0xFFFF; // what fillFileOffset can reach in one step; larger files are refused

uint32_t number(Bytes b) {
    uint32_t v = 0;
    for (uint8_t x : b) v = v << 8 | x;
    return v;
}

} // namespace

// Values of the element's FCP override those of the template.
bool Installer::apply(Node& n, const Fcp& fcp, const Element& e) {
    if (fcp.file_id) n.fid = static_cast<uint16_t>((*fcp.file_id)[0] << 8 | (*fcp.file_id)[1]);
    if (fcp.df_name) n.aid = owned(*fcp.df_name);
    if (fcp.pin_status_template) n.pins = owned(*fcp.pin_status_template);
    if (fcp.security_attributes_referenced) n.security = owned(*fcp.security_attributes_referenced);
    if (fcp.link_path) n.link = owned(*fcp.link_path);
    if (fcp.lcsi) n.life = (*fcp.lcsi)[0];
    if (fcp.proprietary && fcp.proprietary->special_file_information)
        n.special = (*fcp.proprietary->special_file_information)[0];
    if (fcp.short_efid)
        n.sfi = fcp.short_efid->empty() ? uint8_t{0} : static_cast<uint8_t>((*fcp.short_efid)[0] >> 3);
    if (fcp.file_descriptor) {
        const Bytes d = *fcp.file_descriptor;
        n.shareable = d[0] & 0x40;
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
        if (size > kMaxFile) return refuse(PeStatusCode::bad_values, &e);
        if (used_ + size > platform_.memory) return refuse(PeStatusCode::not_enough_memory, &e);
        n.content.assign(size, 0xFF);
    }
    const size_t unit = n.record_size ? n.record_size : n.content.size();
    if (fcp.proprietary && fcp.proprietary->fill_pattern)
        fill_pattern(n.content, unit, *fcp.proprietary->fill_pattern, false);
    if (fcp.proprietary && fcp.proprietary->repeat_pattern)
        fill_pattern(n.content, unit, *fcp.proprietary->repeat_pattern, true);
    return true;
}

namespace {
// A new file as its template has it.
Node from_template(const TemplateFile& f, uint32_t parent) {
    Node n{.fid = f.fid, .parent = parent, .kind = f.kind, .sfi = f.sfi};
    n.security = {f.arr};
    if (n.is_directory()) return n;
    if (f.kind == FileKind::linear || f.kind == FileKind::cyclic) n.record_size = f.size;
    n.content.assign(static_cast<size_t>(f.size) * std::max<uint16_t>(f.records, 1), 0xFF);
    if (f.kind == FileKind::linear || f.kind == FileKind::cyclic)
        if (!f.records) n.content.clear();
    return n;
}

bool write(Node& n, size_t at, Bytes data) {
    if (at + data.size() > kMaxFile) return false;
    if (n.content.size() < at + data.size()) {
        // Templates may leave the size to the content, where no size is given.
        if (!n.content.empty()) return false;
        n.content.assign(at + data.size(), 0xFF);
    }
    std::copy(data.begin(), data.end(), n.content.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}
} // namespace

// Where a file or directory of a template element belongs. Directories of the second level (graphics,
// phonebook …) hang under the element's first directory.
uint32_t Installer::parent_of(const Template& kind,
                              const TemplateFile& f,
                              uint32_t directory,
                              std::optional<uint32_t> top) const {
    if (f.kind != FileKind::directory && f.kind != FileKind::application) return directory;
    if (image_.nodes.empty() || f.kind == FileKind::application) return 0;
    if ((kind.pe == 0xB2 && !top) || kind.pe == 0xB1) return 0;
    return top ? *top : current_;
}

// What an element says about one of its files, in its order. False: refused.
bool Installer::fill_file(
    Node& n, const TemplateFile& f, const File& commands, const Element& e, bool& create) {
    bool good = true;
    size_t at = 0;
    (void)commands.for_each([&](const FileCommand& c) {
        if (!good) return;
        if (std::holds_alternative<Null>(c.is)) create = false;
        if (const auto* fcp = std::get_if<Fcp>(&c.is)) {
            good = apply(n, *fcp, e);
            const bool patterned =
                fcp->proprietary && (fcp->proprietary->fill_pattern || fcp->proprietary->repeat_pattern);
            // A new size or record length: the template's default content is laid out anew.
            if (good && f.fill && !patterned)
                (void)fill_default(n.content, n.record_size ? n.record_size : n.content.size(), f.fill);
        }
        if (const auto* skip = std::get_if<uint16_t>(&c.is)) at += *skip;
        if (const auto* data = std::get_if<Bytes>(&c.is)) {
            good = write(n, at, *data);
            at += data->size();
        }
    });
    return !refused_ && (good || refuse(PeStatusCode::bad_values, &e));
}

bool Installer::files(const Element& e) {
    const Template& kind = *template_of(e.tag);
    const auto parts = take_apart(e);
    if (!parts) return refuse(PeStatusCode::invalid_request_format, &e);
    const bool root = kind.pe == 0xB0 || (kind.pe == 0xBF20 && image_.nodes.empty());
    if (!root && image_.nodes.empty()) return refuse(PeStatusCode::invalid_parameter, &e);
    if (kind.pe == 0xB0 && !image_.nodes.empty()) return refuse(PeStatusCode::invalid_request_format, &e);
    // Elements without a directory of their own add to that of the ADF they follow.
    uint32_t directory = current_;
    std::optional<uint32_t> top;
    pin_directory_ = current_;
    for (const TemplateFile& f : kind.files) {
        const auto member = std::find_if(parts->members.begin(),
                                         parts->members.end(),
                                         [&](const TemplateMember& m) { return m.tag == f.member; });
        const bool given = member != parts->members.end();
        if (!given && (!kind.created_by_default || (!f.fill && !f.required))) continue;
        Node n = from_template(f, parent_of(kind, f, directory, top));
        if (image_.nodes.empty()) n.fid = kMf;
        if (f.fill && !fill_default(n.content, n.record_size ? n.record_size : n.content.size(), f.fill))
            return refuse(PeStatusCode::bad_values, &e);
        bool create = true;
        if (given && !fill_file(n, f, member->commands, e, create)) return false;
        if (!create && kind.pe != 0xB0) continue;
        if (!charge(Node::kCost + n.content.size())) return refuse(PeStatusCode::not_enough_memory, &e);
        if (n.is_directory() && n.fid == 0) return refuse(PeStatusCode::invalid_parameter, &e);
        if (n.fid == 0) continue; // no place known for it, and the element names none
        const bool is_directory = f.kind == FileKind::directory || f.kind == FileKind::application;
        image_.nodes.push_back(std::move(n));
        if (!is_directory) continue;
        directory = static_cast<uint32_t>(image_.nodes.size() - 1);
        if (!top) top = pin_directory_ = directory;
        // Files of "opt" elements that follow belong to the ADF, those of a DF element only to that DF.
        if (f.kind == FileKind::application || kind.pe == 0xB0 || kind.pe == 0xBF20)
            current_ = pin_directory_ = directory;
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
            if (!charge(Node::kCost + n.content.size())) refuse(PeStatusCode::not_enough_memory, &e);
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
            const size_t before = file ? image_.nodes[*file].content.size() : 0;
            if (!file || !write(image_.nodes[*file], at, data))
                refuse(PeStatusCode::bad_values, &e);
            else if (!charge(image_.nodes[*file].content.size() - before))
                refuse(PeStatusCode::not_enough_memory, &e);
            at += data.size();
        }
        if (refused_) return fail(Errc::rejected);
        return {};
    };
    (void)m->commands.for_each(
        [&](const List<ManagementCommand>& commands) -> Ok { return commands.for_each(run); });
    return !refused_;
}

} // namespace halyard::profile
