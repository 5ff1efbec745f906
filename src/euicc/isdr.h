#pragma once
// The ISD-R: every ES10a/b/c function as octets in, octets out, over the card's state. The APDU layer is
// card.h.
#include "base/random.h"
#include "euicc/card_store.h"
#include "euicc/state.h"
#include "rsp/bsp.h"
#include "rsp/chain.h"
#include "rsp/token.h"

namespace halyard::euicc {

/// What a download session knows; lost at reset. SGP.22 §3.1.3
struct Session {
    std::array<uint8_t, 16> challenge{};
    bool authenticated = false;
    OwnedBytes transaction_id;
    const KeySet* keys = nullptr;                       // those that sign for this session
    std::optional<crypto::Certificate> server, binding; // CERT.DPauth, CERT.DPpb
    const KeySet* server_ci = nullptr;                  // the CI the server is under
    std::string server_address;
    OwnedBytes smdp_oid; // content octets
    crypto::Signature euicc_signature1{};
    bool prepared = false;
};

/// A one-time key pair that has not been used yet: offered again when the SM-DP+ asks for it. SGP.22 §5.7.5
struct OneTimeKey {
    crypto::PrivateKey key;
    OwnedBytes smdp_oid;
};

/// Progress of LoadBoundProfilePackage over its segments.
struct Loading {
    enum class Phase : uint8_t { configure, metadata_header, metadata, keys_or_elements, elements, done };
    Phase phase = Phase::configure;
    rsp::Bsp bsp;
    uint64_t metadata_left = 0, elements_left = 0; // octets announced by A1 and A3
    rsp::BppCommandId command = rsp::BppCommandId::initialise_secure_channel;
    OwnedBytes dp_oid, metadata;
    std::optional<Iccid> iccid;
    std::optional<profile::Installer> installer;
};

class Isdr {
  public:
    /// Loads the state. Errors: those of the store and of decode_state.
    static Result<Isdr> open(const Identity&, CardStore&, Random&);

    /// One ES10 command: a complete TLV in, a complete TLV (or nothing) out. Errors: not_found "tag" (SW
    /// 6A88), bad_* and missing_field (SW 6A80), storage (SW 6581), rejected "conditions" (SW 6985), rejected
    /// with other status words as detail.
    Result<OwnedBytes> handle(Bytes command);
    /// A segment of a bound profile package that is no complete TLV of its own (a header alone).
    bool loading() const { return loading_.has_value(); }
    /// Reset, or the ISD-R was left: sessions end; an interrupted installation leaves its result. SGP.22
    /// §5.7.6
    Ok interrupt();

    const State& state() const { return state_; }
    const Identity& identity() const { return *identity_; }
    uint64_t free_memory() const {
        return identity_->memory - std::min<uint64_t>(identity_->memory, state_.used_memory());
    }
    /// A profile put in at manufacture, without a download; `enable` as devices ship. For soft cards.
    Ok preload(Bytes package, Bytes metadata, bool enable);

  private:
    Isdr(const Identity& identity, CardStore& store, Random& random)
        : identity_(&identity), store_(&store), random_(&random) {}
    using Reply = Result<OwnedBytes>;
    Reply dispatch(uint32_t tag, Bytes command);
    Ok save();

    // info.cc
    Reply euicc_info1();
    Reply euicc_info2();
    Result<OwnedBytes> encode_info2();
    Reply euicc_data(Bytes);
    Reply configured_addresses();
    Reply rat();
    Reply certs(Bytes);
    Reply set_default_smdp(Bytes, bool iot);
    Reply connectivity();
    // auth.cc
    Reply challenge();
    Reply authenticate_server(Bytes);
    Reply prepare_download(Bytes);
    Reply cancel_session(Bytes);
    // load_bpp.cc
    Reply load_segment(Bytes);
    Reply initialise(Bytes);
    Reply segment(Bytes);
    Result<bool> configure(Bytes);
    Result<bool> store_metadata(Bytes);
    Result<bool> elements(Bytes);
    Reply finish_load(std::optional<rsp::ErrorReason> reason, Bytes sima_response);
    // profiles.cc
    Reply profile_list(Bytes);
    Result<OwnedBytes> encode_list(const rsp::ProfileInfoListRequest&, rsp::ProfileInfoListError* error);
    Reply enable(Bytes);
    Reply disable(Bytes);
    Reply delete_profile(Bytes);
    Reply nickname(Bytes);
    Reply memory_reset(Bytes, bool iot);
    bool policy_forbids(const StoredProfile&, rsp::PprIds rule) const;
    Ok switch_to(const Iccid* target, bool notify = true); // nullptr: nothing enabled
    Ok erase(const Iccid&);
    // notifications.cc
    Ok notify(const StoredProfile&, rsp::NotificationEvent);
    Reply list_notifications(Bytes);
    Reply retrieve_notifications(Bytes);
    Reply remove_notification(Bytes);
    // eim_config.cc
    Reply add_initial_eim(Bytes);
    Reply eim_configuration(Bytes);
    rsp::AddEimResult add_eim(const rsp::EimConfigurationData&);
    rsp::UpdateEimResult update_eim(const rsp::EimConfigurationData&, std::vector<Eim>& after_package);
    // load_euicc_package.cc
    friend struct PackageRun;
    Reply load_package(Bytes);
    Reply rollback(Bytes);
    const KeySet* signing_keys(const Eim&) const;
    Result<OwnedBytes> sign_result(const Eim&, const rsp::EuiccPackageResultDataSigned&);
    // immediate.cc
    Reply immediate_enable(Bytes);
    Reply configure_immediate(Bytes);
    Reply execute_fallback(Bytes);
    Reply return_from_fallback(Bytes);
    Reply enable_emergency(Bytes);
    Reply disable_emergency(Bytes);

    const Identity* identity_;
    CardStore* store_;
    Random* random_;
    State state_;
    OwnedBytes saved_; // the snapshot in the store
    bool dirty_ = false;
    std::optional<Session> session_;
    std::vector<OneTimeKey> one_time_keys_;
    std::optional<Loading> loading_;
    std::optional<Iccid> just_installed_; // context of ImmediateEnable
    OwnedBytes just_installed_oid_;
};

/// 5F37 40 r‖s: what "the signature" means inside other signatures' input. SGP.22 §5.7.5
OwnedBytes signature_tlv(Bytes signature);
using rsp::token_tlv;

} // namespace halyard::euicc
