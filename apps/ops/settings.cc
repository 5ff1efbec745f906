#include "apps/ops/settings.h"
#include "apps/common/resolve.h"
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <numeric>

namespace halyard::ops {
namespace {
using Values = std::vector<std::string>;
constexpr std::string_view kCredentials = "$CREDENTIALS_DIRECTORY";

bool is_path(Kind k) { return k == Kind::path || k == Kind::paths; }
bool is_list(Kind k) { return k == Kind::texts || k == Kind::paths; }

// How many letters have to be changed to make one word of the other.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

std::optional<std::string> resolve_path(std::string& path, const std::filesystem::path& base) {
    if (path.empty()) return "must name a file";
    if (path.starts_with(kCredentials)) {
        const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
        if (!directory || !*directory)
            return "$CREDENTIALS_DIRECTORY is not set (LoadCredential= of systemd)";
        path = directory + path.substr(kCredentials.size());
        return std::nullopt;
    }
    const size_t colon = path.find(':'); // "pkcs11:…", "credential:…" name no file
    if (colon != path.npos && colon > 1 && path.find('/') > colon) return std::nullopt;
    if (std::filesystem::path(path).is_relative() && !base.empty()) path = (base / path).string();
    return std::nullopt;
}

std::string wanted(Kind k) {
    switch (k) {
    case Kind::flag: return "must be true or false";
    case Kind::number: return "must be a whole number";
    case Kind::text:
    case Kind::path: return "must be a string";
    case Kind::texts:
    case Kind::paths: break;
    }
    return "must be a string or a list of strings";
}

// The value as the command line would have it; nullopt when it is of another kind.
std::optional<Values> values_of(const Setting& s, const ConfigEntry& e) {
    if (const auto* flag = std::get_if<bool>(&e.value)) {
        if (s.kind != Kind::flag) return std::nullopt;
        return Values{*flag ? "true" : "false"};
    }
    if (const auto* number = std::get_if<int64_t>(&e.value)) {
        if (s.kind != Kind::number) return std::nullopt;
        return Values{std::to_string(*number)};
    }
    if (s.kind == Kind::flag || s.kind == Kind::number) return std::nullopt;
    if (const auto* text = std::get_if<std::string>(&e.value)) return Values{*text};
    if (!is_list(s.kind)) return std::nullopt;
    return std::get<Values>(e.value);
}
} // namespace

std::optional<std::string>
number_from_text(std::string_view text, int64_t least, int64_t most, int64_t& out) {
    int64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end || value < least || value > most)
        return "must be " + std::to_string(least) + " to " + std::to_string(most);
    out = value;
    return std::nullopt;
}

Setting& Settings::add(Setting s) { return settings_.emplace_back(std::move(s)); }

Setting& Settings::flag(std::string key, std::string option, bool& to, std::string help) {
    return add(
        {std::move(key), std::move(option), std::move(help), Kind::flag, false, [&to](const Values& v) {
             to = v.front() == "true";
             return std::optional<std::string>();
         }});
}
Setting& Settings::text(std::string key, std::string option, std::string& to, std::string help) {
    return add(
        {std::move(key), std::move(option), std::move(help), Kind::text, false, [&to](const Values& v) {
             to = v.front();
             return std::optional<std::string>();
         }});
}
Setting& Settings::texts(std::string key, std::string option, Values& to, std::string help) {
    return add(
        {std::move(key), std::move(option), std::move(help), Kind::texts, false, [&to](const Values& v) {
             to = v;
             return std::optional<std::string>();
         }});
}
Setting& Settings::path(std::string key, std::string option, std::string& to, std::string help) {
    Setting& s = text(std::move(key), std::move(option), to, std::move(help));
    s.kind = Kind::path;
    return s;
}
Setting& Settings::path(std::string key, std::string option, std::filesystem::path& to, std::string help) {
    return add(
        {std::move(key), std::move(option), std::move(help), Kind::path, false, [&to](const Values& v) {
             to = v.front();
             return std::optional<std::string>();
         }});
}
Setting& Settings::paths(std::string key, std::string option, Values& to, std::string help) {
    Setting& s = texts(std::move(key), std::move(option), to, std::move(help));
    s.kind = Kind::paths;
    return s;
}
Setting&
Settings::choice(std::string key, std::string option, std::string& to, Values among, std::string help) {
    const auto set = [&to, among = std::move(among)](const Values& v) -> std::optional<std::string> {
        if (std::ranges::find(among, v.front()) == among.end()) {
            std::string wrong = "must be ";
            for (size_t i = 0; i < among.size(); ++i)
                wrong += (i == 0 ? "" : i + 1 == among.size() ? " or " : ", ") + among[i];
            return wrong;
        }
        to = v.front();
        return std::nullopt;
    };
    return add({std::move(key), std::move(option), std::move(help), Kind::text, false, set});
}
Setting& Settings::port(std::string key, std::string option, std::optional<uint16_t>& to, std::string help) {
    const auto set = [&to](const Values& v) {
        int64_t value = 0;
        auto wrong = number_from_text(v.front(), 0, 65535, value);
        if (!wrong) to = static_cast<uint16_t>(value);
        return wrong;
    };
    return add({std::move(key), std::move(option), std::move(help), Kind::number, false, set});
}
Setting& Settings::seconds(std::string key,
                           std::string option,
                           std::chrono::milliseconds& to,
                           int64_t least,
                           int64_t most,
                           std::string help) {
    const auto set = [&to, least, most](const Values& v) {
        int64_t value = 0;
        auto wrong = number_from_text(v.front(), least, most, value);
        if (!wrong) to = std::chrono::seconds(value);
        return wrong;
    };
    return add({std::move(key), std::move(option), std::move(help), Kind::number, false, set});
}

