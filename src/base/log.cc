#include "base/log.h"
#include <atomic>

namespace halyard {
namespace {
std::atomic<LogSink> sink{nullptr};
}
void set_log_sink(LogSink s) { sink = s; }
void log(LogLevel level, std::string_view line) {
    if (const LogSink s = sink.load(std::memory_order_relaxed)) s(level, line);
}
} // namespace halyard
