#include "ipa/epr.h"
#include "ipa/testing.h"

namespace halyard::ipa::testing {

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

} // namespace halyard::ipa::testing
