#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/files.h"
#include "apps/common/served_card.h"
#include "apps/common/signals.h"
#include "reader/lpac.h"
#include "reader/server.h"
#include <cerrno>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace halyard::cli {
namespace {
using app::ServedCard, nlohmann::ordered_json;
using reader::Event, reader::Seam;

struct Options {
    std::vector<std::string> cards, vpcd, tcp, local;
    std::string trace, faults;
    bool lpac = false, json = false;
    bool with_vpcd = false;
};

struct Served {
    std::string directory;
    std::unique_ptr<ServedCard> card;
};

int wrong(const char* what) {
    (void)std::fprintf(stderr, "euicc serve: %s\n", what);
    return 2;
}

// Standard output is lpac's when it talks to us.
void say(const Options& o, const ordered_json& fields, const std::string& text) {
    std::FILE* out = o.lpac ? stderr : stdout;
    (void)std::fprintf(out, "%s\n", o.json ? fields.dump().c_str() : text.c_str());
    (void)std::fflush(out);
}

void report_event(const Options& o, const Event& e) {
    ordered_json fields{{"event", name(e.kind)}, {"card", e.card}, {"seam", to_text(e.seam)}};
    std::string text = e.card + ": " + name(e.kind) + " " + to_text(e.seam);
    if (e.kind == Event::Kind::lost) {
        fields["apdus"] = e.apdus;
        text += ", " + std::to_string(e.apdus) + " APDUs";
    }
    if (!e.detail.empty()) {
        fields["detail"] = e.detail;
        text += ", " + e.detail;
    }
    say(o, fields, text);
}

// Per card: what was given once counts up, what was given per card is taken in order.
Result<Seam>
seam_of(Seam::Kind kind, const std::vector<std::string>& given, size_t card, size_t cards, uint16_t port) {
    const std::string& text = given.size() == 1 ? given[0] : given[card];
    if (kind == Seam::Kind::local)
        return Seam{.kind = kind,
                    .path = given.size() == 1 && cards > 1 ? text + "." + std::to_string(card) : text};
    Seam out = TRY(reader::seam_from(kind, text, "127.0.0.1", port));
    if (given.size() == 1 && out.port) {
        if (out.port + card > 0xFFFF) return fail(Errc::bad_value, "endpoint");
        out.port = static_cast<uint16_t>(out.port + card);
    }
    return out;
}

Ok add_seams(const Options& o, reader::Server& server, std::vector<Served>& cards) {
    const auto each = [&](Seam::Kind kind, const std::vector<std::string>& given, uint16_t port) -> Ok {
        for (size_t i = 0; i < cards.size() && !given.empty(); ++i) {
            const Seam seam = TRY(seam_of(kind, given, i, cards.size(), port));
            TRY(server.add(cards[i].directory, cards[i].card->port(), seam));
        }
        return {};
    };
    TRY(each(Seam::Kind::vpcd, o.vpcd, 35963));
    TRY(each(Seam::Kind::tcp, o.tcp, 35963));
    return each(Seam::Kind::local, o.local, 0);
}

void wait(std::chrono::microseconds delay) {
    if (delay.count() > 0) std::this_thread::sleep_for(delay);
}

// Lines from standard input until it ends or a signal comes.
uint64_t talk_lpac(const Options& o, ServedCard& card, const std::string& directory) {
    app::catch_signals();
    reader::LpacSession session(card.port());
    std::string pending;
    const auto take = [&](std::string_view line) {
        const auto reply = session.line(line);
        if (!reply.aside.empty())
            say(o,
                {{"event", "note"}, {"card", directory}, {"detail", reply.aside}},
                directory + ": " + reply.aside);
        if (reply.line.empty()) return;
        wait(reply.delay);
        (void)std::printf("%s\n", reply.line.c_str());
        (void)std::fflush(stdout);
    };
    while (!app::stop_requested()) {
        pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&in, 1, 500);
        if (ready <= 0) continue;
        char buffer[4096];
        const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        pending.append(buffer, static_cast<size_t>(n));
        if (pending.size() > (1u << 20)) break; // no line is that long
        for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
            take(std::string_view(pending).substr(0, end));
    }
    return session.apdus();
}

