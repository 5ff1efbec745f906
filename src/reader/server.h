#pragma once
// Cards at their seams: connecting to virtual readers, listening for clients. One thread. docs/card-seams.md
#include "reader/card_port.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace halyard::reader {

struct Seam {
    enum class Kind : uint8_t { vpcd, tcp, local };
    Kind kind = Kind::tcp;
    std::string host;  // vpcd: to connect to; tcp: a numeric address to listen at
    uint16_t port = 0; // tcp: 0 takes a free one
    std::string path;  // local: of a Unix domain socket
};
/// "vpcd 127.0.0.1:35963", "tcp [::1]:4000", "unix card.sock"
std::string to_text(const Seam&);

/// "HOST:PORT", "[::1]:PORT", "HOST", ":PORT" or "PORT". Error: bad_value "endpoint".
Result<Seam>
seam_from(Seam::Kind, std::string_view text, std::string_view default_host, uint16_t default_port);

/// Something a person would want to know.
struct Event {
    enum class Kind : uint8_t {
        serving,     // the seam is open: it listens, or began to look for its reader
        connected,   // a client, or the reader, has the card
        lost,        // and is gone; apdus of that time
        busy,        // a client was turned away, another one has the card
        unreachable, // the reader does not answer; said once until it does
        note,        // something odd that a client did
    };
    Kind kind;
    std::string card; // as named in add()
    Seam seam;
    std::string detail;
    uint64_t apdus = 0;
};
const char* name(Event::Kind);

class Server {
  public:
    explicit Server(std::function<void(const Event&)> report);
    ~Server();
    Server(const Server&) = delete;

    /// `card` must outlive the server. Errors: conflict "address in use", bad_value "address", storage
    /// "socket".
    Ok add(std::string name, CardPort& card, const Seam&);
    /// Until stop() or, when `signals`, SIGTERM or SIGINT. Clients are let go then, cards lose power.
    void run(bool signals);
    /// From any thread.
    void stop();
    uint64_t apdus() const;

    /// Between attempts to reach a virtual reader: begins with the first, doubles up to the last.
    static constexpr std::chrono::milliseconds kFirstPause{100}, kLastPause{3000};

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace halyard::reader
