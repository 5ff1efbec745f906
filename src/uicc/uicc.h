#pragma once
// The UICC around whatever else lives on the card: logical channels, the file system of the enabled profile,
// PINs and the transport of the toolkit. docs/adr/0009-uicc-layer.md
#include "uicc/access.h"
#include "uicc/apdu.h"
#include "uicc/tree.h"
#include <deque>
#include <span>

namespace halyard::uicc {

/// What the UICC asks of the card it is part of.
struct Backing {
    virtual ~Backing() = default;
    /// Returns when the parts of the image that changed are durable, all of them at once. Error: storage, and
    /// what was durable before still is.
    virtual Ok commit(const Image&, std::span<const profile::Changed>) = 0;
    virtual Ok random(Buffer out) = 0;
};

/// A logical channel: where it stands, and what it has begun. ETSI TS 102 221 §8.7
struct Channel {
    bool open = false;
    uint8_t applet = 0; // 0: the file system; others are the card's own applications
    uint32_t directory = 0;
    std::optional<uint32_t> file, application;
    uint32_t record = 0; // the record pointer; 0: not set
    OwnedBytes response; // what GET RESPONSE has still to give
    unsigned response_word = 0x9000;
    uint8_t chain_ins = 0;  // the command whose blocks these are
    OwnedBytes chain;       // STORE DATA and SET DATA: blocks so far; RETRIEVE DATA: what is left
    uint8_t next_block = 0; // of STORE DATA
    void drop_chain() { chain_ins = next_block = 0, chain.clear(); }
};

/// How a proactive command ended. ETSI TS 102 223 §8.12
struct TerminalResponse {
    static constexpr uint8_t kRefresh = 0x01, kUiccReset = 0x04, kProfileStateChange = 0x09;
    uint8_t type = 0, qualifier = 0, result = 0;
    /// 00 to 0F: performed, if perhaps in part. From 10 on the user, the terminal or the network refused.
    bool performed() const { return result < 0x10; }
};

class Uicc {
  public:
    static constexpr size_t kChannels = 20;

    /// Power cycle or warm reset with this file system: channels close but the basic one, PINs must be
    /// verified anew, toolkit and terminal profile are forgotten.
    void reset(Image image);
    /// The files become these without a reset: the basic channel goes to their MF, other channels close but
    /// those on one of the card's own applications; PINs must be verified anew. ETSI TS 102 223 §6.4.7
    void replace(Image image);
    const Image& image() const { return image_; }

    bool is_open(unsigned channel) const { return channels_[channel].open; }
    Channel& channel(unsigned number) { return channels_[number]; }
    bool selected_anywhere(uint8_t applet) const;
    /// Makes one of the card's own applications the channel's: the session of another one ends there.
    void select_applet(Channel&, uint8_t applet);

    /// Before every command: what an earlier one left on the channel goes, unless this one continues it.
    void begin(const Apdu&);
    /// Every command of the UICC. The channel is open.
    OwnedBytes run(const Apdu&, Backing&);
    /// Data of a case 4 command: as much as Le asks for, the rest announced by 61xx. ISO/IEC 7816-4 §5.3.4
    OwnedBytes answer(const Apdu&, OwnedBytes data, unsigned word = 0x9000);
    /// After every command: 91xx in place of 9000 when a proactive command waits.
    OwnedBytes end(OwnedBytes response) const;

    /// TERMINAL PROFILE was received and says the terminal knows REFRESH.
    bool terminal_knows_refresh() const;
    /// And that it knows its mode "eUICC Profile State Change".
    bool terminal_knows_profile_change() const;
    /// A proactive command waits or has no answer yet.
    bool proactive_session() const { return !proactive_.empty(); }
    /// REFRESH with this mode becomes the next proactive command. ETSI TS 102 223 §6.4.7
    void queue_refresh(uint8_t mode);
    /// The last TERMINAL RESPONSE since reset.
    const std::optional<TerminalResponse>& terminal_response() const { return terminal_response_; }

