#include "tests/e2e/background.h"
#include <thread>

namespace halyard::e2e {

Background::Background(const Words& more) {
    Words command{program("halyard"), "lab", "--json", "--state", state};
    command.insert(command.end(), more.begin(), more.end());
    auto started = app::Process::start({command, directory / "stderr"});
    REQUIRE(started);
    process = std::move(*started);
}

Json Background::pids() const { return Json::parse(read_text(state + "/pids.json"), nullptr, false); }
std::string Background::said() const { return read_text(directory / "stderr"); }

bool Background::wait_for(const std::string& text) const {
    for (int i = 0; i < 1200; ++i) {
        if (contains(said(), text)) return true;
        std::this_thread::sleep_for(milliseconds(25));
    }
    return false;
}

bool alive(int pid) {
    const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = stat.rfind(')');
    return name_end != std::string::npos && stat.compare(name_end, 3, ") Z") != 0;
}

} // namespace halyard::e2e
