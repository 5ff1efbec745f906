#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>
#include <utility>

namespace halyard {

using Bytes = std::span<const uint8_t>; // borrowed: lives as long as the message it came from
using Buffer = std::span<uint8_t>;

/// Why something was refused. `where` names the field or step, `detail` is one number.
enum class Errc : uint8_t {
    truncated,     // the input ends before the value does
    bad_tag,       // another tag was expected; detail: the tag seen
    bad_length,    // a length that cannot be, or is outside the type's size
    bad_value,     // the octets do not form a value of this type
    missing_field, // a required field is absent; detail: the tag seen in its place, 0 at the end
    limit,         // a cap on depth, elements or size was hit (SR-48)
    no_space,      // the caller's buffer is too small
    rejected,      // understood and refused: a rule, a peer's error code; detail: that code
    unverified,    // a signature, MAC or certificate did not verify
    expired,       // outside its validity
    not_found,     // no such thing
    conflict,      // somebody else changed it, or it exists already
    unreachable,   // the peer did not answer
    unsupported,   // a known thing that this build does not do
    storage,       // the store failed; nothing was changed
    internal,      // a library call failed that should not
};

/// Stable lower-case name of a code, for logs, JSON and exit messages.
const char* name(Errc);

/// Small enough for a microcontroller, precise enough for a log line: what, where, one number, and at which
/// octet.
struct Error {
    Errc code;
    const char* where = ""; // field or step name, always a string literal
    uint32_t detail = 0;    // tag seen, status word, or the peer's own error code
    uint32_t offset = 0;    // octets from the start of the decoded message, where that makes sense
};

template <class T = void> class [[nodiscard]] Result : public tl::expected<T, Error> {
    using tl::expected<T, Error>::expected;
};
using Ok = Result<>;

inline auto fail(Errc code, const char* where = "", uint32_t detail = 0, uint32_t offset = 0) {
    return tl::unexpected<Error>(Error{code, where, detail, offset});
}

[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

namespace detail {
template <class T> T take(Result<T>&& r) { return std::move(*r); }
inline void take(Result<void>&&) {}
template <class T> auto error_of(Result<T>&& r) { return tl::unexpected<Error>(std::move(r).error()); }
} // namespace detail

// TRY(f()) is the value of f(), or leaves the current function with f()'s error. Not inside `new T(...)`.
#define HALYARD_TRY(expression, result)                                                                      \
    __extension__({                                                                                          \
        auto&& result = expression;                                                                          \
        if (!result) return ::halyard::detail::error_of(std::move(result));                                  \
        ::halyard::detail::take(std::move(result));                                                          \
    })
#define HALYARD_JOIN2(a, b) a##b
#define HALYARD_JOIN(a, b) HALYARD_JOIN2(a, b)
#define TRY(...) HALYARD_TRY((__VA_ARGS__), HALYARD_JOIN(try_result_, __COUNTER__))

/// For bugs of ours, never for input: on in release too (SR-65).
#define HALYARD_ASSERT(condition)                                                                            \
    do {                                                                                                     \
        if (!(condition)) ::halyard::assertion_failed(#condition, __FILE__, __LINE__);                       \
    } while (false)

} // namespace halyard
