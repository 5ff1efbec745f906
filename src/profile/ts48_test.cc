// The TS.48 packages as installed, beside the text form in which GSMA publishes them: every file and every
// field. The text is read here by a reader of its own, so that nothing of ours stands on both sides.
#include "profile/testing.h"
#include <map>
#include <sstream>

using namespace halyard;
using namespace halyard::profile;

namespace {

/// A value of the notation: an atom, or items of which some have names.
struct Value {
    std::string name, atom;
    std::vector<Value> items;
    const Value* find(std::string_view wanted) const {
        for (const Value& item : items)
            if (item.name == wanted) return &item;
        return nullptr;
    }
    OwnedBytes hex_of(std::string_view wanted) const {
        const Value* v = find(wanted);
        REQUIRE(v);
        return *from_hex(v->atom);
    }
    std::string atom_of(std::string_view wanted, const char* otherwise) const {
        const Value* v = find(wanted);
        return v ? v->atom : otherwise;
    }
};

class Reader {
  public:
    explicit Reader(const std::string& text) {
        for (size_t i = 0; i < text.size();) {
            const char c = text[i];
            if (std::isspace(static_cast<unsigned char>(c))) {
                ++i;
            } else if (c == '\'' || c == '"') { // 'AB'H becomes AB
                const size_t end = text.find(c, i + 1);
                tokens_.push_back("=" + text.substr(i + 1, end - i - 1));
                i = end + (c == '\'' ? 2 : 1);
            } else if (std::string_view("{},:").find(c) != std::string_view::npos) {
                tokens_.push_back(std::string(1, c));
                ++i;
            } else {
                size_t end = i;
                while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) ||
                                             text[end] == '-' || text[end] == '=' || text[end] == '_'))
                    ++end;
                REQUIRE(end > i);
                tokens_.push_back(text.substr(i, end - i));
                i = end;
            }
        }
    }
    /// Of "valueN ProfileElement ::= name : { … }".
    std::vector<Value> elements() {
        std::vector<Value> out;
        while (at_ < tokens_.size()) {
            while (tokens_[at_] != "=") ++at_; // "::=" is ":", ":" and "="
            const std::string name = tokens_[at_ + 1];
            at_ += 3;
            out.push_back(value(name));
        }
        return out;
    }

  private:
    Value value(const std::string& name_of_it) {
        Value out;
        out.name = name_of_it;
        if (tokens_[at_] != "{") {
            out.atom = tokens_[at_++];
            if (out.atom.starts_with('=')) out.atom.erase(0, 1);
            if (at_ < tokens_.size() && tokens_[at_] == ":") { // the alternative of a CHOICE
                ++at_;
                const std::string name = out.atom;
                out.atom.clear();
                out.items.push_back(value(name));
            }
            return out;
        }
        for (++at_; tokens_[at_] != "}";) {
            if (tokens_[at_] == ",") {
                ++at_;
                continue;
            }
            const std::string& next = tokens_[at_ + 1];
            if (tokens_[at_] == "{" || next == "," || next == "}") {
                out.items.push_back(value(""));
                continue;
            }
            const std::string name = tokens_[at_];
            at_ += next == ":" ? 2 : 1;
            out.items.push_back(value(name));
        }
        ++at_;
        return out;
    }

    std::vector<std::string> tokens_;
    size_t at_ = 0;
};

/// A file as the text has it.
struct Expected {
    std::string name;
    const TemplateFile* from = nullptr;
    FileKind kind = FileKind::transparent;
    size_t record = 0, at = 0;
    uint8_t sfi = 0, life = 5, special = 0;
    bool sized = false, size_known = true;
    OwnedBytes content, security, aid, pins;
    std::string link; // path; empty: none
    bool is_directory() const { return kind == FileKind::directory || kind == FileKind::application; }
};
size_t number(Bytes b) {
    size_t out = 0;
    for (const uint8_t o : b) out = out << 8 | o;
    return out;
}

class Model {
  public:
    std::map<std::string, Expected> files; // by path of FIDs, the MF's empty
    std::map<std::string, const Value*> pins, akas;
    std::vector<const Value*> puks;

