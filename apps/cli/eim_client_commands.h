#pragma once
namespace CLI {
class App;
}
namespace halyard::cli {
/// `halyard eim devices …` and `halyard eim operations …`, over the REST API.
void add_eim_client_commands(CLI::App* eim, int& exit_code);
} // namespace halyard::cli
