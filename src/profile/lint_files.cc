// Rules about files: sizes, identifiers, access rules.
#include "profile/lint_model.h"
#include <set>

namespace halyard::profile::linting {
namespace {

void check_size(const LintFile& f, Report& report) {
    const bool records = f.kind == FileKind::linear || f.kind == FileKind::cyclic;
    const bool linked = f.fcp && f.fcp->link_path && !f.fcp->link_path->empty();
    if (f.fcp && f.fcp->ef_file_size) {
        const Bytes size = *f.fcp->ef_file_size;
        if (size.empty() || (size.size() > 1 && size[0] == 0))
            report.file("file-size-form",
                        f,
                        "efFileSize " + (size.empty() ? "without octets" : hex(size)) +
                            ": use the shortest form");
    }
    // Of the CSIM's files (3GPP2 C.S0065) our tables tell no more than the names.
    const bool unknown = f.from && f.from->fid == 0 && f.from->arr == 0;
    if (linked || f.kind == FileKind::ber_tlv) {
        if (!linked && !f.sized && !unknown) report.file("file-size-missing", f, "give efFileSize");
        return;
    }
    if (f.sized && f.written > f.size)
        report.file("content-beyond-size",
                    f,
                    "content ends at octet " + std::to_string(f.written) + " of a file of " +
                        std::to_string(f.size) + ": raise efFileSize or shorten it");
    // Without a template to tell them, size and record length must be in the element.
    if (records && !f.record)
        return report.file("record-length", f, "give the record length in fileDescriptor");
    if (!f.sized && !unknown && (records || !f.written))
        report.file("file-size-missing", f, "give efFileSize");
    if (records && f.size % f.record)
        report.file("record-length",
                    f,
                    std::to_string(f.size) + " octets are no multiple of records of " +
                        std::to_string(f.record));
    const size_t unit = records ? f.record : f.size;
    if (f.pattern > unit && unit)
        report.file("pattern-too-long",
                    f,
                    "a pattern of " + std::to_string(f.pattern) + " octets for " + std::to_string(unit) +
                        ": what is behind is lost");
    if (f.from && !f.from->fill && f.explicit_ && !f.given && !unknown)
        report.file(
            "missing-content", f, "the template has no default for it: give fillFileContent or a pattern");
}

void check_application(const LintFile& f, Report& report) {
    if (!f.fcp || !f.fcp->df_name) report.file("adf-form", f, "give dfName: the AID");
    if (!f.fid) report.file("adf-form", f, "give a temporary fileID: other elements name the ADF by it");
    if (!f.fcp || !f.fcp->df_name || !f.from) return;
    static constexpr uint8_t kIsim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04},
                             kCsim[] = {0xA0, 0x00, 0x00, 0x03, 0x43, 0x10, 0x02};
    const std::string_view name = f.from->name;
    const Bytes aid = name == "adf-isim" ? Bytes(kIsim) : name == "adf-csim" ? Bytes(kCsim) : Bytes(kUsimAid);
    const Bytes given = *f.fcp->df_name;
    if (given.size() < aid.size() || !same(given.first(aid.size()), aid))
        report.file("aid-form", f, "dfName " + hex(given) + " should begin with " + hex(aid));
}

// The EF.ARR that a reference means: {record} or {FID, record}, in the file's directory or above it.
const LintFile* rules_of(const Model& m, const LintFile& f, Bytes reference) {
    std::vector<uint16_t> ids = {0x6F06, 0x2F06};
    if (reference.size() == 3) ids = {static_cast<uint16_t>(reference[0] << 8 | reference[1])};
    size_t directory = f.is_directory() && f.kind == FileKind::application
                           ? static_cast<size_t>(&f - m.files.data())
                           : f.parent;
    for (int level = 0; level < 8 && directory < m.files.size(); ++level) {
        for (uint16_t id : ids)
            if (const LintFile* arr = m.child(directory, id)) return arr;
        if (directory == 0) break;
        directory = m.files[directory].parent;
    }
    return nullptr;
}

void check_reference(const Model& m, const LintFile& f, Report& report) {
    if (!f.fcp || !f.fcp->security_attributes_referenced) return;
    const Bytes reference = *f.fcp->security_attributes_referenced;
    if (reference.size() == 2)
        return report.file("arr-reference",
                           f,
                           "securityAttributesReferenced " + hex(reference) +
                               ": one octet, or file and record");
    const LintFile* arr = rules_of(m, f, reference);
    if (!arr) return report.file("arr-reference", f, "no EF.ARR for reference " + hex(reference));
    const size_t record = reference.back(), records = arr->record ? arr->size / arr->record : 0;
    if (record == 0 || record > records)
        report.file("arr-reference",
                    f,
                    "record " + std::to_string(record) + " of " + m.path(*arr) + ", which has " +
                        std::to_string(records));
    else if (arr->content.size() >= record * arr->record && arr->content[(record - 1) * arr->record] == 0xFF)
        report.file("arr-empty", f, "record " + std::to_string(record) + " of " + m.path(*arr) + " is empty");
}

// Key references of a rule, and whether it can be read: {80 AM | 81..8F AM | 84 INS} followed by a condition.
bool read_rule(Bytes rule, std::set<uint8_t>& keys, int depth = 0) {
    if (depth > 4) return false;
    while (!rule.empty() && rule[0] != 0xFF) {
        const auto tlv = asn1::read_tlv(rule);
        if (!tlv) return false;
        switch (tlv->tag) {
        case 0xA4:
            for (Bytes rest = tlv->content; !rest.empty();) {
                const auto part = asn1::read_tlv(rest);
                if (!part) return false;
                if (part->tag == 0x83 && part->content.size() == 1) keys.insert(part->content[0]);
                rest = part->rest;
            }
            break;
        case 0xA0:
        case 0xA7:
        case 0xAF:
            if (!read_rule(tlv->content, keys, depth + 1)) return false;
            break;
        case 0x90:
        case 0x97:
            if (!tlv->content.empty()) return false;
            break;
        default:
            if ((tlv->tag & ~0x0Fu) != 0x80 || tlv->content.empty()) return false;
        }
        rule = tlv->rest;
    }
    return true;
}

void check_rules(const LintFile& f, Report& report) {
    for (size_t n = 0; f.record && (n + 1) * f.record <= f.content.size(); ++n) {
        std::set<uint8_t> keys;
        if (!read_rule(Bytes(f.content).subspan(n * f.record, f.record), keys))
            report.file("arr-form",
                        f,
                        "record " + std::to_string(n + 1) + " is no run of access modes and conditions");
    }
}

// EF.DIR: 61 { 4F AID … } in each record.
void check_directory_file(const Model& m, Report& report) {
    const LintFile* dir = m.files.empty() ? nullptr : m.child(0, 0x2F00);
    if (!dir) return;
    std::set<std::string> listed;
    for (size_t n = 0; dir->record && (n + 1) * dir->record <= dir->content.size(); ++n) {
        const auto entry = asn1::read_tlv(Bytes(dir->content).subspan(n * dir->record, dir->record));
        const auto aid = entry && entry->tag == 0x61 ? asn1::read_tlv(entry->content)
                                                     : Result<asn1::Tlv>(fail(Errc::bad_tag));
        if (aid && aid->tag == 0x4F) listed.insert(hex(aid->content));
    }
    for (const LintFile& f : m.files)
        if (f.kind == FileKind::application && f.fcp && f.fcp->df_name && !listed.count(hex(*f.fcp->df_name)))
            report.file("dir-entry", f, "EF.DIR has no record with " + hex(*f.fcp->df_name));
}
} // namespace