    void element(const std::string& name, const Value& v) {
        if (name == "genericFileManagement") return management(v);
        if (name == "pukCodes")
            for (const auto& item : v.find("pukCodes")->items) puks.push_back(&item);
        if (name == "pinCodes") {
            REQUIRE(v.find("pinCodes")->find("pinconfig"));
            for (const auto& item : v.find("pinCodes")->find("pinconfig")->items)
                pins[pin_path_ + " " + item.find("keyReference")->atom] = &item;
        }
        if (name == "akaParameter") akas[adf_] = &v;
        for (const Template& t : templates())
            if (name == t.name) return files_of(t, v);
    }

  private:
    void files_of(const Template& t, const Value& v) {
        std::string directory = adf_, top;
        pin_path_ = adf_;
        for (const TemplateFile& f : t.files) {
            const Value* const member = v.find(f.name);
            if (!member && (!t.created_by_default || !f.fill)) continue;
            Expected e{.name = f.name, .from = &f, .kind = f.kind, .sfi = f.sfi};
            e.security = {f.arr};
            e.special = f.high_update ? 0x80 : 0;
            std::string fid =
                hex(std::array<uint8_t, 2>{static_cast<uint8_t>(f.fid >> 8), static_cast<uint8_t>(f.fid)});
            if (!e.is_directory()) {
                if (f.kind == FileKind::linear || f.kind == FileKind::cyclic) e.record = f.size;
                e.sized = f.size && (!e.record || f.records);
                e.size_known = f.arr != 0;
                if (e.sized) e.content.resize(size_t{f.size} * std::max<size_t>(f.records, 1));
                lay_out(e);
            }
            if (member)
                for (const Value& command : member->items) run(e, fid, command.name, command);
            std::string parent = directory;
            if (f.kind == FileKind::application || t.pe == 0xB0 || (t.pe == 0xB2 && top.empty())) parent = "";
            if (f.kind == FileKind::directory && !top.empty()) parent = top;
            const std::string path = fid == "3F00" ? "" : parent + fid;
            if (e.is_directory()) {
                directory = path;
                if (top.empty()) top = pin_path_ = path;
                if (f.kind == FileKind::application) adf_ = pin_path_ = path;
            }
            put(path, std::move(e));
        }
    }
    void management(const Value& v) {
        std::string directory, path;
        Expected* file = nullptr;
        for (const auto& list : v.find("fileManagementCMD")->items)
            for (const Value& value : list.items) {
                const std::string& command = value.name;
                if (command == "filePath") {
                    path = value.atom;
                    file = &files.at(path);
                    directory = file->is_directory() ? path : path.substr(0, path.size() - 4);
                } else if (command == "createFCP") {
                    Expected e{.name = "created"};
                    std::string fid;
                    e.sfi = static_cast<uint8_t>(value.hex_of("fileID")[1] & 0x1F);
                    run(e, fid, "fileDescriptor", value);
                    path = directory + fid;
                    if (e.is_directory()) directory = path;
                    put(path, std::move(e));
                    file = &files.at(path);
                } else {
                    std::string ignored;
                    run(*file, ignored, command, value);
                }
            }
    }
    void put(const std::string& path, Expected e) {
        INFO(path);
        CHECK(files.emplace(path, std::move(e)).second);
    }
    static void lay_out(Expected& e) {
        e.content.assign(e.content.size(), 0xFF);
        if (e.from && e.from->fill)
            fill_default(e.content, e.record ? e.record : e.content.size(), e.from->fill);
    }
    static void describe(Expected& e, std::string& fid, const Value& fcp) {
        if (const Value* d = fcp.find("fileDescriptor")) {
            const OwnedBytes bytes = *from_hex(d->atom);
            const std::map<uint8_t, FileKind> kinds = {{0x41, FileKind::transparent},
                                                       {0x42, FileKind::linear},
                                                       {0x46, FileKind::cyclic},
                                                       {0x79, FileKind::ber_tlv},
                                                       {0x78, FileKind::directory}};
            if (!e.is_directory()) e.kind = kinds.at(bytes[0]);
            const bool records = e.kind == FileKind::linear || e.kind == FileKind::cyclic;
            if (bytes.size() > 2) e.record = number(Bytes(bytes).subspan(2));
            if (!records) e.record = 0;
        }
        if (fcp.find("fileID")) fid = hex(fcp.hex_of("fileID"));
        if (fcp.find("dfName")) e.aid = fcp.hex_of("dfName");
        if (fcp.find("pinStatusTemplateDO")) e.pins = fcp.hex_of("pinStatusTemplateDO");
        if (fcp.find("securityAttributesReferenced")) e.security = fcp.hex_of("securityAttributesReferenced");
        if (fcp.find("lcsi")) e.life = fcp.hex_of("lcsi")[0];
        if (fcp.find("linkPath")) e.link = hex(fcp.hex_of("linkPath"));
        if (fcp.find("shortEFID")) {
            const OwnedBytes sfi = fcp.hex_of("shortEFID");
            e.sfi = sfi.empty() ? uint8_t{0} : static_cast<uint8_t>(sfi[0] / 8);
        }
        if (e.is_directory()) return;
        if (fcp.find("efFileSize")) {
            e.content.assign(number(fcp.hex_of("efFileSize")), 0xFF);
            e.sized = true;
        } else if (e.from && e.record && e.from->records) {
            e.content.assign(e.record * e.from->records, 0xFF);
        } else if (e.record && e.content.empty() && !e.size_known) {
            e.content.assign(e.record, 0xFF); // the CSIM's: one at least
        }
        lay_out(e);
        const Value* const own = fcp.find("proprietaryEFInfo");
        if (!own) return;
        if (own->find("specialFileInformation")) e.special = own->hex_of("specialFileInformation")[0];
        const size_t unit = e.record ? e.record : e.content.size();
        for (size_t i = 0; i < e.content.size(); ++i) {
            if (own->find("fillPattern")) {
                const OwnedBytes p = own->hex_of("fillPattern");
                e.content[i] = p[std::min(i % unit, p.size() - 1)];
            }
            if (own->find("repeatPattern")) {
                const OwnedBytes p = own->hex_of("repeatPattern");
                e.content[i] = p[i % unit % p.size()];
            }
        }
    }
    static void run(Expected& e, std::string& fid, const std::string& command, const Value& value) {
        if (command == "fileDescriptor") return describe(e, fid, value);
        if (command == "fillFileOffset") e.at += std::stoul(value.atom);
        if (command != "fillFileContent") return;
        const OwnedBytes data = *from_hex(value.atom);
        if (e.content.size() < e.at + data.size()) e.content.resize(e.at + data.size(), 0xFF);
        std::ranges::copy(data, e.content.begin() + static_cast<std::ptrdiff_t>(e.at));
        e.at += data.size();
    }

