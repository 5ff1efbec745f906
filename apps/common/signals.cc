#include "apps/common/signals.h"
#include <csignal>
#include <thread>

namespace halyard::app {
namespace {
volatile std::sig_atomic_t stopped = 0;
void on_signal(int) { stopped = 1; }
} // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}
bool stop_requested() { return stopped != 0; }
bool sleep_unless_stopped(std::chrono::milliseconds span) {
    const auto end = std::chrono::steady_clock::now() + span;
    while (!stopped && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return stopped != 0;
}
} // namespace halyard::app
