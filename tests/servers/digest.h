#pragma once
// The codes that each function may fail with, one row each, as the tables of SGP.22 v2.5 §5.3, §5.6, §5.8 and
// §5.9 have them. A test that provokes an interface's codes is not done while one of its rows was not seen.
#include <set>
#include <string>

namespace halyard::servers {

struct DigestRow {
    const char *interface, *function, *code;
    int integer = -1;            // of the ASN.1 binding; -1: there is none
    const char* never = nullptr; // why this implementation does not answer it
};

inline constexpr DigestRow kDigest[] = {
    {"ES9+", "initiateAuthentication", "8.8.1/3.8", 1},
    {"ES9+", "initiateAuthentication", "8.8.2/3.1", 3},
    {"ES9+", "initiateAuthentication", "8.8.3/3.1", 2},
    {"ES9+", "initiateAuthentication", "8.8.4/3.7", 3},
    {"ES9+", "authenticateClient", "8.1.2/6.1", 1},
    {"ES9+", "authenticateClient", "8.1.2/6.3", 2},
    {"ES9+", "authenticateClient", "8.1.3/6.1", 3},
    {"ES9+", "authenticateClient", "8.1.3/6.3", 4},
    {"ES9+", "authenticateClient", "8.1/6.1", 5},
    {"ES9+", "authenticateClient", "8.10.1/3.9", 10},
    {"ES9+", "authenticateClient", "8.11.1/3.9", 9},
    {"ES9+", "authenticateClient", "8.2.6/3.8", 6},
    {"ES9+", "authenticateClient", "8.1.1/3.8", 7},
    {"ES9+", "authenticateClient", "8.2/1.2", 127},
    {"ES9+", "authenticateClient", "8.2.5/4.3", 8},
    {"ES9+", "authenticateClient", "8.1/4.8", 11},
    {"ES9+", "authenticateClient", "8.8.5/4.10", 127},
    {"ES9+", "authenticateClient", "8.8.5/6.4", 127},
    {"ES9+", "getBoundProfilePackage", "8.10.1/3.9", 95},
    {"ES9+", "getBoundProfilePackage", "8.1/6.1", 1},
    {"ES9+", "getBoundProfilePackage", "8.2.7/2.2", 2},
    {"ES9+", "getBoundProfilePackage", "8.2.7/3.8", 3},
    {"ES9+", "getBoundProfilePackage", "8.2.7/6.4", 4},
    {"ES9+", "getBoundProfilePackage", "8.2/3.7", 5},
    {"ES9+", "getBoundProfilePackage", "8.8.5/4.10", 6},
    {"ES9+", "cancelSession", "8.10.1/3.9", 1},
    {"ES9+", "cancelSession", "8.1/6.1", 2},
    {"ES9+", "cancelSession", "8.8/3.10", 127},
    {"ES11", "initiateAuthentication", "8.9.1/3.8", 1},
    {"ES11", "initiateAuthentication", "8.9.2/3.1", 3},
    {"ES11", "initiateAuthentication", "8.9.3/3.1", 2},
    {"ES11", "initiateAuthentication", "8.9.4/3.7", 3},
    {"ES11", "authenticateClient", "8.1.2/6.1", 1},
    {"ES11", "authenticateClient", "8.1.2/6.3", 2},
    {"ES11", "authenticateClient", "8.1.3/6.1", 3},
    {"ES11", "authenticateClient", "8.1.3/6.3", 4},
    {"ES11", "authenticateClient", "8.1/6.1", 5},
    {"ES11", "authenticateClient", "8.9.5/3.9", 6},
    {"ES11", "authenticateClient", "8.10.1/3.9", 7},
    {"ES11", "authenticateClient", "8.11.1/3.9", 127},
    {"ES11", "cancelSession", "8.10.1/3.9", 1},
    {"ES11", "cancelSession", "8.1/6.1", 2},
    {"ES2+", "downloadOrder", "8.2.1/1.2"},
    {"ES2+", "downloadOrder", "8.2.1/3.3"},
    {"ES2+", "downloadOrder", "8.2.1/3.9"},
    {"ES2+", "downloadOrder", "8.2.5/1.2"},
    {"ES2+", "downloadOrder", "8.2.5/3.7"},
    {"ES2+", "downloadOrder", "8.2.5/3.8"},
    {"ES2+", "downloadOrder", "8.2.5/3.9"},
    {"ES2+", "downloadOrder", "8.1.1/3.10"},
    {"ES2+", "confirmOrder", "8.2.1/1.2"},
    {"ES2+", "confirmOrder", "8.2.1/3.3"},
    {"ES2+", "confirmOrder", "8.2.1/3.9"},
    {"ES2+", "confirmOrder", "8.2.1/3.10"},
    {"ES2+", "confirmOrder", "8.2.6/3.3"},
    {"ES2+", "confirmOrder", "8.2.6/3.10"},
    {"ES2+", "confirmOrder", "8.1.1/2.2"},
    {"ES2+", "confirmOrder", "8.1.1/3.10"},
    {"ES2+", "confirmOrder", "8.9/4.2"},
    {"ES2+", "confirmOrder", "8.9/5.1"},
    {"ES2+", "cancelOrder", "8.2.1/1.2"},
    {"ES2+", "cancelOrder", "8.2.1/3.3"},
    {"ES2+", "cancelOrder", "8.2.1/3.9"},
    {"ES2+", "cancelOrder", "8.1.1/2.2"},
    {"ES2+", "cancelOrder", "8.1.1/3.10"},
    {"ES2+", "cancelOrder", "8.2.6/3.10"},
    {"ES2+", "cancelOrder", "8.9/5.1"},
    {"ES2+", "releaseProfile", "8.2.1/1.2"},
    {"ES2+", "releaseProfile", "8.2.1/3.5"},
    {"ES2+", "releaseProfile", "8.2.1/3.9"},
    {"ES2+", "releaseProfile", "8.9/4.2"},
    {"ES2+", "releaseProfile", "8.9/5.1"},
    {"ES2+", "generic", "1.1/1.1", -1, "a requester that nobody knows gets HTTP status 403"},
    {"ES2+", "generic", "1.1/1.2"},
    {"ES2+", "generic", "1.2/4.2", -1, "what fails here is HTTP status 503, to be repeated"},
    {"ES2+", "generic", "1.2/4.4", -1, "the same"},
    {"ES2+", "generic", "1.2.1/3.8", -1, "no call of v2.5 has a validity period"},
    {"ES2+", "generic", "1.6/2.1"},
    {"ES2+", "generic", "1.6/2.2"},
    {"ES2+", "generic", "1.6/2.3"},
    {"ES2+", "generic", "1.6/5.3", -1, "no call of v2.5 has a validity period"},
    {"ES2+", "generic", "1.6/5.4", -1, "no call is left half done"},
    {"ES12", "registerEvent", "8.9.5/3.3"},
    {"ES12", "registerEvent", "8.1.1/2.1"},
    {"ES12", "registerEvent", "8.9/5.1", -1, "events are taken first and passed on later"},
    {"ES12", "deleteEvent", "8.9.5/3.9"},
    {"ES12", "deleteEvent", "8.1.1/2.1"},
    {"ES12", "deleteEvent", "8.9/5.1", -1, "events are taken first and passed on later"},
    {"ES12", "generic", "1.1/1.1"},
    {"ES12", "generic", "1.1/1.2"},
    {"ES12", "generic", "1.6/2.1"},
    {"ES12", "generic", "1.6/2.2"},
};

inline std::string text(const DigestRow& r) {
    return std::string(r.interface) + " " + r.function + " " + r.code;
}

/// What an interface's tests have seen; what they must, and what they must not.
struct Witness {
    std::set<std::string> seen;
    void saw(const std::string& interface, const std::string& function, const std::string& code) {
        const bool generic = code.starts_with("1.");
        seen.insert(interface + " " + (generic ? "generic" : function) + " " + code);
    }
    /// Rows of the interface that were not provoked, and codes that no row has.
    std::set<std::string> missing(const std::string& interface) const {
        std::set<std::string> wrong;
        std::set<std::string> rows;
        for (const DigestRow& r : kDigest) {
            if (r.interface != interface) continue;
            rows.insert(text(r));
            if (seen.contains(text(r)) == (r.never != nullptr)) wrong.insert(text(r));
        }
        for (const std::string& s : seen)
            if (s.starts_with(interface) && !rows.contains(s)) wrong.insert("no row: " + s);
        return wrong;
    }
};

} // namespace halyard::servers
