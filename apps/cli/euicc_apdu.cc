#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/apdu_console.h"
#include "apps/common/soft_card.h"
#include "reader/client.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace halyard::cli {
namespace {
using app::ApduConsole, nlohmann::ordered_json, reader::Seam;

struct Options {
    std::string socket;
    std::vector<std::string> words; // the directory first, unless there is a socket
    bool json = false, explained = false;
};

// A card in a directory or behind a socket.
struct Reader {
    std::unique_ptr<app::SoftCard> card;
    std::unique_ptr<reader::CardPort> port;
};

// "unix:PATH", "tcp:HOST:PORT"
Result<Seam> seam_of(const std::string& text) {
    const size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon),
                      rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (kind == "unix" && !rest.empty()) return Seam{.kind = Seam::Kind::local, .path = rest};
    if (kind == "tcp" && !rest.empty()) return reader::seam_from(Seam::Kind::tcp, rest, "127.0.0.1", 35963);
    return fail(Errc::bad_value, "socket");
}

Result<Reader> open(const Options& o) {
    Reader out;
    if (!o.socket.empty()) {
        out.port = std::make_unique<reader::SeamClient>(TRY(seam_of(o.socket)));
        return out;
    }
    out.card = TRY(app::SoftCard::open(o.words.front()));
    out.port = std::make_unique<reader::SoftPort>(out.card->card());
    return out;
}

void print(const ApduConsole::Said& said, bool json) {
    if (json && !said.json.is_null())
        std::printf("%s\n", said.json.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    if (!json) std::printf("%s", said.text.c_str());
    (void)std::fflush(stdout);
}

int apdu(const Options& o) {
    if (o.socket.empty() && o.words.empty()) {
        (void)std::fprintf(stderr, "euicc apdu: a directory, or --socket\n");
        return 2;
    }
    auto reader = open(o);
    if (!reader) return report(reader.error(), o.socket.empty() ? o.words.front() : o.socket, o.json);
    ApduConsole console(*reader->port, o.explained);
    bool good = true;
    const auto take = [&](const std::string& line) {
        const ApduConsole::Said said = console.line(line);
        print(said, o.json);
        good = good && said.good;
        return !said.quit;
    };
    const size_t first = o.socket.empty() ? 1 : 0;
    if (o.words.size() > first) {
        for (size_t i = first; i < o.words.size(); ++i)
            if (!take(o.words[i])) break;
        return good ? 0 : 1;
    }
    const bool by_hand = ::isatty(STDIN_FILENO) == 1;
    const char* prompt = by_hand && !o.json ? "card> " : "";
    for (std::string line;
         std::printf("%s", prompt), (void)std::fflush(stdout), std::getline(std::cin, line);)
        if (!take(line)) break;
    return good || by_hand ? 0 : 1;
}
} // namespace

void add_euicc_apdu(CLI::App& top, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* talk = top.add_subcommand(
        "apdu", "A console for a card: APDUs, files by name, ES10 commands, with every answer in words");
    talk->add_option("words", o->words, "Directory of the card (not with --socket), then lines; none: stdin");
    talk->add_option("--socket", o->socket, "A served card instead: unix:PATH or tcp:HOST:PORT");
    talk->add_flag("--explain", o->explained, "Each message with its members' octets and meaning");
    talk->add_flag("--json", o->json, "One JSON object a line");
    talk->footer(ApduConsole::help());
    talk->callback([o, &exit_code] { exit_code = apdu(*o); });
}

} // namespace halyard::cli
