#pragma once
// One SM-DP+ or SM-DS with a configuration file, its metrics and health, and a phone that talks to it.
#include "apps/common/es9_client.h"
#include "apps/common/pki_files.h"
#include "crypto/hash.h"
#include "tests/e2e/run.h"
#include "tests/loop/handset.h"

namespace halyard::e2e {

/// HTTP status and body.
struct Page {
    int status = 0;
    std::string body;
};

struct Service {
    std::string kind; // "smdp", "smds"
    Directory d;
    app::Process process;
    Json said; // its first line

    /// Makes a PKI with an eUICC in d/pki.
    explicit Service(std::string kind);
    /// state, pki and ports of its own; `more` is behind them: keys of tables first.
    void start(const std::string& more = "");
    void stop();
    std::string log() const { return read_text(d / "log"); }
    /// "127.0.0.1:port" of a member of its first line.
    std::string at(const std::string& member) const;
    /// Of the listener for metrics and health.
    Page get(const std::string& path) const;
    /// The value behind a series as written, nullopt when there is none.
    std::optional<double> metric(const std::string& series) const;
    /// Polls for half a minute.
    bool reaches(const std::string& series, double value) const;
    bool log_says(const std::string& text) const;
    /// Polls until /readyz answers so.
    bool becomes(int status, const std::string& text) const;
};

/// An eUICC of d/pki and its LPA, with the credentials that `pki init` made, over ES9+ or ES11.
struct ServicePhone {
    crypto::SystemRandom random;
    app::Es9Client http;
    loop::Handset hand;
    explicit ServicePhone(const Service&, size_t number = 0);
};

} // namespace halyard::e2e
