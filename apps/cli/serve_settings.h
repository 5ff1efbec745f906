#pragma once
// `serve` of the SM-DP+ and of the SM-DS: a table of settings as command line and file.
#include "apps/ops/settings.h"
#include <memory>

namespace CLI {
class App;
}
namespace halyard::cli {

/// The options of `settings`, --config and --check, on a command that ends in `run`: its exit status, when
/// the settings are right. `check` judges what only files can tell.
void add_serve_command(CLI::App* command,
                       std::shared_ptr<ops::Settings> settings,
                       std::function<std::vector<ops::Problem>()> check,
                       std::function<int()> run,
                       int& exit_code);

} // namespace halyard::cli
