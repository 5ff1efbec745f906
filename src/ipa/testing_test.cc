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

static OwnedBytes signature() { return tlv(0x5F37, {OwnedBytes(64, 0x5A)}); }

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

// ---- Card ----

void Card::reset() {
    if (!pending.empty()) {
        enabled = pending;
        notifications.push_back({next_number, other_notification(next_number, "smdp.example")});
        ++next_number;
    }
    pending.clear();
    chain_.clear();
    answer_.clear();
    session_.clear();
    // A package cut while loading leaves its result. SGP.22 §5.7.6
    if (expected_ && loaded_ < expected_ && loaded_ > 2) {
        notifications.push_back({next_number, installation_result(next_number, "0A0B0C0D", false)});
        ++next_number;
    }
    expected_ = loaded_ = 0;
}

Result<OwnedBytes> Card::transmit(Bytes apdu) {
    if (dead) return fail(Errc::unreachable, "card");
    const uint8_t ins = apdu[1];
    if (ins == 0xAA) return h("6E00");
    if (ins == 0x70) return refuse_channel ? h("6881") : h("019000");
    if (ins == 0xA4) return h("6F009000");
    if (ins == 0xC0) {
        const size_t n = std::min<size_t>(answer_.size(), apdu[4] ? apdu[4] : 256);
        OwnedBytes response(answer_.begin(), answer_.begin() + static_cast<ptrdiff_t>(n));
        answer_.erase(answer_.begin(), answer_.begin() + static_cast<ptrdiff_t>(n));
        if (answer_.empty()) return join({response, h("9000")});
        return join({response, {0x61, static_cast<uint8_t>(std::min<size_t>(answer_.size(), 255))}});
    }
    if (apdu[3] == 0) chain_.clear();
    append(chain_, apdu.subspan(5, apdu[4]));
    if (apdu[2] == 0x11) return h("9000");
    commands.push_back(chain_);
    auto forced = intercept ? intercept(chain_) : std::nullopt;
    if (forced && forced->size() == 2) return *forced; // a status word
    answer_ = forced ? *forced : dispatch(chain_);
    chain_.clear();
    if (answer_.empty()) return h("9000");
    return OwnedBytes{0x61, static_cast<uint8_t>(std::min<size_t>(answer_.size(), 255))};
}

OwnedBytes Card::dispatch(Bytes command) {
    if (expected_ && loaded_ < expected_) return load_segment(command);
    if (starts_with(command, "BF36")) return load_segment(command);
    if (starts_with(command, "BF3E")) return tlv(0xBF3E, {tlv(0x5A, {h(kEid)})});
    if (starts_with(command, "BF55")) {
        OwnedBytes all;
        for (const auto& data : eims) append(all, data);
        return tlv(0xBF55, {tlv(0xA0, {all})});
    }
    if (starts_with(command, "BF57")) {
        if (!eims.empty()) return h("BF5703810102");
        const auto list = asn1::read_tlv(asn1::read_tlv(command)->content);
        (void)for_each_tlv(list->content,
                           [&](const asn1::Tlv& data) { return eims.push_back(owned(data.whole)), true; });
        return h("BF5704A0020500");
    }
    if (starts_with(command, "BF51")) return load_package(command);
    if (starts_with(command, "BF2B")) return retrieve(command);
    if (starts_with(command, "BF30")) return remove(command);
    if (starts_with(command, "BF58")) return rollback();
    if (starts_with(command, "BF20")) return h("BF200C8203020500A903040101AA00");
    if (starts_with(command, "BF22")) return h("BF2203010101");
    if (starts_with(command, "BF2E")) return h("BF2E12801000112233445566778899AABBCCDDEEFF");
    if (starts_with(command, "BF3C"))
        return tlv(0xBF3C, {utf8(0x80, "smdp.example"), utf8(0x81, "smds.example")});
    if (starts_with(command, "BF56")) return tlv(0xBF56, {tlv(0xA0, {h("A503020101"), h("A603020102")})});
    if (starts_with(command, "BF43")) return tlv(0xBF43, {h("A000")});
    if (starts_with(command, "BF38")) {
        session_ = "open";
        return tlv(0xBF38, {tlv(0xA0, {h("3003020103"), signature(), h("3000"), h("3000")})});
    }
    if (starts_with(command, "BF21")) return tlv(0xBF21, {tlv(0xA0, {h("3003020104"), signature()})});
    if (starts_with(command, "BF41")) return tlv(0xBF41, {tlv(0xA0, {h("3003020105"), signature()})});
    if (starts_with(command, "BF5A")) return h("BF5A03800101");
    return {};
}

