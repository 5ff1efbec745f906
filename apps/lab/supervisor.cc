#include "apps/lab/supervisor.h"
#include "base/log.h"
#include <fstream>
#include <nlohmann/json.hpp>

namespace halyard::lab {
namespace {
constexpr int kMaxRestarts = 200; // a process that cannot stay up is a failure, not a reason to spin

// {"listening":"https://h:1"} or {"esipa":...,"api":...}: every URL the server names, by its key.
std::map<std::string, int> ports_of(const std::string& line) {
    std::map<std::string, int> ports;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return ports;
    for (const auto& [key, value] : json.items()) {
        if (!value.is_string()) continue;
        const std::string url = value;
        const size_t colon = url.rfind(':');
        if (colon == std::string::npos) continue;
        ports[key] = std::atoi(url.c_str() + colon + 1);
    }
    return ports;
}
} // namespace

// A command names ports as {key}: 0 until the server has said which port it has for that key.
Ok Supervisor::launch(Running& r) {
    app::Process::Options options{r.service.command, r.service.log};
    for (std::string& word : options.command) {
        const size_t open = word.find('{'), close = word.find('}');
        if (open == std::string::npos || close == std::string::npos) continue;
        const auto port = r.ports.find(word.substr(open + 1, close - open - 1));
        word.replace(open, close - open + 1, std::to_string(port == r.ports.end() ? 0 : port->second));
    }
    r.process = TRY(app::Process::start(options));
    if (!r.service.server) return {};
    const auto line = r.process.line(std::chrono::seconds(30));
    if (!line) return fail(Errc::unreachable, "listening line");
    r.line = *line;
    r.ports = ports_of(*line);
    return {};
}

Ok Supervisor::start(const Service& service) {
    Running& r = running_[service.name];
    r.service = service;
    for (auto ok = launch(r); !ok; ok = launch(r)) {
        // Killed before it could say where it listens: that is no fault of its own.
        const bool killed = r.process.wait(std::chrono::seconds(1)) && r.process.status() == 128 + SIGKILL;
        if (!killed || ++r.failures > kMaxRestarts) return ok;
        ++restarts_;
    }
    return write_pids();
}

Ok Supervisor::watch() {
    bool changed = false;
    for (auto& [name, r] : running_) {
        if (r.process.running() || !r.service.restart || r.process.status() == 0) continue;
        if (++r.failures > kMaxRestarts) return fail(Errc::internal, "process keeps dying");
        log(LogLevel::warning,
            name + " ended with status " + std::to_string(r.process.status()) + ", starting it again");
        ++restarts_;
        changed = true;
        // A server that cannot come back at once (its port still held, say) is tried again at the next watch.
        if (const auto ok = launch(r); !ok) log(LogLevel::warning, name + ": " + ok.error().where);
    }
    return changed ? write_pids() : Ok{};
}

void Supervisor::stop(const std::string& prefix) {
    for (auto& [name, r] : running_)
        if (name.starts_with(prefix)) r.process.signal(SIGTERM);
    for (auto& [name, r] : running_)
        if (name.starts_with(prefix)) {
            r.process.stop(std::chrono::seconds(10));
            r.service.restart = false;
        }
}

void Supervisor::stop_all() {
    for (auto& [name, r] : running_) r.process.signal(SIGTERM);
    for (auto& [name, r] : running_) r.process.stop(std::chrono::seconds(10));
}

Ok Supervisor::write_pids() {
    nlohmann::json pids = nlohmann::json::object();
    for (auto& [name, r] : running_)
        if (r.process.running()) pids[name] = r.process.pid();
    const auto temporary = directory_ / "pids.json.new";
    {
        std::ofstream out(temporary);
        out << pids.dump(1) << '\n';
        if (!out) return fail(Errc::storage, "pids.json");
    }
    std::error_code error;
    std::filesystem::rename(temporary, directory_ / "pids.json", error);
    if (error) return fail(Errc::storage, "pids.json");
    return {};
}

} // namespace halyard::lab
