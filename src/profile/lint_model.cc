// The files a package describes, with all its mistakes: unlike the installer, which stops at the first.
#include "profile/lint_model.h"

namespace halyard::profile::linting {
namespace {
constexpr size_t kMaxFile = 0xFFFF, kMaxTotal = 4u << 20; // octets of content held for looking at

uint32_t number(Bytes b) {
    uint32_t v = 0;
    for (uint8_t x : b.first(std::min<size_t>(b.size(), 4))) v = v << 8 | x;
    return v;
}

class Builder {
  public:
    Builder(Model& model, Report& report) : m_(model), report_(report) {}
    void run() {
        for (size_t i = 0; i < m_.elements.size(); ++i) {
            const Element& e = m_.elements[i];
            if (template_of(e.tag))
                files(i);
            else if (e.tag == 0xA1)
                management(i);
            else if (e.tag == 0xA2)
                pins(i);
            else if (e.tag == 0xA3)
                puks(i);
            else if (e.tag == 0xA4)
                m_.akas.emplace_back(i, current_);
        }
    }

  private:
    void pins(size_t i) {
        const auto codes = asn1::decode<PinCodes>(m_.elements[i].der);
        const auto* list = codes ? std::get_if<List<PinConfiguration>>(&codes->pins.is) : nullptr;
        if (list)
            (void)list->for_each([&](const PinConfiguration& pin) {
                m_.pins.push_back({i, pin_directory_, pin});
            });
        const auto* path = codes ? std::get_if<Bytes>(&codes->pins.is) : nullptr;
        if (!path) return;
        const LintFile* shared = m_.at(*path);
        if (!shared || !shared->is_directory())
            return report_.element(
                "path-unknown", i, "there is no directory " + hex(*path) + " whose PINs could be shared");
        const auto from = static_cast<size_t>(shared - m_.files.data());
        for (size_t p = 0, n = m_.pins.size(); p < n; ++p)
            if (m_.pins[p].directory == from) m_.pins.push_back({i, pin_directory_, m_.pins[p].pin});
    }
    void puks(size_t i) {
        if (const auto codes = asn1::decode<PukCodes>(m_.elements[i].der))
            (void)codes->puks.for_each([&](const PukConfiguration& puk) { m_.puks.emplace_back(i, puk); });
    }

    void apply(LintFile& f, const Fcp& fcp) {
        f.fcp = fcp;
        if (fcp.file_id) f.fid = static_cast<uint16_t>((*fcp.file_id)[0] << 8 | (*fcp.file_id)[1]);
        if (fcp.short_efid)
            f.sfi = fcp.short_efid->empty() ? uint8_t{0} : static_cast<uint8_t>((*fcp.short_efid)[0] >> 3);
        if (fcp.file_descriptor) {
            const Bytes d = *fcp.file_descriptor;
            switch (d[0] & 0x3F) {
            case 0x01: f.kind = FileKind::transparent; break;
            case 0x02: f.kind = FileKind::linear; break;
            case 0x06: f.kind = FileKind::cyclic; break;
            case 0x39: f.kind = FileKind::ber_tlv; break;
            case 0x38: f.kind = fcp.df_name ? FileKind::application : FileKind::directory; break;
            default:
                report_.file("descriptor-form",
                             f,
                             "file descriptor " + hex(d) + ": use 41, 42, 46, 79 or 78 in its first octet");
            }
            if (d.size() > 2) f.record = number(d.subspan(2));
        }
        if (fcp.ef_file_size) {
            f.size = number(*fcp.ef_file_size);
            f.sized = true;
        }
        if (const auto& p = fcp.proprietary) {
            if (p->fill_pattern) f.pattern = std::max(f.pattern, p->fill_pattern->size());
            if (p->repeat_pattern) f.pattern = std::max(f.pattern, p->repeat_pattern->size());
            f.given |= p->fill_pattern || p->repeat_pattern;
        }
        lay_out(f);
        const size_t unit = f.record ? f.record : f.content.size();
        if (fcp.proprietary && fcp.proprietary->fill_pattern)
            fill_pattern(f.content, unit, *fcp.proprietary->fill_pattern, false);
        if (fcp.proprietary && fcp.proprietary->repeat_pattern)
            fill_pattern(f.content, unit, *fcp.proprietary->repeat_pattern, true);
    }
    // The file's octets before anything is written: the template's default, otherwise FF.
    void lay_out(LintFile& f) {
        const size_t size = std::min(f.size, kMaxFile);
        held_ -= f.content.size();
        f.content.assign(held_ + size > kMaxTotal ? 0 : size, 0xFF);
        held_ += f.content.size();
        if (f.from && f.from->fill)
            fill_default(f.content, f.record ? f.record : f.content.size(), f.from->fill);
    }
    void write(LintFile& f, size_t at, Bytes data) {
        f.given = f.given || !data.empty();
        f.written = std::max(f.written, at + data.size());
        if (!f.sized && f.written <= kMaxFile && held_ + f.written <= kMaxTotal &&
            f.content.size() < f.written) {
            held_ += f.written - f.content.size(); // the content tells the size
            f.content.resize(f.written, 0xFF);
        }
        if (!f.sized) f.size = f.written;
        for (size_t i = 0; i < data.size() && at + i < f.content.size(); ++i) f.content[at + i] = data[i];
    }

