#include "euicc/card.h"

namespace halyard::euicc {
namespace {
constexpr uint8_t kIsdr[] = {
    0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
constexpr uint8_t kEcasd[] = {
    0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x02, 0x00};

// What went wrong inside an ES10 function, as the APDU layer says it.
unsigned status_word(const Error& e) {
    switch (e.code) {
    case Errc::not_found: return 0x6A88;
    case Errc::storage: return 0x6581;
    case Errc::no_space: return 0x6A84;
    case Errc::rejected: return 0x6985;
    case Errc::internal: return 0x6F00;
    default: return 0x6A80;
    }
}
} // namespace

OwnedBytes sw(unsigned value) { return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)}; }

// UICC with eUICC functions, T=0, selection by name and path, 19 channels assigned by the card. usim-runtime
// §1
Bytes Card::atr() {
    static constexpr uint8_t kAtr[] = {0x3B, 0x9D, 0x96, 0x80, 0x3F, 0xC7, 0x82, 0x80, 0x31, 0xE0, 0x73,
                                       0xFE, 0x21, 0x1B, 0x65, 0x76, 0x65, 0x53, 0x49, 0x4D, 0x36};
    return kAtr;
}

Result<Card> Card::open(const Identity& identity, CardStore& store, Random& random) {
    Card card(TRY(Isdr::open(identity, store, random)));
    TRY(card.reset());
    return card;
}

Ok Card::reset() {
    TRY(isdr_.interrupt());
    channels_ = {};
    channels_[0].open = true;
    mounted_.reset();
    files_ = {};
    if (const StoredProfile* p = isdr_.state().enabled()) {
        files_ = TRY(decode_image(p->image));
        mounted_ = p->iccid;
    }
    return {};
}

bool Card::wants_reset() const {
    const StoredProfile* p = isdr_.state().enabled();
    return p ? mounted_ != p->iccid : mounted_.has_value();
}

OwnedBytes Card::transmit(Bytes in) {
    if (in.size() < 4) return sw(0x6700);
    Apdu a{in[0], in[1], in[2], in[3], 0, {}, std::nullopt};
    // Short APDUs: case 1 to 4. Extended ones are not announced by the ATR.
    if (in.size() == 5) {
        a.le = in[4] ? in[4] : 256u;
    } else if (in.size() > 5) {
        const size_t lc = in[4];
        if (lc == 0 || (in.size() != 5 + lc && in.size() != 6 + lc)) return sw(0x6700);
        a.data = in.subspan(5, lc);
        if (in.size() == 6 + lc) a.le = in[5 + lc] ? in[5 + lc] : 256u;
    }
    // 0x and 8x: channels 0 to 3 and secure messaging, which there is none of; 4x and Cx: channels 4 to 19.
    const uint8_t cla = a.cla;
    const uint8_t high = cla & 0xF0;
    if (high == 0x00 || high == 0x80) {
        if (cla & 0x0C) return sw(0x6882);
        a.channel = cla & 0x03u;
    } else if (high == 0x40 || high == 0xC0) {
        a.channel = 4u + (cla & 0x0Fu);
    } else {
        return sw(0x6E00);
    }
    if (!channels_[a.channel].open) return sw(0x6881);
    OwnedBytes out = run(a, channels_[a.channel]);
    // Nobody is left on the ISD-R to finish a download that is under way. SGP.22 §5.7.6
    if (isdr_.loading() && !isdr_selected() && !isdr_.interrupt()) return sw(0x6581);
    return out;
}

bool Card::isdr_selected() const {
    return std::any_of(channels_.begin(), channels_.end(), [](const Channel& c) {
        return c.open && c.selected == Selected::isdr;
    });
}

void Card::drop_chain(Channel& c) {
    c.chain.clear();
    c.next_block = 0;
}

OwnedBytes Card::run(const Apdu& a, Channel& c) {
    if (a.ins != 0xC0) c.response.clear();
    if (a.ins != 0xE2) drop_chain(c);
    switch (a.ins) {
    case 0x70: return manage_channel(a);
    case 0xA4: return select(c, a);
    case 0xB0: return read_binary(c, a);
    case 0xB2: return read_record(c, a);
    case 0xC0: return get_response(c, a);
    case 0xCA: return get_data(c, a);
    case 0xE2: return store_data(c, a);
    case 0xF2: return status(c, a);
    case 0xAA:                    // TERMINAL CAPABILITY
    case 0x10: return sw(0x9000); // TERMINAL PROFILE: this card has no proactive session
    default: return sw(0x6D00);
    }
}

// As much as Le asks for, the rest announced. ISO 7816-4 §5.3.4
OwnedBytes Card::answer(Channel& c, const Apdu& a, OwnedBytes data) {
    if (data.empty()) return sw(0x9000);
    c.response = std::move(data);
    if (!a.le) return sw(0x6100 | static_cast<unsigned>(c.response.size() > 0xFF ? 0 : c.response.size()));
    return get_response(c, a);
}

