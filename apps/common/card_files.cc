#include "apps/common/card_files.h"
#include <algorithm>

namespace halyard::app {
namespace {
using profile::FileKind, profile::Node;

std::string fid_text(uint16_t fid) {
    const uint8_t octets[] = {static_cast<uint8_t>(fid >> 8), static_cast<uint8_t>(fid)};
    return hex(octets);
}
std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return out;
}
// "ef-ust" as people write it: EF.UST; "df-df-5gs": DF.5GS
std::string shown(const char* name) {
    std::string out = upper(name);
    if (const size_t dash = out.find('-'); dash == 2) out[2] = '.';
    if (out.starts_with("DF.DF-")) out.erase(3, 3);
    return out;
}

// Where names come from: a directory of a template. Its files stand behind it, up to the next directory.
struct Names {
    const profile::Template* table = nullptr;
    size_t directory = 0;
};
bool is_directory(FileKind k) { return k == FileKind::directory || k == FileKind::application; }

const profile::Template* template_named(std::string_view name) {
    for (const profile::Template& t : profile::templates())
        if (t.name == name) return &t;
    return nullptr;
}

// A FID means what it means below its directory only.
Names names_of(const Node& n, const Names& above) {
    if (n.kind == FileKind::application) {
        const std::string aid = hex(n.aid);
        const char* name = aid.starts_with("A0000000871002")   ? "usim"
                           : aid.starts_with("A0000000871004") ? "isim"
                           : aid.starts_with("A0000003431002") ? "csim"
                                                               : "";
        return {template_named(name), 0};
    }
    if (above.table)
        for (size_t i = 1; i < above.table->files.size(); ++i)
            if (above.table->files[i].fid == n.fid && is_directory(above.table->files[i].kind))
                return {above.table, i};
    for (const profile::Template& t : profile::templates())
        if (!t.files.empty() && t.files[0].fid == n.fid && t.files[0].kind == FileKind::directory)
            return {&t, 0};
    return {};
}

const profile::TemplateFile* behind(const Names& names, uint16_t fid) {
    if (!names.table) return nullptr;
    for (size_t i = names.directory + 1; i < names.table->files.size(); ++i) {
        const profile::TemplateFile& f = names.table->files[i];
        if (is_directory(f.kind)) return nullptr;
        if (f.fid == fid) return &f;
    }
    return nullptr;
}

// Of a file: in its directory's template, or in the one with the optional files that goes with it.
std::string file_name(const Names& names, uint16_t fid) {
    const profile::TemplateFile* f = behind(names, fid);
    if (!f && names.table && names.directory == 0)
        if (const auto* more = template_named("opt-" + std::string(names.table->name)))
            for (const profile::TemplateFile& other : more->files)
                if (!f && other.fid == fid && !is_directory(other.kind)) f = &other;
    return f ? shown(f->name) : std::string();
}

class Tree {
  public:
    explicit Tree(const profile::Image& image) : image_(image) {}
    std::vector<CardFileEntry> out;
    void add(uint32_t index, const std::string& above, size_t depth, const Names& outside) {
        const Node& n = image_.nodes[index];
        CardFileEntry e{.kind = n.kind, .fid = n.fid, .sfi = n.sfi, .depth = depth, .aid = hex(n.aid)};
        const std::string own = n.kind == FileKind::application ? e.aid : fid_text(n.fid);
        e.path = index == 0 ? "" : above.empty() ? own : above + "/" + own;
        const Names names = n.is_directory() ? names_of(n, outside) : outside;
        if (index == 0)
            e.name = "MF";
        else if (n.kind == FileKind::application)
            e.name = names.table ? "ADF." + upper(names.table->name) : "ADF";
        else if (n.is_directory())
            e.name = names.table ? shown(names.table->files[names.directory].name) : "";
        else
            e.name = file_name(outside, n.fid);
        if (!n.is_directory()) content(n, e);
        const std::string path = e.path;
        out.push_back(std::move(e));
        for (uint32_t i = 1; i < image_.nodes.size(); ++i)
            if (n.is_directory() && image_.nodes[i].parent == index) add(i, path, depth + 1, names);
    }

