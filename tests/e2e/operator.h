#pragma once
// The two ends of an SM-DP+ in tests of the programs: an operator who orders and is told, a device that
// downloads.
#include "apps/common/es9_client.h"
#include "apps/common/pki_files.h"
#include "crypto/hash.h"
#include "net/https_server.h"
#include "tests/e2e/run.h"
#include "tests/loop/handset.h"
#include <condition_variable>
#include <mutex>

namespace halyard::e2e {

/// The lines that docs/smdp.md marks with "runs: NAME".
std::string documented(const std::string& name);
/// "https://127.0.0.1:8443" → 8443
int port_of(const std::string& url);
/// The header of an ES2+ request.
Json header(const char* oid, const std::string& id);
/// "Failed 8.2.1/3.9", from the first line of an answer of ES2+.
std::string status(const Ran&);
/// A certificate under the CA that the documented lines make, for a listener of callbacks.
std::string listener_certificate();

/// The operator's end: takes callbacks, or says that it cannot.
class Listener {
  public:
    explicit Listener(const Directory&);
    ~Listener() { https_.stop(); }
    std::string at() const { return "127.0.0.1:" + std::to_string(https_.port()); }
    std::string function = "handleDownloadProgressInfo"; // set before anything is sent
    void up(bool yes);
    /// True when so many arrived within a minute; while down, those turned away count.
    bool wait(size_t taken, size_t turned_away = 0);
    /// True when `is_so` of what has arrived within a minute.
    bool wait_until(const std::function<bool(const std::vector<Json>&)>& is_so);
    std::vector<Json> messages();
    std::vector<Json> turned_away();

  private:
    net::Response take(const net::Request&);
    std::mutex mutex_;
    std::condition_variable changed_;
    bool up_ = true;
    std::vector<Json> messages_, turned_away_;
    net::HttpsServer https_;
};

/// An eUICC and its LPA, with the credentials that `pki init` made, over ES9+. With several servers each
/// message goes to the next of them, and again, for a minute at most, to the one after it when it failed.
struct Handheld {
    crypto::SystemRandom random;
    std::vector<app::Es9Client> servers;
    size_t turn = 0;
    loop::Handset hand;

    Handheld(const app::PkiDirectory&, const std::vector<std::string>& endpoints, const Eid&);
    Handheld(const Handheld&) = delete;

  private:
    Result<rsp::Es9Answer> exchange(Bytes message);
};

} // namespace halyard::e2e
