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

using uicc::sw;

// UICC with eUICC functions, T=0, selection by name and path, 19 channels assigned by the card. usim-runtime
// §1
Bytes Card::atr() {
    static constexpr uint8_t kAtr[] = {0x3B, 0x9D, 0x96, 0x80, 0x3F, 0xC7, 0x82, 0x80, 0x31, 0xE0, 0x73,
                                       0xFE, 0x21, 0x1B, 0x65, 0x76, 0x65, 0x53, 0x49, 0x4D, 0x36};
    return kAtr;
}

/// Where the UICC's changes go: into the profile they belong to.
class Card::Backing : public uicc::Backing {
  public:
    explicit Backing(Card& card) : card_(card) {}
    Ok commit(const profile::Image& image, std::span<const profile::Changed> changed) override {
        if (!card_.mounted_) return fail(Errc::storage, "no profile");
        return card_.isdr_.keep_image(*card_.mounted_, image, changed);
    }
    Ok random(Buffer out) override { return card_.random_->fill(out); }

  private:
    Card& card_;
};

Result<Card> Card::open(const Identity& identity, CardStore& store, Random& random) {
    Card card(TRY(Isdr::open(identity, store, random)), random);
    TRY(card.reset());
    return card;
}

Ok Card::reset() {
    TRY(isdr_.interrupt());
    isdr_.confirm_switch();
    uicc_.reset(TRY(mount()));
    return {};
}

// The files of the profile that is enabled now.
Result<profile::Image> Card::mount() {
    mounted_.reset();
    profile::Image image;
    if (const StoredProfile* p = isdr_.state().enabled()) {
        image = TRY(isdr_.image(p->number));
        mounted_ = p->number;
    }
    if (image.nodes.empty()) return uicc::bare_card();
    return image;
}

// What the terminal says of the REFRESH that told it of a switch. Behind a UICC reset the files follow with
// the reset itself; a profile state change knows none.
OwnedBytes Card::refreshed(OwnedBytes answer) {
    const auto& said = uicc_.terminal_response();
    if (!said || said->type != uicc::TerminalResponse::kRefresh) return answer;
    if (!said->performed()) return isdr_.undo_switch() ? std::move(answer) : sw(0x6581);
    isdr_.confirm_switch();
    if (said->qualifier != uicc::TerminalResponse::kProfileStateChange || !wants_reset()) return answer;
    auto image = mount();
    if (!image) return sw(0x6581);
    uicc_.replace(std::move(*image));
    return answer;
}

bool Card::wants_reset() const {
    const StoredProfile* p = isdr_.state().enabled();
    return p ? mounted_ != p->number : mounted_.has_value();
}

OwnedBytes Card::transmit(Bytes in) {
    uicc::Apdu a;
    if (const unsigned refusal = uicc::parse(in, a)) return sw(refusal);
    if (!uicc_.is_open(a.channel)) return sw(0x6881);
    uicc_.begin(a);
    OwnedBytes out = run(a);
    // Nobody is left on the ISD-R to finish a download that is under way. SGP.22 §5.7.6
    if (isdr_.loading() && !uicc_.selected_anywhere(isd_r) && !isdr_.interrupt()) return sw(0x6581);
    return uicc_.end(std::move(out));
}

// What belongs to the ISD-R and the ECASD; everything else is the UICC's.
OwnedBytes Card::run(const uicc::Apdu& a) {
    uicc::Channel& c = uicc_.channel(a.channel);
    switch (a.ins) {
    case 0xCA: return get_data(c, a);
    case 0xE2: return store_data(c, a);
    case 0xA4:
        if (auto answer = select_own(a)) return std::move(*answer);
        break;
    default: break;
    }
    Backing backing(*this);
    OwnedBytes answer = uicc_.run(a, backing);
    const bool terminal_responded = a.ins == 0x14 && uicc::word_of(answer) == 0x9000;
    return terminal_responded ? refreshed(std::move(answer)) : answer;
}

// GET DATA 5A on the ECASD or ISD-R: the EID. GlobalPlatform
OwnedBytes Card::get_data(uicc::Channel& c, const uicc::Apdu& a) {
    if (a.p1 != 0x00 || a.p2 != 0x5A || c.applet == files) return sw(0x6A88);
    OwnedBytes out{0x5A, 0x10};
    append(out, isdr_.identity().eid);
    return uicc_.answer(a, std::move(out));
}

OwnedBytes Card::store_data(uicc::Channel& c, const uicc::Apdu& a) {
    if (!a.proprietary) return sw(0x6E00);
    if (c.applet != isd_r) return sw(0x6985);
    if (a.p1 != 0x11 && a.p1 != 0x91) return sw(0x6A86);
    if (a.p2 == 0) c.drop_chain();
    // 256 blocks are the most: the number after FF would be 00, which begins anew.
    if (a.p2 != c.next_block) {
        c.drop_chain();
        return sw(0x6A86);
    }
    append(c.chain, a.data);
    c.chain_ins = a.ins;
    c.next_block = static_cast<uint8_t>(c.next_block + 1);
    if (a.p1 == 0x11) return sw(0x9000);
    const OwnedBytes command = std::move(c.chain);
    c.drop_chain();
    if (command.empty()) return sw(0x6A80);
    isdr_.set_cat_busy(uicc_.proactive_session());
    auto reply = isdr_.handle(command);
    if (!reply) return sw(status_word(reply.error()));
    // UICC reset: every terminal that knows REFRESH knows this mode. SGP.22 §5.7.16
    using Mode = uicc::TerminalResponse;
    if (isdr_.refresh_ordered() && uicc_.terminal_knows_refresh())
        uicc_.queue_refresh(uicc_.terminal_knows_profile_change() ? Mode::kProfileStateChange
                                                                  : Mode::kUiccReset);
    return uicc_.answer(a, std::move(*reply));
}

// 6F { 84 AID, A5 { 9F65 01 FF }, E0 { 82 svn }, E1 { 80 euiccConfiguration } }. SGP.22 §5.7.1, SGP.32 §5.9.2
OwnedBytes Card::isdr_information() const {
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
    return fci;
}

// SELECT by name of ISD-R or ECASD; nullopt: the name is none of theirs.
std::optional<OwnedBytes> Card::select_own(const uicc::Apdu& a) {
    if (a.p1 != 0x04 || a.proprietary) return std::nullopt;
    const auto begins = [&](Bytes aid) {
        return a.data.size() >= 5 && a.data.size() <= aid.size() && same(aid.first(a.data.size()), a.data);
    };
    const uint8_t applet = begins(kIsdr) ? isd_r : begins(kEcasd) ? ecasd : files;
    if (applet == files) return std::nullopt;
    uicc::Channel& c = uicc_.channel(a.channel);
    // Selected anew is left and entered.
    if (applet == isd_r && c.applet == isd_r && isdr_.loading() && !isdr_.interrupt()) return sw(0x6581);
    uicc_.select_applet(c, applet);
    if (applet == ecasd || (a.p2 & 0x0C) == 0x0C) return sw(0x9000);
    return uicc_.answer(a, isdr_information());
}

} // namespace halyard::euicc
