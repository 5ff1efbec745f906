#pragma once
// What peers sent that is not as specified and was understood all the same: counted always, for the process
// and for the peer; refused in a strict scope. Names only, so neither a secret nor anything a peer chose gets
// in.
#include "base/result.h"
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace halyard {

/// One kind of deviation: what, and in which field.
struct Tolerated {
    const char* what = "";
    const char* where = "";
    size_t count = 0;
};

/// Counts one deviation `what` in the field `where`; the first of its kind outside any scope is also logged,
/// with the message and octet it was met in. In a strict scope nothing is counted: bad_value at `where`. The
/// names must be string literals. Neither locks nor heap; safe in any thread.
[[nodiscard]] Ok tolerate(const char* what, const char* where, const char* message = "", uint32_t offset = 0);
/// The same for what the standard allows and is only worth counting: never refused.
void count_tolerated(const char* what, const char* where, const char* message = "", uint32_t offset = 0);

/// Everything counted since the process began, in no particular order.
std::vector<Tolerated> tolerated();
/// How often `what` was tolerated; in one field, or in all when `where` is empty.
size_t tolerated(std::string_view what, std::string_view where = {});

/// While it lives, what is tolerated on this thread belongs to one peer. Scopes nest; the innermost counts.
class PeerScope {
  public:
    /// `strict`: refuse every deviation (conformance work).
    explicit PeerScope(bool strict = false);
    ~PeerScope();
    PeerScope(const PeerScope&) = delete;
    PeerScope& operator=(const PeerScope&) = delete;

    /// Whoever finds out who the peer is says so, to the innermost scope of this thread; without one nothing
    /// happens. At most 63 octets are kept; the last call wins.
    static void name_peer(std::string_view);
    static bool is_strict();

    /// Empty until somebody named it.
    std::string_view peer() const { return {peer_.data(), peer_size_}; }
    /// At most 24 kinds; more of them in one message are counted for the process only.
    std::span<const Tolerated> seen() const { return std::span(seen_).first(kinds_); }

  private:
    friend void count_tolerated(const char*, const char*, const char*, uint32_t);
    void add(const char* what, const char* where);

    PeerScope* outer_;
    bool strict_;
    size_t peer_size_ = 0, kinds_ = 0;
    std::array<char, 63> peer_{};
    std::array<Tolerated, 24> seen_{};
};

} // namespace halyard
