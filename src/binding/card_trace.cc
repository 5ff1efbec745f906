#include "binding/card_trace.h"
#include "asn1/tlv.h"
#include "rsp/meaning.h"
#include <algorithm>
#include <array>

namespace halyard::binding {
namespace {

constexpr std::array<uint8_t, 16> kIsdR{
    0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};

std::string two(uint8_t octet) { return hex(Bytes(&octet, 1)); }

struct Command {
    uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
    Bytes data;
    bool chains() const { return ins == 0xE2 && (cla & 0x80); }
    bool fetches() const { return ins == 0xC0; }
    uint8_t channel() const {
        return static_cast<uint8_t>(cla & 0x40 ? 4 + (cla & 0x0F) : cla & 0x03); // ISO 7816-4 §5.4.1
    }
};

// ISO 7816-3 §12.1: the cases 1 to 4, short and extended.
std::optional<Command> parse(Bytes apdu) {
    if (apdu.size() < 4) return std::nullopt;
    Command out{apdu[0], apdu[1], apdu[2], apdu[3], {}};
    if (apdu.size() <= 5) return out;
    const bool extended = apdu[4] == 0 && apdu.size() >= 7;
    const size_t head = extended ? 7 : 5, le = extended ? 2 : 1;
    const size_t lc = extended ? static_cast<size_t>(apdu[5] << 8 | apdu[6]) : apdu[4];
    if (extended && apdu.size() == 7) return out;
    if (apdu.size() != head + lc && apdu.size() != head + lc + le) return std::nullopt;
    out.data = apdu.subspan(head, lc);
    return out;
}

std::string name_of(const Command& c) {
    constexpr struct {
        uint8_t ins;
        const char* name;
    } kNames[] = {{0x10, "TERMINAL PROFILE"},
                  {0x12, "FETCH"},
                  {0x14, "TERMINAL RESPONSE"},
                  {0x04, "DEACTIVATE FILE"},
                  {0x20, "VERIFY PIN"},
                  {0x24, "CHANGE PIN"},
                  {0x26, "DISABLE PIN"},
                  {0x28, "ENABLE PIN"},
                  {0x2C, "UNBLOCK PIN"},
                  {0x32, "INCREASE"},
                  {0x44, "ACTIVATE FILE"},
                  {0x70, "MANAGE CHANNEL"},
                  {0x84, "GET CHALLENGE"},
                  {0x88, "AUTHENTICATE"},
                  {0xA2, "SEARCH RECORD"},
                  {0xA4, "SELECT"},
                  {0xAA, "TERMINAL CAPABILITY"},
                  {0xB0, "READ BINARY"},
                  {0xB2, "READ RECORD"},
                  {0xC0, "GET RESPONSE"},
                  {0xC2, "ENVELOPE"},
                  {0xCA, "GET DATA"},
                  {0xCB, "RETRIEVE DATA"},
                  {0xD6, "UPDATE BINARY"},
                  {0xDB, "SET DATA"},
                  {0xDC, "UPDATE RECORD"},
                  {0xE2, "STORE DATA"},
                  {0xF2, "STATUS"}};
    if (c.ins == 0xA4 && c.p1 == 0x04 && same(c.data, kIsdR)) return "SELECT ISD-R";
    for (const auto& n : kNames)
        if (n.ins == c.ins) return n.name;
    return "INS " + two(c.ins);
}

class Assembler {
  public:
    CardTrace out;

    void command(const TraceApdu& a) {
        if (sent_) no_response();
        sent_ = &a;
        if (!parse(a.octets)) fault(a.first, "no command APDU: its length disagrees with Lc");
    }
    void response(const TraceApdu& a) {
        if (!sent_) return fault(a.first, "response without a command before it");
        const TraceApdu& command = *sent_;
        sent_ = nullptr;
        const auto parsed = parse(command.octets);
        if (!parsed) return;
        if (a.octets.size() < 2) return fault(a.first, "response shorter than a status word");
        const size_t n = a.octets.size() - 2;
        const auto status = static_cast<uint16_t>(a.octets[n] << 8 | a.octets[n + 1]);
        done(command, *parsed, Bytes(a.octets).first(n), status, {a.first, a.last});
    }
    void end() {
        if (sent_) no_response();
        for (Channel& c : channels_) {
            if (c.waiting) not_fetched(c, c.waiting->answer_lines.last);
            if (c.chain) cut(c);
        }
    }

