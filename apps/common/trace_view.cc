#include "apps/common/trace_view.h"
#include "apps/common/explain.h"
#include "apps/common/message_view.h"
#include "rsp/meaning.h"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using binding::CardExchange, binding::Lines;
using nlohmann::ordered_json;

// Towards the card or from it: the best reading that goes that way; nullptr leaves it to the octets.
const rsp::Message* choose(Bytes octets, bool command, bool strict) {
    const auto head = asn1::read_tlv(octets);
    if (!head) return nullptr;
    const rsp::Recognition found = rsp::recognise(head->whole, {.strict = strict});
    if (!found.message || !head->rest.empty()) return nullptr;
    const auto fits = [&](const rsp::Message* m) {
        const auto route = rsp::route_of(*m);
        if (!route) return false;
        const std::string_view interface = route->interface;
        if (interface == "ESipa" || interface == "ES9+" || interface == "ES11") return false;
        return (std::string_view(route->to) == "eUICC") == command;
    };
    if (fits(found.message)) return found.message;
    for (const rsp::Message* m : found.others)
        if (fits(m)) return m;
    return found.message;
}

// What a card says of itself when it is selected: E0 or E1, somewhere in the FCI.
std::optional<Bytes> application_template(Bytes in, int depth = 0) {
    while (!in.empty()) {
        const auto tlv = asn1::read_tlv(in);
        if (!tlv) return std::nullopt;
        if (tlv->tag == 0xE0 || tlv->tag == 0xE1) return tlv->whole;
        if (asn1::is_constructed(tlv->tag) && depth < 4)
            if (const auto found = application_template(tlv->content, depth + 1)) return found;
        in = tlv->rest;
    }
    return std::nullopt;
}

std::string lines_text(Lines lines) {
    if (lines.first == lines.last) return "line " + std::to_string(lines.first);
    return "lines " + std::to_string(lines.first) + " to " + std::to_string(lines.last);
}

class View {
  public:
    View(TraceView& out, bool strict, bool explained) : out_(out), strict_(strict), explained_(explained) {}

    void exchange(const CardExchange& e) {
        std::string head =
            lines_text(e.command_lines) + ": " + e.name + " on channel " + std::to_string(e.channel);
        if (e.chains > 1) head += ", " + std::to_string(e.chains) + " chains";
        if (!e.whole) head += ", not whole";
        head += e.answer_lines.first ? "; answer in " + lines_text(e.answer_lines) : std::string();
        head += e.status ? ": " + binding::status_text(*e.status) : "; no response";
        out_.text += head + '\n';
        ordered_json one{{"name", e.name},
                         {"channel", e.channel},
                         {"lines", {e.command_lines.first, e.command_lines.last}},
                         {"answer_lines", {e.answer_lines.first, e.answer_lines.last}},
                         {"chains", e.chains},
                         {"whole", e.whole}};
        one["status"] =
            e.status ? ordered_json(binding::status_text(*e.status).substr(0, 4)) : ordered_json();
        if (e.status) one["status_text"] = binding::status_text(*e.status).substr(6);
        if (e.status) one["refused"] = binding::is_error(*e.status);
        const auto found = application_template(e.answer);
        if (e.kind == CardExchange::Kind::store_data) {
            part(e, e.command, true, one);
            part(e, e.answer, false, one);
        } else if (e.kind == CardExchange::Kind::select) {
            out_.text += "  > " + hex(e.command) + '\n';
            if (found) part(e, *found, false, one);
        } else {
            if (!e.command.empty()) out_.text += "  > " + hex(e.command) + '\n';
            if (!e.answer.empty()) out_.text += "  < " + hex(e.answer) + '\n';
        }
        exchanges_.push_back(std::move(one));
    }

    void faults(const std::vector<binding::TraceFault>& faults) {
        for (const binding::TraceFault& f : faults) {
            out_.text += "line " + std::to_string(f.line) + ": " + f.what + '\n';
            faults_.push_back({{"line", f.line}, {"what", f.what}});
            out_.good = false;
        }
    }
    void end() {
        out_.json =
            ordered_json{{"messages", messages_}, {"exchanges", exchanges_}, {"faults", faults_}}.dump();
    }

  private:
    // Message views of one direction, "> " in front of what the card gets.
    void part(const CardExchange& e, Bytes octets, bool command, ordered_json& one) {
        if (octets.empty()) return;
        const MessageViews views = view_messages(octets, choose(octets, command, strict_), strict_);
        const Lines lines = command ? e.command_lines : e.answer_lines;
        std::string text =
            explained_ ? explain(octets, choose(octets, command, strict_)).text : to_text(views);
        for (const MessageView& v : views.messages) {
            ordered_json message = json_of(v);
            message["direction"] = command ? "command" : "answer";
            message["channel"] = e.channel;
            message["lines"] = {lines.first, lines.last};
            messages_.push_back(std::move(message));
        }
        if (views.error) {
            out_.good = false;
            if (!explained_) text += "cannot be read: " + describe_error(views) + "\n  " + hex(octets) + '\n';
            one["error"] = {{"direction", command ? "command" : "answer"},
                            {"what", describe_error(views)},
                            {"hex", hex(octets)}};
        }
        for (size_t at = 0; at < text.size();) {
            const size_t end = text.find('\n', at);
            const std::string line =
                (at == 0 ? (command ? "  > " : "  < ") : "    ") + text.substr(at, end + 1 - at);
            out_.text += line;
            out_.messages += line;
            at = end + 1;
        }
    }

    TraceView& out_;
    bool strict_, explained_;
    ordered_json messages_ = ordered_json::array(), exchanges_ = ordered_json::array(),
                 faults_ = ordered_json::array();
};

} // namespace

std::optional<binding::TraceText> trace_of(Bytes content) {
    // Colours and any alphabet are fine; DER of a message has octets that no text has.
    const auto odd = [](uint8_t c) { return c < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != 0x1B; };
    if (std::ranges::any_of(content, odd)) return std::nullopt;
    auto text = binding::read_trace(text_of(content));
    if (text.apdus.empty()) return std::nullopt;
    return text;
}

OwnedBytes messages_of(const binding::TraceText& text) {
    OwnedBytes out;
    for (const CardExchange& e : binding::reassemble(text.apdus).exchanges) {
        if (e.kind != CardExchange::Kind::store_data || !e.whole) continue;
        append(out, e.command);
        append(out, e.answer);
    }
    return out;
}

TraceView view_trace(const binding::TraceText& text, bool strict, bool explained) {
    TraceView out;
    View view(out, strict, explained);
    const binding::CardTrace trace = binding::reassemble(text.apdus);
    for (const CardExchange& e : trace.exchanges) view.exchange(e);
    view.faults(text.faults);
    view.faults(trace.faults);
    view.end();
    return out;
}

} // namespace halyard::app
