#pragma once
#include "ipa/context.h"
#include "net/https_server.h"
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

namespace halyard::ipad {

/// Where eIMs send packages to the device instead of waiting for its poll: TransferEimPackage over HTTPS, in
/// both bindings. Packages bear no proof of their sender for the IPA, so a client certificate is required;
/// its dNSName says which eIM it is. SGP.32 §3.1.1.2, §6.1
class InjectDoor {
  public:
    struct Options {
        std::string listen;                  // "address:port"; empty: no door
        std::string certificate, key, trust; // PEM files: ours, and the CA of the eIMs' certificates
    };
    ~InjectDoor();
    /// `wake` is called on another thread whenever something waits.
    Ok open(const Options&, std::function<void()> wake);
    uint16_t port() const { return server_.port(); }

    struct Waiting {
        std::vector<std::string> names; // dNSNames of the client's certificate
        OwnedBytes message;             // BF4E…
        ~Waiting() { reply(fail(Errc::conflict, "busy")); }
        void reply(Result<OwnedBytes>);
        std::promise<Result<OwnedBytes>> answer;
        bool answered = false;
    };
    /// The one that waits longest, if any; who takes it must answer it or give it back.
    std::unique_ptr<Waiting> take();
    void give_back(std::unique_ptr<Waiting>);

  private:
    net::Response handle(const net::Request&);
    Result<OwnedBytes> ask(std::vector<std::string> names, OwnedBytes message);

    std::function<void()> wake_;
    std::mutex mutex_;
    std::deque<std::unique_ptr<Waiting>> queue_;
    bool closed_ = false;
    net::HttpsServer server_; // last: ends before what its handlers use
};

/// The associated eIM that one of the names belongs to; empty: none.
std::string eim_of(const std::vector<std::string>& names, const ipa::Context&);

} // namespace halyard::ipad
