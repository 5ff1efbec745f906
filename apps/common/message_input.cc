#include "apps/common/message_input.h"
#include "apps/common/files.h"
#include "asn1/asn1.h"
#include <algorithm>
#include <cstdio>

namespace halyard::app {
namespace {

constexpr size_t kLargest = 16u << 20;

bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// The lines between BEGIN and END; everything when there are none.
std::string without_armour(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (!line.starts_with("-----")) out.append(line).push_back('\n');
        at = end + 1;
    }
    return out;
}

// "0xBF, 0x4F" is BF4F.
std::string without_prefixes(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool begins = i == 0 || !is_hex(text[i - 1]);
        if (begins && text[i] == '0' && i + 1 < text.size() && (text[i + 1] | 0x20) == 'x')
            ++i;
        else if (text[i] != ',')
            out += text[i];
    }
    return out;
}

Result<OwnedBytes> read_stdin() {
    OwnedBytes out;
    std::array<uint8_t, 65536> piece;
    while (const size_t n = std::fread(piece.data(), 1, piece.size(), stdin)) {
        append(out, Bytes(piece).first(n));
        if (out.size() > kLargest) return fail(Errc::limit, "stdin");
    }
    if (std::ferror(stdin)) return fail(Errc::storage, "stdin");
    return out;
}

// A word that is no file: hex is meant as such; base64 only when a TLV comes of it, for many names are
// base64.
bool is_message(std::string_view text) {
    if (text.empty()) return false;
    if (text[0] == '{' || text[0] == '[') return true;
    if (from_hex(without_prefixes(text))) return true;
    const auto der = der_of(bytes_of(text));
    return der && asn1::read_tlv(*der);
}

} // namespace

bool is_text(Bytes content) {
    return std::ranges::all_of(content, [](uint8_t c) { return is_space(c) || (c > 0x20 && c < 0x7F); });
}

Result<OwnedBytes> der_of(Bytes content, const char* where) {
    if (std::ranges::all_of(content, is_space)) return fail(Errc::truncated, where);
    if (!is_text(content)) return owned(content);
    const std::string digits = without_prefixes(text_of(content));
    if (std::ranges::all_of(
            digits, [](char c) { return is_space(static_cast<uint8_t>(c)) || is_hex(c) || c == ':'; }))
        return from_hex(digits, where);
    return from_base64(without_armour(text_of(content)), where);
}

Result<OwnedBytes> read_argument(const std::string& argument) {
    if (argument == "-") return read_stdin();
    std::error_code ignored;
    if (!std::filesystem::exists(argument, ignored) && is_message(argument)) return owned(bytes_of(argument));
    return read_file(argument, kLargest);
}

} // namespace halyard::app