OwnedBytes Card::get_response(Channel& c, const Apdu& a) {
    if (c.response.empty()) return sw(0x6985);
    const size_t wanted = a.le.value_or(256);
    const size_t n = std::min(wanted, c.response.size());
    if (a.ins == 0xC0 && wanted > c.response.size() && wanted != 256)
        return sw(0x6C00 | static_cast<unsigned>(c.response.size()));
    OwnedBytes out(c.response.begin(), c.response.begin() + static_cast<std::ptrdiff_t>(n));
    c.response.erase(c.response.begin(), c.response.begin() + static_cast<std::ptrdiff_t>(n));
    const size_t left = c.response.size();
    append(out, sw(left ? 0x6100 | static_cast<unsigned>(left > 0xFF ? 0 : left) : 0x9000));
    return out;
}

OwnedBytes Card::manage_channel(const Apdu& a) {
    if (a.p1 == 0x00) {
        unsigned number = a.p2;
        if (number == 0)
            for (number = 1; number < channels_.size() && channels_[number].open;) ++number;
        if (number >= channels_.size()) return sw(0x6A81);
        if (channels_[number].open) return sw(0x6985);
        if (a.p2 == 0 && a.le && *a.le != 1 && *a.le != 256) return sw(0x6C01);
        channels_[number] = {};
        channels_[number].open = true;
        OwnedBytes out;
        if (a.p2 == 0) out.push_back(static_cast<uint8_t>(number));
        append(out, sw(0x9000));
        return out;
    }
    if (a.p1 == 0x80) {
        const unsigned number = a.p2 ? a.p2 : a.channel;
        if (number == 0 || number >= channels_.size()) return sw(0x6A86);
        if (!channels_[number].open) return sw(0x6985);
        channels_[number] = {};
        return sw(0x9000);
    }
    return sw(0x6A86);
}

// GET DATA 5A on the ECASD or ISD-R: the EID. GlobalPlatform
OwnedBytes Card::get_data(Channel& c, const Apdu& a) {
    if (a.p1 != 0x00 || a.p2 != 0x5A || c.selected == Selected::files) return sw(0x6A88);
    OwnedBytes out{0x5A, 0x10};
    append(out, isdr_.identity().eid);
    return answer(c, a, std::move(out));
}

OwnedBytes Card::store_data(Channel& c, const Apdu& a) {
    if (c.selected != Selected::isdr) return sw(0x6985);
    if (a.p1 != 0x11 && a.p1 != 0x91) return sw(0x6A86);
    if (a.p2 == 0) drop_chain(c);
    // 256 blocks are the most: the number after FF would be 00, which begins anew.
    if (a.p2 != c.next_block) {
        drop_chain(c);
        return sw(0x6A86);
    }
    append(c.chain, a.data);
    c.next_block = static_cast<uint8_t>(c.next_block + 1);
    if (a.p1 == 0x11) return sw(0x9000);
    const OwnedBytes command = std::move(c.chain);
    drop_chain(c);
    if (command.empty()) return sw(0x6A80);
    auto reply = isdr_.handle(command);
    if (!reply) return sw(status_word(reply.error()));
    return answer(c, a, std::move(*reply));
}

OwnedBytes Card::select_application(Channel& c, const Apdu& a) {
    const auto begins = [&](Bytes aid) {
        return a.data.size() >= 5 && a.data.size() <= aid.size() && same(aid.first(a.data.size()), a.data);
    };
    const bool no_data = (a.p2 & 0x0C) == 0x0C;
    if (begins(kIsdr)) {
        // Selected anew is left and entered.
        if (c.selected == Selected::isdr && isdr_.loading() && !isdr_.interrupt()) return sw(0x6581);
        c = {.open = true, .selected = Selected::isdr};
        // 6F { 84 AID, A5 { 9F65 01 FF }, E0 { 82 svn }, E1 { 80 euiccConfiguration } }. SGP.22 §5.7.1,
        // SGP.32 §5.9.2
        OwnedBytes content{0x84, sizeof kIsdr};
        append(content, kIsdr);
        append(content, std::array<uint8_t, 6>{0xA5, 0x04, 0x9F, 0x65, 0x01, 0xFF});
        append(content, std::array<uint8_t, 7>{0xE0, 0x05, 0x82, 0x03, 0x02, 0x05, 0x00});
        rsp::IsdrProprietaryApplicationTemplateIot iot;
        using Bit = rsp::IsdrProprietaryApplicationTemplateIot::EuiccConfiguration;
        if (isdr_.state().enabled()) iot.euicc_configuration = {Bit::enabled_profile};
        if (const auto e1 = asn1::encode(iot); e1 && !isdr_.identity().is_v1_0()) append(content, *e1);
        OwnedBytes fci{0x6F, static_cast<uint8_t>(content.size())};
        append(fci, content);
        return no_data ? sw(0x9000) : answer(c, a, std::move(fci));
    }
    if (begins(kEcasd)) {
        c = {.open = true, .selected = Selected::ecasd};
        return sw(0x9000);
    }
    const auto adf = files_.application(a.data);
    if (!adf) return sw(0x6A82);
    c.selected = Selected::files;
    c.application = *adf;
    return select_found(c, a, *adf);
}

} // namespace halyard::euicc
