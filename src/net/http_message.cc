#include "net/http_message.h"
#include <algorithm>
#include <charconv>
#include <cstring>

namespace halyard::net {
namespace {

constexpr size_t kMaxFramingLine = 256; // a chunk size with extensions we ignore

bool is_token_octet(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}
bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_octet); }

/// Visible octets, spaces and tabs; octets above 0x7F are opaque. RFC 9110 §5.5
bool is_value_octet(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= 0x20 && octet != 0x7F);
}
bool is_value(std::string_view text) { return std::ranges::all_of(text, is_value_octet); }

/// Strict origin form: nothing that a proxy in between could read differently.
bool is_target(std::string_view text) {
    return text.starts_with('/') &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '\\'; });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

/// Whether a comma-separated field value contains the word.
bool lists(std::string_view value, std::string_view word) {
    while (!value.empty()) {
        const size_t comma = value.find(',');
        if (same_word(trim(value.substr(0, comma)), word)) return true;
        if (comma == std::string_view::npos) return false;
        value.remove_prefix(comma + 1);
    }
    return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

Result<size_t> HttpReader::feed(Bytes octets) {
    size_t taken = 0;
    while (taken < octets.size() && at_ != At::done) {
        const Bytes rest = octets.subspan(taken);
        taken += at_ == At::body ? TRY(feed_body(rest)) : TRY(feed_head(rest));
    }
    return taken;
}

Result<size_t> HttpReader::feed_head(Bytes octets) {
    at_ = At::header;
    for (size_t i = 0; i < octets.size(); ++i) {
        const char c = static_cast<char>(octets[i]);
        if (++header_used_ > limits_.header_bytes) return fail(Errc::limit, "header");
        const bool after_cr = !line_.empty() && line_.back() == '\r';
        if ((c == '\n') != after_cr) return fail(Errc::bad_value, "header"); // bare CR or LF
        line_ += c;
        if (c != '\n') continue;
        if (line_ == "\r\n") { // one empty line before a request is tolerated, RFC 9112 §2.2
            if (role_ == Role::response || lines_++ > 0) return fail(Errc::bad_value, "header");
            line_.clear();
            continue;
        }
        if (!line_.ends_with("\r\n\r\n")) continue;
        TRY(parse_head());
        return i + 1;
    }
    return octets.size();
}

Ok HttpReader::parse_head() {
    lines_ = 0;
    std::string_view head(line_);
    head.remove_suffix(2);
    for (bool first = true; !head.empty(); first = false) {
        const size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (!first && ++lines_ > limits_.header_lines) return fail(Errc::limit, "header");
        if (!first)
            TRY(parse_field(line));
        else if (role_ == Role::request)
            TRY(parse_request_line(line));
        else
            TRY(parse_status_line(line));
    }
    TRY(settle_framing());
    line_.clear();
    return {};
}

Ok HttpReader::parse_request_line(std::string_view line) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return fail(Errc::bad_value, "request line");
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(line.substr(0, first)) || !is_target(target)) return fail(Errc::bad_value, "request line");
    if (!version.starts_with("HTTP/")) return fail(Errc::bad_value, "request line");
    if (version != "HTTP/1.1") return fail(Errc::unsupported, "http version");
    method_ = line.substr(0, first);
    target_ = target;
    return {};
}

Ok HttpReader::parse_status_line(std::string_view line) {
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7]) || line[8] != ' ')
        return fail(Errc::bad_value, "status line");
    if (line.size() > 12 && line[12] != ' ') return fail(Errc::bad_value, "status line");
    const std::string_view code = line.substr(9, 3);
    if (!std::ranges::all_of(code, is_digit) || code[0] == '0') return fail(Errc::bad_value, "status line");
    if (!is_value(line)) return fail(Errc::bad_value, "status line");
    std::from_chars(code.data(), code.data() + 3, status_);
    keep_alive_ = line[7] != '0';
    return {};
}

Ok HttpReader::parse_field(std::string_view line) {
    // A line that starts with white space continues the one before in old HTTP; its name is then not a token.
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return fail(Errc::bad_value, "header");
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_value(value)) return fail(Errc::bad_value, "header");
    headers_.add(std::string(line.substr(0, colon)), std::string(value));
    return {};
}

