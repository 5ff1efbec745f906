#pragma once
// What peers sent that is not as specified and was understood all the same: counted always, logged the first
// time, for the whole process. Names only, so neither a secret nor anything a peer chose gets in.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace halyard {

/// Counts one deviation `what` in the field `where`; the first of its kind is also logged, with the message
/// and octet it was met in. The names must be string literals. Neither locks nor heap; safe in any thread.
void tolerate(const char* what, const char* where, const char* message = "", uint32_t offset = 0);

struct Tolerated {
    const char* what;
    const char* where;
    size_t count;
};
/// Everything counted since the process began, in no particular order.
std::vector<Tolerated> tolerated();
/// How often `what` was tolerated; in one field, or in all when `where` is empty.
size_t tolerated(std::string_view what, std::string_view where = {});

} // namespace halyard
