#pragma once
// What an eUICC keeps of an installed profile: its file system and its secrets, made from the elements by the
// template rules.
#include "profile/package.h"

namespace halyard::profile {

/// A file or directory. The tree is flat: `parent` is an index into Image::nodes, the MF being 0 and its own
/// parent.
struct Node {
    static constexpr size_t kCost = 32; // administration of one file, as real cards charge it
    uint16_t fid = 0;
    uint32_t parent = 0;
    FileKind kind = FileKind::transparent;
    uint8_t sfi = 0; // 0: none
    uint16_t record_size = 0;
    OwnedBytes content;
    OwnedBytes security; // as in tag 8B: {record} or {FID, record}
    OwnedBytes aid;      // application
    OwnedBytes pins;     // pinStatusTemplateDO content
    OwnedBytes link;     // path of the file that shares its content; empty: none
    uint8_t life = 0x05; // life cycle status: 05 activated, 04 deactivated. ETSI TS 102 221 §11.1.1.4.9
    uint8_t special = 0; // special file information: 40 usable when deactivated. ETSI TS 102 222 §6.3.2.2.2
    bool shareable = true;   // may be current on several channels
    uint32_t pin_source = 0; // directory whose local PINs hold here too; 0: none but its own
    bool is_directory() const { return kind == FileKind::directory || kind == FileKind::application; }
    size_t records() const { return record_size ? content.size() / record_size : 0; }
};

struct Pin {
    uint16_t reference = 0;
    uint32_t directory = 0; // index of the node it belongs to
    std::array<uint8_t, 8> value{};
    uint16_t unblocking = 0; // 0: none
    uint8_t attributes = 7, attempts = 0x33;
};
struct Puk {
    uint16_t reference = 0;
    std::array<uint8_t, 8> value{};
    uint8_t attempts = 0xAA;
};
/// Authentication parameters of the application `directory`.
struct Aka {
    uint32_t directory = 0;
    OwnedBytes element; // the akaParameter element as received; holds K and OPc
};

struct Image {
    Iccid iccid{};
    std::vector<Node> nodes;
    std::vector<Pin> pins;
    std::vector<Puk> puks;
    std::vector<Aka> akas;
    OwnedBytes connectivity; // header's connectivityParameters
    /// Octets of non-volatile memory this takes, as our card counts them.
    size_t memory() const;
    /// Index of the child, or nullopt.
    std::optional<uint32_t> child(uint32_t directory, uint16_t fid) const;
    /// By concatenated FIDs below the MF ("7F105F3A"); 7FFF is not known here. Links are followed.
    const Node* find(std::initializer_list<uint16_t> path) const;
    /// The first application whose AID begins with `aid`.
    std::optional<uint32_t> application(Bytes aid) const;
    ~Image();
    Image() = default;
    Image(Image&&) = default;
    Image& operator=(Image&&) = default;
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
};

/// What the platform offers; a package that demands more is refused.
struct Platform {
    uint8_t max_major_version = 3;
    std::vector<std::string> services = {"usim",           "isim",
                                         "milenage",       "tuak128",
                                         "tuak256",        "usim-test-algorithm",
                                         "ber-tlv",        "dfLink",
                                         "get-identity",   "profile-a-x25519",
                                         "profile-b-p256", "csim",
                                         "gba-usim",       "gba-isim",
                                         "mbms",           "eap",
                                         "cat-tp",         "suciCalculatorApi",
                                         "dns-resolution", "eaka",
                                         "javacard",       "multiple-usim",
                                         "multiple-isim"};
    size_t memory = 512 * 1024; // octets left for the image
};

/// Feeds elements in their order; refuses in terms of PEStatus. After the first refusal nothing more is
/// accepted.
class Installer {
  public:
    explicit Installer(Platform platform) : platform_(std::move(platform)) {}
    /// Bytes as they come, any cut. False after a refusal: see statuses().
    bool feed(Bytes);
    /// PE-End was seen, and nothing behind it.
    bool complete() const { return ended_ && pending_.empty(); }
    /// Error statuses and skipped elements; {ok} when all is well.
    const std::vector<PeStatus>& statuses() const { return statuses_; }
    bool refused() const { return refused_; }
    /// DER of EUICCResponse.
    Result<OwnedBytes> response() const;
    /// Valid when complete().
    Image take() { return std::move(image_); }
    const Image& image() const { return image_; }

  private:
    bool refuse(PeStatusCode, const Element* = nullptr);
    bool install(const Element&);
    bool header(const Element&);
    bool files(const Element&);
    uint32_t
    parent_of(const Template&, const TemplateFile&, uint32_t directory, std::optional<uint32_t> top) const;
    bool fill_file(Node&, const TemplateFile&, const File&, const Element&, bool& create);
    bool management(const Element&);
    bool pins(const Element&);
    bool puks(const Element&);
    bool aka(const Element&);
    bool finish(const Element&);
    bool apply(Node&, const Fcp&, const Element&);
    bool charge(size_t octets);

    Platform platform_;
    SecretBytes pending_;
    uint32_t offset_ = 0;
    Image image_;
    uint32_t current_ = 0;       // MF or ADF that "opt" elements and akaParameter belong to
    uint32_t pin_directory_ = 0; // directory of the last element that made files: pinCodes belong to it
    bool started_ = false, ended_ = false, refused_ = false;
    size_t used_ = 0;
    std::vector<PeStatus> statuses_;
};

/// The whole package at once. Error: rejected with the PEStatus code as detail and "EUICCResponse" as place.
Result<Image> install(Bytes package, const Platform& = {});

} // namespace halyard::profile