Ok HttpReader::settle_framing() {
    if (role_ == Role::request && (headers_.count("Host") != 1 || headers_.get("Host").empty()))
        return fail(Errc::bad_value, "host");
    for (const auto& [key, value] : headers_)
        if (same_word(key, "Connection") && lists(value, "close")) keep_alive_ = false;
    const size_t codings = headers_.count("Transfer-Encoding");
    if (codings > 0 && headers_.find("Content-Length")) return fail(Errc::bad_value, "transfer-encoding");
    if (codings > 1 || (codings == 1 && !same_word(headers_.get("Transfer-Encoding"), "chunked")))
        return fail(Errc::unsupported, "transfer-encoding");
    return settle_length(codings == 1);
}

Ok HttpReader::settle_length(bool chunked) {
    at_ = At::body;
    const std::string* length = headers_.find("Content-Length");
    if (length) {
        const bool number =
            !length->empty() && length->size() <= 18 && std::ranges::all_of(*length, is_digit);
        if (headers_.count("Content-Length") > 1 || !number) return fail(Errc::bad_value, "content-length");
        std::from_chars(length->data(), length->data() + length->size(), remaining_);
    }
    const bool bodiless =
        role_ == Role::response && (no_body_ || status_ < 200 || status_ == 204 || status_ == 304);
    if (bodiless) {
        at_ = At::done;
    } else if (chunked) {
        framing_ = Framing::chunk_size;
    } else if (length) {
        if (remaining_ > limits_.body) return fail(Errc::limit, "body");
        framing_ = Framing::length;
        if (remaining_ == 0) at_ = At::done;
    } else if (role_ == Role::request) {
        at_ = At::done;
    } else {
        framing_ = Framing::until_close;
        remaining_ = std::numeric_limits<uint64_t>::max();
        keep_alive_ = false;
    }
    return {};
}

Result<size_t> HttpReader::feed_body(Bytes octets) {
    switch (framing_) {
    case Framing::length:
    case Framing::chunk_data:
    case Framing::until_close: return feed_counted(octets);
    default: return feed_line(octets);
    }
}

Result<size_t> HttpReader::feed_counted(Bytes octets) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(remaining_, octets.size()));
    if (count > limits_.body - body_.size()) return fail(Errc::limit, "body");
    append(body_, octets.first(count));
    remaining_ -= count;
    if (remaining_ > 0) return count;
    if (framing_ == Framing::chunk_data)
        framing_ = Framing::chunk_end;
    else
        at_ = At::done;
    return count;
}

Result<size_t> HttpReader::feed_line(Bytes octets) {
    const size_t most = framing_ == Framing::trailer ? limits_.header_bytes : kMaxFramingLine;
    for (size_t i = 0; i < octets.size(); ++i) {
        const char c = static_cast<char>(octets[i]);
        const bool after_cr = !line_.empty() && line_.back() == '\r';
        if ((c == '\n') != after_cr) return fail(Errc::bad_value, "chunk");
        line_ += c;
        if (line_.size() > most) return fail(Errc::limit, "header");
        if (c != '\n') continue;
        line_.resize(line_.size() - 2);
        TRY(end_line());
        line_.clear();
        return i + 1;
    }
    return octets.size();
}

Ok HttpReader::end_line() {
    if (framing_ == Framing::chunk_size) return take_chunk_size(line_);
    if (framing_ == Framing::chunk_end) {
        if (!line_.empty()) return fail(Errc::bad_value, "chunk");
        framing_ = Framing::chunk_size;
        return {};
    }
    // Trailers are checked and dropped: nothing here uses them, and merging them would let them override
    // fields.
    if (line_.empty()) {
        at_ = At::done;
        return {};
    }
    header_used_ += line_.size() + 2;
    if (++lines_ > limits_.header_lines || header_used_ > limits_.header_bytes)
        return fail(Errc::limit, "header");
    const size_t colon = line_.find(':');
    if (colon == std::string::npos || !is_token(std::string_view(line_).substr(0, colon)) || !is_value(line_))
        return fail(Errc::bad_value, "header");
    return {};
}