Setting* Settings::find(std::string_view key) {
    const auto found = std::ranges::find(settings_, key, &Setting::key);
    return found == settings_.end() ? nullptr : &*found;
}

std::string Settings::unknown(std::string_view key) const {
    const auto nearest =
        std::ranges::min_element(settings_, {}, [&](const Setting& s) { return distance(key, s.key); });
    const std::string_view last = key.substr(key.rfind('.') + 1); // npos + 1 is 0
    const auto same_name = std::ranges::find_if(settings_, [&](const Setting& s) {
        return std::string_view(s.key).substr(s.key.rfind('.') + 1) == last;
    });
    std::string out = "no such key";
    if (nearest != settings_.end() && distance(key, nearest->key) <= 1 + key.size() / 4)
        out += "; is " + nearest->key + " meant?";
    else if (same_name != settings_.end())
        out += "; is " + same_name->key + " meant?";
    return out;
}

std::optional<std::string>
Settings::take(Setting& s, std::vector<std::string> values, const std::filesystem::path& base) {
    if (is_path(s.kind))
        for (std::string& v : values)
            if (auto wrong = resolve_path(v, base)) return wrong;
    auto wrong = s.set(values);
    if (!wrong) s.given = true;
    return wrong;
}

std::vector<Problem> Settings::apply_file(std::string_view content, const std::filesystem::path& file) {
    const ConfigText text = read_toml(content);
    std::vector<Problem> problems = text.problems;
    for (const ConfigEntry& e : text.entries) {
        Setting* s = find(e.key);
        if (!s) {
            problems.push_back({e.line, e.key, unknown(e.key)});
            continue;
        }
        s->given = true; // even when it is wrong: it is not missing
        auto values = values_of(*s, e);
        if (!values)
            problems.push_back({e.line, e.key, wanted(s->kind)});
        else if (auto wrong = take(*s, *std::move(values), file.parent_path()))
            problems.push_back({e.line, e.key, *wrong});
    }
    std::ranges::stable_sort(problems, {}, &Problem::line);
    return problems;
}

std::vector<Problem> Settings::apply_option(std::string_view option, std::vector<std::string> values) {
    const auto s = std::ranges::find(settings_, option, &Setting::option);
    if (s == settings_.end()) return {{0, std::string(option), "no such option"}};
    if (auto wrong = take(*s, std::move(values), {})) return {{0, s->option, *wrong}};
    return {};
}

std::vector<Problem> Settings::missing() const {
    std::vector<Problem> out;
    for (const Setting& s : settings_)
        if (s.required && !s.given)
            out.push_back({0, s.key, s.option.empty() ? "missing" : "missing, as is " + s.option});
    for (const auto& rule : rules_)
        if (auto broken = rule()) out.push_back(*std::move(broken));
    return out;
}

std::optional<std::string> parse_resolve(const std::vector<std::string>& texts,
                                         std::map<std::string, std::string>& out) {
    std::map<std::string, std::string> read;
    if (!app::add_resolve(read, texts)) return "must be HOST=ADDRESS:PORT";
    out = std::move(read);
    return std::nullopt;
}

} // namespace halyard::ops
