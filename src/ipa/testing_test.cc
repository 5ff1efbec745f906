#include "ipa/epr.h"
#include "ipa/testing.h"

namespace halyard::ipa::testing {

OwnedBytes h(std::string_view text) {
    auto bytes = from_hex(text);
    HALYARD_ASSERT(bytes);
    return *bytes;
}

OwnedBytes join(std::initializer_list<OwnedBytes> parts) {
    OwnedBytes all;
    for (const auto& part : parts) append(all, part);
    return all;
}

OwnedBytes tlv(uint32_t tag, std::initializer_list<OwnedBytes> parts) {
    const OwnedBytes content = join(parts);
    OwnedBytes all;
    if (tag > 0xFF) all.push_back(static_cast<uint8_t>(tag >> 8));
    all.push_back(static_cast<uint8_t>(tag));
    const size_t n = content.size();
    if (n > 0xFFFF)
        append(
            all,
            OwnedBytes{
                0x83, static_cast<uint8_t>(n >> 16), static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)});
    else if (n > 0xFF)
        append(all, OwnedBytes{0x82, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)});
    else if (n > 0x7F)
        append(all, OwnedBytes{0x81, static_cast<uint8_t>(n)});
    else
        all.push_back(static_cast<uint8_t>(n));
    append(all, content);
    return all;
}

OwnedBytes utf8(uint32_t tag, std::string_view text) { return tlv(tag, {owned(bytes_of(text))}); }
OwnedBytes number(uint32_t tag, uint64_t value) {
    OwnedBytes octets;
    do octets.insert(octets.begin(), static_cast<uint8_t>(value));
    while (value >>= 8);
    if (octets[0] & 0x80) octets.insert(octets.begin(), 0);
    return tlv(tag, {octets});
}

bool contains(Bytes whole, Bytes part) {
    return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}
bool starts_with(Bytes whole, std::string_view hex_text) {
    const OwnedBytes start = h(hex_text);
    return whole.size() >= start.size() && same(whole.first(start.size()), start);
}

OwnedBytes eim_data(std::string_view id, std::string_view fqdn, bool indirect) {
    return tlv(0x30, {utf8(0x80, id), utf8(0x81, fqdn), indirect ? h("8900") : OwnedBytes{}});
}

OwnedBytes signature() { return tlv(0x5F37, {OwnedBytes(64, 0x5A)}); }

OwnedBytes
package(std::string_view eim_id, uint64_t counter, const OwnedBytes& operations, std::string_view tid) {
    return tlv(0xBF51,
               {tlv(0x30,
                    {utf8(0x80, eim_id),
                     tlv(0x5A, {h(kEid)}),
                     number(0x81, counter),
                     tid.empty() ? OwnedBytes{} : tlv(0x82, {h(tid)}),
                     operations}),
                signature()});
}

OwnedBytes enable(std::string_view iccid, bool rollback) {
    return tlv(0xA0, {tlv(0xA3, {tlv(0x5A, {h(iccid)}), rollback ? h("0500") : OwnedBytes{}})});
}

OwnedBytes result(std::string_view eim_id, uint64_t counter, uint64_t seq, const OwnedBytes& results) {
    return tlv(0xBF51,
               {tlv(0xA0,
                    {tlv(0x30,
                         {utf8(0x80, eim_id),
                          number(0x81, counter),
                          h("82020102"),
                          number(0x83, seq),
                          tlv(0x30, {results})}),
                     signature()})});
}

OwnedBytes other_notification(uint64_t seq, std::string_view address) {
    return tlv(
        0x30,
        {tlv(0xBF2F, {number(0x80, seq), h("81020640"), utf8(0x0C, address), tlv(0x5A, {h(kNewIccid)})}),
         signature(),
         h("3003020101"),
         h("3003020102")});
}

