#pragma once
#include "base/result.h"
#include <map>
#include <string>
#include <vector>

namespace halyard::app {

/// "HOST[:PORT]=ADDRESS:PORT", where a name is connected to; later ones win. bad_value "resolve".
inline Ok add_resolve(std::map<std::string, std::string>& to, const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
        return fail(Errc::bad_value, "resolve");
    to[text.substr(0, equals)] = text.substr(equals + 1);
    return {};
}
inline Ok add_resolve(std::map<std::string, std::string>& to, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) TRY(add_resolve(to, text));
    return {};
}

} // namespace halyard::app
