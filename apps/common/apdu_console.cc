#include "apps/common/apdu_console.h"
#include "apps/common/card_files.h"
#include "apps/common/trace_view.h"
#include "binding/card_trace.h"

namespace halyard::app {
namespace {
using nlohmann::ordered_json;
constexpr size_t kAnswer = 64 * 1024; // octets of an ES10 answer that are taken

struct Application {
    const char *word, *aid, *templates;
};
constexpr Application kApplications[] = {{"ISD-R", "A0000005591010FFFFFFFF8900000100", ""},
                                         {"ECASD", "A0000005591010FFFFFFFF8900000200", ""},
                                         {"ADF.USIM", "A0000000871002", "usim"},
                                         {"ADF.ISIM", "A0000000871004", "isim"},
                                         {"ADF.CSIM", "A0000003431002", "csim"}};

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return out;
}
std::string_view trimmed(std::string_view text) {
    constexpr const char* kSpace = " \t\r\n";
    const size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}
bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789ABCDEFabcdef") == std::string_view::npos;
}
std::string words_of(const Error& e) {
    std::string out = std::string(name(e.code)) + (*e.where ? std::string(" at ") + e.where : "");
    if (e.detail) out += " (" + std::to_string(e.detail) + ")";
    if (e.offset) out += ", octet " + std::to_string(e.offset);
    return out;
}
uint16_t status_of(Bytes answer) {
    return static_cast<uint16_t>(answer[answer.size() - 2] << 8 | answer[answer.size() - 1]);
}
OwnedBytes select_command(uint8_t p1, Bytes data) {
    OwnedBytes out{0x00, 0xA4, p1, 0x04, static_cast<uint8_t>(data.size())};
    append(out, data);
    out.push_back(0x00);
    return out;
}

// Of a path: FIDs, one behind the other, and names of the templates. `application` decides what EF.ARR is.
std::optional<OwnedBytes> fids_of(std::string_view path, const char* application, std::string& why) {
    OwnedBytes out;
    for (size_t at = 0; at < path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == "3F00" || upper(part) == "MF") continue;
        if (is_hex(part) && part.size() % 4 == 0) {
            append(out, *from_hex(part));
        } else if (const auto fid = fid_named(part, application)) {
            append(out, std::array<uint8_t, 2>{static_cast<uint8_t>(*fid >> 8), static_cast<uint8_t>(*fid)});
        } else {
            why = "no FID and no name of a file: " + std::string(part);
            return std::nullopt;
        }
    }
    return out;
}

// What a SELECT says of a file, tag by tag. ETSI TS 102 221 §11.1.1.3
std::string fcp_text(Bytes answer) {
    constexpr struct {
        uint32_t tag;
        const char* name;
    } kNames[] = {{0x80, "octets of content"},
                  {0x81, "octets in all"},
                  {0x82, "file descriptor"},
                  {0x83, "file identifier"},
                  {0x84, "AID"},
                  {0x88, "short identifier"},
                  {0x8A, "life cycle"},
                  {0x8B, "access rule"},
                  {0xA5, "proprietary"},
                  {0xC6, "PINs"}};
    const auto fcp = asn1::read_tlv(answer);
    if (!fcp || fcp->tag != 0x62) return {};
    std::string out;
    for (Bytes rest = fcp->content; !rest.empty();) {
        const auto tlv = asn1::read_tlv(rest);
        if (!tlv) return out;
        rest = tlv->rest;
        for (const auto& n : kNames)
            if (n.tag == tlv->tag) out += std::string("    ") + n.name + ": " + hex(tlv->content) + "\n";
    }
    return out.empty() ? out : "  < FCP\n" + out;
}
} // namespace

const char* ApduConsole::help() {
    return "00A4…            a command APDU in hex, spaces as you like\n"
           "reset            warm reset; answers the ATR\n"
           "atr              the ATR\n"
           "select WHAT      isd-r, ecasd, ADF.USIM, ADF.ISIM, an AID, or a file: 2FE2, EF.ICCID,\n"
           "                 DF.TELECOM/6F3A, ADF.USIM/EF.IMSI; ./6F07 is below the current directory\n"
           "es10 HEX         a command to the ISD-R on a channel of its own, in STORE DATA blocks\n"
           "quit             ends; so does the end of the input\n"
           "# …              a comment\n";
}

