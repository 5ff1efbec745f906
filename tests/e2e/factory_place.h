#pragma once
// An SM-DP+ with a profile factory, for its tests.
#include "tests/e2e/run.h"
#include <filesystem>

namespace halyard::e2e {

/// The lines that docs/factory.md marks with "runs: NAME".
inline std::string factory_lines(const std::string& name) {
    const std::string text = read_text("docs/factory.md"), begin = "```sh\n";
    const size_t mark = text.find("<!-- runs: " + name + " -->");
    REQUIRE(mark != text.npos);
    const size_t from = text.find(begin, mark) + begin.size();
    return text.substr(from, text.find("```", from) - from);
}

/// A directory with an SM-DP+ in it.
struct Place {
    Directory d;
    Ran lines(const std::string& text, const std::string& before = {}) const {
        const std::string bin = std::filesystem::path(program("halyard")).parent_path().string();
        write_text(d / "lines.sh",
                   "set -e\ncd " + d.path() + "\nPATH=" + bin + ":$PATH\n" + before + "\n" + text);
        return shell("sh " + (d / "lines.sh"));
    }
    Ran smdp(Words words) const {
        words.insert(words.begin(), "smdp");
        words.insert(words.end(), {"--state", d / "smdp"});
        return cli(words);
    }
    Ran load(const std::string& file, Words more = {}) const {
        Words words{"load", "--operator", "alpha", "--type", "data", d / file, "--json"};
        words.insert(words.end(), more.begin(), more.end());
        return smdp(words);
    }
    Json levels() const { return smdp({"pool", "--json"}).json(); }
    void template_of(const std::string& file) const {
        REQUIRE(cli({"profile", "sample", "--iccid", "8900101000000000010", "--out", d / file}).status == 0);
    }
    void add_type(const std::string& file = "template.der") const {
        const Ran added =
            smdp({"type", "add", "--operator", "alpha", "--type", "data", "--template", d / file});
        INFO(added);
        REQUIRE(added.status == 0);
    }
};
inline std::string row(unsigned n, const std::string& more = {}) {
    const std::string two = std::to_string(10 + n);
    return "8900101000000000" + two + ",0010100000000" + two + ",3C1D0A5E77F2419988A0B1C2D3E4F5" + two +
           ",90A1B7C2D3E4F5061728394A5B6C7D" + two + more + "\n";
}
inline constexpr const char* kHeader = "iccid,imsi,k,opc\n";

} // namespace halyard::e2e
