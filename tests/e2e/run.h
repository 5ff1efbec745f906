#pragma once
// Running the real programs, and looking at what they leave.
#include "apps/common/process.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <optional>

namespace halyard::e2e {
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;
using std::chrono::milliseconds;

/// How a program ended and what it said.
struct Ran {
    int status = -1;
    std::string out, err;
    /// stdout as one JSON value; null when it is none.
    Json json() const { return Json::parse(out, nullptr, false); }
    /// Both streams.
    std::string all() const { return out + err; }
};
std::ostream& operator<<(std::ostream&, const Ran&);

/// To its end; killed, with status 137, after `limit`.
Ran run(const Words& command, milliseconds limit = std::chrono::minutes(2));
Ran cli(const Words& arguments, milliseconds limit = std::chrono::minutes(2));
/// A line of sh: for openssl, curl and pipes.
Ran shell(const std::string& line);

/// Of `halyard` or `halyard-ipad`.
std::string program(const std::string& name);
std::string read_text(const std::filesystem::path&);
void write_text(const std::filesystem::path&, const std::string&);
/// One JSON value a line.
std::vector<Json> json_lines(const std::string& text);
bool contains(const std::string& text, const std::string& part);
/// Where published test data may be, or nothing, said aloud: "sgp26", "ts48-v7/NoBERTLV.der".
std::optional<std::string> shared_data(const std::string& name);

/// A new directory, gone at the end.
class Directory {
  public:
    Directory();
    Directory(const Directory&) = delete;
    ~Directory();
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

} // namespace halyard::e2e
