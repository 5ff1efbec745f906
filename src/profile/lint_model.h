#pragma once
// What the rules of lint.h look at. Private to them.
#include "profile/lint.h"

namespace halyard::profile::linting {

/// A file as the package means it, whether or not a card would make it.
struct LintFile {
    size_t element = 0; // index into Model::elements
    uint32_t offset = 0;
    const TemplateFile* from = nullptr; // nullptr: made by genericFileManagement
    size_t parent = 0;                  // index into Model::files; the MF is its own
    uint16_t fid = 0;
    FileKind kind = FileKind::transparent;
    size_t size = 0, record = 0;
    uint8_t sfi = 0;
    bool sized = false;     // something tells the size
    bool explicit_ = false; // the element carries the member
    bool given = false;     // with content or a pattern
    size_t written = 0;     // end of the furthest content
    size_t pattern = 0;     // octets of the longest pattern
    OwnedBytes content;     // as laid out; clipped at the size
    std::optional<Fcp> fcp; // the last one
    bool is_directory() const { return kind == FileKind::directory || kind == FileKind::application; }
    std::string label() const; // "ef-imsi", or the FID
};

struct PinAt {
    size_t element;
    size_t directory; // index into Model::files
    PinConfiguration pin;
};

struct Model {
    std::vector<Element> elements; // the readable ones; offsets tell where
    std::vector<LintFile> files;
    std::vector<PinAt> pins;
    std::vector<std::pair<size_t, PukConfiguration>> puks; // with the element's index
    std::vector<std::pair<size_t, size_t>> akas;           // element, directory
    std::optional<ProfileHeader> header;
    std::vector<std::string> services; // named by the header
    const LintFile* child(size_t directory, uint16_t fid) const;
    /// By FIDs below the MF; nullptr when there is none.
    const LintFile* at(Bytes path) const;
    std::string path(const LintFile&) const;
    /// The applications whose dfName begins with `aid`.
    std::vector<size_t> applications(Bytes aid) const;
    bool has_service(std::string_view name) const;
};

/// Collects findings; the rules call it.
class Report {
  public:
    Report(const Model& model, const LintOptions& options) : model_(model), options_(options) {}
    void package(const char* rule, std::string text, uint32_t offset = 0);
    void element(const char* rule, size_t index, std::string text);
    void file(const char* rule, const LintFile&, std::string text);
    std::vector<Finding> take();

  private:
    void add(const char* rule, Finding);
    const Model& model_;
    const LintOptions& options_;
    std::vector<Finding> all_;
};

/// Reads what can be read; reports what cannot, and what cannot be built.
void build_files(Model&, Report&);

// The rules, by what they look at.
void check_package(Bytes package, const Model&, Report&);
void check_header(const Model&, Report&);
void check_files(const Model&, Report&);
void check_access(const Model&, Report&);
void check_codes(const Model&, Report&);
void check_usim(const Model&, Report&);
void check_aka(const Model&, Report&);
void check_domains(const Model&, Report&);

/// Keys that are published, or that nobody drew at random: all octets alike, or counting.
bool is_public(Bytes key);
inline constexpr uint8_t kUsimAid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

} // namespace halyard::profile::linting