// One APDU, recorded and said. Power is given first where it is missing.
Result<OwnedBytes> ApduConsole::exchange(Bytes command) {
    if (!on_) TRY(power(reader::Power::on));
    auto answer = card_.transmit(command);
    if (!answer) {
        on_ = false; // whoever comes back has lost its sessions
        apdus_.clear();
        return tl::unexpected<Error>(answer.error());
    }
    const OwnedBytes& octets = answer->octets;
    if (octets.size() < 2) return fail(Errc::truncated, "status word");
    apdus_.push_back({true, owned(command), number_, number_});
    apdus_.push_back({false, octets, number_, number_});
    const std::string what = binding::describe_command(command),
                      word = binding::status_text(status_of(octets));
    said_.text += "> " + hex(command) + "  # " + what + "\n< " + hex(octets) + "  # " + word.substr(6) + "\n";
    said_.json["apdus"].push_back({{"command", hex(command)},
                                   {"what", what},
                                   {"answer", hex(Bytes(octets).first(octets.size() - 2))},
                                   {"status", word.substr(0, 4)},
                                   {"status_text", word.substr(6)}});
    return std::move(answer->octets);
}

// The same, with what 61xx and 6Cxx announce fetched. Data without status word.
Result<OwnedBytes> ApduConsole::complete(OwnedBytes command) {
    OwnedBytes all;
    for (;;) {
        const OwnedBytes answer = TRY(exchange(command));
        const uint16_t word = status_of(answer);
        append(all, Bytes(answer).first(answer.size() - 2));
        if (word >> 8 == 0x6C && !command.empty()) {
            command.back() = static_cast<uint8_t>(word);
            continue;
        }
        if (word >> 8 != 0x61) return all;
        command = {static_cast<uint8_t>(command[0] & 0x7F), 0xC0, 0x00, 0x00, static_cast<uint8_t>(word)};
    }
}

std::string ApduConsole::raw(std::string_view text) {
    const auto command = from_hex(text, "hex");
    if (!command) return words_of(command.error());
    if (command->size() < 2) return "a command APDU has more octets than that"; // one is control at a seam
    const auto answer = exchange(*command);
    if (!answer) return "no answer: " + words_of(answer.error());
    if ((*command)[1] == 0xA4) said_.text += fcp_text(*answer);
    return {};
}

std::string ApduConsole::select_path(std::string_view path) {
    const bool relative = path.starts_with("./");
    if (relative) path.remove_prefix(2);
    const char* application = "";
    const std::string_view first = path.substr(0, path.find('/'));
    OwnedBytes aid;
    for (const Application& a : kApplications)
        if (upper(first) == a.word) {
            aid = *from_hex(a.aid);
            application = a.templates;
        }
    if (aid.empty() && is_hex(first) && first.size() >= 10 && first.size() % 2 == 0 && upper(first)[0] >= 'A')
        aid = *from_hex(first);
    if (aid.size() > 16) return "an AID has 5 to 16 octets";
    if (!aid.empty()) path.remove_prefix(std::min(first.size() + 1, path.size()));
    std::string why;
    auto fids = fids_of(path, application, why);
    if (!fids) return why;
    const bool only_application = fids->empty();
    if (!aid.empty() && !only_application) fids->insert(fids->begin(), {0x7F, 0xFF});
    if (fids->size() > 16) return "a path of more than eight files";
    OwnedBytes last = relative ? select_command(0x09, *fids) : select_command(0x08, *fids);
    if (only_application && !aid.empty()) last = select_command(0x04, aid);
    if (only_application && aid.empty()) last = select_command(0x00, std::array<uint8_t, 2>{0x3F, 0x00});
    if (!aid.empty() && !only_application) {
        const auto entered = complete(select_command(0x04, aid));
        if (!entered) return "no answer: " + words_of(entered.error());
        if (binding::is_error(status_of(apdus_.back().octets))) return {};
    }
    const auto answer = complete(std::move(last));
    if (!answer) return "no answer: " + words_of(answer.error());
    said_.text += fcp_text(*answer);
    return {};
}