  private:
    struct Command;
    static const Command kCommands[];
    /// An EF a command works on; `refusal` is the status word when there is none.
    struct Target {
        unsigned refusal = 0;
        uint32_t file = 0;
        Node* data = nullptr; // the node with the content
    };
    /// A file and the directory it was found in: not its parent, where that is a linked one.
    struct Found {
        uint32_t file = 0, directory = 0;
    };
    enum class Wanted : uint8_t { transparent, records, cyclic, ber_tlv };

    // uicc.cc
    bool commit(Backing&, Node& file, OwnedBytes next);
    bool commit(Backing&, std::initializer_list<profile::Changed>);
    profile::Changed changed(const Node&) const;
    Target target(Channel&, unsigned sfi, Wanted, const Apdu&, Access);
    bool permitted(uint32_t file, const Apdu&, Access) const;
    OwnedBytes exactly(const Apdu&, OwnedBytes data);
    OwnedBytes get_response(Channel&, const Apdu&, Backing&);
    OwnedBytes manage_channel(Channel&, const Apdu&, Backing&);
    OwnedBytes get_challenge(Channel&, const Apdu&, Backing&);
    OwnedBytes terminal_capability(Channel&, const Apdu&, Backing&);
    // authenticate.cc
    OwnedBytes authenticate(Channel&, const Apdu&, Backing&);
    bool application_pin_satisfied(uint32_t adf) const;
    // identity.cc
    OwnedBytes get_identity(Channel&, const Apdu&, Backing&);
    // select.cc
    OwnedBytes select(Channel&, const Apdu&, Backing&);
    OwnedBytes select_application(Channel&, const Apdu&);
    OwnedBytes select_file(Channel&, const Apdu&, Found);
    std::optional<Found> by_fid(const Channel&, uint16_t fid) const;
    std::optional<Found> by_path(const Channel&, Bytes path, bool from_mf) const;
    bool enter(Channel&, Found);
    void leave_application(Channel&);
    OwnedBytes status(Channel&, const Apdu&, Backing&);
    // binary.cc
    OwnedBytes read_binary(Channel&, const Apdu&, Backing&);
    OwnedBytes update_binary(Channel&, const Apdu&, Backing&);
    OwnedBytes change_life(Channel&, const Apdu&, Backing&);
    // records.cc
    OwnedBytes read_record(Channel&, const Apdu&, Backing&);
    OwnedBytes update_record(Channel&, const Apdu&, Backing&);
    OwnedBytes search_record(Channel&, const Apdu&, Backing&);
    OwnedBytes increase(Channel&, const Apdu&, Backing&);
    // objects.cc
    OwnedBytes retrieve_data(Channel&, const Apdu&, Backing&);
    OwnedBytes set_data(Channel&, const Apdu&, Backing&);
    // pin.cc
    struct PinVerifier;
    OwnedBytes accept(size_t pin, profile::Pin& next, Backing&);
    OwnedBytes verify(Channel&, const Apdu&, Backing&);
    OwnedBytes change_pin(Channel&, const Apdu&, Backing&);
    OwnedBytes disable_pin(Channel&, const Apdu&, Backing&);
    OwnedBytes enable_pin(Channel&, const Apdu&, Backing&);
    OwnedBytes unblock_pin(Channel&, const Apdu&, Backing&);
    unsigned find_pin(const Channel&, const Apdu&, size_t& pin) const;
    unsigned present(size_t pin, Bytes value, Backing&);
    unsigned settle(size_t pin, const profile::Pin& next, Backing&, std::optional<size_t> puk = {});
    bool satisfied(uint16_t reference, uint32_t directory) const;
    // cat.cc
    OwnedBytes terminal_profile(Channel&, const Apdu&, Backing&);
    OwnedBytes envelope(Channel&, const Apdu&, Backing&);
    OwnedBytes fetch(Channel&, const Apdu&, Backing&);
    OwnedBytes take_terminal_response(Channel&, const Apdu&, Backing&);

    Image image_;
    std::vector<bool> verified_; // like image_.pins, for all channels
    std::array<Channel, kChannels> channels_;
    OwnedBytes profile_; // TERMINAL PROFILE; empty: not received
    std::deque<OwnedBytes> proactive_;
    bool fetched_ = false; // the first of them is with the terminal
    uint8_t last_number_ = 0;
    std::optional<TerminalResponse> terminal_response_;
};

} // namespace halyard::uicc
