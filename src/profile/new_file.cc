#include "profile/new_file.h"

namespace halyard::profile {
namespace {
constexpr uint8_t kShareable = 0x40, kHighUpdate = 0x80; // of file descriptor, of special file information
constexpr size_t kMaxPins = 26;                          // that a card may have. ETSI TS 102 221 §9.5.1
constexpr uint8_t kLastSfi = 30;                         // 31 is none. ETSI TS 102 221 §8.5

// Most significant octet first; what is larger than any file stays that.
size_t number(Bytes b) {
    size_t v = 0;
    for (const uint8_t x : b) v = std::min<size_t>(v << 8 | x, NewFile::kMaxSize + 1);
    return v;
}
} // namespace

NewFile::NewFile(const TemplateFile& from, uint32_t parent) : edition_(from) {
    from_ = &edition_;
    node_ = {.fid = from.fid, .parent = parent, .kind = from.kind, .sfi = from.sfi};
    if (from.arr) node_.security = {from.arr};
    if (from.high_update) node_.special = kHighUpdate;
    if (node_.is_directory()) return;
    if (has_records()) node_.record_size = from.size;
    sized_ = from.size && (!has_records() || from.records);
    if (sized_) node_.content.assign(size_t{from.size} * std::max<uint16_t>(from.records, 1), 0xFF);
    lay_out();
}

// What stands in the file before anything is written.
void NewFile::lay_out() {
    std::fill(node_.content.begin(), node_.content.end(), uint8_t{0xFF});
    if (from_ && from_->fill) (void)fill_default(node_.content, unit(), from_->fill);
}

Ok NewFile::set_descriptor(Bytes d) {
    const bool was_directory = node_.is_directory();
    typed_ = true;
    node_.shareable = d[0] & kShareable;
    switch (d[0] & 0x3F) {
    case 0x01: node_.kind = FileKind::transparent; break;
    case 0x02: node_.kind = FileKind::linear; break;
    case 0x06: node_.kind = FileKind::cyclic; break;
    case 0x39: node_.kind = FileKind::ber_tlv; break;
    case 0x38:
        if (!was_directory) node_.kind = FileKind::directory;
        break;
    default: return refusal(PeStatusCode::bad_values);
    }
    // A template's directory does not turn into a file, nor the other way round.
    if (from_ && was_directory != node_.is_directory()) return refusal(PeStatusCode::bad_values);
    if (!has_records()) node_.record_size = 0;
    if (has_records() && d.size() > 2) {
        const size_t size = number(d.subspan(2));
        if (size == 0 || size > 255) return refusal(PeStatusCode::bad_values);
        node_.record_size = static_cast<uint16_t>(size);
    }
    return {};
}

Ok NewFile::set_size(const Fcp& fcp, size_t room) {
    if (fcp.ef_file_size) {
        const size_t size = number(*fcp.ef_file_size);
        if (size > kMaxSize || !size) return refusal(PeStatusCode::bad_values);
        if (size > room) return refusal(PeStatusCode::not_enough_memory);
        node_.content.assign(size, 0xFF);
        sized_ = true;
    } else if (from_ && has_records() && from_->records && from_->kind == node_.kind) {
        // Other records than the template's, as many of them.
        const size_t size = size_t{node_.record_size} * from_->records;
        if (size > kMaxSize) return refusal(PeStatusCode::bad_values);
        if (size > room) return refusal(PeStatusCode::not_enough_memory);
        node_.content.assign(size, 0xFF);
    } else if (size_unknown() && has_records() && node_.content.empty()) {
        node_.content.assign(node_.record_size, 0xFF); // one at least
    }
    return {};
}

Ok NewFile::describe(const Fcp& fcp, size_t room) {
    described_ = true;
    if (fcp.file_descriptor) TRY(set_descriptor(*fcp.file_descriptor));
    if (fcp.file_id) node_.fid = static_cast<uint16_t>((*fcp.file_id)[0] << 8 | (*fcp.file_id)[1]);
    if (fcp.df_name) {
        if (!node_.is_directory()) return refusal(PeStatusCode::bad_values);
        node_.aid = owned(*fcp.df_name);
        node_.kind = FileKind::application;
    }
    if (fcp.pin_status_template) {
        if (fcp.pin_status_template->size() > kMaxPins) return refusal(PeStatusCode::bad_values);
        node_.pins = owned(*fcp.pin_status_template);
    }
    if (fcp.security_attributes_referenced) node_.security = owned(*fcp.security_attributes_referenced);
    if (fcp.lcsi) node_.life = (*fcp.lcsi)[0];
    if (fcp.link_path) node_.link = owned(*fcp.link_path); // empty: a file of its own again
    if (node_.is_directory()) return {};
    if (fcp.proprietary && fcp.proprietary->special_file_information)
        node_.special = (*fcp.proprietary->special_file_information)[0];
    if (fcp.short_efid)
        node_.sfi = fcp.short_efid->empty() ? uint8_t{0} : static_cast<uint8_t>((*fcp.short_efid)[0] >> 3);
    else if (!from_ && fcp.file_id) // generic files have it from their FID
        node_.sfi = static_cast<uint8_t>(node_.fid & 0x1F);
    if (node_.sfi > kLastSfi) node_.sfi = 0;
    TRY(set_size(fcp, room));
    lay_out();
    if (!fcp.proprietary) return {};
    const auto& fill = fcp.proprietary->fill_pattern;
    const auto& repeat = fcp.proprietary->repeat_pattern;
    if (fill && repeat) return refusal(PeStatusCode::bad_values); // only one may be present
    if (fill) fill_pattern(node_.content, unit(), *fill, false);
    if (repeat) fill_pattern(node_.content, unit(), *repeat, true);
    given_ |= fill || repeat;
    return {};
}

Ok NewFile::write(Bytes data, size_t room) {
    const size_t end = at_ + data.size();
    if (node_.is_directory() || end > kMaxSize) return refusal(PeStatusCode::bad_values);
    if (end > node_.content.size()) {
        if (sized_) return refusal(PeStatusCode::bad_values);
        if (end > room) return refusal(PeStatusCode::not_enough_memory);
        node_.content.resize(end, 0xFF);
    }
    std::copy(data.begin(), data.end(), node_.content.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = end;
    given_ |= !data.empty();
    return {};
}

Result<Node> NewFile::finish() {
    constexpr uint16_t kMf = 0x3F00, kCurrentAdf = 0x7FFF, kReserved = 0x3FFF; // ETSI TS 102 221 §8.3
    const bool root = from_ && from_->fid == kMf;
    if (node_.kind == FileKind::application && (node_.aid.empty() || !node_.fid))
        return refusal(PeStatusCode::invalid_parameter);
    if (!node_.fid || node_.fid == kCurrentAdf || node_.fid == kReserved || (node_.fid == kMf) != root)
        return refusal(PeStatusCode::bad_values);
    if (!from_ && !described_) return refusal(PeStatusCode::bad_values);
    if (node_.is_directory()) {
        node_.sfi = 0;
        return std::move(node_);
    }
    if (!node_.link.empty()) { // its structure and content are the other file's
        node_.content.clear();
        return std::move(node_);
    }
    if (node_.content.empty() && !size_unknown()) return refusal(PeStatusCode::bad_values);
    if (!has_records()) return std::move(node_);
    if (!node_.record_size) return refusal(PeStatusCode::bad_values);
    // A content that tells the size ends with its last record.
    const size_t rest = node_.content.size() % node_.record_size;
    if (rest && sized_) return refusal(PeStatusCode::bad_values);
    if (rest) node_.content.resize(node_.content.size() + node_.record_size - rest, 0xFF);
    if (node_.records() > kMaxRecords) return refusal(PeStatusCode::bad_values);
    return std::move(node_);
}

} // namespace halyard::profile
