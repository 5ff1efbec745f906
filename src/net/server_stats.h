#pragma once
#include <atomic>
#include <cstdint>

namespace halyard::net {

/// What a server counted since it began; read at any time from any thread.
struct ServerStats {
    std::atomic<uint64_t> accepted{0};           // connections taken in
    std::atomic<uint64_t> refused_crowded{0};    // at accept: caps on connections (SR-53)
    std::atomic<uint64_t> refused_handshakes{0}; // at accept: too many handshakes under way (SR-54)
    std::atomic<uint64_t> refused_rate{0};       // at accept: the source connects too often (SR-52)
    std::atomic<uint64_t> handshakes{0}, handshakes_failed{0};
    std::atomic<uint64_t> timeouts{0};         // connections cut, or answered 408 (SR-51)
    std::atomic<uint64_t> refused_requests{0}; // framing and sizes (SR-50)
    std::atomic<uint64_t> refused_busy{0};     // 503: the queue of requests is full
    std::atomic<int64_t> open{0}, shaking{0};  // connections now, those in their handshake among them
    std::atomic<int64_t> waiting{0};           // requests queued or in a handler now
};

} // namespace halyard::net