    LintFile from_template(size_t element, const TemplateFile& t) {
        LintFile f{.element = element, .offset = m_.elements[element].offset, .from = &t};
        f.fid = t.fid;
        f.kind = t.kind;
        f.sfi = t.sfi;
        const bool records = t.kind == FileKind::linear || t.kind == FileKind::cyclic;
        if (records) f.record = t.size;
        f.sized = t.size != 0 && (!records || t.records != 0);
        if (f.sized) f.size = static_cast<size_t>(t.size) * std::max<uint16_t>(t.records, 1);
        if (!f.is_directory()) lay_out(f);
        return f;
    }
    // As in the installer: where the directories of a template element hang.
    size_t parent_of(const Template& kind,
                     const TemplateFile& t,
                     size_t directory,
                     std::optional<size_t> top) const {
        if (t.kind != FileKind::directory && t.kind != FileKind::application) return directory;
        if (m_.files.empty() || t.kind == FileKind::application) return 0;
        if ((kind.pe == 0xB2 && !top) || kind.pe == 0xB1) return 0;
        return top ? *top : current_;
    }
    void files(size_t i) {
        const Element& e = m_.elements[i];
        const Template& kind = *template_of(e.tag);
        const auto parts = take_apart(e);
        if (!parts) return; // reported when it was read
        size_t directory = current_;
        std::optional<size_t> top;
        pin_directory_ = current_;
        for (const TemplateFile& t : kind.files) {
            const auto member = std::find_if(parts->members.begin(),
                                             parts->members.end(),
                                             [&](const auto& m) { return m.tag == t.member; });
            const bool given = member != parts->members.end();
            if (!given && (!kind.created_by_default || !t.fill)) continue;
            LintFile f = from_template(i, t);
            f.explicit_ = given;
            f.parent = parent_of(kind, t, directory, top);
            bool create = true;
            size_t at = 0;
            if (given) {
                f.offset = e.offset + static_cast<uint32_t>(member->commands.content.data() - e.der.data());
                (void)member->commands.for_each([&](const FileCommand& c) {
                    if (std::holds_alternative<asn1::Null>(c.is)) create = false;
                    if (const auto* fcp = std::get_if<Fcp>(&c.is)) apply(f, *fcp);
                    if (const auto* skip = std::get_if<uint16_t>(&c.is)) at += *skip;
                    if (const auto* data = std::get_if<Bytes>(&c.is)) {
                        write(f, at, *data);
                        at += data->size();
                    }
                });
            }
            if (!create && kind.pe != 0xB0) continue;
            const bool is_directory = f.is_directory();
            m_.files.push_back(std::move(f));
            if (!is_directory) continue;
            directory = m_.files.size() - 1;
            if (!top) top = pin_directory_ = directory;
            if (t.kind == FileKind::application || kind.pe == 0xB0 || kind.pe == 0xBF20)
                current_ = pin_directory_ = directory;
        }
    }

