#pragma once
#include "base/result.h"
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}
namespace halyard::cli {
/// `halyard eim devices …` and `halyard eim operations …`, over the REST API.
void add_eim_client_commands(CLI::App* eim, int& exit_code);
/// "HOST=ADDR:PORT" each; bad_value "resolve".
Ok parse_resolve(const std::vector<std::string>& texts, std::map<std::string, std::string>& out);
} // namespace halyard::cli
