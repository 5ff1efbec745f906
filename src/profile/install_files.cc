// Files of an image from template elements.
#include "profile/new_file.h"

namespace halyard::profile {
namespace {
constexpr uint16_t kMf = 0x3F00, kAdf = 0x7FFF;
constexpr asn1::Tag kMfElement = 0xB0, kUsim = 0xB3, kEap = 0xBB, kIot = 0xBF20;
constexpr auto kFileExists = static_cast<PeStatusCode>(0x6A89); // ETSI TS 102 222 §6.3.3
constexpr auto kNameExists = static_cast<PeStatusCode>(0x6A8A);

// The element that makes the application an element adds to; 0: it stands for itself.
asn1::Tag application_of(asn1::Tag pe) {
    switch (pe) {
    case 0xB4:
    case 0xB7:
    case 0xB8:
    case 0xBC:
    case 0xBD:
    case 0xBE:
    case 0xBF1F:
    case 0xBF21: return kUsim; // or that of the IoT profile
    case 0xB6: return 0xB5;
    case 0xBA: return 0xB9;
    default: return 0;
    }
}
PeStatusCode status_of(const Error& e) { return static_cast<PeStatusCode>(e.detail); }
} // namespace

std::optional<uint32_t> Installer::resolve(Bytes path) const {
    if (image_.nodes.empty() || path.size() % 2) return std::nullopt;
    uint32_t at = 0;
    for (size_t i = 0; i < path.size(); i += 2) {
        const auto fid = static_cast<uint16_t>(path[i] << 8 | path[i + 1]);
        if (i == 0 && fid == kMf) continue;
        if (i == 0 && fid == kAdf && application_) {
            at = current_;
            continue;
        }
        const auto next = image_.child(image_.linked(at), fid);
        if (!next) return std::nullopt;
        at = *next;
    }
    return at;
}

// The file takes its place in the tree, or the reason why not.
Result<uint32_t> Installer::add(NewFile& file) {
    Node n = TRY(file.finish());
    if (!image_.nodes.empty() && image_.child(n.parent, n.fid)) return refusal(kFileExists);
    if (n.kind == FileKind::application)
        for (const Node& other : image_.nodes)
            if (same(other.aid, n.aid)) return refusal(kNameExists);
    if (!n.link.empty()) {
        const auto target = resolve(n.link);
        if (!target) return refusal(PeStatusCode::invalid_parameter);
        const Node& to = image_.nodes[image_.linked(*target)];
        if (to.is_directory() != n.is_directory() || n.kind == FileKind::application)
            return refusal(PeStatusCode::invalid_parameter);
        n.kind = to.kind;
        n.record_size = to.record_size;
        n.link = image_.path_of(image_.linked(*target)); // 7FFF would mean another file later
    }
    if (!charge(Node::kCost + n.content.size())) return refusal(PeStatusCode::not_enough_memory);
    image_.nodes.push_back(std::move(n));
    return static_cast<uint32_t>(image_.nodes.size() - 1);
}

// Where a file or directory of a template element belongs. Directories of the second level (graphics,
// phonebook …) hang under the element's first directory.
uint32_t Installer::parent_of(const Template& kind, const TemplateFile& f, const Placing& at) const {
    if (f.kind != FileKind::directory && f.kind != FileKind::application) return at.directory;
    if (image_.nodes.empty() || f.kind == FileKind::application) return 0;
    if ((kind.pe == 0xB2 && !at.top) || kind.pe == 0xB1) return 0;
    if (kind.pe == 0xBF21) return current_; // several directories, side by side
    return at.top ? *at.top : current_;
}

bool Installer::place(NewFile& file, const TemplateFile& f, const Element& e, Placing& at) {
    const auto index = add(file);
    if (!index) return refuse(status_of(index.error()), &e);
    if (!image_.nodes[*index].is_directory()) return true;
    at.directory = *index;
    if (!at.top) at.top = pin_directory_ = *index;
    // Files of "opt" elements that follow belong to the ADF, those of a DF element only to that DF.
    if (f.kind == FileKind::application) application_ = e.tag == kIot ? kUsim : e.tag;
    if (f.kind == FileKind::application || *index == 0) current_ = pin_directory_ = *index;
    return true;
}

// One member: the file it makes, or several of a range of identifiers, each beginning with its descriptor.
bool Installer::member(
    const Template& kind, const TemplateFile& f, const File* commands, const Element& e, Placing& at) {
    std::optional<NewFile> file(std::in_place, f, parent_of(kind, f, at));
    const auto done = [&] {
        // In the MF doNotCreate has no effect; a template that creates nothing by itself must not carry it.
        const bool in_mf = file->node().parent == 0 && kind.created_by_default && !file->is_directory();
        if (!file->wanted() && !in_mf) return !file->is_directory() || refuse(PeStatusCode::bad_values, &e);
        // Of the CSIM's files we know no more than the names.
        if (!f.arr && !file->is_directory() && (!file->typed() || !file->node().fid))
            return refuse(PeStatusCode::template_not_supported, &e);
        // Without a default the package must say what stands in a file that its template demands.
        if (f.required && !f.fill && f.fid && !file->is_directory() && !file->given())
            return refuse(PeStatusCode::bad_values, &e);
        return place(*file, f, e, at);
    };
    Ok ok;
    const Ok all = !commands ? Ok{} : commands->for_each([&](const FileCommand& c) -> Ok {
        if (std::holds_alternative<Null>(c.is)) file->do_not_create();
        if (const auto* fcp = std::get_if<Fcp>(&c.is)) {
            if (file->described()) {
                // Elsewhere a second descriptor means nothing, and could be repeated without end.
                if (!f.last_fid) return ok = refusal(PeStatusCode::bad_values);
                if (!done()) return fail(Errc::rejected);
                file.emplace(f, parent_of(kind, f, at));
            }
            ok = file->describe(*fcp, room());
        }
        if (const auto* skip = std::get_if<uint16_t>(&c.is)) file->skip(*skip);
        if (const auto* data = std::get_if<Bytes>(&c.is)) ok = file->write(*data, room());
        return ok;
    });
    if (refused_) return false;
    if (!ok) return refuse(status_of(ok.error()), &e);
    if (!all) return refuse(PeStatusCode::invalid_request_format, &e);
    return done();
}

// Elements of templates that this edition does not know are skipped, unless they are mandated.
bool Installer::known_template(const TemplateElement& parts, const Element& e, bool& skip) {
    const std::string id = parts.template_id.text();
    const asn1::Tag pe = element_of_template(id);
    if (pe == e.tag) return true;
    if (pe || parts.header.mandated) return refuse(PeStatusCode::template_not_supported, &e);
    skip = true;
    return skip_element(e);
}

bool Installer::files(const Element& e) {
    const Template& kind = *template_of(e.tag);
    const auto parts = take_apart(e);
    if (!parts) return refuse(PeStatusCode::invalid_request_format, &e);
    bool skip = false;
    if (!known_template(*parts, e, skip) || skip) return !refused_;
    const bool root = e.tag == kMfElement || e.tag == kIot;
    if (!root && image_.nodes.empty()) return refuse(PeStatusCode::invalid_parameter, &e);
    if (e.tag == kMfElement && !image_.nodes.empty()) return refuse(PeStatusCode::invalid_request_format, &e);
    if (const asn1::Tag needs = application_of(e.tag); needs && needs != application_)
        return refuse(PeStatusCode::invalid_parameter, &e);
    if (e.tag == kEap && !application_) return refuse(PeStatusCode::invalid_parameter, &e);
    const auto given = [&](const TemplateFile& f) -> const File* {
        for (const TemplateMember& m : parts->members)
            if (m.tag == f.member) return &m.commands;
        return nullptr;
    };
    // The minimal profile leaves files out whose content only its own rules tell; we do not have those.
    if (e.tag == kIot)
        for (const TemplateFile& f : kind.files)
            if (!f.fill && !given(f) && std::string_view(f.name) != "ef-umpc" &&
                !(f.fid >= 0x2F00 && f.fid <= kMf && !image_.nodes.empty()))
                return refuse(PeStatusCode::template_not_supported, &e);
    if (e.tag == kIot && !image_.nodes.empty() && given(kind.files.front()))
        return refuse(PeStatusCode::invalid_request_format, &e); // there is an MF
    Placing at{.directory = e.tag == kIot ? 0 : current_, .top = {}};
    pin_directory_ = current_;
    codes_of_both_ = e.tag == kIot;
    for (const TemplateFile& f : kind.files) {
        const File* const commands = given(f);
        if (!commands && (!kind.created_by_default || !f.fill)) continue;
        if (!commands && f.fid >= 0x2F00 && f.fid <= kMf && image_.child(0, f.fid)) continue;
        const TemplateFile as = of_edition(f, parts->template_id.text());
        if (!member(kind, as, commands, e, at)) return false;
    }
    return true;
}

} // namespace halyard::profile
