#pragma once
// What must hold of a card whatever happened to it: power cuts, refused writes, any order of commands. Speaks
// in strings, for tests and fuzzers alike; empty: nothing is wrong.
#include "euicc/card.h"
#include <map>
#include <set>
#include <string>

namespace halyard::loop {

/// Looks at one card again and again and remembers what may never go back. For cards of SGP.32 v1.1 and
/// later: those of v1.0 sign results over what they do not keep.
class CardWatch {
  public:
    explicit CardWatch(const euicc::Identity& identity) : identity_(&identity) {}

    /// The card as it is between two commands, and what is on its disk: the same on both, one profile enabled
    /// at most, memory as the images say, every number used once, everything that waits authentic; and
    /// nothing gone back since the last look.
    std::string look(const euicc::Card&, const euicc::CardContent& disk);
    /// A card that has just come back from `found`: an interrupted download has left exactly one result, and
    /// nothing else has changed. Looks at it, too.
    std::string
    look_after_start(const euicc::CardContent& found, const euicc::Card&, const euicc::CardContent& disk);
    /// Forgets what was; the next look may be at another moment of the same card.
    void forget() { last_.reset(); }

  private:
    std::string profiles(const euicc::State&, const euicc::CardContent&, uint64_t free);
    std::string eims(const euicc::State&);
    std::string waiting(const euicc::State&);
    std::string notification(const euicc::StoredNotification&);
    std::string result(const euicc::StoredResult&);
    bool authentic(std::initializer_list<Bytes> parts, Bytes signature) const;

    const euicc::Identity* identity_;
    std::optional<euicc::State> last_;
    std::map<uint16_t, std::pair<euicc::StoredImage, uint64_t>> images_;          // and the memory they take
    std::map<std::string, std::set<std::optional<int64_t>>, std::less<>> tokens_; // every one that an eIM had
    std::set<OwnedBytes> judged_; // what waits and was found good
};

/// What a card remembers in lines, without signatures, which differ from run to run, and without what a
/// session drew. Sequence numbers are shown less `numbers`.
std::string summary(const euicc::CardContent&, uint64_t numbers = 0);

} // namespace halyard::loop
