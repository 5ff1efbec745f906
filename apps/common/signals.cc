#include "apps/common/signals.h"
#include <csignal>
#include <thread>

namespace halyard::app {
namespace {
volatile std::sig_atomic_t stopped = 0, hung_up = 0;
void on_signal(int number) { (number == SIGHUP ? hung_up : stopped) = 1; }
} // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}
void catch_hangup() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGHUP, &action, nullptr);
}
bool take_hangup() {
    if (!hung_up) return false;
    hung_up = 0; // one that comes now is seen the next time, or is this one
    return true;
}
bool stop_requested() { return stopped != 0; }
bool sleep_unless_stopped(std::chrono::milliseconds span) {
    const auto end = std::chrono::steady_clock::now() + span;
    while (!stopped && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return stopped != 0;
}
} // namespace halyard::app