OwnedBytes installation_result(uint64_t seq, std::string_view tid, bool success) {
    const OwnedBytes outcome = success ? tlv(0xA0, {h("4F10A0000005591010FFFFFFFF8900001000"), h("0402AABB")})
                                       : tlv(0xA1, {h("800105"), h("81010B")});
    return tlv(
        0xBF37,
        {tlv(0xBF27,
             {tlv(0x80, {h(tid)}),
              tlv(0xBF2F,
                  {number(0x80, seq), h("81020780"), utf8(0x0C, "smdp.example"), tlv(0x5A, {h(kNewIccid)})}),
              h("06032B0601"),
              tlv(0xA2, {outcome})}),
         signature()});
}

OwnedBytes metadata(std::string_view name, std::string_view extra_hex) {
    return tlv(0xBF25, {tlv(0x5A, {h(kNewIccid)}), utf8(0x91, "Operator"), utf8(0x92, name), h(extra_hex)});
}

OwnedBytes bound_package(std::string_view tid, const OwnedBytes& stored) {
    const OwnedBytes channel = tlv(0xBF23,
                                   {h("820101"),
                                    tlv(0x80, {h(tid)}),
                                    tlv(0xA6, {h("800188"), h("810110"), h("840105")}),
                                    tlv(0x5F49, {OwnedBytes(65, 4)}),
                                    signature()});
    return tlv(0xBF36,
               {channel,
                tlv(0xA0, {tlv(0x87, {OwnedBytes(24, 0x11)})}),
                tlv(0xA1, {tlv(0x88, {stored, OwnedBytes(8, 0x22)})}),
                tlv(0xA3,
                    {tlv(0x86, {OwnedBytes(300, 0x33)}),
                     tlv(0x86, {OwnedBytes(1020 - 4, 0x44)}),
                     tlv(0x86, {OwnedBytes(40, 0x55)})})});
}

// ---- World ----

World::World(Config c) : config(c) {
    config.rollback = {3, Time{60'000}};
    boot();
}

Eim& World::add_eim(std::string_view id, bool indirect) {
    const std::string address = std::string(id) + ".example";
    card.eims.push_back(eim_data(id, address, indirect));
    Eim& eim = eims[address];
    eim.id = id;
    eim.relay = [this](Bytes message) { return smdp.exchange(message, true); };
    return eim;
}

void World::boot() {
    card.reset();
    engine = std::make_unique<Engine>(config, *this, *this, Memory{in, out, keep});
    HALYARD_ASSERT(engine->load());
}

Ok World::save(Bytes blob) {
    ++saves;
    if (store_fails) return fail(Errc::storage, "disk");
    saved = owned(blob);
    return {};
}

void World::event(const Event& event) { events.emplace_back(event.name); }
bool World::happened(std::string_view event) const { return count(event) > 0; }
size_t World::count(std::string_view event) const {
    return static_cast<size_t>(std::count(events.begin(), events.end(), event));
}

Result<OwnedBytes> World::carry(const Action& action) {
    if (action.kind == Action::Kind::reset_card) {
        card.reset();
        return OwnedBytes{};
    }
    if (action.kind == Action::Kind::answer) {
        transferred = owned(action.message);
        return OwnedBytes{};
    }
    if (action.to == Peer::card) return card.transmit(action.message);
    if (!network()) return fail(Errc::unreachable, "connect");
    if (action.to == Peer::smdp) return smdp.exchange(action.message);
    const auto found = eims.find(std::string(action.address));
    if (found == eims.end()) return fail(Errc::unreachable, "resolve");
    return found->second.exchange(action.message);
}

bool World::step() {
    const Action action = engine->next(now);
    if (action.kind == Action::Kind::wait) {
        if (action.idle) return false;
        HALYARD_ASSERT(action.until > now);
        now = action.until;
        return true;
    }
    last_step = action.step;
    if (power && !power(action, false)) return boot(), true;
    auto answer = carry(action);
    if (lose && action.kind == Action::Kind::send && lose(action)) answer = fail(Errc::unreachable, "lost");
    if (power && !power(action, true)) return boot(), true;
    now += Time{10};
    if (answer)
        engine->reply(Bytes(*answer), now);
    else
        engine->reply(answer.error(), now);
    return true;
}

bool World::run(int limit) {
    for (int i = 0; i < limit; ++i, ++actions)
        if (!step()) return true;
    return false;
}

} // namespace halyard::ipa::testing
