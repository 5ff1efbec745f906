#pragma once
// Many cards in one process, of which few are in use at a time.
#include "euicc/card.h"
#include <list>
#include <memory>
#include <unordered_map>

namespace halyard::euicc {

/// Where a rack's cards come from, by their number.
struct CardSource {
    virtual ~CardSource() = default;
    virtual Result<Identity> identity(uint32_t card) = 0;
    /// Lives until the card is parked, at least.
    virtual Result<std::unique_ptr<CardStore>> store(uint32_t card) = 0;
};

/// Cards are parked, which costs the rack nothing, or awake. At most `awake` are; whoever was used longest
/// ago gives way. Being parked is a loss of power: what was committed is there when the card wakes up again.
class Rack {
  public:
    Rack(CardSource& source, Random& random, size_t awake) : source_(source), random_(random), room_(awake) {}
    /// The card with power on, as its reset leaves it if it was parked. Valid until the next call. Errors:
    /// those of the source and of Card::open.
    Result<Card*> wake(uint32_t card);
    void park(uint32_t card);
    size_t awake() const { return order_.size(); }

  private:
    struct Awake {
        uint32_t number = 0;
        Identity identity;
        std::unique_ptr<CardStore> store;
        std::optional<Card> card;
    };
    CardSource& source_;
    Random& random_;
    size_t room_;
    std::list<Awake> order_; // used last in front
    std::unordered_map<uint32_t, std::list<Awake>::iterator> places_;
};

/// A store of many cards that were made alike: what all of them began with is there once, of each card only
/// what differs.
class SharedStore : public CardStore {
  public:
    /// What differs, kept while the card is parked.
    struct Own {
        std::optional<OwnedBytes> state;
        std::map<uint16_t, std::optional<StoredImage>> images; // nullopt: erased
        size_t octets() const;
    };
    SharedStore(const CardContent& common, Own& own) : common_(common), own_(own) {}
    Result<OwnedBytes> load() override { return own_.state ? *own_.state : common_.state; }
    Result<StoredImage> load_image(uint16_t profile) override;
    Ok commit(std::span<const CardWrite>) override;

  private:
    const CardContent& common_;
    Own& own_;
};

} // namespace halyard::euicc
