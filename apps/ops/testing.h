#pragma once
// Whether an annotated example says all that a server can be told.
#include "apps/common/files.h"
#include "apps/ops/settings.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <regex>

namespace halyard::ops {

/// The example with its commented settings switched on.
inline std::string with_comments_on(const std::string& example) {
    static const std::regex setting("(^|\n)#([a-z0-9_.]+ = )");
    return std::regex_replace(example, setting, "$1$2");
}

/// Every setting stands in the example, once; the example as it is, and with all of it switched on, is right.
template <class Options> void check_example(const std::string& file, void (*add)(Settings&, Options&)) {
    const auto content = app::read_file(file);
    REQUIRE(content);
    const std::string text(text_of(*content));
    const std::string whole = with_comments_on(text);
    REQUIRE(whole != text);
    ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/halyard", 1); // as in a systemd service
    for (const std::string* variant : {&text, &whole}) {
        Options options;
        Settings settings;
        add(settings, options);
        for (const Problem& p : settings.apply_file(*variant, file)) {
            CAPTURE(p.line);
            CAPTURE(p.key);
            FAIL_CHECK(p.what);
        }
        CHECK(settings.missing().empty());
        if (variant == &text) continue;
        for (const Setting& s : settings.all()) {
            CAPTURE(s.key);
            CHECK(s.given);
        }
    }
}

} // namespace halyard::ops