// Until the opening, or the command that was begun, is complete.
Ok ApduConsole::carry() {
    for (;;) {
        const OwnedBytes answer = TRY(exchange(owned(es10_.next())));
        if (TRY(es10_.reply(answer))) return {};
    }
}

std::string ApduConsole::es10(std::string_view text) {
    const auto command = from_hex(text, "hex");
    if (!command) return words_of(command.error());
    if (command->empty()) return "es10 needs a command, such as BF3E035C015A";
    if (!on_)
        if (const Ok begun = power(reader::Power::on); !begun) return "no answer: " + words_of(begun.error());
    OwnedBytes out(kAnswer);
    for (bool again = false;; again = true) {
        if (!es10_.is_open()) {
            es10_.open();
            const Ok opened = carry();
            if (!opened) es10_.forget();
            if (!opened) return words_of(opened.error());
        }
        if (const Ok begun = es10_.begin(*command, out); !begun) return words_of(begun.error());
        const Ok done = carry();
        if (!done && done.error().code != Errc::rejected) return "no answer: " + words_of(done.error());
        // A refusal is the card's answer; but a channel that was closed by hand is opened anew, once.
        if (done || done.error().detail != 0x6881 || again) return {};
        es10_.forget();
    }
}

Ok ApduConsole::power(reader::Power power) {
    on_ = false;
    es10_.forget();
    apdus_.clear();
    TRY(card_.power(power));
    on_ = true;
    return {};
}

// What the APDUs since the last complete exchange come to. Blocks that are not the last, and 61xx, wait.
void ApduConsole::decode() {
    if (apdus_.empty()) return;
    const OwnedBytes &command = apdus_[apdus_.size() - 2].octets, &answer = apdus_.back().octets;
    const uint16_t word = status_of(answer);
    const bool block = command.size() > 3 && command[0] & 0x80 && command[1] == 0xE2 && command[2] == 0x11;
    if (word >> 8 == 0x61 || word >> 8 == 0x6C || (block && word == 0x9000)) return;
    binding::TraceText text;
    text.apdus = std::move(apdus_);
    apdus_.clear();
    const TraceView view = view_trace(text, false, explained_);
    said_.text += view.messages;
    said_.json["messages"] = ordered_json::parse(view.json)["messages"];
}

std::string ApduConsole::run(std::string_view word, std::string_view rest) {
    if (word == "select") return rest.empty() ? "select what? help tells" : select_path(rest);
    if (word == "es10") return es10(rest);
    if (word == "reset" || word == "atr") {
        const bool reset = word == "reset";
        if (reset || !on_)
            if (const Ok done = power(on_ ? reader::Power::reset : reader::Power::on); !done)
                return "no answer: " + words_of(done.error());
        const std::string atr = hex(card_.atr());
        said_.text += "< " + atr + "\n";
        said_.json["atr"] = atr;
        return {};
    }
    if (word == "help") {
        said_.text += help();
        return {};
    }
    return "no hex and no word of this console: " + std::string(word) + "; help lists them";
}

ApduConsole::Said ApduConsole::line(std::string_view input) {
    ++number_;
    said_ = {};
    input = trimmed(input.substr(0, input.find('#')));
    if (input.empty()) return {};
    const size_t space = std::min(input.find_first_of(" \t"), input.size());
    const std::string_view word = input.substr(0, space), rest = trimmed(input.substr(space));
    said_.json = {{"line", number_}, {"input", std::string(input)}};
    if (word == "quit") {
        said_.quit = true;
        return std::move(said_);
    }
    // What begins as hex is meant as hex; none of the words does.
    const std::string why = word.size() > 1 && is_hex(word.substr(0, 2)) ? raw(input) : run(word, rest);
    if (why.empty()) decode();
    if (!why.empty()) {
        said_.good = false;
        said_.text += "line " + std::to_string(number_) + ": " + why + "\n";
        said_.json["error"] = why;
    }
    return std::move(said_);
}

} // namespace halyard::app
