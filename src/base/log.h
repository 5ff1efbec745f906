#pragma once
#include <string_view>

namespace halyard {
enum class LogLevel : unsigned char { debug, info, warning, error };

/// Where the cores write. A program installs a sink (spdlog in ours); without one, lines are dropped.
/// Never pass secrets; identifiers are masked by the sink's policy (SR-58).
using LogSink = void (*)(LogLevel, std::string_view line);
void set_log_sink(LogSink);
void log(LogLevel, std::string_view line);
} // namespace halyard
