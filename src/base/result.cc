#include "base/result.h"
#include <cstdio>
#include <cstdlib>

namespace halyard {

const char* name(Errc code) {
    switch (code) {
    case Errc::truncated: return "truncated";
    case Errc::bad_tag: return "bad tag";
    case Errc::bad_length: return "bad length";
    case Errc::bad_value: return "bad value";
    case Errc::missing_field: return "missing field";
    case Errc::limit: return "limit exceeded";
    case Errc::no_space: return "no space";
    case Errc::rejected: return "rejected";
    case Errc::unverified: return "unverified";
    case Errc::expired: return "expired";
    case Errc::not_found: return "not found";
    case Errc::conflict: return "conflict";
    case Errc::unreachable: return "unreachable";
    case Errc::unsupported: return "unsupported";
    case Errc::storage: return "storage";
    case Errc::internal: return "internal";
    }
    return "unknown";
}

void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    std::abort();
}

} // namespace halyard
