#pragma once
// `serve --check`: what only the files tell that the settings name.
#include "apps/ops/options.h"

namespace halyard::ops {

struct Problems {
    std::vector<Problem> all;

    void add(const std::string& key, const std::string& what) { all.push_back({0, key, what}); }
    /// The error, if it is one.
    template <class T> void add(const std::string& key, const Result<T>& result) {
        if (!result) add(key, std::string(name(result.error().code)) + " at " + result.error().where);
    }
    /// A file that is named must be there.
    void readable(const std::string& key, const std::string& file);
};

/// TLS certificate and key, CRL files, addresses. `tls`: name of the certificate in the PKI directory.
void check_common(const ServeOptions&, const std::string& tls, Problems&);

} // namespace halyard::ops
