#pragma once
// JSON that is read where it lies. A body is checked once, as a whole, and values are views into it: whatever
// a stranger sends, reading it takes no tree, only four octets for each member of the objects that are open,
// to find names that stand twice. RFC 8259
#include "base/octets.h"
#include <optional>

namespace halyard::binding {

struct JsonItem;

/// A value of a text that read_object has taken; borrows the text.
class JsonView {
  public:
    JsonView() = default;
    /// `text`: from the first to the last character of the value.
    explicit JsonView(std::string_view text) : text_(text) {}
    std::string_view text() const { return text_; }
    bool is_object() const { return text_[0] == '{'; }
    bool is_array() const { return text_[0] == '['; }
    bool is_string() const { return text_[0] == '"'; }
    bool is_boolean() const { return text_[0] == 't' || text_[0] == 'f'; }
    bool is_null() const { return text_[0] == 'n'; }
    bool is_number() const { return text_[0] == '-' || (text_[0] >= '0' && text_[0] <= '9'); }
    bool is_true() const { return text_[0] == 't'; }
    /// A number that is nothing, however it is written: 0, -0.0, 0e9.
    bool is_zero() const;
    /// nullopt for anything but a number without fraction and exponent, and for one that does not fit.
    std::optional<int64_t> integer() const;
    std::optional<uint64_t> natural() const; // the same without a sign
    /// What a string says, without its escapes; `room` is only used when there are any.
    std::string_view string(std::string& room) const;
    std::string string() const;
    /// Whether a string says just this.
    bool says(std::string_view) const;
    /// The member of an object. In a text of n characters this takes up to n steps.
    std::optional<JsonView> find(std::string_view name) const;

  private:
    std::string_view text_ = "null";
};

/// A member of an object, or an element of an array, which has no name.
struct JsonItem {
    JsonView name, value;
};
/// One after the other: `for (JsonItems in(array); in.next();) use(in.item)`.
class JsonItems {
  public:
    explicit JsonItems(JsonView of) : text_(of.text()), named_(of.is_object()) {}
    bool next();
    JsonItem item;

  private:
    std::string_view text_;
    size_t at_ = 1; // behind the bracket
    bool named_;
};

struct JsonLimits {
    size_t octets;
    int levels = 32;
};
/// Checks a text within limits. Errors: limit "body", "depth"; bad_value "body" with the offset of what is no
/// JSON; bad_value "duplicate member" for what could be read in two ways, then `*twice` is the name, a
/// string. A byte order mark is tolerated.
Result<JsonView> read_value(std::string_view text, JsonLimits, JsonView* twice = nullptr);
/// The same for an object of at most `limit` octets; bad_value "body" for anything else.
Result<JsonView> read_object(std::string_view text, size_t limit, JsonView* twice = nullptr);

/// Whether octets are well-formed UTF-8, RFC 3629.
bool is_utf8(std::string_view);

} // namespace halyard::binding