  private:
    struct Chain {
        CardExchange exchange;
        unsigned next = 0; // P2 of the block that is due
    };
    struct Channel {
        std::optional<Chain> chain;
        std::optional<CardExchange> waiting; // 61xx was the last answer
    };

    void fault(uint32_t line, std::string what) { out.faults.push_back({line, std::move(what)}); }

    void no_response() {
        const TraceApdu& a = *sent_;
        sent_ = nullptr;
        fault(a.first, "no response to this command");
        const auto parsed = parse(a.octets);
        if (!parsed || parsed->fetches()) return;
        if (parsed->chains()) return block(a, *parsed, {}, std::nullopt, {});
        CardExchange e = begin(a, *parsed);
        append(e.command, parsed->data);
        out.exchanges.push_back(std::move(e));
    }

    static CardExchange begin(const TraceApdu& a, const Command& c) {
        CardExchange e;
        e.kind = c.chains()                      ? CardExchange::Kind::store_data
                 : c.ins == 0xA4 && c.p1 == 0x04 ? CardExchange::Kind::select
                                                 : CardExchange::Kind::other;
        e.channel = c.channel();
        e.name = name_of(c);
        e.command_lines = {a.first, a.last};
        return e;
    }

    void done(const TraceApdu& a, const Command& c, Bytes data, uint16_t status, Lines lines) {
        Channel& channel = channels_[c.channel()];
        if (c.fetches()) return fetched(a, channel, data, status, lines);
        if (channel.waiting) not_fetched(channel, a.first);
        if (status >> 8 == 0x6C) return; // the same command comes again, with the length the card named
        if (c.chains()) return block(a, c, data, status, lines);
        if (c.ins == 0xA4 && channel.chain) cut(channel);
        CardExchange e = begin(a, c);
        append(e.command, c.data);
        answered(channel, std::move(e), data, status, lines);
    }

    void answered(Channel& channel, CardExchange e, Bytes data, std::optional<uint16_t> status, Lines lines) {
        append(e.answer, data);
        e.status = status;
        if (lines.first)
            e.answer_lines = {e.answer_lines.first ? e.answer_lines.first : lines.first, lines.last};
        if (status && *status >> 8 == 0x61)
            channel.waiting = std::move(e);
        else
            out.exchanges.push_back(std::move(e));
    }

    void fetched(const TraceApdu& a, Channel& channel, Bytes data, uint16_t status, Lines lines) {
        if (!channel.waiting) return fault(a.first, "GET RESPONSE, but no answer is waiting");
        if (status >> 8 == 0x6C) return;
        CardExchange e = std::move(*channel.waiting);
        channel.waiting.reset();
        answered(channel, std::move(e), data, status, lines);
    }
    void not_fetched(Channel& channel, uint32_t line) {
        // Some terminals never fetch what a SELECT would tell them; that harms nobody.
        const bool must = !channel.waiting->name.starts_with("SELECT");
        if (must)
            fault(line,
                  "the answer to line " + std::to_string(channel.waiting->command_lines.last) +
                      " was not fetched");
        channel.waiting->whole = !must;
        out.exchanges.push_back(std::move(*channel.waiting));
        channel.waiting.reset();
    }

    // SGP.22 §5.7.2: P1 11 for more, 91 for the last; P2 counts from 00.
    void
    block(const TraceApdu& a, const Command& c, Bytes data, std::optional<uint16_t> status, Lines lines) {
        Channel& channel = channels_[c.channel()];
        if (c.p2 == 0 && channel.chain) cut(channel);
        if (!channel.chain) channel.chain = Chain{begin(a, c), 0};
        Chain& chain = *channel.chain;
        if (c.p1 != 0x11 && c.p1 != 0x91)
            fault(a.first, "STORE DATA with P1 " + two(c.p1) + ": expected 11 (more) or 91 (last)");
        if (c.p2 != (chain.next & 0xFF)) {
            fault(a.first,
                  "STORE DATA block " + two(c.p2) + ": expected " + two(static_cast<uint8_t>(chain.next)));
            chain.exchange.whole = false;
        }
        chain.next = c.p2 + 1u;
        append(chain.exchange.command, c.data);
        chain.exchange.command_lines.last = a.last;
        const bool last = c.p1 & 0x80, refused = status && is_error(*status);
        if (!last && !refused) return;
        if (!last) chain.exchange.whole = false;
        CardExchange e = std::move(chain.exchange);
        channel.chain.reset();
        answered(channel, std::move(e), data, status, lines);
    }
    void cut(Channel& channel) {
        CardExchange e = std::move(channel.chain->exchange);
        channel.chain.reset();
        fault(e.command_lines.last, "STORE DATA chain without a last block (P1 91)");
        e.whole = false;
        out.exchanges.push_back(std::move(e));
    }

