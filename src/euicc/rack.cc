#include "euicc/rack.h"

namespace halyard::euicc {

Result<Card*> Rack::wake(uint32_t number) {
    if (const auto at = places_.find(number); at != places_.end()) {
        order_.splice(order_.begin(), order_, at->second);
        return &*order_.front().card;
    }
    // In its place in the list from the start: the card refers to its identity and store.
    std::list<Awake> made(1);
    Awake& one = made.front();
    one.number = number;
    one.identity = TRY(source_.identity(number));
    one.store = TRY(source_.store(number));
    one.card = TRY(Card::open(one.identity, *one.store, random_));
    if (order_.size() >= room_ && !order_.empty()) park(order_.back().number);
    order_.splice(order_.begin(), made);
    places_[number] = order_.begin();
    return &*order_.front().card;
}

void Rack::park(uint32_t number) {
    const auto at = places_.find(number);
    if (at == places_.end()) return;
    order_.erase(at->second);
    places_.erase(at);
}

size_t SharedStore::Own::octets() const {
    size_t total = state ? state->size() : 0;
    for (const auto& [profile, image] : images) {
        if (!image) continue;
        total += image->image.size();
        for (const OwnedBytes& p : image->patches) total += p.size();
    }
    return total;
}

Result<StoredImage> SharedStore::load_image(uint16_t profile) {
    StoredImage out;
    const auto common = common_.images.find(profile);
    if (common != common_.images.end()) out = common->second;
    if (const auto own = own_.images.find(profile); own != own_.images.end()) {
        if (!own->second) return fail(Errc::not_found, "image", profile);
        if (!own->second->image.empty()) return *own->second;
        for (const OwnedBytes& p : own->second->patches) out.patches.push_back(p);
    }
    if (out.image.empty()) return fail(Errc::not_found, "image", profile);
    return out;
}

// Patches of an image that is common stand alone.
Ok SharedStore::commit(std::span<const CardWrite> writes) {
    for (const CardWrite& w : writes) {
        auto& image = own_.images;
        switch (w.what) {
        case CardWrite::What::state: own_.state = owned(w.octets); break;
        case CardWrite::What::image: image[w.profile] = StoredImage{owned(w.octets), {}}; break;
        case CardWrite::What::erase: image[w.profile].reset(); break;
        case CardWrite::What::patch:
            if (!image[w.profile]) image[w.profile].emplace();
            image[w.profile]->patches.push_back(owned(w.octets));
            break;
        }
    }
    return {};
}

} // namespace halyard::euicc
