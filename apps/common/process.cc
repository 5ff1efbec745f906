#include "apps/common/process.h"
#include "apps/common/signals.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace halyard::app {
namespace {
using Clock = std::chrono::steady_clock;

// In the child between fork and exec: nothing here may allocate, a thread of the parent may hold the heap.
[[noreturn]] void become(const Process::Options& options, char* const* argv, int out, pid_t parent) {
    if (options.own_group) ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody is left running when the parent is killed
    if (::getppid() != parent) ::_exit(127);
    ::dup2(out, STDOUT_FILENO);
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
    if (!options.log.empty()) {
        const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log >= 0) ::dup2(log, STDERR_FILENO);
    }
    ::execv(argv[0], argv);
    ::_exit(127);
}
} // namespace

Result<Process> Process::start(const Options& options) {
    int pipe[2];
    if (options.command.empty() || ::pipe2(pipe, O_CLOEXEC) != 0) return fail(Errc::internal, "pipe");
    std::vector<char*> argv;
    for (const std::string& word : options.command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        ::close(pipe[0]);
        ::close(pipe[1]);
        return fail(Errc::internal, "fork");
    }
    if (pid == 0) become(options, argv.data(), pipe[1], parent);
    ::close(pipe[1]);
    Process process;
    process.pid_ = pid;
    process.out_ = pipe[0];
    return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), out_(std::exchange(other.out_, -1)), status_(other.status_),
      pending_(std::move(other.pending_)) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(out_, other.out_);
    std::swap(status_, other.status_);
    std::swap(pending_, other.pending_);
    return *this;
}

Process::~Process() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (out_ >= 0) ::close(out_);
}

bool Process::running() {
    if (pid_ < 0) return false;
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
    status_ = ended < 0 ? 127 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return false;
}

Result<std::string> Process::line(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
        if (const size_t end = pending_.find('\n'); end != std::string::npos) {
            std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            return line;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (stop_requested()) return fail(Errc::unreachable, "interrupted");
        if (left <= 0) return fail(Errc::unreachable, "timeout");
        // A signal that came before poll() does not wake it: never sleep long.
        pollfd fd{out_, POLLIN, 0};
        const int ready = ::poll(&fd, 1, static_cast<int>(std::min<long>(left, 200)));
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        if (ready < 0) return fail(Errc::internal, "poll");
        char buffer[4096];
        const ssize_t n = ::read(out_, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(Errc::unreachable, "end of output");
        pending_.append(buffer, static_cast<size_t>(n));
    }
}

void Process::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

bool Process::wait(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (running()) {
        if (Clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

void Process::stop(std::chrono::milliseconds grace) {
    signal(SIGTERM);
    if (wait(grace)) return;
    signal(SIGKILL);
    wait(std::chrono::seconds(5));
}

Result<std::string> run(const std::vector<std::string>& command, const std::filesystem::path& log) {
    Process process = TRY(Process::start({command, log}));
    std::string out;
    for (;;) {
        auto line = process.line(std::chrono::minutes(10));
        if (!line && std::string_view(line.error().where) != "end of output")
            return fail(line.error().code, line.error().where); // the child goes with `process`
        if (!line) break;
        out += *line + '\n';
    }
    if (!process.wait(std::chrono::seconds(10))) return fail(Errc::unreachable, "timeout");
    if (process.status() != 0)
        return fail(Errc::rejected, "exit status", static_cast<uint32_t>(process.status()));
    return out;
}

std::filesystem::path own_program() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error);
}

} // namespace halyard::app