    const TraceApdu* sent_ = nullptr;
    std::array<Channel, 20> channels_{};
};

// The octets that a package of this beginning has in all; BF36 and its length may be all there is.
std::optional<size_t> package_size(Bytes command) {
    if (command.size() < 3 || command[0] != 0xBF || command[1] != 0x36) return std::nullopt;
    if (command[2] < 0x80) return 3u + command[2];
    const size_t n = command[2] & 0x7F;
    if (n == 0 || n > 4 || command.size() < 3 + n) return std::nullopt;
    size_t length = 0;
    for (size_t i = 0; i < n; ++i) length = length << 8 | command[3 + i];
    return 3 + n + length;
}

// A bound profile package reaches the card in many chains: BF36 with BF23, A0, the A1 header, each 88, A2,
// the A3 header, each 86. SGP.22 §2.5.5
class Joiner {
  public:
    explicit Joiner(CardTrace& trace) : trace_(trace) {}

    void run() {
        std::vector<CardExchange> all = std::move(trace_.exchanges);
        trace_.exchanges.clear();
        for (CardExchange& e : all) {
            if (into_ && e.channel == trace_.exchanges[*into_].channel) {
                if (continues(e)) {
                    take(std::move(e));
                    continue;
                }
                if (e.kind != CardExchange::Kind::other) ended("another command comes before its end");
            }
            begin(e);
            trace_.exchanges.push_back(std::move(e));
            if (into_ && *into_ + 1 == trace_.exchanges.size()) check();
        }
        if (into_) ended("the trace ends");
    }

  private:
    static bool continues(const CardExchange& e) {
        if (e.kind != CardExchange::Kind::store_data || e.command.empty()) return false;
        constexpr std::array<uint8_t, 7> kFirst{0xA0, 0xA1, 0xA2, 0xA3, 0x86, 0x87, 0x88};
        return std::ranges::find(kFirst, e.command[0]) != kFirst.end();
    }
    void begin(const CardExchange& e) {
        if (e.kind != CardExchange::Kind::store_data) return;
        const auto size = package_size(e.command);
        if (!size || *size <= e.command.size()) return;
        into_ = trace_.exchanges.size();
        size_ = *size;
    }
    void take(CardExchange e) {
        CardExchange& package = trace_.exchanges[*into_];
        append(package.command, e.command);
        package.command_lines.last = e.command_lines.last;
        if (!e.answer.empty() || package.answer.empty()) package.answer_lines = e.answer_lines;
        append(package.answer, e.answer);
        package.status = e.status;
        package.whole = package.whole && e.whole;
        ++package.chains;
        check();
    }
    void check() {
        const CardExchange& package = trace_.exchanges[*into_];
        if (package.command.size() > size_) return ended("too much was sent");
        if (package.command.size() == size_) return into_.reset();
        if (package.status && is_error(*package.status)) return ended("the card refused a part");
        if (!package.answer.empty()) ended("the card answered before its end");
    }
    void ended(const std::string& why) {
        CardExchange& package = trace_.exchanges[*into_];
        package.whole = false;
        trace_.faults.push_back({package.command_lines.last,
                                 "bound profile package has " + std::to_string(package.command.size()) +
                                     " of " + std::to_string(size_) + " octets: " + why});
        into_.reset();
    }

