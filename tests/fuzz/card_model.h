#pragma once
// What a card ought to be after each command, by a few rules of its own: it shares no code with src/euicc,
// and reads a card only to compare.
#include "euicc/card_store.h"
#include "euicc/state.h"
#include <map>

namespace halyard::fuzz {

struct CardModel {
    struct Profile {
        bool tells_switches = false; // has notifications for enable, disable and delete
        uint64_t memory = 0;
        unsigned adm_left = 10, puk_left = 10;
        uint64_t sequence = 0; // SEQ accepted last; 0: none
        OwnedBytes location;   // EF.LOCI; empty: there is no USIM
        bool operator==(const Profile&) const = default;
    };
    struct Undo {
        Iccid back_to{};
        uint64_t granted = 0, last = 0;
        bool operator==(const Undo&) const = default;
    };
    enum class Kind : uint8_t { enable, enable_with_rollback, disable, remove, list, kinds };
    struct Operation {
        Kind kind;
        Iccid iccid;
    };

    std::map<Iccid, Profile> profiles;
    std::optional<Iccid> enabled;
    std::map<std::string, uint64_t> counters;
    std::vector<uint64_t> notifications, results; // numbers that wait, oldest first
    uint64_t next = 0, used = 0;
    std::optional<Undo> undo;
    bool installing = false;

    /// What the card says of itself.
    static CardModel of(const euicc::CardContent&);
    bool operator==(const CardModel&) const = default;

    /// A package is accepted and run; whether its operations succeeded, up to the first that did not.
    std::vector<bool> package(const std::string& eim, uint64_t counter, std::span<const Operation>);
    /// The undoing of the last enable; false: there is nothing to undo.
    bool roll_back();
    /// A number was delivered; false: nothing waits under it.
    bool remove_number(uint64_t);
    /// A download has ended without a profile.
    void download_failed();
    void installed(const Iccid&, uint64_t memory);

  private:
    struct Plan;
    bool operation(const Operation&, Plan&) const;
    void switch_to(std::optional<Iccid>, bool tell = true);
    void tell() { wait_in(notifications, 128); }
    void wait_in(std::vector<uint64_t>& queue, size_t most);
};

} // namespace halyard::fuzz
