#include "binding/apdu_trace.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace halyard::binding {
namespace {
using Json = nlohmann::json;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }
bool is_word(char c) { return is_hex(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// Without what people and scriptor add behind the octets: " : Normal processing.", "# select", "(ok)".
std::string_view without_comment(std::string_view text) {
    text = text.substr(0, text.find_first_of("#;(|\""));
    return trim(text.substr(0, text.find(" :")));
}

struct Octets {
    OwnedBytes bytes;
    bool half = false; // all hex, but an odd number of digits
};
// Hex to the end, with the separators people use; nothing when it is something else.
std::optional<Octets> octets_of(std::string_view text) {
    std::string digits;
    text = trim(text);
    for (size_t i = 0; i < text.size(); ++i) {
        const bool begins = i == 0 || !is_word(text[i - 1]);
        const bool prefix = begins && i + 1 < text.size() && text[i] == '0' && lower(text[i + 1]) == 'x';
        const bool status = begins && text.substr(i, 2) == "SW"; // "… SW: 9000" behind the data
        if (prefix || status)
            ++i;
        else if (is_hex(text[i]))
            digits += text[i];
        else if (!is_space(text[i]) && text[i] != ':' && text[i] != ',' && text[i] != '=')
            return std::nullopt;
    }
    if (digits.empty()) return std::nullopt;
    auto bytes = from_hex(digits);
    if (!bytes) return Octets{{}, true};
    return Octets{std::move(*bytes)};
}

struct Mark {
    const char* word; // in lower case
    bool command;
};
// Longer ones first: "c-apdu:" holds "apdu:".
constexpr Mark kMarks[] = {{"outgoing apdu", true},
                           {"incoming apdu", false},
                           {"command apdu", true},
                           {"response apdu", false},
                           {"apdu command", true},
                           {"apdu response", false},
                           {"c-apdu", true},
                           {"r-apdu", false},
                           {"capdu", true},
                           {"rapdu", false},
                           {"apdu:", true}, // pcscd
                           {"sw:", false},
                           {"sent:", true},
                           {"received:", false},
                           {"tx:", true},
                           {"rx:", false}};

struct Found {
    bool command;
    std::string_view rest; // behind the mark
    bool status = false;   // "SW:": a status word, or in pcscd's habit all of the response
};
std::optional<Found> find_mark(std::string_view line) {
    std::string low(line);
    std::ranges::transform(low, low.begin(), lower);
    for (const Mark& m : kMarks) {
        const size_t at = low.find(m.word);
        if (at == std::string::npos || (at && is_word(low[at - 1]))) continue;
        const std::string_view word = m.word;
        return Found{m.command, line.substr(at + word.size()), word == "sw:"};
    }
    return std::nullopt;
}
// An arrow with nothing but hex behind it: "> 80E2…", "12:00:01 <- 9000".
std::optional<Found> find_arrow(std::string_view line) {
    for (size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '>' && line[i] != '<') continue;
        size_t to = i;
        while (to < line.size() && (is_space(line[to]) || line[to] == line[i] || line[to] == '-' ||
                                    line[to] == '=' || line[to] == ':'))
            ++to;
        if (octets_of(without_comment(line.substr(to)))) return Found{line[i] == '>', line.substr(to)};
    }
    return std::nullopt;
}

// "(18 bytes)", "data [    5 bytes] ====": how many octets the lines that follow will hold, and what is
// behind.
struct Announced {
    std::optional<size_t> count;
    std::string_view rest;
};
Announced announced(std::string_view rest) {
    Announced out{std::nullopt, trim(rest)};
    if (out.rest.starts_with("data")) out.rest = trim(out.rest.substr(4));
    if (!out.rest.empty() && (out.rest[0] == '(' || out.rest[0] == '[')) {
        const size_t end = out.rest.find_first_of(")]");
        const std::string_view inside =
            trim(out.rest.substr(1, end == std::string_view::npos ? end : end - 1));
        size_t count = 0, digits = 0;
        while (digits < inside.size() && digits < 6 && inside[digits] >= '0' && inside[digits] <= '9')
            count = count * 10 + static_cast<size_t>(inside[digits++] - '0');
        if (digits) out.count = count;
        out.rest = end == std::string_view::npos ? std::string_view() : trim(out.rest.substr(end + 1));
    }
    while (!out.rest.empty() && (out.rest[0] == ':' || out.rest[0] == '=' || is_space(out.rest[0])))
        out.rest.remove_prefix(1);
    return out;
}

class Reader {
  public:
    TraceText out;

    void line(std::string_view text) {
        ++number_;
        text = trim(text);
        if (dump_ && dumped(text)) return;
        const bool follows = !out.apdus.empty() && open_ && out.apdus.back().last + 1 == number_;
        open_ = false;
        if (const size_t at = text.find('{'); at != std::string_view::npos && lpac(text.substr(at))) return;
        if (const auto mark = find_mark(text)) return marked(*mark);
        if (const auto arrow = find_arrow(text)) return take(arrow->command, arrow->rest);
        if (follows) continued(text);
    }
    void end() {
        if (dump_) end_dump();
    }

  private:
    void fault(std::string what) { out.faults.push_back({number_, std::move(what)}); }
    void add(bool command, OwnedBytes octets) {
        out.apdus.push_back({command, std::move(octets), number_, number_});
    }

    void take(bool command, std::string_view rest) {
        const std::string_view hex = without_comment(rest);
        auto octets = octets_of(hex);
        if (!octets || octets->half)
            return fault(octets ? "an odd number of hex digits" : "no hex where an APDU is announced");
        add(command, std::move(octets->bytes));
        open_ = hex.size() == trim(rest).size(); // a comment ends the octets
    }
    void marked(const Found& mark) {
        const Announced a = announced(mark.rest);
        if (!a.rest.empty()) {
            const size_t before = out.apdus.size();
            take(mark.command, a.rest);
            if (mark.status && before && out.apdus.size() > before) status_line();
            return;
        }
        dump_ = Dump{a.count, {mark.command, {}, number_, number_}};
    }
    // "R-APDU: …" in one line and "SW: 9000" in the next are one response.
    void status_line() {
        const TraceApdu& status = out.apdus.back();
        TraceApdu& response = out.apdus[out.apdus.size() - 2];
        if (response.command || status.octets.size() != 2 || response.last + 1 != number_) return;
        append(response.octets, status.octets);
        response.last = number_;
        out.apdus.pop_back();
        open_ = false;
    }
    // scriptor breaks long answers into lines
    void continued(std::string_view text) {
        const std::string_view hex = without_comment(text);
        const auto octets = octets_of(hex);
        if (!octets || octets->half) return;
        append(out.apdus.back().octets, octets->bytes);
        out.apdus.back().last = number_;
        open_ = hex.size() == text.size();
    }

    struct Dump {
        std::optional<size_t> count;
        TraceApdu apdu;
    };
    // "00 A4 04 00 0D A0 … 31  ......PKCS-1": up to 16 octets, then the same as text.
    bool dumped(std::string_view text) {
        Dump& d = *dump_;
        const size_t left = d.count ? *d.count - d.apdu.octets.size() : 16;
        size_t n = 0;
        for (size_t at = 0; n < std::min<size_t>(left, 16) && at + 1 < text.size(); ++n, at += 3) {
            const bool pair = is_hex(text[at]) && is_hex(text[at + 1]);
            if (!pair || (at + 2 < text.size() && !is_space(text[at + 2]))) break;
            d.apdu.octets.push_back((*from_hex(text.substr(at, 2)))[0]);
        }
        if (n) d.apdu.last = number_;
        if (n && !(d.count && d.apdu.octets.size() == *d.count)) return true;
        end_dump();
        return n != 0;
    }
    void end_dump() {
        Dump d = std::move(*dump_);
        dump_.reset();
        if (d.apdu.octets.empty())
            return out.faults.push_back({d.apdu.first, "no hex where an APDU is announced"});
        if (d.count && *d.count != d.apdu.octets.size())
            out.faults.push_back({d.apdu.first,
                                  std::to_string(*d.count) + " octets are announced, " +
                                      std::to_string(d.apdu.octets.size()) + " are there"});
        out.apdus.push_back(std::move(d.apdu));
    }

    // {"type":"apdu","payload":{"func":"transmit","param":"80E2…"}} and {"…":{"ecode":0,"data":"…9000"}}
    bool lpac(std::string_view text) {
        const Json json = Json::parse(text, nullptr, false);
        if (!json.is_object() || json.value("type", Json()) != "apdu") return false;
        const auto payload = json.find("payload");
        if (payload == json.end() || !payload->is_object()) return fault("an apdu without payload"), true;
        const auto word = [&](const char* name) {
            const auto it = payload->find(name);
            return it != payload->end() && it->is_string() ? it->get<std::string>() : std::string();
        };
        if (payload->contains("func")) {
            function_ = word("func");
            return lpac_command(word("param")), true;
        }
        return lpac_answer(*payload, word("data")), true;
    }
    void lpac_command(const std::string& parameter) {
        if (function_ != "transmit" && function_ != "logic_channel_open") return;
        auto octets = from_hex(parameter);
        if (!octets || octets->empty()) return fault("no hex in param of " + function_);
        if (function_ == "transmit") return add(true, std::move(*octets));
        OwnedBytes select{0x00, 0xA4, 0x04, 0x00, static_cast<uint8_t>(octets->size())};
        append(select, *octets);
        add(true, std::move(select));
    }
    void lpac_answer(const Json& payload, const std::string& data) {
        const auto code = payload.find("ecode");
        const bool good = code != payload.end() && code->is_number_integer() && *code >= 0;
        if (function_ == "logic_channel_open") {
            if (good) return add(false, {0x90, 0x00});
            return fault("the logical channel was not opened");
        }
        if (function_ != "transmit") return;
        if (!good) return fault("the reader failed: transmit has a negative ecode");
        auto octets = from_hex(data);
        if (!octets || octets->empty()) return fault("no hex in data");
        add(false, std::move(*octets));
    }

    uint32_t number_ = 0;
    bool open_ = false; // the octets of the last APDU may go on in the next line
    std::optional<Dump> dump_;
    std::string function_; // that lpac called last
};

} // namespace

TraceText read_trace(std::string_view text) {
    Reader reader;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        reader.line(text.substr(at, end - at));
        at = end + 1;
    }
    reader.end();
    return std::move(reader.out);
}

} // namespace halyard::binding
