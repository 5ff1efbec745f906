#include "uicc/uicc.h"
#include "asn1/asn1.h"

namespace halyard::uicc {

// Which class a command has. GET RESPONSE is taken in both: terminals use that of the command they continue.
enum class Class : uint8_t { interindustry, proprietary, either };
struct Uicc::Command {
    uint8_t ins;
    Class cla;
    OwnedBytes (Uicc::*run)(Channel&, const Apdu&, Backing&);
};

// ETSI TS 102 221 §10.1.2. What is not here is answered 6D00: SUSPEND UICC (76), which EF.UMPC does not
// offer, AUTHENTICATE in chained blocks (89), and the administrative commands of TS 102 222.
const Uicc::Command Uicc::kCommands[] = {
    {0x04, Class::interindustry, &Uicc::change_life}, // DEACTIVATE FILE
    {0x10, Class::proprietary, &Uicc::terminal_profile},
    {0x12, Class::proprietary, &Uicc::fetch},
    {0x14, Class::proprietary, &Uicc::take_terminal_response},
    {0x20, Class::interindustry, &Uicc::verify},
    {0x24, Class::interindustry, &Uicc::change_pin},
    {0x26, Class::interindustry, &Uicc::disable_pin},
    {0x28, Class::interindustry, &Uicc::enable_pin},
    {0x2C, Class::interindustry, &Uicc::unblock_pin},
    {0x32, Class::proprietary, &Uicc::increase},
    {0x44, Class::interindustry, &Uicc::change_life}, // ACTIVATE FILE
    {0x70, Class::interindustry, &Uicc::manage_channel},
    {0x78, Class::proprietary, &Uicc::get_identity},
    {0x84, Class::interindustry, &Uicc::get_challenge},
    {0x88, Class::interindustry, &Uicc::authenticate},
    {0xA2, Class::interindustry, &Uicc::search_record},
    {0xA4, Class::interindustry, &Uicc::select},
    {0xAA, Class::proprietary, &Uicc::terminal_capability},
    {0xB0, Class::interindustry, &Uicc::read_binary},
    {0xB2, Class::interindustry, &Uicc::read_record},
    {0xC0, Class::either, &Uicc::get_response},
    {0xC2, Class::proprietary, &Uicc::envelope},
    {0xCB, Class::proprietary, &Uicc::retrieve_data},
    {0xD6, Class::interindustry, &Uicc::update_binary},
    {0xDB, Class::proprietary, &Uicc::set_data},
    {0xDC, Class::interindustry, &Uicc::update_record},
    {0xF2, Class::proprietary, &Uicc::status},
};

void Uicc::reset(Image image) {
    image_ = std::move(image);
    HALYARD_ASSERT(!image_.nodes.empty());
    verified_.assign(image_.pins.size(), false);
    channels_ = {};
    channels_[0].open = true;
    profile_.clear();
    proactive_.clear();
    fetched_ = false;
    last_number_ = 0;
    terminal_response_.reset();
}

void Uicc::replace(Image image) {
    image_ = std::move(image);
    HALYARD_ASSERT(!image_.nodes.empty());
    verified_.assign(image_.pins.size(), false);
    for (Channel& c : channels_)
        if (c.open && !c.applet) c = {.open = &c == &channels_[0]};
}

bool Uicc::selected_anywhere(uint8_t applet) const {
    return std::any_of(
        channels_.begin(), channels_.end(), [&](const Channel& c) { return c.open && c.applet == applet; });
}

void Uicc::select_applet(Channel& c, uint8_t applet) {
    leave_application(c);
    c = {.open = true, .applet = applet};
}

void Uicc::begin(const Apdu& a) {
    Channel& c = channels_[a.channel];
    if (a.ins != 0xC0) c.response.clear();
    if (a.ins != 0xC0 && a.ins != c.chain_ins) c.drop_chain();
}

OwnedBytes Uicc::run(const Apdu& a, Backing& backing) {
    for (const Command& command : kCommands) {
        if (command.ins != a.ins) continue;
        if (command.cla != Class::either && (command.cla == Class::proprietary) != a.proprietary)
            return sw(0x6E00);
        return (this->*command.run)(channels_[a.channel], a, backing);
    }
    return sw(0x6D00);
}

OwnedBytes Uicc::end(OwnedBytes response) const {
    if (proactive_.empty() || fetched_ || profile_.empty() || word_of(response) != 0x9000) return response;
    response[response.size() - 2] = 0x91;
    response[response.size() - 1] = static_cast<uint8_t>(proactive_.front().size());
    return response;
}

OwnedBytes Uicc::answer(const Apdu& a, OwnedBytes data, unsigned word) {
    Channel& c = channels_[a.channel];
    if (data.empty()) return sw(word);
    c.response = std::move(data);
    c.response_word = word;
    if (!a.le) {
        // A warning goes first, and its data can be fetched all the same. ETSI TS 102 221 §7.3.1.1.4
        if (word != 0x9000) return sw(word);
        return sw(0x6100 | static_cast<unsigned>(c.response.size() > 0xFF ? 0 : c.response.size()));
    }
    const size_t n = std::min<size_t>(*a.le, c.response.size());
    OwnedBytes out(c.response.begin(), c.response.begin() + static_cast<std::ptrdiff_t>(n));
    c.response.erase(c.response.begin(), c.response.begin() + static_cast<std::ptrdiff_t>(n));
    const size_t left = c.response.size();
    append(out, sw(left ? 0x6100 | static_cast<unsigned>(left > 0xFF ? 0 : left) : word));
    return out;
}

OwnedBytes Uicc::get_response(Channel& c, const Apdu& a, Backing&) {
    if (c.response.empty()) return sw(0x6985);
    const size_t wanted = a.le.value_or(256);
    if (wanted > c.response.size() && wanted != 256)
        return sw(0x6C00 | static_cast<unsigned>(c.response.size()));
    Apdu whole = a;
    whole.le = static_cast<unsigned>(wanted);
    return answer(whole, std::move(c.response), c.response_word);
}

// Case 2 commands whose length the terminal must name. ETSI TS 102 221 §7.3.1.1.4
OwnedBytes Uicc::exactly(const Apdu& a, OwnedBytes data) {
    if (a.le && *a.le != 256 && *a.le != data.size() && data.size() <= 0xFF)
        return sw(0x6C00 | static_cast<unsigned>(data.size()));
    return answer(a, std::move(data));
}

// ETSI TS 102 221 §11.1.17
OwnedBytes Uicc::manage_channel(Channel& from, const Apdu& a, Backing&) {
    if (!a.data.empty()) return sw(0x6700);
    if (a.p1 == 0x00) {
        unsigned number = a.p2;
        if (number == 0)
            for (number = 1; number < kChannels && channels_[number].open;) ++number;
        if (number >= kChannels) return sw(0x6A81);
        if (channels_[number].open) return sw(0x6985);
        if (a.p2 == 0 && a.le && *a.le != 1 && *a.le != 256) return sw(0x6C01);
        Channel next{.open = true};
        // Opened from the basic channel it begins at the MF, from another one where that stands.
        if (a.channel != 0 && from.applet == 0) {
            next.directory = from.directory;
            next.application = from.application;
        }
        channels_[number] = std::move(next);
        OwnedBytes out;
        if (a.p2 == 0) out.push_back(static_cast<uint8_t>(number));
        append(out, sw(0x9000));
        return out;
    }
    if (a.p1 == 0x80) {
        const unsigned number = a.p2 ? a.p2 : a.channel;
        if (number == 0 || number >= kChannels) return sw(0x6A86);
        if (!channels_[number].open) return sw(0x6985);
        leave_application(channels_[number]);
        channels_[number] = {};
        return sw(0x9000);
    }
    return sw(0x6A86);
}

OwnedBytes Uicc::get_challenge(Channel&, const Apdu& a, Backing& backing) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (!a.data.empty()) return sw(0x6700);
    OwnedBytes out(a.le.value_or(256));
    if (!backing.random(out)) return sw(0x6F00);
    append(out, sw(0x9000));
    return out;
}

