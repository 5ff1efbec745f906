#pragma once
// What surrounds a server that runs: metrics, health, and its end.
#include "apps/common/request_scope.h"
#include "apps/ops/metrics.h"
#include "apps/ops/options.h"
#include "net/https_server.h"
#include "net/plain_server.h"
#include <atomic>

namespace halyard::ops {

class Operation {
  public:
    /// `service`: "smdp", "smds". The options must outlive it.
    Operation(const ServeOptions& options, const char* service);
    ~Operation();

    /// Sets the log up and opens the listener of metrics and health, if there is to be one. Not ready before
    /// serving(). Errors: unreachable "metrics" when the port is taken.
    Ok start();
    /// Everything listens. Prints {"listening":…} with more members in between, and "metrics" behind.
    void serving(const std::string& members);

    /// The handler, counted and limited. `interface` is a literal and what HTTP-level refusals count for.
    net::Handler front(const char* interface, net::Handler);
    /// A listener with the certificate of that name ("smdp-tls") and the limits that all of them have.
    net::HttpsServer::Options listening(const std::string& certificate, uint16_t port) const;
    /// Its counters become metrics, and its certificates are read again on SIGHUP; it must live until
    /// begin_drain().
    void watch(const char* interface, net::HttpsServer&);
    /// Runs on SIGHUP, in the thread that keeps house.
    void on_hangup(std::function<Ok()> job) { hangup_.push_back(std::move(job)); }
    /// "" as long as all is well, else why the server is not ready. Must not wait.
    void add_condition(std::string name, std::function<std::string()>);
    /// Runs before each scrape. Must not wait.
    void add_collector(std::function<void(Metrics&)>);
    /// Its state becomes metrics and a condition; it works from serving() to begin_drain(), and must live
    /// longer.
    void keep(ListKeeper&);
    /// A certificate whose end is watched: the server is not ready once it is over.
    void watch_certificate(const std::string& name, Time not_after);
    /// Counts what is slow to count, now and then; "" or why it could not. Called by tick().
    void add_census(std::function<std::string(Metrics&)>);

    /// Once a second, from the thread that keeps house. `store`: "" or what is wrong with it.
    void tick(const std::string& store);
    /// From now on /readyz says no.
    void begin_drain();
    /// Closes the page of metrics. Whatever conditions and collectors look at may go then.
    void end() { http_.stop(); }

    Metrics& metrics() { return metrics_; }

  private:
    net::Response answer(const net::Request&);
    net::Response refused(const char* interface, const char* limit, const net::Request&);
    net::Response ready();
    void collect();
    void hang_up();
    void
    done(const char* interface, const app::RequestScope&, const net::Request&, int status, double seconds);

    struct Watched {
        const char* interface;
        net::HttpsServer* server;
    };
    const ServeOptions& options_;
    Metrics metrics_;
    Limiter limiter_;
    net::PlainServer http_;
    std::string bind_;
    std::atomic<bool> serving_{false}, draining_{false};
    std::mutex mutex_; // of what follows
    std::vector<Watched> watched_;
    ListKeeper* lists_ = nullptr;
    std::vector<std::pair<std::string, std::function<std::string()>>> conditions_;
    std::vector<std::function<void(Metrics&)>> collectors_;
    std::map<std::string, Time> certificates_;
    std::string store_ = "not asked yet";
    std::chrono::steady_clock::time_point store_asked_{};
    std::vector<std::function<Ok()>> hangup_; // of the house-keeping thread alone, as what follows
    std::vector<std::function<std::string(Metrics&)>> censuses_;
    std::chrono::steady_clock::time_point next_census_{};
};

} // namespace halyard::ops
