#include "tests/loop/card_invariants.h"
#include "crypto/hash.h"
#include "euicc/image_octets.h"
#include "rsp/token.h"
#include <algorithm>

namespace halyard::loop {
namespace {
using euicc::State;
constexpr asn1::DecodeOptions kStrict{.strict = true};

std::string numbered(const char* what, uint64_t n) { return std::string(what) + " " + std::to_string(n); }

// Associations are told apart by their tokens; those without one by all that is known of them.
bool same_association(const euicc::Eim& a, const euicc::Eim& b) {
    return a.id == b.id && a.token == b.token && (a.token || a.configuration == b.configuration);
}

// Numbers with what they were given to.
std::map<uint64_t, const OwnedBytes*> numbers(const State& s) {
    std::map<uint64_t, const OwnedBytes*> out;
    for (const auto& n : s.notifications) out.emplace(n.seq, &n.der);
    for (const auto& r : s.results) out.emplace(r.seq, &r.der);
    return out;
}

// A card that was reset since the last switch has the enabled profile's files, as they are on the disk.
bool shows_files_of(const euicc::Card& card, const euicc::CardContent& disk) {
    const euicc::StoredProfile* enabled = card.isdr().state().enabled();
    if (!enabled || card.wants_reset()) return true;
    const auto image = euicc::decode_image(disk.images.at(enabled->number));
    const auto stored =
        image ? euicc::encode_image(*image) : Result<OwnedBytes>(fail(Errc::internal, "image"));
    const auto shown = euicc::encode_image(card.uicc().image());
    return stored && shown && *stored == *shown;
}

std::string gone_back(const State& was, const State& is) {
    if (is.next_seq < was.next_seq) return numbered("sequence numbers went back from", was.next_seq);
    if (is.next_token < was.next_token) return "association tokens went back";
    if (is.next_profile < was.next_profile) return "ISD-P numbers went back";
    for (const auto& before : was.eims)
        for (const auto& now : is.eims)
            if (same_association(before, now) && now.counter < before.counter)
                return "the counter of " + now.id + " went back";
    const auto earlier = numbers(was);
    for (const auto& [seq, der] : numbers(is)) {
        const auto same_number = earlier.find(seq);
        if (same_number == earlier.end() && seq < was.next_seq) return numbered("used again: number", seq);
        if (same_number != earlier.end() && *same_number->second != *der)
            return numbered("not the same as before: number", seq);
    }
    return {};
}
} // namespace

std::string CardWatch::profiles(const State& s, const euicc::CardContent& disk, uint64_t free) {
    std::set<Iccid> iccids;
    std::set<uint16_t> isdps;
    size_t enabled = 0;
    uint64_t used = 0;
    for (const euicc::StoredProfile& p : s.profiles) {
        enabled += p.enabled;
        if (!iccids.insert(p.iccid).second) return "twice: " + to_text(p.iccid);
        if (!isdps.insert(p.number).second || p.number >= s.next_profile) return numbered("ISD-P", p.number);
        const auto metadata = asn1::decode<rsp::StoreMetadataRequest>(p.metadata);
        if (!metadata || metadata->iccid != p.iccid) return "metadata of " + to_text(p.iccid);
        const auto on_disk = disk.images.find(p.number);
        if (on_disk == disk.images.end()) return "no image of " + to_text(p.iccid);
        auto& [known, memory] = images_[p.number];
        if (known != on_disk->second) {
            const auto image = euicc::decode_image(on_disk->second);
            if (!image || image->iccid != p.iccid) return "image of " + to_text(p.iccid);
            known = on_disk->second;
            memory = image->memory();
        }
        used += memory;
    }
    if (s.crls)
        for (const euicc::StoredCrl& c : *s.crls) used += c.der.size();
    if (disk.images.size() != s.profiles.size()) return "images of no profile";
    if (enabled > 1) return numbered("enabled profiles:", enabled);
    if (used > identity_->memory || identity_->memory - used != free) return numbered("free memory:", free);
    if (s.rollback && !iccids.contains(s.rollback->back_to)) return "rollback to no profile";
    return {};
}

std::string CardWatch::eims(const State& s) {
    std::set<std::string> ids;
    std::set<int64_t> tokens;
    for (const euicc::Eim& e : s.eims) {
        if (!ids.insert(e.id).second) return "twice: " + e.id;
        if (e.counter > identity_->max_counter) return numbered("counter", e.counter);
        if (e.token && (!tokens.insert(*e.token).second || *e.token >= s.next_token))
            return "token of " + e.id;
        tokens_[e.id].insert(e.token);
    }
    return s.eims.size() > identity_->max_eims ? "too many eIMs" : "";
}

bool CardWatch::authentic(std::initializer_list<Bytes> parts, Bytes signature) const {
    return std::ranges::any_of(identity_->keys, [&](const euicc::KeySet& k) {
        return crypto::verify(k.key.public_key(), parts, signature).has_value();
    });
}

std::string CardWatch::notification(const euicc::StoredNotification& n) {
    const auto pending = asn1::decode<rsp::PendingNotification>(n.der, kStrict);
    if (!pending) return "does not decode";
    rsp::NotificationMetadata about;
    bool good = false;
    if (const auto* installed = std::get_if<0>(&pending->is)) {
        const auto& data = installed->value.profile_installation_result_data;
        about = data.value.notification_metadata;
        good = authentic({data.der}, installed->value.euicc_sign_pir);
    } else if (const auto* other = std::get_if<1>(&pending->is)) {
        about = other->value.tbs_other_notification.value;
        good =
            authentic({other->value.tbs_other_notification.der}, other->value.euicc_notification_signature);
    }
    if (!good) return "is not signed by the card";
    const bool same = about.seq_number == n.seq && about.iccid == n.iccid &&
                      about.profile_management_operation.mask == n.operation &&
                      about.notification_address == n.address;
    return same ? "" : "is about something else";
}

std::string CardWatch::result(const euicc::StoredResult& r) {
    const auto decoded = asn1::decode<rsp::EuiccPackageResult>(r.der, kStrict);
    const auto* ok = decoded ? std::get_if<rsp::EuiccPackageResultSigned>(&decoded->is) : nullptr;
    if (!ok) return "does not decode";
    const auto& data = ok->euicc_package_result_data_signed;
    if (data.value.seq_number != r.seq) return "has another number inside";
    const auto tokens = tokens_.find(data.value.eim_id);
    if (tokens == tokens_.end()) return "is for an eIM that never was";
    const bool good = std::ranges::any_of(tokens->second, [&](std::optional<int64_t> token) {
        return authentic({data.der, rsp::token_tlv(token)}, ok->euicc_sign_epr);
    });
    return good ? "" : "is not signed by the card";
}

std::string CardWatch::waiting(const State& s) {
    std::set<uint64_t> seen;
    const auto one = [&](const char* what, const auto& stored, auto&& judge) -> std::string {
        const std::string name = numbered(what, stored.seq);
        if (!seen.insert(stored.seq).second) return name + " is there twice";
        if (stored.seq >= s.next_seq) return name + " was not given out yet";
        if (judged_.contains(stored.der)) return {};
        if (const std::string wrong = judge(stored); !wrong.empty()) return name + " " + wrong;
        judged_.insert(stored.der);
        return {};
    };
    for (const auto& n : s.notifications)
        if (auto wrong = one("notification", n, [&](const auto& x) { return notification(x); });
            !wrong.empty())
            return wrong;
    for (const auto& r : s.results)
        if (auto wrong = one("result", r, [&](const auto& x) { return result(x); }); !wrong.empty())
            return wrong;
    return s.notifications.size() > 128 || s.results.size() > 64 ? "more waits than a card keeps" : "";
}

std::string CardWatch::look(const euicc::Card& card, const euicc::CardContent& disk) {
    const euicc::Isdr& isdr = card.isdr();
    const State& s = isdr.state();
    const auto known = euicc::encode_state(s);
    if (!known || *known != disk.state) return "the card knows what is not on the disk";
    if (auto wrong = profiles(s, disk, isdr.free_memory()); !wrong.empty()) return wrong;
    if (!shows_files_of(card, disk)) return "a terminal sees other files than those on the disk";
    if (auto wrong = eims(s); !wrong.empty()) return wrong;
    if (auto wrong = waiting(s); !wrong.empty()) return wrong;
    if (last_)
        if (auto wrong = gone_back(*last_, s); !wrong.empty()) return wrong;
    last_ = s;
    return {};
}

std::string CardWatch::look_after_start(const euicc::CardContent& found,
                                        const euicc::Card& card,
                                        const euicc::CardContent& disk) {
    const State& s = card.isdr().state();
    if (auto wrong = look(card, disk); !wrong.empty()) return wrong;
    const auto stored = euicc::decode_state(found.state);
    if (!stored) return "what was found does not decode";
    if (found.images != disk.images) return "coming back has changed an image";
    State expected = *stored;
    if (stored->installing) {
        if (s.notifications.empty()) return "no result of the interrupted download";
        const euicc::StoredNotification& last = s.notifications.back();
        const auto pir = asn1::decode<rsp::ProfileInstallationResult>(last.der);
        if (!pir || last.seq != stored->next_seq) return "no result of the interrupted download";
        const auto& data = pir->profile_installation_result_data.value;
        const auto* error = std::get_if<rsp::ErrorResult>(&data.final_result.is);
        if (!error || error->error_reason != rsp::ErrorReason::install_failed_due_to_interruption)
            return "another result than the interrupted download's";
        if (!same(data.transaction_id, stored->installing->transaction_id) ||
            last.iccid != stored->installing->iccid || last.address != stored->installing->address)
            return "a result of another download";
        expected.installing.reset();
        ++expected.next_seq;
        if (expected.notifications.size() == 128)
            expected.notifications.erase(expected.notifications.begin());
        expected.notifications.push_back(last);
    }
    const auto is = euicc::encode_state(s), ought = euicc::encode_state(expected);
    return is && ought && *is == *ought ? "" : "coming back has changed something";
}

namespace {
std::string text_of_events(const State& s, uint64_t less) {
    std::string out;
    for (const auto& n : s.notifications) {
        const auto pir = asn1::decode<rsp::ProfileInstallationResult>(n.der);
        const bool failed = pir && pir->profile_installation_result_data.value.final_result.is.index() != 0;
        out += numbered("notification", n.seq - less) + numbered(" of", n.operation) + " to " + n.address +
               (n.iccid ? " about " + to_text(*n.iccid) : "") +
               (pir ? failed ? " failed" : " installed" : "") + "\n";
    }
    for (const auto& r : s.results) {
        out += numbered("result", r.seq - less);
        const auto decoded = asn1::decode<rsp::EuiccPackageResult>(r.der);
        if (const auto* ok = decoded ? std::get_if<0>(&decoded->is) : nullptr) {
            const auto& data = ok->euicc_package_result_data_signed.value;
            out += " for " + std::string(data.eim_id) + numbered(" counter", data.counter_value) + " " +
                   hex(data.euicc_result.content);
        }
        out += "\n";
    }
    return out;
}
} // namespace

std::string summary(const euicc::CardContent& content, uint64_t less) {
    const auto state = euicc::decode_state(content.state);
    HALYARD_ASSERT(state);
    const State& s = *state;
    const auto image = [&](uint16_t number) {
        const auto whole = euicc::decode_image(content.images.at(number));
        HALYARD_ASSERT(whole);
        return hex(crypto::sha256({*euicc::encode_image(*whole)}));
    };
    std::string out = numbered("next", s.next_seq - less) + numbered(" ISD-P", s.next_profile) + " token " +
                      std::to_string(s.next_token) + (s.installing ? " installing" : "") + "\n";
    for (const auto& p : s.profiles)
        out += to_text(p.iccid) + numbered(" ISD-P", p.number) + (p.enabled ? " enabled" : " disabled") +
               (p.fallback ? " fallback " : " ") + p.nickname + numbered(" memory", p.memory) + " image " +
               image(p.number) + " metadata " + hex(crypto::sha256({p.metadata})) + "\n";
    for (const auto& e : s.eims)
        out += e.id + numbered(" counter", e.counter) + " token " + std::to_string(e.token.value_or(0)) +
               " " + hex(crypto::sha256({e.configuration})) + "\n";
    out += text_of_events(s, less);
    if (s.rollback)
        out += "rollback to " + to_text(s.rollback->back_to) + " for " + s.rollback->eim_id +
               numbered(" counter", s.rollback->counter) +
               numbered(" granted", s.rollback->granted_seq - less) +
               numbered(" last", s.rollback->last_seq - less) + "\n";
    for (const auto& back : {s.return_from_fallback, s.return_from_emergency})
        if (back) out += "returns to " + to_text(*back) + "\n";
    return out + (s.emergency_active ? "emergency " : "") + (s.immediate_enable.flag ? "immediate " : "") +
           s.default_smdp + "\n";
}

} // namespace halyard::loop
