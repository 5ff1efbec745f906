#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace halyard::profile::notation {

enum class Token : uint8_t {
    end,
    name,        // an identifier or a type reference
    number,      // digits, perhaps with a minus
    hex,         // 'AB'H, text without quotes and H
    bits,        // '01'B
    text,        // "…", still with doubled quotes
    punctuation, // { } ( ) , : ::=
    wrong,       // none of these; text tells what
};

struct Lexeme {
    Token kind = Token::end;
    std::string_view text{};
    uint32_t line = 1, column = 1;
};

/// For messages. The content of strings is not repeated: it may be a key.
std::string describe(const Lexeme&);

/// X.680 §12. Comments are "--" up to the next "--" or the end of the line, and /* */, which may be nested.
class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}
    Lexeme next();

  private:
    char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    void advance(size_t n = 1);
    bool skip_space(); // false: a comment that does not end
    Lexeme quoted(Lexeme);
    Lexeme string(Lexeme);

    std::string_view text_;
    size_t at_ = 0;
    uint32_t line_ = 1, column_ = 1;
};

} // namespace halyard::profile::notation