    void management(size_t i) {
        const Element& e = m_.elements[i];
        const auto pe = asn1::decode<GenericFileManagement>(e.der);
        if (!pe) return;
        size_t directory = 0, at = 0;
        std::optional<size_t> file;
        const auto run = [&](const ManagementCommand& c) {
            if (const auto* path = std::get_if<0>(&c.is)) {
                const LintFile* f = m_.at(*path);
                at = 0;
                if (!f)
                    return report_.element(
                        "path-unknown", i, "there is no file " + hex(*path) + " yet: create it first");
                const auto index = static_cast<size_t>(f - m_.files.data());
                if (f->is_directory()) directory = index;
                file = f->is_directory() ? std::nullopt : std::optional(index);
            } else if (const auto* fcp = std::get_if<1>(&c.is)) {
                LintFile f{.element = i, .offset = e.offset, .parent = directory, .explicit_ = true};
                apply(f, *fcp);
                if (!fcp->short_efid && !f.is_directory()) f.sfi = f.fid & 0x1F;
                m_.files.push_back(std::move(f));
                at = 0;
                const size_t index = m_.files.size() - 1;
                if (m_.files[index].is_directory()) directory = index;
                file = m_.files[index].is_directory() ? std::nullopt : std::optional(index);
            } else if (const auto* skip = std::get_if<2>(&c.is)) {
                at += *skip;
            } else if (file) {
                const Bytes data = std::get<3>(c.is).value;
                write(m_.files[*file], at, data);
                at += data.size();
            } else {
                report_.element("path-unknown", i, "content without a file selected before it");
            }
        };
        (void)pe->commands.for_each([&](const List<ManagementCommand>& l) { (void)l.for_each(run); });
    }

    Model& m_;
    Report& report_;
    size_t current_ = 0, pin_directory_ = 0, held_ = 0;
};
} // namespace

void build_files(Model& model, Report& report) { Builder(model, report).run(); }

std::string LintFile::label() const {
    const uint8_t id[] = {static_cast<uint8_t>(fid >> 8), static_cast<uint8_t>(fid)};
    return from ? from->name : hex(id);
}

const LintFile* Model::child(size_t directory, uint16_t fid) const {
    for (size_t i = 1; i < files.size(); ++i)
        if (files[i].parent == directory && files[i].fid == fid) return &files[i];
    return nullptr;
}

const LintFile* Model::at(Bytes path) const {
    if (files.empty() || path.size() % 2) return nullptr;
    const LintFile* f = &files[0];
    for (size_t i = 0; f && i + 1 < path.size(); i += 2)
        f = child(static_cast<size_t>(f - files.data()), static_cast<uint16_t>(path[i] << 8 | path[i + 1]));
    return f;
}

std::string Model::path(const LintFile& file) const {
    std::string out;
    const LintFile* f = &file;
    for (int level = 0; f != files.data() && level < 8; ++level) {
        const uint8_t id[] = {static_cast<uint8_t>(f->fid >> 8), static_cast<uint8_t>(f->fid)};
        out.insert(0, hex(id));
        if (f->parent >= files.size()) break;
        f = &files[f->parent];
    }
    return out.empty() ? "3F00" : out;
}

std::vector<size_t> Model::applications(Bytes aid) const {
    std::vector<size_t> out;
    for (size_t i = 0; i < files.size(); ++i) {
        const auto& fcp = files[i].fcp;
        if (files[i].kind == FileKind::application && fcp && fcp->df_name &&
            fcp->df_name->size() >= aid.size() && same(fcp->df_name->first(aid.size()), aid))
            out.push_back(i);
    }
    return out;
}

bool Model::has_service(std::string_view name) const {
    return std::find(services.begin(), services.end(), name) != services.end();
}

} // namespace halyard::profile::linting