    std::string adf_, pin_path_;
};

void compare(const Image& image, const std::string& path, const Expected& e) {
    CAPTURE(path);
    CAPTURE(e.name);
    std::optional<uint32_t> index;
    for (uint32_t i = 0; i < image.nodes.size(); ++i)
        if (hex(image.path_of(i)) == path) index = i;
    REQUIRE(index);
    const Node& n = image.nodes[*index];
    CHECK(n.security == e.security);
    CHECK(n.life == e.life);
    CHECK(n.is_directory() == e.is_directory());
    if (e.is_directory()) {
        CHECK((n.kind == FileKind::application) == !e.aid.empty());
        CHECK(n.aid == e.aid);
        CHECK(n.pins == e.pins);
        return;
    }
    CHECK(n.special == e.special);
    CHECK(n.sfi == e.sfi);
    CHECK(n.shareable);
    const Node& data = image.nodes[image.linked(*index)];
    CHECK(n.kind == e.kind);
    CHECK(data.record_size == e.record);
    if (!e.link.empty()) {
        CHECK(hex(n.link) == e.link);
        CHECK(&data != &n);
        return;
    }
    CHECK(n.link.empty());
    OwnedBytes expected = e.content;
    if (e.name ==
        "ef-ust") { // VGCS and VBS security, services 64 and 65, are not ours: PEDefinitions, ef-ust
        REQUIRE((expected[7] & 0x80) != 0);
        expected[7] &= 0x7F;
        expected[8] &= 0xFE;
    }
    CHECK(hex(n.content) == hex(expected));
}
uint16_t reference(std::span<const asn1::NamedValue> names, const std::string& name) {
    for (const auto& n : names)
        if (name == n.name) return static_cast<uint16_t>(n.value);
    FAIL("no such reference: " << name);
    return 0;
}
void compare_codes(const Image& image, const Model& model) {
    CHECK(image.pins.size() == model.pins.size());
    for (const Pin& pin : image.pins) {
        std::string name;
        for (const auto& n : kPinReferenceNames)
            if (n.value == pin.reference) name = n.name;
        const std::string key = hex(image.path_of(pin.directory)) + " " + name;
        CAPTURE(key);
        const auto it = model.pins.find(key);
        REQUIRE(it != model.pins.end());
        const Value& v = *it->second;
        CHECK(hex(pin.value) == hex(v.hex_of("pinValue")));
        const Value* const puk = v.find("unblockingPINReference");
        CHECK(pin.unblocking == (puk ? reference(kPukReferenceNames, puk->atom) : 0));
        CHECK(std::to_string(pin.attributes) == v.atom_of("pinAttributes", "7"));
        CHECK(std::to_string(pin.attempts) == v.atom_of("maxNumOfAttemps-retryNumLeft", "51"));
    }
    REQUIRE(image.puks.size() == model.puks.size());
    for (size_t i = 0; i < image.puks.size(); ++i) {
        const Value& v = *model.puks[i];
        CHECK(image.puks[i].reference == reference(kPukReferenceNames, v.find("keyReference")->atom));
        CHECK(hex(image.puks[i].value) == hex(v.hex_of("pukValue")));
        CHECK(std::to_string(image.puks[i].attempts) == v.atom_of("maxNumOfAttemps-retryNumLeft", "170"));
    }
}
void compare_akas(const Image& image, const Model& model) {
    CHECK(image.akas.size() == model.akas.size());
    for (const Aka& aka : image.akas) {
        const std::string path = hex(image.path_of(aka.directory));
        CAPTURE(path);
        const auto it = model.akas.find(path);
        REQUIRE(it != model.akas.end());
        const Value& v = *it->second;
        const auto element = asn1::decode<AkaParameter>(Bytes(aka.element));
        REQUIRE(element);
        const auto& p = std::get<AlgoParameter>(element->configuration.is);
        const Value& own = *v.find("algoConfiguration")->find("algoParameter");
        CHECK(own.find("algorithmID")->atom == "usim-test-algorithm");
        CHECK(p.algorithm == AkaAlgorithm::usim_test_algorithm);
        CHECK(hex(p.options) == hex(own.hex_of("algorithmOptions")));
        CHECK(hex(p.key) == hex(own.hex_of("key")));
        CHECK(hex(p.opc) == hex(own.hex_of("opc")));
        // What the text says of the rest are the defaults, which the DER leaves out.
        CHECK(own.find("rotationConstants")->atom == "4000204060");
        CHECK_FALSE(p.rotation_constants);
        CHECK(own.find("numberOfKeccak")->atom == "1");
        CHECK_FALSE(p.number_of_keccak);
        CHECK(v.find("sqnOptions")->atom == "02");
        CHECK(v.find("sqnDelta")->atom == "000010000000");
        CHECK(v.find("sqnAgeLimit")->atom == "000010000000");
        CHECK_FALSE((element->sqn_options || element->sqn_delta || element->sqn_age_limit));
        CHECK(v.find("sqnInit")->items.size() == 32);
        CHECK_FALSE(element->sqn_init);
    }
}
} // namespace

TEST_CASE("when a TS.48 package is installed, every file and code is as its published text has it") {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7";
    for (const auto& [name, package] : ts48()) {
        CAPTURE(name);
        std::ifstream in(dir / (name.substr(0, name.size() - 4) + ".txt"));
        if (!in) {
            MESSAGE("SKIPPED: no text of " << name);
            continue;
        }
        std::stringstream text;
        text << in.rdbuf();
        const auto elements = Reader(text.str()).elements();
        REQUIRE(elements.size() >= 25);
        Model model;
        for (const Value& value : elements) model.element(value.name, value);
        const auto image = install(package);
        REQUIRE(image);
        CHECK(model.files.size() > 250);
        CHECK(image->nodes.size() == model.files.size()); // and none besides
        for (const auto& [path, file] : model.files) compare(*image, path, file);
        compare_codes(*image, model);
        compare_akas(*image, model);
    }
}
