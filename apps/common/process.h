#pragma once
// Starting and watching other programs: what the lab and the end-to-end tests do.
#include "base/result.h"
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace halyard::app {

/// A child process. Its stderr goes to a log file, its stdout is read here. Killed (SIGKILL) when dropped
/// while running.
class Process {
  public:
    struct Options {
        std::vector<std::string> command; // argv, absolute program path first
        std::filesystem::path log;        // stderr is appended here; empty: inherited
        bool own_group = true;            // so that a Ctrl-C at the terminal reaches only the parent
    };
    static Result<Process> start(const Options&);

    Process() = default;
    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    int pid() const { return pid_; }
    bool running();
    /// Exit status after it ended: 0..255, or 128 + signal.
    int status() const { return status_; }
    /// The next line of its stdout, without the line break; unreachable "timeout", "end of output", or
    /// "interrupted" when a signal asked this program to stop.
    Result<std::string> line(std::chrono::milliseconds timeout);
    void signal(int number) const;
    /// SIGTERM, then SIGKILL after `grace`.
    void stop(std::chrono::milliseconds grace);
    /// True when it ended within `timeout`.
    bool wait(std::chrono::milliseconds timeout);

  private:
    int pid_ = -1;
    int out_ = -1;
    int status_ = -1;
    std::string pending_;
};

/// Runs a command to its end. Its stdout is the value; `rejected` with the exit status otherwise; unreachable
/// "interrupted" when a signal asked this program to stop.
Result<std::string> run(const std::vector<std::string>& command, const std::filesystem::path& log);
/// The path of the running executable.
std::filesystem::path own_program();

} // namespace halyard::app
