#pragma once
// What an eUICC keeps of an installed profile: its file system and its secrets, made from the elements by the
// template rules.
#include "base/few_octets.h"
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
    FewOctets security;  // as in tag 8B: {record} or {FID, record}
    FewOctets aid;       // application
    FewOctets pins;      // pinStatusTemplateDO content
    FewOctets link;      // path of the file that shares its content; empty: none
    uint8_t life = 0x05; // life cycle status: 05 activated, 04 deactivated. ETSI TS 102 221 §11.1.1.4.9
    uint8_t special = 0; // special file information: 40 usable when deactivated. ETSI TS 102 222 §6.3.2.2.2
    bool shareable = true;   // may be current on several channels
    uint32_t pin_source = 0; // directory whose local PINs hold here too; 0: none but its own
    bool is_directory() const { return kind == FileKind::directory || kind == FileKind::application; }
    bool is_usim() const; // by the beginning of its AID. 3GPP TS 31.110
    bool is_isim() const;
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
    OwnedBytes sqn{};   // sequence numbers as uicc/aka.h keeps them; empty: as the element begins
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
    /// Index of the file whose content a node has: the target of its links, or the node itself.
    uint32_t linked(uint32_t node) const;
    /// Concatenated FIDs below the MF, an ADF by its temporary FID.
    OwnedBytes path_of(uint32_t node) const;
    /// By concatenated FIDs below the MF ("7F105F3A"); 7FFF is not known here. Links are followed.
    const Node* find(std::initializer_list<uint16_t> path) const;
    /// The application of exactly that AID, otherwise the only one whose AID begins with it.
    std::optional<uint32_t> named(Bytes aid) const;
    /// The first application whose AID begins with `aid`.
    std::optional<uint32_t> application(Bytes aid) const;
    ~Image();
    Image() = default;
    Image(Image&&) = default;
    Image& operator=(Image&&) = default;
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
};

/// A part of an image that a command changed.
struct Changed {
    enum Part : uint8_t { node, pin, puk, aka, everything };
    Part part;
    uint32_t index = 0; // into Image::nodes, pins, puks or akas
};

/// What the platform offers; a package that demands more is refused.
struct Platform {
    uint8_t max_major_version = 3;
    // What AUTHENTICATE does not do (GBA, MBMS, EAP, enhanced AKA) is not among them.
    std::vector<std::string> services = {"usim",
                                         "isim",
                                         "csim",
                                         "milenage",
                                         "tuak128",
                                         "tuak256",
                                         "usim-test-algorithm",
                                         "ber-tlv",
                                         "dfLink",
                                         "get-identity",
                                         "profile-a-x25519",
                                         "profile-b-p256",
                                         "cat-tp",
                                         "suciCalculatorApi",
                                         "dns-resolution",
                                         "javacard",
                                         "multiple-usim",
                                         "multiple-isim"};
    size_t memory = 512 * 1024; // octets left for the image
};

class NewFile;

/// Feeds elements in their order; refuses in terms of PEStatus. After the first refusal nothing more is
/// accepted.
class Installer {
  public:
    explicit Installer(Platform platform) : platform_(std::move(platform)) {}
    /// Bytes as they come, any cut. False after a refusal: see statuses(); nothing of the image is kept then.
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
    class Management;
    /// Where the files of a template element go.
    struct Placing {
        uint32_t directory;          // that of the files that come next
        std::optional<uint32_t> top; // the element's first own directory
    };
    bool refuse(PeStatusCode, const Element* = nullptr);
    bool skip_element(const Element&);
    bool install(const Element&);
    bool header(const Element&);
    bool files(const Element&);
    bool known_template(const TemplateElement&, const Element&, bool& skip);
    bool member(const Template&, const TemplateFile&, const File*, const Element&, Placing&);
    bool place(NewFile&, const TemplateFile&, const Element&, Placing&);
    uint32_t parent_of(const Template&, const TemplateFile&, const Placing&) const;
    Result<uint32_t> add(NewFile&);
    /// By FIDs below the MF, 3F00 in front or not, or below the current ADF with 7FFF in front.
    std::optional<uint32_t> resolve(Bytes path) const;
    bool management(const Element&);
    bool pins(const Element&);
    bool pin_list(const List<PinConfiguration>&, const Element&);
    bool puks(const Element&);
    bool aka(const Element&);
    std::optional<PeStatusCode> wrong_with(const AkaParameter&) const;
    bool finish(const Element&);
    bool pins_complete() const;
    void clear_unsupported_services();
    bool offers(std::string_view service) const;
    bool charge(size_t octets);
    size_t room() const { return used_ < platform_.memory ? platform_.memory - used_ : 0; }

    Platform platform_;
    SecretBytes pending_;
    uint32_t offset_ = 0;
    Image image_;
    uint32_t current_ = 0;       // MF or ADF that "opt" elements and akaParameter belong to
    asn1::Tag application_ = 0;  // the element that made it; 0: no ADF yet
    uint32_t pin_directory_ = 0; // directory of the last element that made files: pinCodes belong to it
    bool started_ = false, ended_ = false, refused_ = false;
    bool codes_of_both_ = false; // the last element made MF and ADF: its PINs are told apart by reference
    size_t used_ = 0;
    std::vector<PeStatus> statuses_;
};

/// The whole package at once. Error: rejected with the PEStatus code as detail and "EUICCResponse" as place.
Result<Image> install(Bytes package, const Platform& = {});

} // namespace halyard::profile
