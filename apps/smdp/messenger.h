#pragma once
// Tells operators and SM-DS what lies in the outbox, until they have acknowledged it. RR-01, RR-16
#include "apps/smdp/operators.h"
#include "net/https_client.h"
#include <condition_variable>
#include <mutex>
#include <thread>

namespace halyard::smdp_app {

class Messenger {
  public:
    /// One thread for each operator with a callback, so that none waits for another that is down, and one for
    /// all SM-DS when there is a sender. All must outlive it.
    Messenger(const smdp::Config&,
              smdp::Store&,
              Random&,
              net::HttpsClient* callbacks, // null when nobody has one
              const std::vector<Requester>&,
              smdp::EventSender events = {});
    ~Messenger(); // stops; what was being sent is sent again by the next one

  private:
    void operator_loop(const Requester&);
    void event_loop();
    bool pause();
    bool stopping();
    void keep(smdp::Outgoing);
    /// Claims what is due to a target and hands one after the other to `send`, as long as each can end while
    /// the claim lasts. False from `send`: the rest would fare no better.
    void round(const std::string& target, const std::function<bool(const smdp::Outgoing&)>& send);

    const smdp::Config& config_;
    smdp::Store& store_;
    Random& random_;
    net::HttpsClient* http_;
    smdp::EventSender events_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

} // namespace halyard::smdp_app
