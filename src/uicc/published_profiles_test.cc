// The published generic test profiles (GSMA TS.48 v7), installed and read back by APDUs, against their text
// form read by this file on its own.
#include "uicc/testing.h"
#include <fstream>
#include <map>
#include <sstream>

using namespace halyard;
using namespace halyard::uicc;

namespace {
std::string load(const std::string& name) {
    std::ifstream in("../shared/data/ts48-v7/" + name, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}

/// A file as the text has it. What the text leaves to the template is not judged.
struct Told {
    std::string application;      // AID, where the file is in an ADF
    std::vector<std::string> dir; // FIDs below the MF or ADF
    std::string fid, descriptor, size, rule, link, fill, repeat;
    std::optional<std::string> sfi;
    std::vector<std::pair<size_t, std::string>> content; // offset, hex
    size_t at = 0;
};

class Text {
  public:
    explicit Text(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
            take(line);
        }
        finish();
    }
    std::vector<Told> files;

  private:
    static std::string quoted(const std::string& line) {
        const size_t open = line.find('\''), close = line.find("'H");
        return open == std::string::npos || close == std::string::npos
                   ? ""
                   : line.substr(open + 1, close - open - 1);
    }
    static std::string word(const std::string& line) {
        const size_t begin = line.find_first_not_of(' ');
        if (begin == std::string::npos) return "";
        return line.substr(begin, line.find_first_of(" :", begin) - begin);
    }
    void finish() {
        if (!now_.fid.empty() && !is_directory_) files.push_back(now_);
        if (!now_.fid.empty() && is_directory_) {
            if (member_.starts_with("adf-")) {
                application_ = aid_;
                path_.clear();
            } else if (generic_ || member_ == "df-telecom" || element_ != "telecom") {
                path_ = parent_;
                path_.push_back(now_.fid);
            } else {
                path_ = {"7F10", now_.fid};
            }
        }
        now_ = {};
        aid_.clear();
        is_directory_ = false;
    }
    // "valueN ProfileElement ::= usim : {"
    void element(const std::string& line) {
        finish();
        const size_t at = line.find("::= ") + 4;
        element_ = line.substr(at, line.find(' ', at) - at);
        generic_ = element_ == "genericFileManagement";
        if (element_ == "mf" || element_ == "telecom") application_.clear();
        path_.clear();
        parent_.clear();
    }
    void take(const std::string& line) {
        if (line.find("ProfileElement ::=") != std::string::npos) return element(line);
        const size_t indent = line.find_first_not_of(' ');
        const std::string w = word(line);
        if (indent == 2 && line.ends_with("{")) {
            finish();
            member_ = w;
            is_directory_ = w.starts_with("adf-") || w.starts_with("df-") || w == "mf";
        }
        if (w == "createFCP") {
            finish();
            member_.clear();
        }
        if (generic_ && w == "filePath") {
            finish();
            generic_path(quoted(line));
        }
        value(w, line);
    }
    // In generic file management paths begin at the MF, with the FIDs that the package gives ADFs.
    void generic_path(const std::string& path) {
        path_.clear();
        application_.clear();
        for (size_t i = 0; i + 4 <= path.size(); i += 4) {
            const std::string fid = path.substr(i, 4);
            if (i == 0 && adfs_.contains(fid))
                application_ = adfs_[fid];
            else
                path_.push_back(fid);
        }
        parent_ = path_;
    }
    void value(const std::string& w, const std::string& line) {
        const std::string v = quoted(line);
        if (w == "fileID") {
            now_.fid = v;
            now_.application = application_;
            now_.dir = path_;
        }
        if (w == "dfName") {
            aid_ = v;
            adfs_[now_.fid] = v;
        }
        if (w == "fileDescriptor" && !v.empty()) {
            now_.descriptor = v;
            is_directory_ |= v == "7821";
        }
        if (w == "efFileSize") now_.size = v;
        if (w == "securityAttributesReferenced") now_.rule = v;
        if (w == "shortEFID") now_.sfi = v;
        if (w == "linkPath") now_.link = v;
        if (w == "fillPattern") now_.fill = v;
        if (w == "repeatPattern") now_.repeat = v;
        if (w == "fillFileOffset") now_.at += std::stoul(line.substr(line.find(':') + 1));
        if (w == "fillFileContent") {
            now_.content.emplace_back(now_.at, v);
            now_.at += v.size() / 2;
        }
    }

    std::string element_, member_, application_, aid_;
    std::vector<std::string> path_, parent_;
    std::map<std::string, std::string> adfs_;
    Told now_;
    bool generic_ = false, is_directory_ = false;
};

struct Published : TestCard {
    bool install(const std::string& der) {
        auto image = profile::install(bytes_of(der));
        if (!image) return false;
        uicc.reset(std::move(*image));
        return true;
    }
    bool select(const Told& f) {
        std::string path;
        if (!f.application.empty()) {
            const auto n = static_cast<uint8_t>(f.application.size() / 2);
            if ((*this)("00A4040C" + hex(Bytes(&n, 1)) + f.application) != "9000") return false;
            path = "7FFF";
        }
        for (const std::string& fid : f.dir) path += fid;
        path += f.fid;
        const auto n = static_cast<uint8_t>(path.size() / 2);
        fcp = (*this)("00A40804" + hex(Bytes(&n, 1)) + path + "00");
        return fcp.ends_with("9000");
    }
    /// All octets, record by record or in pieces; nullopt with the status word that ended it.
    std::optional<std::string> read(size_t record_size, size_t size) {
        std::string all;
        for (size_t at = 0; at < size;) {
            const size_t n = record_size ? record_size : std::min<size_t>(size - at, 200);
            const size_t record = record_size ? at / record_size + 1 : 0;
            const OwnedBytes apdu =
                record_size
                    ? OwnedBytes{0x00, 0xB2, static_cast<uint8_t>(record), 0x04, static_cast<uint8_t>(n)}
                    : OwnedBytes{0x00,
                                 0xB0,
                                 static_cast<uint8_t>(at >> 8),
                                 static_cast<uint8_t>(at),
                                 static_cast<uint8_t>(n)};
            const std::string piece = hex(transmit(apdu));
            word = piece.substr(piece.size() - 4);
            if (word != "9000") return std::nullopt;
            all += piece.substr(0, piece.size() - 4);
            at += n;
        }
        return all;
    }
    std::string fcp, word;
};

/// The content the text describes; only where it names the size.
std::string expected(const Told& f, size_t record_size) {
    const size_t size = std::stoul(f.size, nullptr, 16), unit = record_size ? record_size : size;
    std::string all(2 * size, 'F');
    const std::string& pattern = f.repeat.empty() ? f.fill : f.repeat;
    for (size_t i = 0; i < size && !pattern.empty(); ++i) {
        const size_t in_unit = i % unit, octets = pattern.size() / 2;
        const size_t from = f.repeat.empty() ? std::min(in_unit, octets - 1) : in_unit % octets;
        all.replace(2 * i, 2, pattern.substr(2 * from, 2));
    }
    for (const auto& [at, content] : f.content) all.replace(2 * at, content.size(), content);
    return all;
}

void check_file(Published& c, const Told& f, size_t& contents) {
    CAPTURE(f.application);
    CAPTURE(f.fid);
    REQUIRE(c.select(f));
    CAPTURE(c.fcp);
    CHECK(c.fcp.find("8302" + f.fid) != std::string::npos);
    if (f.rule.size() == 6) CHECK(c.fcp.find("8B03" + f.rule) != std::string::npos);
    if (f.sfi && f.sfi->empty()) CHECK(c.fcp.find("8800") != std::string::npos);
    if (f.sfi && !f.sfi->empty()) CHECK(c.fcp.find("8801" + *f.sfi) != std::string::npos);
    const size_t record_size = f.descriptor.size() == 8 ? std::stoul(f.descriptor.substr(4), nullptr, 16) : 0;
    if (!f.descriptor.empty() && !record_size) CHECK(c.fcp.find("8202" + f.descriptor) != std::string::npos);
    if (record_size) CHECK(c.fcp.find("8205" + f.descriptor) != std::string::npos);
    if (f.size.empty() || f.descriptor.starts_with("79") || !f.link.empty()) return;
    const std::string size = f.size.size() == 2 ? "00" + f.size : f.size;
    CHECK(c.fcp.find("8002" + size) != std::string::npos);
    const auto content = c.read(record_size, std::stoul(size, nullptr, 16));
    CAPTURE(c.word);
    if (f.rule == "2F0601") { // 5E to ADM1: nobody may read
        CHECK(c.word == "6982");
        return;
    }
    REQUIRE(content);
    std::string wanted = expected(f, record_size);
    if (f.fid ==
        "6F38") { // VGCS and VBS security, services 64 and 65, are not offered, whatever the package says
        OwnedBytes table = *from_hex(wanted);
        REQUIRE(table.size() > 8);
        table[7] &= 0x7F;
        table[8] &= 0xFE;
        wanted = hex(table);
    }
    CHECK(*content == wanted);
    ++contents;
}
} // namespace