void check_files(const Model& m, Report& report) {
    std::set<std::pair<size_t, uint16_t>> ids;
    std::set<std::pair<size_t, uint8_t>> short_ids;
    for (size_t i = 0; i < m.files.size(); ++i) {
        const LintFile& f = m.files[i];
        if (f.kind == FileKind::application)
            check_application(f, report);
        else if (!f.is_directory())
            check_size(f, report);
        if (i && f.fid && !ids.emplace(f.parent, f.fid).second)
            report.file("duplicate-fid", f, "another file of the directory has this identifier");
        if (f.fcp && f.fcp->short_efid && !f.fcp->short_efid->empty()) {
            const uint8_t octet = (*f.fcp->short_efid)[0];
            if ((octet & 7) || octet < 0x08 || octet > 0xF0)
                report.file("sfi-form",
                            f,
                            "shortEFID " + hex(*f.fcp->short_efid) +
                                ": 08 to F0 in steps of 8, or no octet for none");
        }
        if (!f.is_directory() && f.sfi && f.explicit_ && !short_ids.emplace(f.parent, f.sfi).second)
            report.file("duplicate-sfi",
                        f,
                        "another file of the directory has short identifier " + std::to_string(f.sfi));
        if (f.fcp && f.fcp->link_path && !f.fcp->link_path->empty()) {
            const LintFile* target = m.at(*f.fcp->link_path);
            if (!target || target == &f)
                report.file("path-unknown", f, "linkPath " + hex(*f.fcp->link_path) + " leads to no file");
        }
    }
    check_directory_file(m, report);
}

void check_access(const Model& m, Report& report) {
    for (const LintFile& f : m.files) {
        check_reference(m, f, report);
        if (f.fid == 0x2F06 || (f.fid == 0x6F06 && f.kind == FileKind::linear)) check_rules(f, report);
    }
}

} // namespace halyard::profile::linting