  private:
    void content(const Node& n, CardFileEntry& e) const {
        const Node* data = &n;
        if (!n.link.empty()) {
            e.link = hex(n.link);
            uint32_t at = 0;
            for (size_t i = 0; i + 1 < n.link.size(); i += 2)
                if (const auto next = image_.child(at, static_cast<uint16_t>(n.link[i] << 8 | n.link[i + 1])))
                    at = *next;
            if (at) data = &image_.nodes[at];
        }
        e.content = data->content;
        e.size = data->content.size();
        e.record_size = data->record_size;
        e.records = data->records();
    }
    const profile::Image& image_;
};
} // namespace

const char* name(FileKind kind) {
    switch (kind) {
    case FileKind::transparent: return "transparent";
    case FileKind::linear: return "linear fixed";
    case FileKind::cyclic: return "cyclic";
    case FileKind::ber_tlv: return "BER-TLV";
    case FileKind::directory: return "DF";
    case FileKind::application: return "ADF";
    }
    return "";
}

std::optional<uint16_t> fid_named(std::string_view wanted, std::string_view application) {
    const std::string optional = "opt-" + std::string(application);
    for (const bool own : {true, false})
        for (const profile::Template& t : profile::templates()) {
            if (own && application != t.name && optional != t.name) continue;
            for (const profile::TemplateFile& f : t.files)
                if (shown(f.name) == upper(wanted)) return f.fid;
        }
    return std::nullopt;
}

Result<profile::Image> image_of(const SoftCard& card, const euicc::StoredProfile& p) {
    return card.card().isdr().image(p.number);
}

Result<std::vector<CardFileEntry>> card_files(const SoftCard& card) {
    const euicc::StoredProfile* p = card.card().isdr().state().enabled();
    if (!p) return fail(Errc::not_found, "enabled profile");
    const profile::Image image = TRY(image_of(card, *p));
    Tree tree(image);
    if (!image.nodes.empty()) tree.add(0, {}, 0, {});
    return std::move(tree.out);
}

Result<CardFileEntry> find_card_file(const std::vector<CardFileEntry>& files, std::string_view path) {
    std::vector<std::string> wanted;
    for (size_t at = 0; at <= path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        if (end > at) wanted.push_back(upper(path.substr(at, end - at)));
        at = end + 1;
    }
    if (!wanted.empty() && (wanted[0] == "3F00" || wanted[0] == "MF")) wanted.erase(wanted.begin());
    if (wanted.empty())
        return files.empty() ? Result<CardFileEntry>(fail(Errc::not_found, "file")) : files[0];
    const CardFileEntry* found = nullptr;
    std::vector<const CardFileEntry*> above; // the way to the entry in hand
    for (const CardFileEntry& e : files) {
        above.resize(std::min(above.size(), e.depth));
        above.push_back(&e);
        const size_t own = above.size() - 1; // elements below the MF
        if (own < wanted.size()) continue;
        bool fits = true;
        for (size_t i = 0; i < wanted.size() && fits; ++i) {
            const CardFileEntry& part = *above[above.size() - wanted.size() + i];
            const std::string& w = wanted[i];
            const bool is_application = part.kind == FileKind::application;
            fits = w == upper(part.name) || (!is_application && w == fid_text(part.fid)) ||
                   (is_application && w.size() >= 10 && part.aid.starts_with(w));
        }
        // From the MF on it is exact; a shorter path may begin anywhere, if that says which file is meant.
        if (!fits) continue;
        if (own == wanted.size()) return e;
        if (found) return fail(Errc::conflict, "file");
        found = &e;
    }
    if (!found) return fail(Errc::not_found, "file");
    return *found;
}

} // namespace halyard::app