TEST_CASE("files of the published test profiles are read back as their text has them") {
    for (const std::string name : {"BERTLV_SUCI", "NoBERTLV", "NoBERTLV_NoRAMRFM"}) {
        const std::string der = load(name + ".der"), text = load(name + ".txt");
        if (der.empty() || text.empty()) {
            MESSAGE("SKIPPED: no published profile " << name);
            continue;
        }
        CAPTURE(name);
        Published c;
        REQUIRE(c.install(der));
        const Text told(text);
        // PIN1 is off in these profiles; some files are the operator's to read.
        CHECK(c("00200001") == "9000");
        CHECK(c("0020000A08 3535353535353535") == "9000");
        size_t contents = 0, judged = 0;
        for (const Told& f : told.files) {
            if (f.application.starts_with("A000000343")) continue; // CSIM: templates of another body
            check_file(c, f, contents);
            ++judged;
        }
        MESSAGE(name << ": " << judged << " files, content of " << contents);
        CHECK(judged > 150);
        CHECK(contents > 60);
    }
}

TEST_CASE("what the published test profile lets a terminal do") {
    const std::string der = load("NoBERTLV.der");
    if (der.empty()) {
        MESSAGE("SKIPPED: no published profile");
        return;
    }
    Published c;
    REQUIRE(c.install(der));
    // As a modem begins. PIN1 (off) and ADM1, ADM2 at the MF; PIN2 in the ADF. Values as TS.48 prints them.
    CHECK(c("00A40004023F0000").find("C60C90016083010183010A83010B") != std::string::npos);
    CHECK(c("00B201F421").starts_with("61144F0CA0000000871002FF49FF058950045553494D"));
    CHECK(c("00A404040CA0000000871002FF49FF058900").find("C60F9001B083018183010183010A83010B") !=
          std::string::npos);
    CHECK(c("002C0001") == "63CA");
    CHECK(c("00200081") == "63C3");
    CHECK(c("002C0081") == "63CA");
    CHECK(c("00A4080404 7FFF6F0700").ends_with("9000"));
    CHECK(c("00B0000009") == "0809101010325476989000");
    CHECK(c("00D60000010 8") == "6982"); // the operator's
    CHECK(c("00A4080C04 7FFF6F7E") == "9000");
    CHECK(c("00D600000B FFFFFFFF00F1100001FF00") == "9000"); // LOCI: the terminal's
    CHECK(c("00B000000B") == "FFFFFFFF00F1100001FF009000");
    CHECK(c("00A4080C04 7FFF6F39") == "9000"); // ACM: INCREASE with PIN1
    CHECK(c("8032000003 000005 00") == "0000050000059000");
    CHECK(c("00DC000303 000000") == "9000"); // PIN1 or PIN2
    // FDN: PIN2
    CHECK(c("00A4080C04 7FFF6F3B") == "9000");
    const std::string fdn = "00DC01041C" + std::string(56, 'A');
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    CHECK(c(fdn).size() == 4);
    CHECK(c("002000010830303030FFFFFFFF") == "6984");
    CHECK(c("002800010830303030FFFFFFFF") == "9000");
    c.uicc.reset([&] {
        auto image = profile::install(bytes_of(der));
        image->pins[0] = c.uicc.image().pins[0];
        return std::move(*image);
    }());
    CHECK(c("00A4040C0CA0000000871002FF49FF0589") == "9000");
    CHECK(c("00A4080C047FFF6F07") == "9000");
    CHECK(c("00B0000009") == "6982");
    CHECK(c("002000010830303030FFFFFFFF") == "9000");
    CHECK(c("00B0000009") == "0809101010325476989000");
}
