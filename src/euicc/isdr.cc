#include "euicc/isdr.h"
#include "euicc/image_octets.h"
#include "rsp/dialect.h"

namespace halyard::euicc {

OwnedBytes signature_tlv(Bytes signature) {
    OwnedBytes out{0x5F, 0x37, static_cast<uint8_t>(signature.size())};
    append(out, signature);
    return out;
}

Result<Isdr> Isdr::open(const Identity& identity, CardStore& store, Random& random) {
    Isdr isdr(identity, store, random);
    if (const OwnedBytes stored = TRY(store.load()); !stored.empty()) isdr.state_ = TRY(decode_state(stored));
    TRY(isdr.split_format_1());
    TRY(isdr.interrupt());
    return isdr;
}

Ok Isdr::split_format_1() {
    if (state_.format == State::kFormat) return {};
    for (StoredProfile& p : state_.profiles) {
        if (!p.image) return fail(Errc::missing_field, "image");
        images_[p.number] = SecretBytes(*p.image);
        wipe(*p.image);
        p.image.reset();
    }
    state_.format = State::kFormat;
    dirty_ = true;
    return save();
}

// One commit for everything a command changed. A failed one leaves the card as it was before the command.
Ok Isdr::save() {
    if (!dirty_) return {};
    const OwnedBytes state = TRY(encode_state(state_));
    std::vector<CardWrite> writes{{CardWrite::What::state, 0, state}};
    for (const auto& [profile, image] : images_)
        writes.push_back(
            {image.empty() ? CardWrite::What::erase : CardWrite::What::image, profile, image.reveal()});
    if (const auto ok = store_->commit(writes); !ok) {
        TRY(restore());
        return ok;
    }
    dirty_ = false;
    images_.clear();
    if (std::exchange(key_spent_, false) && !one_time_keys_.empty()) one_time_keys_.pop_back();
    return {};
}

Ok Isdr::restore() {
    dirty_ = key_spent_ = switched_ = false;
    images_.clear();
    just_installed_.reset();
    const OwnedBytes stored = TRY(store_->load());
    state_ = stored.empty() ? State{} : TRY(decode_state(stored));
    return {};
}

Result<OwnedBytes> Isdr::handle(Bytes command) {
    switched_ = silent_ = false;
    if (command.empty()) return fail(Errc::truncated, "command");
    // Units of a bound profile package are no commands of their own; those that are, are served in between.
    // SGP.22 §5.7.6
    const uint8_t first = command[0];
    const bool unit = (first >= 0x86 && first <= 0x88) || (first >= 0xA0 && first <= 0xA3) ||
                      (first == 0xBF && command.size() > 1 && command[1] == 0x36);
    Reply reply = unit ? load_segment(command) : whole(command);
    if (!reply && dirty_) TRY(restore()); // an error after a change: take the change back
    if (const auto ok = save(); !ok) {
        if (unit) loading_.reset(), session_.reset();
        return fail(ok.error().code, ok.error().where, ok.error().detail);
    }
    return reply;
}

Result<OwnedBytes> Isdr::whole(Bytes command) {
    const asn1::Tlv tlv = TRY(asn1::read_tlv(command, "command"));
    if (!tlv.rest.empty()) return fail(Errc::bad_length, "command", static_cast<uint32_t>(tlv.rest.size()));
    return identity_->is_v1_0() ? translated(tlv.tag, command) : dispatch(tlv.tag, command);
}

// The functions speak v1.2. Around them a v1.0 card has its own forms, and of later functions it knows
// nothing. docs/adr/0007-dialects.md
Result<OwnedBytes> Isdr::translated(uint32_t tag, Bytes command) {
    using rsp::Edition, rsp::Path;
    const bool later = (tag >= 0xBF5B && tag <= 0xBF5F) || tag == 0xBF64 || tag == 0xBF65 || tag == 0xBF42;
    if (later) return fail(Errc::not_found, "tag", tag);
    OwnedBytes buffer(rsp::room_for(command.size()));
    const Bytes request = TRY(rsp::to_v12(Path::es10_command, command, Edition::v1_0, buffer)).message;
    const OwnedBytes answer = TRY(dispatch(TRY(asn1::read_tlv(request, "command")).tag, request));
    OwnedBytes out(rsp::room_for(answer.size()));
    return owned(TRY(rsp::from_v12(Path::es10_answer, answer, Edition::v1_0, out)));
}

Result<OwnedBytes> Isdr::dispatch(uint32_t tag, Bytes command) {
    before_ = before(tag);
    switch (tag) {
    case 0xBF20: TRY(asn1::decode<rsp::GetEuiccInfo1Request>(command)); return euicc_info1();
    case 0xBF21: return prepare_download(command);
    case 0xBF22: TRY(asn1::decode<rsp::GetEuiccInfo2Request>(command)); return euicc_info2();
    case 0xBF28: return list_notifications(command);
    case 0xBF29: return nickname(command);
    case 0xBF2B: return retrieve_notifications(command);
    case 0xBF2D: return profile_list(command);
    case 0xBF2E: TRY(asn1::decode<rsp::GetEuiccChallengeRequest>(command)); return challenge();
    case 0xBF30: return remove_notification(command);
    case 0xBF31: return enable(command);
    case 0xBF32: return disable(command);
    case 0xBF33: return delete_profile(command);
    case 0xBF34: return memory_reset(command, false);
    case 0xBF35: return load_crl(command);
    case 0xBF38: return authenticate_server(command);
    case 0xBF3C:
        TRY(asn1::decode<rsp::EuiccConfiguredAddressesRequest>(command));
        return configured_addresses();
    case 0xBF3E: return euicc_data(command);
    case 0xBF3F: return set_default_smdp(command, false);
    case 0xBF41: return cancel_session(command);
    case 0xBF42: return activate_ipae(command);
    case 0xBF43: TRY(asn1::decode<rsp::GetRatRequest>(command)); return rat();
    case 0xBF51: return load_package(command);
    case 0xBF55: return eim_configuration(command);
    case 0xBF56: return certs(command);
    case 0xBF57: return add_initial_eim(command);
    case 0xBF58: return rollback(command);
    case 0xBF59: return configure_immediate(command);
    case 0xBF5A: return immediate_enable(command);
    case 0xBF5B: return enable_emergency(command);
    case 0xBF5C: return disable_emergency(command);
    case 0xBF5D: return execute_fallback(command);
    case 0xBF5E: return return_from_fallback(command);
    case 0xBF5F: TRY(asn1::decode<rsp::GetConnectivityParametersRequest>(command)); return connectivity();
    case 0xBF64: return memory_reset(command, true);
    case 0xBF65: return set_default_smdp(command, true);
    default: return fail(Errc::not_found, "tag", tag);
    }
}

Ok Isdr::interrupt() {
    just_installed_.reset();
    if (loading_ && loading_->iccid) {
        TRY(fail_load(rsp::ErrorReason::install_failed_due_to_interruption));
    } else if (state_.installing) {
        // Power went, or a write failed. How far it had come is not known.
        rsp::FinalResult result;
        result.is = rsp::ErrorResult{.bpp_command_id = rsp::BppCommandId::load_profile_elements,
                                     .error_reason = rsp::ErrorReason::install_failed_due_to_interruption};
        const Installing interrupted = *state_.installing;
        TRY(installation_result(interrupted, result));
    }
    loading_.reset();
    session_.reset();
    return save();
}

Result<profile::Image> Isdr::image(uint16_t profile) const {
    StoredImage stored = TRY(store_->load_image(profile));
    auto image = decode_image(stored);
    patched_ = {.profile = profile, .image = stored.image.size()};
    wipe(stored.image);
    for (OwnedBytes& patch : stored.patches) {
        patched_.patches += patch.size();
        wipe(patch);
    }
    return image;
}

Ok Isdr::keep_image(uint16_t profile,
                    const profile::Image& image,
                    std::span<const profile::Changed> changed) {
    // Deleted, and the reset has not come yet?
    if (std::ranges::find(state_.profiles, profile, &StoredProfile::number) == state_.profiles.end())
        return fail(Errc::not_found, "profile", profile);
    bool whole = patched_.profile != profile || patched_.patches > std::max<size_t>(patched_.image, 4096);
    for (const profile::Changed& c : changed) whole |= c.part == profile::Changed::everything;
    const SecretBytes octets(TRY(whole ? encode_image(image) : encode_patch(image, changed)));
    const CardWrite write{whole ? CardWrite::What::image : CardWrite::What::patch, profile, octets.reveal()};
    TRY(store_->commit({&write, 1}));
    if (whole)
        patched_ = {.profile = profile, .image = octets.size()};
    else
        patched_.patches += octets.size();
    return {};
}

Counters Isdr::counters() const {
    Counters out{.next_seq = state_.next_seq};
    for (const Eim& e : state_.eims) out.eims[e.id] = e.counter;
    return out;
}

Ok Isdr::set_counters(const Counters& to) {
    state_.next_seq = to.next_seq;
    for (Eim& e : state_.eims)
        if (const auto at = to.eims.find(e.id); at != to.eims.end()) e.counter = at->second;
    dirty_ = true;
    return save();
}

Ok Isdr::put_image(const StoredProfile& p, const profile::Image& image) {
    OwnedBytes octets = TRY(encode_image(image));
    images_[p.number] = SecretBytes(octets);
    wipe(octets);
    dirty_ = true;
    return {};
}

Ok Isdr::preload(Bytes package, Bytes metadata, bool enable) {
    const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(metadata));
    if (state_.find(meta.iccid)) return fail(Errc::conflict, "iccid");
    if (enable && state_.enabled()) return fail(Errc::conflict, "enabled profile");
    profile::Platform platform;
    platform.memory = free_memory();
    const profile::Image image = TRY(profile::install(package, platform));
    if (image.iccid != meta.iccid) return fail(Errc::conflict, "iccid of metadata and profile");
    StoredProfile p{.iccid = meta.iccid, .number = state_.next_profile++, .enabled = enable};
    p.preloaded = true;
    p.metadata = owned(metadata);
    p.memory = image.memory();
    TRY(put_image(p, image));
    if (!identity_->keys.empty()) p.ci_key_id = identity_->keys.front().ci_key_id;
    state_.profiles.push_back(std::move(p));
    dirty_ = true;
    return save();
}

} // namespace halyard::euicc