    CardTrace& trace_;
    std::optional<size_t> into_; // the package that is being put together
    size_t size_ = 0;
};

} // namespace

CardTrace reassemble(std::span<const TraceApdu> apdus) {
    Assembler assembler;
    for (const TraceApdu& a : apdus) a.command ? assembler.command(a) : assembler.response(a);
    assembler.end();
    Joiner(assembler.out).run();
    std::ranges::stable_sort(assembler.out.faults, {}, &TraceFault::line);
    return std::move(assembler.out);
}

std::string describe_command(Bytes apdu) {
    const auto command = parse(apdu);
    if (!command) return "no command APDU";
    std::string out = name_of(*command);
    if (const uint8_t channel = command->channel()) out += " (" + std::to_string(channel) + ")";
    if (command->chains() && command->p2 != 0) return out + " block " + two(command->p2);
    if (!command->chains() || command->data.empty()) return out;
    const auto tlv = asn1::read_tlv(command->data);
    if (!tlv || !tlv->rest.empty()) { // the first block of more
        const bool two_octets = (command->data[0] & 0x1F) == 0x1F && command->data.size() > 1;
        return out + " " + hex(command->data.first(two_octets ? 2 : 1));
    }
    const rsp::Recognition found = rsp::recognise(tlv->whole);
    const auto to_card = [](const rsp::Message* m) {
        const auto route = m ? rsp::route_of(*m) : std::nullopt;
        return route && std::string_view(route->to) == "eUICC";
    };
    const rsp::Message* best = found.message;
    for (const rsp::Message* m : found.others)
        if (!to_card(best) && to_card(m)) best = m;
    return out + " " + (best ? std::string(best->name) : hex(command->data.first(tlv->tag > 0xFF ? 2 : 1)));
}

bool is_error(uint16_t status) {
    const auto high = static_cast<uint8_t>(status >> 8);
    return status != 0x9000 && high != 0x61 && high != 0x91 && high != 0x92 && high != 0x9F && high != 0x6C;
}

std::string status_text(uint16_t status) {
    constexpr struct {
        uint16_t word;
        const char* name;
    } kNames[] = {{0x9000, "done"},
                  {0x6282, "nothing found, or the end of the file came before"},
                  {0x6283, "selected file or application deactivated"},
                  {0x62F1, "more data to retrieve"},
                  {0x63F1, "more data expected"},
                  {0x6581, "memory problem: nothing was changed"},
                  {0x6700, "wrong length"},
                  {0x6881, "logical channel not supported"},
                  {0x6882, "secure messaging not supported"},
                  {0x6981, "command does not fit the file's structure"},
                  {0x6982, "security status not satisfied"},
                  {0x6983, "authentication method blocked"},
                  {0x6984, "PIN or file is deactivated"},
                  {0x6985, "conditions of use not satisfied"},
                  {0x6986, "command not allowed"},
                  {0x6A80, "incorrect data: the command's content was refused"},
                  {0x6A81, "function not supported"},
                  {0x6A82, "file or application not found"},
                  {0x6A83, "record not found"},
                  {0x6A84, "not enough memory"},
                  {0x6A86, "incorrect P1 or P2"},
                  {0x6A88, "referenced data not found: function not supported"},
                  {0x6B00, "offset or parameters outside the file"},
                  {0x6D00, "instruction not supported"},
                  {0x6E00, "class not supported"},
                  {0x6F00, "technical problem without a diagnosis"},
                  {0x9300, "the toolkit is busy"},
                  {0x9850, "INCREASE beyond the highest value"},
                  {0x9862, "authentication error: the network's MAC is wrong"},
                  {0x9864, "authentication error: security context not supported"}};
    const uint8_t octets[] = {static_cast<uint8_t>(status >> 8), static_cast<uint8_t>(status)};
    std::string out = hex(octets) + ", ";
    for (const auto& n : kNames)
        if (n.word == status) return out + n.name;
    if ((status & 0xFFF0) == 0x63C0) return out + "wrong; attempts left: " + std::to_string(status & 0x0F);
    switch (octets[0]) {
    case 0x61: return out + "more octets to fetch";
    case 0x6C: return out + "the length to ask for";
    case 0x91: return out + "done, a proactive command is waiting";
    case 0x63: return out + "a check failed";
    default: return out + "a status word without a name here";
    }
}

} // namespace halyard::binding
