#include "binding/json_view.h"
#include "base/tolerated.h"
#include <algorithm>
#include <charconv>

namespace halyard::binding {
namespace {
constexpr size_t kNowhere = std::string_view::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
// Of the four digits behind \u; -1 when there are not four.
int32_t code_unit(std::string_view text, size_t at) {
    if (text.size() < at + 4) return -1;
    int32_t out = 0;
    for (size_t i = at; i < at + 4; ++i) {
        const int digit = hex_digit(text[i]);
        if (digit < 0) return -1;
        out = out << 4 | digit;
    }
    return out;
}
bool is_high(int32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The octets of one UTF-8 sequence that begins there; 0 when there is none.
size_t utf8_length(std::string_view text, size_t at) {
    const auto octet = [&](size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const unsigned first = octet(0);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned low = 0x80, high = 0xBF; // of the second: no longer form, no surrogate, nothing above 10FFFF
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    for (size_t i = 1; i < length; ++i) {
        if (octet(i) < low || octet(i) > high) return 0;
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

// ---- Walking through what was checked ----

size_t end_of_string(std::string_view text, size_t at) {
    for (++at; text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return at + 1;
}
size_t end_of_value(std::string_view text, size_t at) {
    if (text[at] == '"') return end_of_string(text, at);
    if (text[at] != '{' && text[at] != '[') {
        while (at < text.size() && !is_space(text[at]) && text[at] != ',' && text[at] != ']' &&
               text[at] != '}')
            ++at;
        return at;
    }
    for (int depth = 0;;) {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
            continue;
        }
        ++at;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (!depth) return at;
    }
}

// What a string says, octet by octet.
class Letters {
  public:
    explicit Letters(std::string_view quoted) : rest_(quoted.substr(1, quoted.size() - 2)) {}
    /// -1 at the end.
    int next() {
        if (given_ < made_) return static_cast<unsigned char>(octets_[given_++]);
        if (rest_.empty()) return -1;
        if (rest_[0] != '\\') return take();
        if (rest_[1] == 'u') return escaped_code();
        constexpr std::string_view kLetters = "bfnrt", kMeant = "\b\f\n\r\t";
        const size_t known = kLetters.find(rest_[1]);
        if (known != kNowhere) return rest_.remove_prefix(2), kMeant[known];
        rest_.remove_prefix(1); // the character itself
        return take();
    }

  private:
    int take() {
        const int octet = static_cast<unsigned char>(rest_[0]);
        rest_.remove_prefix(1);
        return octet;
    }
    int escaped_code() {
        auto code = static_cast<uint32_t>(code_unit(rest_, 2));
        rest_.remove_prefix(6);
        if (is_high(static_cast<int32_t>(code))) {
            code = 0x10000 + ((code - 0xD800) << 10) + static_cast<uint32_t>(code_unit(rest_, 2)) - 0xDC00;
            rest_.remove_prefix(6);
        }
        made_ = given_ = 0;
        const auto put = [&](uint32_t octet) { octets_[made_++] = static_cast<char>(octet); };
        const auto more = [&](int shift) { put(0x80 | (code >> shift & 0x3F)); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xC0 | code >> 6);
            more(0);
        } else if (code < 0x10000) {
            put(0xE0 | code >> 12);
            more(6);
            more(0);
        } else {
            put(0xF0 | code >> 18);
            more(12);
            more(6);
            more(0);
        }
        return next();
    }
    std::string_view rest_;
    char octets_[4] = {};
    uint8_t made_ = 0, given_ = 0;
};

bool has_escape(std::string_view quoted) { return quoted.find('\\') != kNowhere; }
std::string_view inside(std::string_view quoted) { return quoted.substr(1, quoted.size() - 2); }

int compare(std::string_view quoted, std::string_view other) {
    if (!has_escape(quoted) && !has_escape(other)) return inside(quoted).compare(inside(other));
    Letters a(quoted), b(other);
    for (;;) {
        const int x = a.next(), y = b.next();
        if (x != y) return x - y;
        if (x < 0) return 0;
    }
}

// ---- Checking ----

// Recursive: whoever calls it has counted the levels.
class Checker {
  public:
    explicit Checker(std::string_view text) : text_(text) {}
    bool whole() {
        skip_space();
        if (!value()) return false;
        skip_space();
        return at == text_.size();
    }
    size_t at = 0;
    std::string_view twice{}; // the first name, in quotes, that its object has already

  private:
    char here() const { return at < text_.size() ? text_[at] : '\0'; }
    void skip_space() {
        while (is_space(here())) ++at;
    }
    bool is(char c) { return here() == c && (++at, true); }
    bool word(std::string_view w) { return text_.substr(at, w.size()) == w && (at += w.size(), true); }

    bool value() {
        switch (here()) {
        case '{': return object();
        case '[': return array();
        case '"': return string();
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        default: return number();
        }
    }
    bool array() {
        ++at;
        skip_space();
        if (is(']')) return true;
        do {
            skip_space();
            if (!value()) return false;
            skip_space();
        } while (is(','));
        return is(']');
    }
    bool object() {
        const size_t first = names_.size();
        ++at;
        skip_space();
        if (!is('}')) {
            do {
                skip_space();
                names_.push_back(static_cast<uint32_t>(at));
                if (here() != '"' || !string()) return false;
                skip_space();
                if (!is(':')) return false;
                skip_space();
                if (!value()) return false;
                skip_space();
            } while (is(','));
            if (!is('}')) return false;
        }
        look_for_twice(first);
        names_.resize(first);
        return true;
    }
    std::string_view name_at(uint32_t offset) const {
        return text_.substr(offset, end_of_string(text_, offset) - offset);
    }
    void look_for_twice(size_t first) {
        const auto begin = names_.begin() + static_cast<ptrdiff_t>(first);
        std::sort(begin, names_.end(), [&](uint32_t a, uint32_t b) {
            const int order = compare(name_at(a), name_at(b));
            return order ? order < 0 : a < b;
        });
        for (size_t i = first + 1; i < names_.size(); ++i) {
            const std::string_view name = name_at(names_[i]);
            if (compare(name_at(names_[i - 1]), name)) continue;
            if (twice.empty() || name.data() < twice.data()) twice = name;
        }
    }
    bool digits() {
        if (!is_digit(here())) return false;
        while (is_digit(here())) ++at;
        return true;
    }
    bool number() {
        is('-');
        if (!is('0') && !digits()) return false;
        if (is('.') && !digits()) return false;
        if (!is('e') && !is('E')) return true;
        if (!is('+')) is('-');
        return digits();
    }
    bool string() {
        ++at;
        for (;;) {
            const char c = here();
            if (is('"')) return true;
            if (static_cast<unsigned char>(c) < 0x20) return false; // or the end
            if (c == '\\') {
                if (!escape()) return false;
                continue;
            }
            const size_t length = utf8_length(text_, at);
            if (!length) return false;
            at += length;
        }
    }
    bool escape() {
        const char c = at + 1 < text_.size() ? text_[at + 1] : '\0';
        if (c != 'u') {
            if (std::string_view("\"\\/bfnrt").find(c) == kNowhere) return false;
            at += 2;
            return true;
        }
        const int32_t unit = code_unit(text_, at + 2);
        if (unit < 0 || is_low(unit)) return false;
        at += 6;
        if (!is_high(unit)) return true;
        if (text_.substr(at, 2) != "\\u" || !is_low(code_unit(text_, at + 2))) return false;
        at += 6;
        return true;
    }

    std::string_view text_;
    std::vector<uint32_t> names_; // offsets of the members so far of each object that is open
};

Ok check_depth(std::string_view text, int deepest) {
    int depth = 0; // before anything recurses (SR-48)
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > deepest)
            return fail(Errc::limit, "depth", static_cast<uint32_t>(deepest), static_cast<uint32_t>(i));
    }
    return {};
}
} // namespace

bool JsonView::is_zero() const {
    if (text_[0] != '-' && !is_digit(text_[0])) return false;
    return text_.substr(0, text_.find_first_of("eE")).find_first_of("123456789") == kNowhere;
}
std::optional<int64_t> JsonView::integer() const {
    int64_t out = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    if (error != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
    return out;
}
std::optional<uint64_t> JsonView::natural() const {
    uint64_t out = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    if (error != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
    return out;
}
std::string_view JsonView::string(std::string& room) const {
    if (!has_escape(text_)) return inside(text_);
    room.clear();
    room.reserve(text_.size()); // no escape is shorter than what it stands for
    Letters letters(text_);
    for (int c = letters.next(); c >= 0; c = letters.next()) room += static_cast<char>(c);
    return room;
}
std::string JsonView::string() const {
    std::string room;
    const std::string_view said = string(room);
    return has_escape(text_) ? std::move(room) : std::string(said);
}
bool JsonView::says(std::string_view plain) const {
    if (!is_string()) return false;
    if (!has_escape(text_)) return inside(text_) == plain;
    Letters letters(text_);
    for (const char c : plain)
        if (letters.next() != static_cast<unsigned char>(c)) return false;
    return letters.next() < 0;
}
std::optional<JsonView> JsonView::find(std::string_view name) const {
    for (JsonItems in(*this); in.next();)
        if (in.item.name.says(name)) return in.item.value;
    return std::nullopt;
}

bool JsonItems::next() {
    const auto skip = [&] {
        while (is_space(text_[at_]) || text_[at_] == ',' || text_[at_] == ':') ++at_;
    };
    const auto take = [&] {
        const size_t begin = at_;
        at_ = end_of_value(text_, begin);
        return JsonView(text_.substr(begin, at_ - begin));
    };
    skip();
    if (at_ + 1 >= text_.size()) return false; // the closing bracket
    if (named_) {
        item.name = take();
        skip();
    }
    item.value = take();
    return true;
}

namespace {
Result<JsonView> read(std::string_view text, JsonLimits limits, bool object, JsonView* twice) {
    if (text.size() > limits.octets) return fail(Errc::limit, "body", static_cast<uint32_t>(text.size()));
    TRY(check_depth(text, limits.levels));
    constexpr std::string_view kMark = "\xEF\xBB\xBF"; // of UTF-8; JSON must not begin with it
    const size_t mark = text.starts_with(kMark) ? kMark.size() : 0;
    const std::string_view body = text.substr(mark);
    Checker checker(body);
    const bool good = checker.whole();
    const size_t begin = std::min(body.find_first_not_of(" \t\r\n"), body.size());
    if (!good) return fail(Errc::bad_value, "body", 0, static_cast<uint32_t>(checker.at + mark));
    if (object && body[begin] != '{')
        return fail(Errc::bad_value, "body", 0, static_cast<uint32_t>(begin + mark));
    if (mark) TRY(tolerate("byte order mark", "body"));
    if (twice && !checker.twice.empty()) *twice = JsonView(checker.twice);
    if (!checker.twice.empty()) {
        const auto at = static_cast<uint32_t>(checker.twice.data() - text.data());
        return fail(Errc::bad_value, "duplicate member", 0, at);
    }
    return JsonView(body.substr(begin, end_of_value(body, begin) - begin));
}
} // namespace

Result<JsonView> read_value(std::string_view text, JsonLimits limits, JsonView* twice) {
    return read(text, limits, false, twice);
}
Result<JsonView> read_object(std::string_view text, size_t limit, JsonView* twice) {
    return read(text, {.octets = limit}, true, twice);
}

bool is_utf8(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const size_t length = utf8_length(text, at);
        if (!length) return false;
        at += length;
    }
    return true;
}

} // namespace halyard::binding
