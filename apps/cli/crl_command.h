#pragma once
// `halyard smdp crl` and `halyard smds crl`.
#include "apps/ops/options.h"

namespace CLI {
class App;
}
namespace halyard::cli {
/// Shows the revocation lists that `serve` would use with these settings: files, and what was fetched.
/// `settings` points into `options`.
void add_crl_command(CLI::App& top,
                     std::shared_ptr<ops::Settings> settings,
                     std::shared_ptr<ops::ServeOptions> options,
                     std::vector<std::string> own,
                     int& exit_code);
} // namespace halyard::cli
