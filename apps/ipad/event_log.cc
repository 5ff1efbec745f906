#include "apps/ipad/event_log.h"
#include <chrono>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace halyard::ipad {

Result<EventLog> EventLog::open(const std::string& path) {
    EventLog log;
    if (path.empty()) return log;
    log.file_.reset(path == "-" ? stdout : std::fopen(path.c_str(), "ae"));
    if (!log.file_) return fail(Errc::not_found, "events");
    return log;
}

void EventLog::write(const ipa::Event& event) {
    using namespace std::chrono;
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    nlohmann::ordered_json line{{"time", now}, {"event", event.name}};
    if (!event.eim.empty()) line["eim"] = event.eim;
    if (!event.text.empty()) line["text"] = event.text;
    if (event.number) line["number"] = event.number;
    if (event.iccid) line["iccid"] = to_text(*event.iccid);
    if (event.error)
        line["error"] = {{"code", name(event.error->code)},
                         {"where", event.error->where},
                         {"detail", event.error->detail}};
    // Names come from peers: what is no UTF-8 is replaced, never thrown about.
    const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (event.error)
        spdlog::warn("{}", text);
    else
        spdlog::info("{}", text);
    if (!file_) return;
    std::fprintf(file_.get(), "%s\n", text.c_str());
    std::fflush(file_.get());
}

} // namespace halyard::ipad