// A9 with the terminal's capabilities in it. Nothing here depends on them. ETSI TS 102 221 §11.1.19
OwnedBytes Uicc::terminal_capability(Channel&, const Apdu& a, Backing&) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    const auto outer = asn1::read_tlv(a.data);
    if (!outer || outer->tag != 0xA9 || !outer->rest.empty()) return sw(0x6A80);
    for (Bytes rest = outer->content; !rest.empty();) {
        const auto one = asn1::read_tlv(rest);
        if (!one) return sw(0x6A80);
        rest = one->rest;
    }
    return sw(0x9000);
}

struct Uicc::PinVerifier : Verifier {
    const Uicc& card;
    uint32_t directory;
    PinVerifier(const Uicc& c, uint32_t d) : card(c), directory(d) {}
    bool satisfied(uint8_t reference) const override { return card.satisfied(reference, directory); }
};

bool Uicc::permitted(uint32_t file, const Apdu& a, Access access) const {
    const Node& n = image_.nodes[file];
    const Attempt attempt{access, static_cast<uint8_t>(a.proprietary ? 0x80 : 0x00), a.ins, a.p1, a.p2};
    return allowed(rule_of(image_, file), attempt, PinVerifier(*this, n.is_directory() ? file : n.parent));
}

// The current EF, or the one with this SFI, which becomes the current one. In this order: is there one, is it
// of the right kind, is it in use, may the terminal.
Uicc::Target Uicc::target(Channel& c, unsigned sfi, Wanted wanted, const Apdu& a, Access access) {
    if (c.applet) return {.refusal = 0x6985};
    if (sfi) {
        const auto file = by_sfi(image_, c.directory, sfi);
        if (!file) return {.refusal = 0x6A82};
        if (!enter(c, {*file, c.directory})) return {.refusal = 0x6985};
    }
    if (!c.file) return {.refusal = 0x6986};
    const Node& n = image_.nodes[*c.file];
    Node& data = image_.nodes[content_of(image_, *c.file)];
    const bool records = (data.kind == FileKind::linear || data.kind == FileKind::cyclic) && data.record_size;
    const bool fits = wanted == Wanted::transparent ? data.kind == FileKind::transparent
                      : wanted == Wanted::ber_tlv   ? data.kind == FileKind::ber_tlv
                      : wanted == Wanted::cyclic    ? records && data.kind == FileKind::cyclic
                                                    : records;
    if (!fits) return {.refusal = 0x6981};
    if (is_terminated(n)) return {.refusal = 0x6985};
    const bool usable = (n.special & 0x40) && access != Access::none;
    if (is_deactivated(n) && !usable) return {.refusal = 0x6984};
    if (!permitted(*c.file, a, access)) return {.refusal = 0x6982};
    return {.file = *c.file, .data = &data};
}

bool Uicc::commit(Backing& backing, std::initializer_list<profile::Changed> changed) {
    return backing.commit(image_, {changed.begin(), changed.size()}).has_value();
}

profile::Changed Uicc::changed(const Node& n) const {
    return {profile::Changed::node, static_cast<uint32_t>(&n - image_.nodes.data())};
}

// New content of a file, durable before anybody hears of it. False: it is as it was, 6581.
bool Uicc::commit(Backing& backing, Node& file, OwnedBytes next) {
    if (next == file.content) return true; // flash is not worn for nothing
    file.content.swap(next);
    if (commit(backing, {changed(file)})) return true;
    file.content.swap(next);
    return false;
}

} // namespace halyard::uicc
