#include "profile/lint_model.h"

namespace halyard::profile {

Result<FilePlace> place_of(Bytes package, std::string_view path) {
    using namespace linting;
    std::string digits(path);
    std::erase(digits, '/');
    const auto ids = from_hex(digits, "path");
    if (!ids || ids->empty() || ids->size() % 2) return fail(Errc::bad_value, "path");
    Model model;
    model.elements = TRY(parse(package));
    const LintOptions options;
    Report report(model, options);
    build_files(model, report);
    if (model.files.empty()) return fail(Errc::not_found, "path");
    const LintFile* f = &model.files[0];
    for (size_t i = 0; f && i + 1 < ids->size(); i += 2) {
        const auto fid = static_cast<uint16_t>((*ids)[i] << 8 | (*ids)[i + 1]);
        if (i == 0 && fid == 0x3F00) continue;
        const auto usims = fid == 0x7FFF ? model.applications(kUsimAid) : std::vector<size_t>{};
        f = usims.empty() ? model.child(static_cast<size_t>(f - model.files.data()), fid)
                          : &model.files[usims.front()];
    }
    if (!f) return fail(Errc::not_found, "path");
    const bool linked = f->fcp && f->fcp->link_path && !f->fcp->link_path->empty();
    if (f->is_directory() || linked) return fail(Errc::unsupported, "path");
    FilePlace out{.element = f->element, .size = f->sized ? f->size : 0, .record = f->record};
    if (f->from) out.member = f->from->member;
    for (const LintFile& other : model.files) {
        if (&other == f) break;
        if (other.element == f->element) ++out.created;
    }
    return out;
}

} // namespace halyard::profile