Ok HttpReader::take_chunk_size(std::string_view line) {
    const std::string_view digits = line.substr(0, line.find(';'));
    uint64_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (digits.empty() || digits.size() > 8 || digits[0] == '-' || !whole || !is_value(line))
        return fail(Errc::bad_value, "chunk");
    if (size > limits_.body - body_.size()) return fail(Errc::limit, "body");
    remaining_ = size;
    framing_ = size == 0 ? Framing::trailer : Framing::chunk_data;
    return {};
}

Ok HttpReader::end() {
    if (at_ == At::body && framing_ == Framing::until_close) at_ = At::done;
    return done() ? Ok{} : Ok{fail(Errc::truncated, "http message")};
}

bool HttpReader::expects_continue() const {
    return at_ == At::body && body_.empty() && same_word(headers_.get("Expect"), "100-continue");
}

bool HttpReader::expects_other() const {
    const std::string* expect = headers_.find("Expect");
    return expect && !same_word(*expect, "100-continue");
}

Request HttpReader::take_request() {
    return {.method = std::move(method_),
            .target = std::move(target_),
            .headers = std::move(headers_),
            .body = std::move(body_)};
}

Response HttpReader::take_response() {
    std::string type(headers_.get("Content-Type"));
    return {.status = status_,
            .content_type = std::move(type),
            .headers = std::move(headers_),
            .body = std::move(body_)};
}

namespace {

bool is_framing_field(std::string_view name) {
    return same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding") ||
           same_word(name, "Connection") || same_word(name, "Host");
}

bool add_field(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_value(value)) return false;
    out.append(name).append(": ").append(value).append("\r\n");
    return true;
}

void add_length(std::string& out, size_t length) {
    out.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
}

} // namespace

Result<std::string> serialize(const Request& request, std::string_view target, std::string_view authority) {
    if (!is_token(request.method) || !is_target(target)) return fail(Errc::bad_value, "request line");
    std::string out = request.method;
    out.append(" ").append(target).append(" HTTP/1.1\r\n");
    if (!add_field(out, "Host", authority)) return fail(Errc::bad_value, "request header");
    for (const auto& [name, value] : request.headers) {
        if (is_framing_field(name)) continue;
        if (!add_field(out, name, value)) return fail(Errc::bad_value, "request header");
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
        request.method == "PATCH")
        add_length(out, request.body.size());
    out.append("\r\n").append(text_of(request.body));
    return out;
}

// Not strftime: its names depend on the locale.
std::string http_date(time_t now) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    tm t{};
    gmtime_r(&now, &t);
    const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(kDays[t.tm_wday]) + ", " + two(t.tm_mday) + " " + kMonths[t.tm_mon] + " " +
           std::to_string(t.tm_year + 1900) + " " + two(t.tm_hour) + ":" + two(t.tm_min) + ":" +
           two(t.tm_sec) + " GMT";
}

Result<std::string> serialize(const Response& response, const ResponseContext& context) {
    if (response.status < 200 || response.status > 599) return fail(Errc::bad_value, "response status");
    const bool bodiless = response.status == 204 || response.status == 304;
    std::string out =
        "HTTP/1.1 " + std::to_string(response.status) + " " + reason_phrase(response.status) + "\r\n";
    if (!context.date.empty()) add_field(out, "Date", context.date);
    if (!bodiless && !response.content_type.empty() && !add_field(out, "Content-Type", response.content_type))
        return fail(Errc::bad_value, "response header");
    for (const auto& [name, value] : response.headers) {
        if (is_framing_field(name) || same_word(name, "Content-Type") || same_word(name, "Date")) continue;
        if (!add_field(out, name, value)) return fail(Errc::bad_value, "response header");
    }
    if (!bodiless) add_length(out, response.body.size());
    if (context.close) out.append("Connection: close\r\n");
    out.append("\r\n");
    if (!bodiless && !context.head) out.append(text_of(response.body));
    return out;
}

} // namespace halyard::net
