#pragma once
#include <chrono>

namespace halyard::app {
/// SIGINT and SIGTERM set a flag; SIGPIPE is ignored.
void catch_signals();
/// From now on SIGHUP sets a flag too, instead of ending the program.
void catch_hangup();
/// Whether SIGHUP came since the last call.
bool take_hangup();
bool stop_requested();
/// Sleeps; returns at once, with true, when a signal asked to stop.
bool sleep_unless_stopped(std::chrono::milliseconds);
} // namespace halyard::app
