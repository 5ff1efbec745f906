#include "tests/e2e/run.h"
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace halyard::e2e {

std::ostream& operator<<(std::ostream& to, const Ran& r) {
    return to << "status " << r.status << "\nstdout: " << r.out << "\nstderr: " << r.err;
}

Ran run(const Words& command, milliseconds limit) {
    const Directory scratch;
    const std::string log = scratch / "stderr";
    auto process = app::Process::start({command, log});
    REQUIRE(process);
    Ran ran;
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
        const auto line = process->line(left);
        if (!line) break;
        ran.out += *line + "\n";
    }
    // A last line without its end is rare and not needed; a program that hangs is.
    if (!process->wait(std::chrono::seconds(5))) {
        process->signal(SIGKILL);
        process->wait(std::chrono::seconds(5));
    }
    ran.status = process->status();
    ran.err = read_text(log);
    return ran;
}

std::string program(const std::string& name) { return std::string(HALYARD_PROGRAMS) + "/" + name; }

Ran cli(const Words& arguments, milliseconds limit) {
    Words command{program("halyard")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, limit);
}

Ran shell(const std::string& line) { return run({"/bin/sh", "-c", line}); }

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    REQUIRE(file.flush());
}

std::vector<Json> json_lines(const std::string& text) {
    std::vector<Json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (auto one = Json::parse(line, nullptr, false); !one.is_discarded()) out.push_back(std::move(one));
    return out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::optional<std::string> shared_data(const std::string& name) {
    const auto path = std::filesystem::absolute("../shared/data/" + name);
    if (std::filesystem::exists(path)) return path.string();
    MESSAGE("skipped: no " << path.string());
    return std::nullopt;
}

Directory::Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "halyard-e2e-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()));
    path_ = pattern;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace halyard::e2e
