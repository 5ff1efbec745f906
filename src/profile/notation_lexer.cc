#include "profile/notation_lexer.h"

namespace halyard::profile::notation {
namespace {
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
} // namespace

std::string describe(const Lexeme& l) {
    constexpr size_t kLongest = 40;
    switch (l.kind) {
    case Token::end: return "the end of the text";
    case Token::hex: return "a hex string of " + std::to_string(l.text.size()) + " digits";
    case Token::bits: return "a binary string of " + std::to_string(l.text.size()) + " digits";
    case Token::text: return "a character string";
    case Token::wrong: return std::string(l.text);
    default: break;
    }
    return '\'' + std::string(l.text.substr(0, kLongest)) + (l.text.size() > kLongest ? "…'" : "'");
}

void Lexer::advance(size_t n) {
    for (; n && at_ < text_.size(); --n, ++at_) {
        if (text_[at_] == '\n') {
            ++line_;
            column_ = 1;
        } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) { // not inside a UTF-8 character
            ++column_;
        }
    }
}

bool Lexer::skip_space() {
    for (;;) {
        if (is_space(peek())) {
            advance();
        } else if (peek() == '-' && peek(1) == '-') {
            advance(2);
            while (at_ < text_.size() && peek() != '\n' && !(peek() == '-' && peek(1) == '-')) advance();
            if (peek() == '-') advance(2);
        } else if (peek() == '/' && peek(1) == '*') {
            for (size_t depth = 0; at_ < text_.size();) {
                if (peek() == '/' && peek(1) == '*') {
                    ++depth;
                    advance(2);
                } else if (peek() == '*' && peek(1) == '/') {
                    advance(2);
                    if (!--depth) break;
                } else {
                    advance();
                }
                if (at_ >= text_.size()) return false;
            }
        } else {
            return true;
        }
    }
}

// 'AB'H or '01'B
Lexeme Lexer::quoted(Lexeme l) {
    const size_t begin = at_ + 1;
    advance();
    while (at_ < text_.size() && peek() != '\'') advance();
    l.text = text_.substr(begin, at_ - begin);
    l.kind = peek(1) == 'H' ? Token::hex : peek(1) == 'B' ? Token::bits : Token::wrong;
    if (at_ >= text_.size()) {
        l.kind = Token::wrong;
        l.text = "a quotation mark (') without its counterpart";
    } else if (l.kind == Token::wrong) {
        l.text = "a string without H or B behind it";
    }
    advance(2);
    return l;
}

Lexeme Lexer::string(Lexeme l) {
    advance();
    const size_t begin = at_;
    while (at_ < text_.size() && peek() != '\n' && (peek() != '"' || peek(1) == '"'))
        advance(peek() == '"' ? 2 : 1);
    l.kind = Token::text;
    l.text = text_.substr(begin, at_ - begin);
    if (peek() != '"') {
        l.kind = Token::wrong;
        l.text = "a character string that does not end on its line";
    }
    advance();
    return l;
}

Lexeme Lexer::next() {
    Lexeme l{Token::wrong, {}, line_, column_};
    const bool ended = skip_space();
    if (!ended) {
        l.text = "a comment that does not end";
        return l;
    }
    l.line = line_;
    l.column = column_;
    if (at_ >= text_.size()) {
        l.kind = Token::end;
        return l;
    }
    const char c = peek();
    const size_t begin = at_;
    if (c == '\'') return quoted(l);
    if (c == '"') return string(l);
    if (is_letter(c)) {
        // A hyphen belongs to the name unless another follows: that is a comment.
        while (is_letter(peek()) || is_digit(peek()) || (peek() == '-' && peek(1) != '-')) advance();
        l.kind = Token::name;
    } else if (is_digit(c) || (c == '-' && is_digit(peek(1)))) {
        advance();
        while (is_digit(peek())) advance();
        l.kind = Token::number;
    } else if (text_.substr(at_, 3) == "::=") {
        advance(3);
        l.kind = Token::punctuation;
    } else if (std::string_view("{}(),:").find(c) != std::string_view::npos) {
        advance();
        l.kind = Token::punctuation;
    } else {
        advance();
        l.text = c > 0x20 && c < 0x7F ? text_.substr(begin, 1)
                                      : std::string_view("a character that has no place here");
        return l;
    }
    l.text = text_.substr(begin, at_ - begin);
    return l;
}

} // namespace halyard::profile::notation