int check(Options& o) {
    const size_t n = o.cards.size();
    for (const auto* given : {&o.vpcd, &o.tcp, &o.local})
        if (given->size() > 1 && given->size() != n)
            return wrong("give --vpcd, --tcp and --unix once, or once for each card");
    if (o.lpac && (n != 1 || o.with_vpcd || !o.tcp.empty() || !o.local.empty()))
        return wrong("--lpac serves one card, and nobody else");
    if (o.with_vpcd && (!o.tcp.empty() || !o.local.empty()))
        return wrong("a reader keeps its card: --vpcd goes with neither --tcp nor --unix");
    if (!o.lpac && !o.with_vpcd && o.tcp.empty() && o.local.empty())
        return wrong("say where: --vpcd, --tcp, --unix or --lpac");
    if (o.with_vpcd && o.vpcd.empty()) o.vpcd.emplace_back();
    return 0;
}

int serve(Options o) {
    if (const int bad = check(o)) return bad;
    reader::PlanText plan;
    if (!o.faults.empty()) {
        const auto text = app::read_file(o.faults, 1u << 20, "faults");
        if (!text) return report(text.error(), o.faults, o.json);
        if (const int bad = read_plan(text_of(*text), o.faults, o.json, plan)) return bad;
    }
    std::vector<Served> cards;
    for (size_t i = 0; i < o.cards.size(); ++i) {
        ServedCard::Options options{.faults = o.faults.empty() ? nullptr : &plan.plan,
                                    .number = static_cast<uint32_t>(i)};
        if (!o.trace.empty())
            options.trace = o.cards.size() == 1 ? o.trace : o.trace + "." + std::to_string(i);
        auto card = ServedCard::open(o.cards[i], options);
        if (!card) return report(card.error(), o.cards[i], o.json);
        cards.push_back({o.cards[i], std::move(*card)});
    }
    uint64_t apdus = 0;
    for (const Served& s : cards) {
        const std::string eid = to_text(s.card->card().identity().eid);
        say(o, {{"event", "card"}, {"card", s.directory}, {"eid", eid}}, s.directory + ": eUICC " + eid);
    }
    if (o.lpac) {
        apdus = talk_lpac(o, *cards[0].card, cards[0].directory);
    } else {
        reader::Server server([&o](const Event& e) { report_event(o, e); });
        if (const Ok open = add_seams(o, server, cards); !open)
            return report(open.error(), "euicc serve", o.json);
        server.run(true);
        apdus = server.apdus();
    }
    say(o, {{"event", "stopped"}, {"apdus", apdus}}, "stopped after " + std::to_string(apdus) + " APDUs");
    return 0;
}
} // namespace

int read_plan(std::string_view text, const std::string& where, bool json, reader::PlanText& out) {
    out = reader::read_fault_plan(text);
    if (out.faults.empty()) return 0;
    ordered_json lines = ordered_json::array();
    for (const auto& f : out.faults) {
        lines.push_back({{"line", f.line}, {"what", f.what}});
        if (!json) (void)std::fprintf(stderr, "%s:%u: %s\n", where.c_str(), f.line, f.what.c_str());
    }
    if (json) {
        const ordered_json error{
            {"what", where}, {"code", name(Errc::bad_value)}, {"where", "faults"}, {"lines", lines}};
        std::printf("%s\n", ordered_json{{"error", error}}.dump().c_str());
    }
    return 1;
}

void add_euicc_serve(CLI::App& top, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* c =
        top.add_subcommand("serve", "Cards for reader programs: PC/SC by a virtual reader, sockets, lpac");
    c->add_option("dirs", o->cards, "Directories of cards; each is one card in one slot")->required();
    CLI::Option* vpcd =
        c->add_option("--vpcd",
                      o->vpcd,
                      "HOST:PORT of a virtual reader (vsmartcard-vpcd) to connect to; default "
                      "127.0.0.1:35963, ports count up by card")
            ->expected(0, 1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    c->add_option("--tcp", o->tcp, "HOST:PORT to listen at, with the same messages; ports count up by card")
        ->allow_extra_args(false);
    c->add_option("--unix", o->local, "Path of a Unix socket to listen at; several cards: PATH.0, PATH.1, …")
        ->allow_extra_args(false);
    c->add_flag("--lpac", o->lpac, "Talk to lpac's stdio APDU driver on stdin and stdout");
    c->add_option(
        "--trace", o->trace, "Record every APDU to a file, begun anew; several cards: FILE.0, FILE.1, …");
    c->add_option("--faults", o->faults, "What shall go wrong, and when: docs/card-seams.md");
    c->add_flag("--json", o->json, "Say what happens as one JSON object a line");
    c->callback([o, vpcd, &exit_code] {
        o->with_vpcd = vpcd->count() > 0;
        exit_code = serve(*o);
    });
}

} // namespace halyard::cli
