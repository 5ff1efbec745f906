#pragma once
// The text form in which GSMA publishes the TS.48 packages, read by a reader of its own: what files, codes
// and keys a card must have that installed one. Nothing of the product's notation or installer stands here;
// sizes and defaults that the text leaves to the templates come from templates().
#include "profile/testing.h"
#include <map>
#include <sstream>

namespace halyard::profile::published {

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
inline size_t number(Bytes b) {
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

/// The published text of a package of ts48(): "NoBERTLV.der". Nothing, said aloud, when it is not there.
inline std::optional<std::vector<Value>> ts48_text(const std::string& package) {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7";
    std::ifstream in(dir / (package.substr(0, package.size() - 4) + ".txt"));
    if (!in) {
        MESSAGE("SKIPPED: no text of " << package);
        return std::nullopt;
    }
    std::stringstream text;
    text << in.rdbuf();
    return Reader(text.str()).elements();
}

} // namespace halyard::profile::published
