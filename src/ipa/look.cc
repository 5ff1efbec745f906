// Noticing what others did to the card, and that it sits in another device. SGP.32 §3.1.1.1, stateChangeCause
#include "ipa/hash.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Cause = rsp::StateChangeCause;
/// iccid, profileState, ecallIndication and fallbackAttribute of every profile. SGP.22 §5.7.15
constexpr uint8_t kGetProfiles[] = {0xBF, 0x2D, 0x09, 0x5C, 0x07, 0x5A, 0x9F, 0x70, 0x9F, 0x7B, 0x9F, 0x26};

Result<Bytes> ask_profiles(Context&, Buffer) { return Bytes(kGetProfiles); }

void see_profile(Seen& seen, Bytes profile) {
    uint64_t iccid = 0;
    bool enabled = false, emergency = false, fallback = false;
    const auto set = [](const asn1::Tlv& flag) { return flag.content.size() == 1 && flag.content[0] != 0; };
    (void)for_each_tlv(profile, [&](const asn1::Tlv& part) {
        if (part.tag == 0x5A) iccid = Hash().add(part.content).value();
        if (part.tag == 0x9F70) enabled = set(part);
        if (part.tag == 0x9F7B) emergency = set(part);
        if (part.tag == 0x9F26) fallback = set(part);
        return true;
    });
    ++seen.count;
    seen.profiles = (seen.profiles + iccid) & 0x7FFFFFFFFFFFFFFFu; // in whatever order they are listed
    if (!enabled) return;
    seen.enabled = iccid;
    seen.role = emergency ? Seen::Role::emergency : fallback ? Seen::Role::fallback : Seen::Role::other;
}

/// Why the profiles are others than those left behind, as far as it can be told from outside.
std::optional<Cause> cause_of(const Seen& before, const Seen& now) {
    if (before.profiles != now.profiles) return now.count < before.count ? Cause::reset : Cause::undefined;
    if (before.enabled == now.enabled) return std::nullopt;
    for (const Seen& seen : {now, before}) {
        if (seen.role == Seen::Role::emergency) return Cause::emergency_profile;
        if (seen.role == Seen::Role::fallback) return Cause::fallback;
    }
    return Cause::undefined;
}

Result<Next> take_profiles(Context& c, Bytes reply) {
    const auto response = TRY(asn1::read_tlv(reply, "profileInfoListResponse"));
    const auto list = TRY(asn1::read_tlv(response.content, "profileInfoListOk"));
    if (response.tag != 0xBF2D || list.tag != 0xA0) return fail(Errc::bad_tag, "profileInfoListOk", list.tag);
    Seen now{.valid = true};
    TRY(for_each_tlv(list.content, [&](const asn1::Tlv& profile) {
        see_profile(now, profile.content);
        return true;
    }));
    const Seen before = c.state.seen;
    c.state.seen = now;
    const auto cause = before.valid ? cause_of(before, now) : std::nullopt;
    if (cause) TRY(c.state_changed(*cause)); // saves
    if (!cause && before != now) TRY(c.save());
    return Next::advance;
}

/// The identity that the host gives: TAC and IMEI.
Ok look_at_device(Context& c) {
    Hash hash;
    hash.add(c.config.device.tac);
    if (c.config.device.imei) hash.add(*c.config.device.imei);
    const uint64_t before = c.state.device;
    if (before == hash.value()) return {};
    c.state.device = hash.value();
    return before ? c.state_changed(Cause::device_change) : c.save();
}

void done(Context& c) {
    c.looked = true;
    if (auto told = look_at_device(c); !told) c.note_error("state not saved", "look", told.error());
}
// Not every card lists its profiles. Its eIMs then learn of changes as far as they ask.
void failed(Context& c, const Step& step, const Error& error) {
    c.note_error("profiles not seen", step.name, error);
    c.state.seen = {};
    done(c);
}

constexpr Step kSteps[] = {
    {"ES10c.GetProfilesInfo", "SGP.22 §5.7.15", Peer::card, ask_profiles, take_profiles},
};
} // namespace
const Procedure kLook{"look", kSteps, done, failed};

void expect_change(Context& c) {
    c.state.seen = {};
    c.looked = false;
}
} // namespace halyard::ipa
