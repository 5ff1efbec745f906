#pragma once
// A file or directory in the making. Private to the installer.
#include "profile/image.h"

namespace halyard::profile {

/// Follows the commands of one file, in their order. Errors: rejected with the PEStatus code as detail.
class NewFile {
  public:
    static constexpr size_t kMaxSize = 0xFFFF; // octets; what one fillFileOffset can reach
    static constexpr size_t kMaxRecords = 254; // ETSI TS 102 221 §8.2.2.2

    /// Made by genericFileManagement: nothing is known but what its FCP says.
    explicit NewFile(uint32_t parent) { node_.parent = parent; }
    /// As its template has it, with the default content.
    NewFile(const TemplateFile& from, uint32_t parent);

    /// Values of the FCP override those of the template; the default content is laid out anew where the size
    /// changes. `room` is the memory left. Errors: bad_values, not_enough_memory.
    Ok describe(const Fcp&, size_t room);
    void skip(size_t octets) { at_ += octets; }
    /// Errors: bad_values behind the end of a file whose size is told; not_enough_memory.
    Ok write(Bytes, size_t room);
    void do_not_create() { wanted_ = false; }

    /// Checks the whole and gives it away. Errors: bad_values for a file without size, without identifier,
    /// with records that do not fit; invalid_parameter for an application without AID.
    Result<Node> finish();

    bool wanted() const { return wanted_; }
    bool described() const { return described_; }
    /// Its FCP has a file descriptor.
    bool typed() const { return typed_; }
    /// Something stands in it that the package gave: content, a pattern, or another file's by link.
    bool given() const { return given_ || !node_.link.empty(); }
    bool is_directory() const { return node_.is_directory(); }
    Node& node() { return node_; }
    const Node& node() const { return node_; }

  private:
    Ok set_descriptor(Bytes);
    Ok set_size(const Fcp&, size_t room);
    void lay_out();
    bool has_records() const { return node_.kind == FileKind::linear || node_.kind == FileKind::cyclic; }
    /// Of the CSIM's files our tables know no more than the names.
    bool size_unknown() const { return from_ && !from_->arr && !sized_; }
    size_t unit() const { return has_records() ? node_.record_size : node_.content.size(); }

    Node node_;
    const TemplateFile* from_ = nullptr;
    bool sized_ = false; // template or FCP tells the size; otherwise the content does
    bool wanted_ = true, described_ = false, typed_ = false, given_ = false;
    size_t at_ = 0; // where the next content goes
    TemplateFile edition_{};
};

/// tl::unexpected for a PEStatus code.
inline auto refusal(PeStatusCode code) {
    return fail(Errc::rejected, "PEStatus", static_cast<uint32_t>(code));
}

} // namespace halyard::profile
