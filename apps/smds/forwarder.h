#pragma once
// What the parent SM-DS must be told (ES15), sent until it is acknowledged. SGP.22 §5.10
#include "apps/common/es12_client.h"
#include "smds/server.h"
#include <condition_variable>
#include <mutex>
#include <thread>

namespace halyard::smds_app {

class Forwarder {
  public:
    /// `parent`: "host[:port]" of its ES15. `config`, `store` and `random` must outlive it. Nothing is sent
    /// before start().
    Forwarder(const smds::Config& config,
              std::string oid,
              smds::Store& store,
              Random& random,
              app::Es12Client client,
              std::string parent)
        : config_(config), oid_(std::move(oid)), store_(store), random_(random), client_(std::move(client)),
          parent_(std::move(parent)) {}
    ~Forwarder() { stop(); }

    /// Sends from a thread of its own: at once when woken, otherwise what is due, each second.
    void start();
    void wake();
    /// Waits for the message that is under way.
    void stop();

    /// Sends everything that is due, once; how many messages are settled. Errors: storage.
    Result<size_t> round(Time now);

  private:
    Result<rsp::ExecutionStatus> send(const smds::Forward&);
    void run();
    bool stopping();

    const smds::Config& config_;
    std::string oid_;
    smds::Store& store_;
    Random& random_;
    app::Es12Client client_;
    std::string parent_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false, stopping_ = false;
    std::thread thread_;
};

} // namespace halyard::smds_app