OwnedBytes Card::load_package(Bytes command) {
    const auto body = asn1::read_tlv(asn1::read_tlv(command)->content);
    std::string eim_id;
    uint64_t counter = 0;
    OwnedBytes outcome;
    std::string target;
    bool granted = false;
    bool deleted = false;
    (void)for_each_tlv(body->content, [&](const asn1::Tlv& part) {
        if (part.tag == 0x80) eim_id = text_of(part.content);
        if (part.tag == 0x81)
            for (const uint8_t octet : part.content) counter = counter << 8 | octet;
        if (part.tag == 0xA1) {
            append(outcome, h("890100"));
            deleted = contains(part.content, h("A9"));
        }
        if (part.tag != 0xA0) return true;
        return for_each_tlv(part.content,
                            [&](const asn1::Tlv& psmo) {
                                if (psmo.tag == 0xA3) {
                                    append(outcome, h("830100"));
                                    target = hex(asn1::read_tlv(psmo.content)->content);
                                    granted = contains(psmo.content, h("0500"));
                                } else
                                    append(outcome, h("A600"));
                                return true;
                            })
            .has_value();
    });
    if (counter <= counters[eim_id])
        return tlv(
            0xBF51,
            {tlv(0xA1, {tlv(0x30, {utf8(0x80, eim_id), number(0x81, counter), h("020104")}), signature()})});
    counters[eim_id] = counter;
    rollback_to.clear();
    if (granted) rollback_to = enabled, rollback_eim = eim_id, rollback_counter = counter;
    if (!target.empty()) pending = target;
    if (deleted)
        std::erase_if(eims, [&](const OwnedBytes& data) { return contains(data, utf8(0x80, eim_id)); });
    const OwnedBytes stored = result(eim_id, counter, next_number, outcome);
    results.push_back({next_number++, stored});
    return stored;
}

OwnedBytes Card::retrieve(Bytes command) const {
    OwnedBytes all;
    const bool wants_results = contains(command, h("8200"));
    for (const auto& item : wants_results ? results : notifications) append(all, item.bytes);
    return tlv(0xBF2B, {tlv(wants_results ? 0xA2 : 0xA0, {all})});
}

OwnedBytes Card::remove(Bytes command) {
    const Bytes content = asn1::read_tlv(asn1::read_tlv(command)->content)->content;
    removed_numbers.push_back(owned(content));
    int64_t wanted = 0;
    asn1::load_integer(wanted, content);
    const auto match = [&](const Stored& item) { return item.number == static_cast<uint64_t>(wanted); };
    const size_t gone = std::erase_if(results, match) + std::erase_if(notifications, match);
    return gone ? h("BF3003800100") : h("BF3003800101");
}

OwnedBytes Card::rollback() {
    if (rollback_to.empty()) return h("BF5803020101");
    pending = rollback_to;
    rollback_to.clear();
    std::erase_if(results,
                  [&](const Stored& item) { return contains(item.bytes, utf8(0x80, rollback_eim)); });
    const OwnedBytes fresh = result(rollback_eim, rollback_counter, next_number, h("8C0100"));
    results.push_back({next_number++, fresh});
    return tlv(0xBF58, {h("020100"), fresh});
}

OwnedBytes Card::load_segment(Bytes unit) {
    if (starts_with(unit, "BF36")) {
        const auto tag_and_length = unit[2] == 0x82 ? 5u : unit[2] == 0x81 ? 4u : 3u;
        size_t length = unit[2];
        if (unit[2] == 0x81) length = unit[3];
        if (unit[2] == 0x82) length = static_cast<size_t>(unit[3] << 8 | unit[4]);
        expected_ = tag_and_length + length;
        loaded_ = 0;
    }
    loaded_ += unit.size();
    if (loaded_ < expected_ && !(fail_installation && unit[0] == 0x86)) return {};
    expected_ = loaded_ = 0;
    if (silent_installation) return {};
    return install();
}

OwnedBytes Card::install() {
    const OwnedBytes pir = installation_result(next_number, "0A0B0C0D", !fail_installation);
    if (!fail_installation) ++installations;
    notifications.push_back({next_number++, pir});
    return pir;
}

