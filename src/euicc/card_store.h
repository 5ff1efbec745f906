#pragma once
#include "base/octets.h"
#include <map>
#include <span>

namespace halyard::euicc {

/// One part of what a commit writes. docs/adr/0011-what-a-card-writes.md
struct CardWrite {
    enum class What : uint8_t {
        state, // all but the profiles' files, in place of the former
        image, // a profile's file system, in place of the former and of what was added to it
        patch, // a change of that file system, added to it
        erase  // the file system goes
    };
    What what = What::state;
    uint16_t profile = 0; // number of its ISD-P; 0 with `state`
    Bytes octets;         // none with `erase`
};

/// A profile's file system as it was put, and what was added to it since, oldest first.
struct StoredImage {
    OwnedBytes image;
    std::vector<OwnedBytes> patches;
    bool operator==(const StoredImage&) const = default;
};

/// Where a card's non-volatile state lives. A commit is there completely after a power cut, or never
/// happened.
struct CardStore {
    virtual ~CardStore() = default;
    /// Empty when the card is new. Error: storage.
    virtual Result<OwnedBytes> load() = 0;
    /// Valid after load(). Errors: not_found "image", storage.
    virtual Result<StoredImage> load_image(uint16_t profile) = 0;
    /// Returns when all of it is durable. Error: storage, and what was there before still is.
    virtual Ok commit(std::span<const CardWrite>) = 0;
};

/// What a card remembers, in memory.
struct CardContent {
    OwnedBytes state;
    std::map<uint16_t, StoredImage> images;
    bool operator==(const CardContent&) const = default;
    void apply(std::span<const CardWrite> writes) {
        for (const CardWrite& w : writes) {
            switch (w.what) {
            case CardWrite::What::state: state = owned(w.octets); break;
            case CardWrite::What::image: images[w.profile] = {owned(w.octets), {}}; break;
            case CardWrite::What::patch: images[w.profile].patches.push_back(owned(w.octets)); break;
            case CardWrite::What::erase: images.erase(w.profile); break;
            }
        }
    }
};

/// Forgets everything with the process: tests, benchmarks, the simulator.
class MemoryStore : public CardStore {
  public:
    CardContent content;
    /// Commits to let pass before one fails; -1: none fails.
    int fail_after = -1;
    Result<OwnedBytes> load() override { return content.state; }
    Result<StoredImage> load_image(uint16_t profile) override {
        const auto at = content.images.find(profile);
        if (at == content.images.end()) return fail(Errc::not_found, "image", profile);
        return at->second;
    }
    Ok commit(std::span<const CardWrite> writes) override {
        if (fail_after == 0) return fail(Errc::storage, "commit");
        if (fail_after > 0) --fail_after;
        content.apply(writes);
        return {};
    }
};

} // namespace halyard::euicc
