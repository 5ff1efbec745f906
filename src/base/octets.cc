#include "base/octets.h"
#include <algorithm>

namespace halyard {
namespace {
constexpr char kHex[] = "0123456789ABCDEF";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}
unsigned mod97(const Eid& eid, size_t digits) {
    unsigned r = 0;
    for (size_t i = 0; i < digits; ++i) {
        const unsigned digit = i % 2 ? eid[i / 2] & 15u : eid[i / 2] >> 4u;
        r = (r * 10 + digit) % 97;
    }
    return r;
}
} // namespace

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string hex(Bytes bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (uint8_t b : bytes) {
        out += kHex[b >> 4];
        out += kHex[b & 15];
    }
    return out;
}

Result<OwnedBytes> from_hex(std::string_view text, const char* where) {
    OwnedBytes out;
    out.reserve(text.size() / 2);
    int high = -1;
    uint32_t at = 0;
    for (char c : text) {
        ++at;
        if (is_space(c) || c == ':') continue;
        const int v = hex_value(c);
        if (v < 0) return fail(Errc::bad_value, where, 0, at - 1);
        if (high < 0) {
            high = v;
            continue;
        }
        out.push_back(static_cast<uint8_t>(high << 4 | v));
        high = -1;
    }
    if (high >= 0) return fail(Errc::truncated, where, 0, at);
    return out;
}

std::string base64(Bytes in) {
    std::string out;
    out.reserve((in.size() + 2) / 3 * 4);
    for (size_t i = 0; i < in.size(); i += 3) {
        const size_t left = in.size() - i;
        const uint32_t v = static_cast<uint32_t>(in[i]) << 16 |
                           (left > 1 ? static_cast<uint32_t>(in[i + 1]) << 8 : 0u) |
                           (left > 2 ? static_cast<uint32_t>(in[i + 2]) : 0u);
        out += kBase64[v >> 18 & 63];
        out += kBase64[v >> 12 & 63];
        out += left > 1 ? kBase64[v >> 6 & 63] : '=';
        out += left > 2 ? kBase64[v & 63] : '=';
    }
    return out;
}

Result<OwnedBytes> from_base64(std::string_view text, const char* where) {
    OwnedBytes out;
    out.reserve(text.size() / 4 * 3 + 2);
    uint32_t bits = 0;
    unsigned digits = 0, padding = 0;
    uint32_t at = 0;
    for (char c : text) {
        ++at;
        if (is_space(c)) continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const int v = base64_value(c);
        if (v < 0 || padding) return fail(Errc::bad_value, where, 0, at - 1);
        bits = bits << 6 | static_cast<uint32_t>(v);
        if (++digits % 4) continue;
        out.push_back(static_cast<uint8_t>(bits >> 16));
        out.push_back(static_cast<uint8_t>(bits >> 8));
        out.push_back(static_cast<uint8_t>(bits));
        bits = 0;
    }
    const unsigned left = digits % 4;
    if (left == 1 || padding != (left ? 4 - left : 0)) return fail(Errc::bad_length, where, 0, at);
    if (left == 2) {
        if (bits & 15) return fail(Errc::bad_value, where, 0, at);
        out.push_back(static_cast<uint8_t>(bits >> 4));
    }
    if (left == 3) {
        if (bits & 3) return fail(Errc::bad_value, where, 0, at);
        out.push_back(static_cast<uint8_t>(bits >> 10));
        out.push_back(static_cast<uint8_t>(bits >> 2));
    }
    return out;
}

std::string to_text(const Eid& eid) { return hex(eid); }

std::string to_text(const Iccid& iccid) {
    std::string out;
    for (uint8_t b : iccid) {
        out += kHex[b & 15];
        out += kHex[b >> 4];
    }
    while (!out.empty() && out.back() == 'F') out.pop_back();
    return out;
}

Result<Eid> eid_from_text(std::string_view text, const char* where) {
    if (text.size() != 32) return fail(Errc::bad_length, where, static_cast<uint32_t>(text.size()));
    Eid eid{};
    for (size_t i = 0; i < 32; ++i) {
        if (text[i] < '0' || text[i] > '9') return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
        eid[i / 2] = static_cast<uint8_t>(eid[i / 2] << 4 | (text[i] - '0'));
    }
    return eid;
}

Result<Iccid> iccid_from_text(std::string_view text, const char* where) {
    if (!text.empty() && (text.back() == 'F' || text.back() == 'f')) text.remove_suffix(1);
    if (text.size() < 18 || text.size() > 20)
        return fail(Errc::bad_length, where, static_cast<uint32_t>(text.size()));
    Iccid iccid;
    iccid.fill(0xFF);
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] < '0' || text[i] > '9') return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
        const auto digit = static_cast<uint8_t>(text[i] - '0');
        uint8_t& b = iccid[i / 2];
        b = i % 2 ? static_cast<uint8_t>((b & 0x0F) | digit << 4) : static_cast<uint8_t>((b & 0xF0) | digit);
    }
    return iccid;
}

bool valid_check_digits(const Eid& eid) { return mod97(eid, 32) == 1; }

Eid with_check_digits(Eid eid) {
    eid[15] = 0;
    const unsigned check = 98 - mod97(eid, 32);
    eid[15] = static_cast<uint8_t>(check / 10 << 4 | check % 10);
    return eid;
}

} // namespace halyard
