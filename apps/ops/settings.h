#pragma once
// What a server can be told: one table of settings, each a key of its file and an option of its command line.
#include "apps/ops/toml_file.h"
#include <chrono>
#include <concepts>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>

namespace halyard::ops {

enum class Kind : uint8_t { flag, number, text, path, texts, paths };

struct Setting {
    std::string key;    // in files, "es2.port"
    std::string option; // on the command line, "--es2-port"; empty: files only
    std::string help;
    Kind kind = Kind::text;
    bool required = false;
    /// Takes the value or says what is wrong with it. One text, or several for lists; "true" or "false" for
    /// flags.
    std::function<std::optional<std::string>(const std::vector<std::string>&)> set;
    bool given = false;
    const char* flag_value = "true"; // what the option of a flag says: "false" for --no-…
};

/// "must be 0 to 65535", or nothing and the value in `out`.
std::optional<std::string> number_from_text(std::string_view text, int64_t least, int64_t most, int64_t& out);

class Settings {
  public:
    Setting& flag(std::string key, std::string option, bool& to, std::string help);
    Setting& text(std::string key, std::string option, std::string& to, std::string help);
    Setting& texts(std::string key, std::string option, std::vector<std::string>& to, std::string help);
    /// Relative paths of a file are relative to that file, those of the command line to the working
    /// directory. "$CREDENTIALS_DIRECTORY/…" is a credential of the systemd service; "pkcs11:…" and the like
    /// stay as they are.
    Setting& path(std::string key, std::string option, std::filesystem::path& to, std::string help);
    Setting& path(std::string key, std::string option, std::string& to, std::string help);
    Setting& paths(std::string key, std::string option, std::vector<std::string>& to, std::string help);
    Setting& choice(std::string key,
                    std::string option,
                    std::string& to,
                    std::vector<std::string> among,
                    std::string help);
    template <std::integral T>
    Setting&
    number(std::string key, std::string option, T& to, int64_t least, int64_t most, std::string help) {
        return add({std::move(key),
                    std::move(option),
                    std::move(help),
                    Kind::number,
                    false,
                    [&to, least, most](const std::vector<std::string>& v) {
                        int64_t value = 0;
                        auto wrong = number_from_text(v.front(), least, most, value);
                        if (!wrong) to = static_cast<T>(value);
                        return wrong;
                    }});
    }
    Setting& port(std::string key, std::string option, uint16_t& to, std::string help) {
        return number(std::move(key), std::move(option), to, 0, 65535, std::move(help));
    }
    Setting& port(std::string key, std::string option, std::optional<uint16_t>& to, std::string help);
    /// Whole seconds.
    Setting& seconds(std::string key,
                     std::string option,
                     std::chrono::milliseconds& to,
                     int64_t least,
                     int64_t most,
                     std::string help);
    Setting& add(Setting);
    /// What must hold of settings together: nothing, or what is missing.
    void rule(std::function<std::optional<Problem>()> rule) { rules_.push_back(std::move(rule)); }

    /// Every problem of the file, in the order of its lines. `file` is only looked at for its directory.
    std::vector<Problem> apply_file(std::string_view content, const std::filesystem::path& file);
    /// One option as the command line has it; it overrides a file that was applied before.
    std::vector<Problem> apply_option(std::string_view option, std::vector<std::string> values);
    /// Required settings that nobody gave, and rules that are broken.
    std::vector<Problem> missing() const;

    const std::vector<Setting>& all() const { return settings_; }

  private:
    Setting* find(std::string_view key);
    std::string unknown(std::string_view key) const;
    std::optional<std::string>
    take(Setting&, std::vector<std::string> values, const std::filesystem::path& base);

    std::vector<Setting> settings_;
    std::vector<std::function<std::optional<Problem>()>> rules_;
};

/// "HOST=ADDR:PORT" each. What is wrong, or nothing.
std::optional<std::string> parse_resolve(const std::vector<std::string>& texts,
                                         std::map<std::string, std::string>& out);

} // namespace halyard::ops
