#include "apps/cli/commands.h"
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {

int report(const Error& error, const std::string& what, bool json) {
    if (json) {
        nlohmann::ordered_json out;
        out["error"] = {{"what", what},
                        {"code", name(error.code)},
                        {"where", error.where},
                        {"detail", error.detail},
                        {"offset", error.offset}};
        std::printf("%s\n", out.dump().c_str());
        return 1;
    }
    std::string line = what + ": " + name(error.code);
    if (*error.where) line += std::string(" at ") + error.where;
    if (error.detail) {
        char hex[40];
        std::snprintf(hex, sizeof hex, " (%u, 0x%X)", error.detail, error.detail);
        line += hex;
    }
    if (error.offset) line += ", octet " + std::to_string(error.offset);
    std::fprintf(stderr, "%s\n", line.c_str());
    return 1;
}

} // namespace halyard::cli
