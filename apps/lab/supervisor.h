#pragma once
// Keeps the lab's processes alive: whatever dies is started again with its state, as an init system would.
#include "apps/common/process.h"
#include <csignal>
#include <map>
#include <string>

namespace halyard::lab {

/// One program the lab runs. A server says on stdout where it listens, one URL per key; `{key}` in its
/// command is 0 at the first start and the port it got for that key at every later one, so that its peers
/// find it again.
struct Service {
    std::string name;
    std::vector<std::string> command;
    std::filesystem::path log;
    bool server = false; // wait for the line {"listening":...}
    bool restart = true; // start again when it ends with another status than 0
};

class Supervisor {
  public:
    explicit Supervisor(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// Errors: unreachable when a server does not report within 30 seconds; its log tells why.
    Ok start(const Service&);
    /// Starts again what died; call it a few times a second. Writes `pids.json` when anything changed.
    Ok watch();
    void stop_all();
    /// SIGTERM to all whose name starts so; they are not started again until start().
    void stop(const std::string& prefix);
    /// The JSON line a server printed when it began to listen.
    const std::string& listening(const std::string& name) { return running_[name].line; }
    bool ended(const std::string& name) { return !running_[name].process.running(); }
    int restarts() const { return restarts_; }

  private:
    struct Running {
        Service service;
        app::Process process;
        std::string line;
        std::map<std::string, int> ports; // by the name of the option in the command
        int failures = 0;
    };
    Ok launch(Running&);
    Ok write_pids();

    std::filesystem::path directory_;
    std::map<std::string, Running> running_;
    int restarts_ = 0;
};

} // namespace halyard::lab