// ---- eIM ----

/// The result is one for this package: same counter, same transaction, or same kind of request.
static bool answers(Bytes result, Bytes package) {
    const auto asked = asn1::read_tlv(package);
    const auto given = asn1::read_tlv(result);
    if (given->tag == 0xA0) {
        const auto tid = asn1::read_tlv(given->content);
        return tid->tag == 0x80 && (contains(package, tlv(0x82, {owned(tid->content)})) ||
                                    contains(package, tlv(0x83, {owned(tid->content)})));
    }
    if (asked->tag != 0xBF51) return asked->tag == given->tag;
    const auto body = asn1::read_tlv(asked->content);
    OwnedBytes counter;
    (void)for_each_tlv(body->content, [&](const asn1::Tlv& part) {
        if (part.tag == 0x81) counter = owned(part.whole);
        return true;
    });
    return (given->tag == 0xBF51 || given->tag == 0x30) && contains(result, counter);
}

Result<OwnedBytes> Eim::exchange(Bytes message) {
    if (down) return fail(Errc::unreachable, "connect");
    received.push_back(owned(message));
    if (intercept)
        if (auto forced = intercept(message)) return *forced;
    const auto outer = asn1::read_tlv(message);
    if (outer->tag == 0xBF4F) return tlv(0xBF4F, {queue.empty() ? h("020101") : queue.front()});
    if (outer->tag == 0xBF3D) {
        notifications.push_back(owned(outer->content));
        return OwnedBytes{};
    }
    if (outer->tag != 0xBF50) return relay ? relay(message) : fail(Errc::rejected, "http status", 404);
    OwnedBytes numbers;
    const auto alternative = asn1::read_tlv(asn1::read_tlv(outer->content)->rest);
    results.push_back(owned(alternative->whole));
    if (!queue.empty() && answers(alternative->whole, queue.front())) queue.erase(queue.begin());
    const auto take = [&](Bytes epr) {
        if (const auto facts = inspect_result(epr); facts && facts->is_signed)
            append(numbers, number(0x80, facts->number));
    };
    if (alternative->tag == 0xBF51) take(alternative->whole);
    if (alternative->tag == 0x30) {
        const auto epr = asn1::read_tlv(alternative->content);
        take(epr->whole);
        (void)for_each_tlv(asn1::read_tlv(epr->rest)->content, [&](const asn1::Tlv& item) {
            append(numbers, number(0x80, inspect_notification(item.whole)->number));
            notifications.push_back(owned(item.whole));
            return true;
        });
    }
    append(numbers, extra_acknowledgements);
    if (numbers.empty() || !acknowledge) return h("BF50023000");
    return tlv(0xBF50, {tlv(0xBF53, {numbers})});
}

// ---- SM-DP+ ----

Result<OwnedBytes> Smdp::exchange(Bytes message, bool esipa) {
    if (down) return fail(Errc::unreachable, "connect");
    received.push_back(owned(message));
    if (intercept)
        if (auto forced = intercept(message)) return *forced;
    const auto outer = asn1::read_tlv(message);
    const OwnedBytes transaction = tlv(0x80, {h(tid)});
    switch (outer->tag) {
    case 0xBF39:
        return tlv(0xBF39,
                   {tlv(0xA0,
                        {transaction,
                         tlv(0x30,
                             {transaction,
                              h("811000112233445566778899AABBCCDDEEFF"),
                              utf8(0x83, address),
                              tlv(0x84, {OwnedBytes(16, 0x77)})}),
                         signature(),
                         h("0403010203"),
                         h("3003020109")})});
    case 0xBF3B:
        return tlv(0xBF3B,
                   {tlv(0xA0,
                        {transaction,
                         metadata_announced,
                         tlv(0x30, {transaction, confirmation_code ? h("0101FF") : h("010100")}),
                         signature(),
                         h("300302010A"),
                         esipa && confirmation_code ? tlv(0x04, {OwnedBytes(32, 0x99)}) : OwnedBytes{}})});
    case 0xBF3A: return tlv(0xBF3A, {tlv(0xA0, {transaction, bound_package(tid, metadata_bound)})});
    case 0xBF41: cancelled = 1; return h("BF4102A000");
    case 0xBF3D: notifications.push_back(owned(outer->content)); return OwnedBytes{};
    }
    return fail(Errc::rejected, "http status", 404);
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
