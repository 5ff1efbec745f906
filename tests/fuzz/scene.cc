#include "tests/fuzz/scene.h"
#include "euicc/image_octets.h"
#include "profile/package.h"
#include "rsp/token.h"
#include <set>

namespace halyard::fuzz {

namespace {
// Puts ES10 commands and their answers together again from STORE DATA blocks and GET RESPONSE.
struct Es10Recorder {
    std::vector<OwnedBytes>& out;
    OwnedBytes command, answer;
    void see(Bytes apdu, Bytes reply) {
        if (apdu.size() < 5) return;
        const bool block = apdu[1] == 0xE2;
        if (!block && apdu[1] != 0xC0) return;
        if (block) append(command, apdu.subspan(5, std::min<size_t>(apdu[4], apdu.size() - 5)));
        if (block && apdu[2] != 0x91) return;
        if (block) out.push_back(std::exchange(command, {}));
        append(answer, reply.first(reply.size() - 2));
        if (reply[reply.size() - 2] != 0x61 && !answer.empty()) out.push_back(std::exchange(answer, {}));
    }
};
} // namespace

// The same card with only the files of the MF in its profiles: most of the time would go into the others.
static euicc::CardContent with_small_files(const euicc::CardContent& content) {
    auto state = euicc::decode_state(content.state);
    HALYARD_ASSERT(state);
    euicc::CardContent out;
    for (euicc::StoredProfile& p : state->profiles) {
        const auto sample = profile::sample_bootstrap({.iccid = p.iccid});
        const auto elements = profile::parse(sample->reveal());
        OwnedBytes package; // header, MF, PUKs, PINs and the end
        for (size_t n = 0; n < 4; ++n) append(package, (*elements)[n].der);
        append(package, elements->back().der);
        const auto image = profile::install(package);
        HALYARD_ASSERT(image);
        out.images[p.number] = {*euicc::encode_image(*image), {}};
        p.memory = image->memory();
    }
    out.state = *euicc::encode_state(*state);
    return out;
}

Scene::Scene() : world(42), device(world.add_device()), number(loop::iccid_text(1)) {
    Es10Recorder es10{commands, {}, {}};
    sessions.emplace_back();
    world.tap = [&](ipa::Peer, bool, OwnedBytes& m) { messages.push_back(m); };
    world.card_tap = [&](Bytes command, Bytes answer) {
        if (command.empty()) return static_cast<void>(sessions.emplace_back());
        sessions.back().push_back(owned(command));
        es10.see(command, answer);
    };
    const Eid& eid = device.identity.eid;
    HALYARD_ASSERT(world.run());
    bootstrap = device.card_iccid();
    world.eim.download(eid, world.smdp.order(number, "001011000000001", world.now));
    HALYARD_ASSERT(world.poll());
    content = with_small_files(device.memory.content);
    // What follows only makes messages.
    world.eim.enable(eid, number);
    world.eim.audit(eid);
    HALYARD_ASSERT(world.poll());
    device.config.download = ipa::Config::Download::indirect;
    world.eim.download(eid, world.smdp.order(loop::iccid_text(2), "001011000000002", world.now));
    HALYARD_ASSERT(world.poll());
    HALYARD_ASSERT(device.card->isdr().state().profiles.size() == 3);
    world.tap = nullptr;
    world.card_tap = nullptr;
}

Scene& scene() {
    static Scene one;
    return one;
}

OwnedBytes Scene::token() const {
    return rsp::token_tlv((*world.eim.store->device(device.identity.eid))->token);
}

OwnedBytes Scene::package_request(Bytes part) const {
    const auto signature = crypto::sign(world.eim.config.key, {part, token()});
    HALYARD_ASSERT(signature);
    return tlv(0xBF51, {part, tlv(0x5F37, {*signature})});
}

OwnedBytes Scene::signed_part(uint64_t counter, Bytes transaction_id, Bytes operations) const {
    asn1::Scratch scratch;
    const Bytes number_octets = asn1::save_integer(static_cast<int64_t>(counter), scratch);
    return tlv(0x30,
               {tlv(0x80, {bytes_of(world.eim.config.eim_id)}),
                tlv(0x5A, {device.identity.eid}),
                tlv(0x81, {number_octets}),
                transaction_id.empty() ? OwnedBytes() : tlv(0x82, {transaction_id}),
                operations});
}

euicc::Card TestCard::open() {
    store.content = scene().content;
    auto opened = euicc::Card::open(scene().device.identity, store, random);
    HALYARD_ASSERT(opened);
    return std::move(*opened);
}
TestCard::TestCard() : card(open()) {}

void TestCard::check() const {
    const euicc::State& s = card.isdr().state();
    const auto now = euicc::encode_state(s);
    HALYARD_ASSERT(now && *now == store.content.state);
    HALYARD_ASSERT(store.content.images.size() == s.profiles.size());
    for (const euicc::StoredProfile& p : s.profiles) {
        const auto image = store.content.images.find(p.number);
        HALYARD_ASSERT(image != store.content.images.end());
        const auto was = scene().content.images.find(p.number);
        if (was == scene().content.images.end() || was->second != image->second)
            HALYARD_ASSERT(euicc::decode_image(image->second));
    }
    if (store.content.state == scene().content.state) return;
    // What was judged before, as most inputs end alike.
    static std::set<OwnedBytes> judged;
    if (judged.size() == 64) judged.clear();
    if (!judged.insert(store.content.state).second) return;
    const auto read = euicc::decode_state(store.content.state);
    HALYARD_ASSERT(read);
    const auto again = euicc::encode_state(*read);
    HALYARD_ASSERT(again && *again == store.content.state);
    size_t enabled = 0;
    std::set<std::array<uint8_t, 10>> iccids;
    for (const euicc::StoredProfile& p : s.profiles) {
        enabled += p.enabled;
        HALYARD_ASSERT(iccids.insert(p.iccid).second);
        HALYARD_ASSERT(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
    }
    HALYARD_ASSERT(enabled <= 1);
    HALYARD_ASSERT(s.used_memory() <= card.isdr().identity().memory);
    HALYARD_ASSERT(s.eims.size() <= card.isdr().identity().max_eims);
    std::set<std::string> ids;
    for (const euicc::Eim& e : s.eims) {
        HALYARD_ASSERT(ids.insert(e.id).second);
        HALYARD_ASSERT(e.counter <= card.isdr().identity().max_counter);
    }
    for (const euicc::StoredResult& r : s.results) HALYARD_ASSERT(r.seq < s.next_seq);
    for (const euicc::StoredNotification& n : s.notifications) HALYARD_ASSERT(n.seq < s.next_seq);
}

} // namespace halyard::fuzz
