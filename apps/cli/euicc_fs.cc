#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/card_files.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using app::CardFileEntry, nlohmann::ordered_json;

bool is_directory(const CardFileEntry& e) {
    return e.kind == profile::FileKind::directory || e.kind == profile::FileKind::application;
}

std::vector<std::string> records_of(const CardFileEntry& e) {
    std::vector<std::string> out;
    const Bytes all = e.content;
    for (size_t i = 0; i < e.records; ++i) out.push_back(hex(all.subspan(i * e.record_size, e.record_size)));
    return out;
}

ordered_json json_of(const CardFileEntry& e, bool content) {
    ordered_json out{{"path", e.path}, {"name", e.name}, {"kind", app::name(e.kind)}};
    if (!e.aid.empty()) out["aid"] = e.aid;
    if (is_directory(e)) return out;
    out["size"] = e.size;
    if (e.record_size) {
        out["records"] = e.records;
        out["record_size"] = e.record_size;
    }
    if (e.sfi) out["sfi"] = e.sfi;
    if (!e.link.empty()) out["link"] = e.link;
    if (!content) return out;
    out["content"] = hex(e.content);
    if (e.record_size) out["record_contents"] = records_of(e);
    return out;
}

void print_line(const CardFileEntry& e) {
    const size_t slash = e.path.rfind('/');
    const std::string own = e.path.empty()               ? "3F00"
                            : slash == std::string::npos ? e.path
                                                         : e.path.substr(slash + 1);
    const std::string label = std::string(2 * e.depth, ' ') + own + " " + e.name;
    if (is_directory(e)) {
        std::printf("%s\n", label.c_str());
        return;
    }
    std::printf("%-40s %-12s %6zu octets", label.c_str(), app::name(e.kind), e.size);
    if (e.record_size) std::printf(", %zu records of %zu", e.records, e.record_size);
    if (e.sfi) std::printf(", SFI %02X", e.sfi);
    if (!e.link.empty()) std::printf(", content of %s", e.link.c_str());
    std::printf("\n");
}

void print_content(const CardFileEntry& e) {
    print_line(e);
    if (e.record_size) {
        size_t number = 0;
        for (const std::string& r : records_of(e)) std::printf("  %3zu %s\n", ++number, r.c_str());
        return;
    }
    for (size_t at = 0; at < e.content.size(); at += 32)
        std::printf(
            "  %04zX %s\n", at, hex(Bytes(e.content).subspan(at, std::min<size_t>(32, e.size - at))).c_str());
}

Ok fs(const std::string& dir, const std::string& path, bool json) {
    const auto card = TRY(app::SoftCard::open(dir));
    const auto files = TRY(app::card_files(*card));
    const auto wanted = TRY(app::find_card_file(files, path));
    if (!is_directory(wanted)) {
        if (json)
            std::printf("%s\n", json_of(wanted, true).dump().c_str());
        else
            print_content(wanted);
        return {};
    }
    ordered_json all = ordered_json::array();
    const std::string below = wanted.path.empty() ? "" : wanted.path + "/";
    size_t octets = 0, count = 0;
    for (const CardFileEntry& e : files) {
        if (e.path != wanted.path && !e.path.starts_with(below)) continue;
        ++count;
        if (e.link.empty()) octets += e.size;
        if (json)
            all.push_back(json_of(e, false));
        else
            print_line(e);
    }
    if (json)
        std::printf("%s\n", ordered_json{{"files", all}, {"octets", octets}}.dump().c_str());
    else
        std::printf("%zu files and directories, %zu octets of content\n", count, octets);
    return {};
}
} // namespace

void add_euicc_fs(CLI::App& top, int& exit_code) {
    struct Arguments {
        std::string dir, path;
        bool json = false;
    };
    auto a = std::make_shared<Arguments>();
    CLI::App* c =
        top.add_subcommand("fs", "Files of the enabled profile: the tree, or what one of them holds");
    c->add_option("dir", a->dir, "Directory of the card")->required();
    c->add_option("path", a->path, "FIDs, names or AIDs: 2FE2, EF.IMSI, ADF.USIM/5FC0, A0000000871002/6F07");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([a, &exit_code] {
        if (const Ok ok = fs(a->dir, a->path, a->json); !ok)
            exit_code = report(ok.error(), a->path.empty() ? a->dir : a->path, a->json);
    });
}

} // namespace halyard::cli
