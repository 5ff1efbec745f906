#pragma once
#include <filesystem>
#include <string>

namespace halyard::app {

/// Where a server keeps its state: SQLite in its directory, or a PostgreSQL. Then the directory has what is
/// this node's own.
struct StoreAt {
    std::filesystem::path directory;
    std::string postgres; // as store::open_postgres() takes it; empty: SQLite

    StoreAt(std::filesystem::path d, std::string p = {}) : directory(std::move(d)), postgres(std::move(p)) {}
    StoreAt(const char* d) : directory(d) {}
    StoreAt(const std::string& d) : directory(d) {}
};

} // namespace halyard::app
