#pragma once
// A card's whole life as its device and its servers see it: APDUs through a card port, an eIM and an SM-DP+
// with real keys played by hand. Every step begins by finding out what has happened already, as an IPA does
// at power on, so that it may be taken again after the card was lost in the middle of it.
#include "ipa/apdu.h"
#include "reader/card_port.h"
#include "tests/loop/hand.h"
#include <map>
#include <set>

namespace halyard::loop {

/// Thrown through a step: the card did not answer, or it refused a command that it should have taken.
struct CardGone {};
struct CardRefused {
    unsigned status_word;
};

class Life {
  public:
    struct Step {
        const char* name;
        void (Life::*take)();
    };
    /// From the first eIM to the last deletion, in their order. Two profiles, A and B, come, are switched,
    /// and A goes.
    static std::span<const Step> steps();

    /// What device and servers remember; the card's power is nothing to them.
    struct Book {
        uint64_t counter = 5;
        std::optional<int64_t> token;
        OwnedBytes package;                       // sent to the card, its result not seen yet
        std::map<uint64_t, OwnedBytes> delivered; // by number: notifications and package results
        std::multiset<std::string> events;        // the same in words, each once
        unsigned interrupted = 0;                 // downloads that were reported as such
    };
    Book book;
    /// The card; may be another one at each step. Its power is on.
    reader::CardPort* port = nullptr;
    /// PKI, dice and eIM. What this bench itself has for a card is not used.
    Bench bench;

    Life();
    /// The reader has lost the card and found it again.
    void reconnect() { channel_.forget(); }
    static Iccid profile_a() { return iccid(iccid_text(1)); }
    static Iccid profile_b() { return iccid(iccid_text(2)); }

  private:
    void associate();
    void download_a() { download(1); }
    void download_b() { download(2); }
    void enable_a() { order(psmo({enable(profile_a(), true)})); }
    void try_b() { order(psmo({enable(profile_b(), true)})); }
    void enable_b() { order(psmo({enable(profile_b())})); }
    void delete_a() { order(psmo({remove(profile_a())})); }
    void add_second_eim();
    void restart();
    void use();
    void roll_back();
    void deliver();

    void download(unsigned n);
    void order(Bytes operations);
    void authenticate();
    /// An ES10 command by STORE DATA and GET RESPONSE on a channel of its own; the whole answer.
    OwnedBytes es10(Bytes command);
    void pump();
    /// On the basic channel; the answer in hex, which is never 6581.
    std::string apdu(const std::string& command);
    void expect(const std::string& command, const std::string& answer);
    OwnedBytes transmit(Bytes command);
    std::set<std::string> profiles(bool enabled_only);
    /// The result of the package with this counter, if it waits.
    OwnedBytes waiting_result(uint64_t counter);
    void deliver_one(uint64_t number, Bytes der, const std::string& event);

    ipa::CardChannel channel_;
    OwnedBytes buffer_ = OwnedBytes(64 * 1024);
    crypto::PrivateKey second_key_;
};

} // namespace halyard::loop
