#pragma once
// Members of JSON objects, each with its own complaint.
#include "apps/eim/words.h"

namespace halyard::eim_app {

inline auto complain(std::string member, std::string reason) {
    return tl::unexpected<Complaint>({std::move(member), std::move(reason)});
}
/// A string; "" for a missing one that is not required.
Read<std::string> text(const Json&, const char* member, bool required = true);
/// false when it is missing.
Read<bool> flag(const Json&, const char* member);
Read<Eid> eid_of(const Json&);
Read<Iccid> iccid_of(const Json&);
/// The first member that is none of these.
std::optional<Complaint> unknown(const Json&, std::initializer_list<std::string_view> members);

/// Like TRY, for Read<T>.
#define READ(...)                                                                                            \
    __extension__({                                                                                          \
        auto read_result = (__VA_ARGS__);                                                                    \
        if (!read_result) return tl::unexpected<Complaint>(std::move(read_result).error());                  \
        std::move(*read_result);                                                                             \
    })

} // namespace halyard::eim_app
