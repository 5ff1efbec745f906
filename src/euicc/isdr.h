#pragma once
// The ISD-R: every ES10a/b/c function as octets in, octets out, over the card's state. The APDU layer is
// card.h.
#include "base/random.h"
#include "euicc/card_store.h"
#include "euicc/state.h"
#include "rsp/bsp.h"
#include "rsp/chain.h"
#include "rsp/crl.h"
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
    rsp::Role server_role = rsp::Role::dp_auth;         // or ds_auth
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
    enum class Phase : uint8_t {
        configure,
        metadata_header,
        metadata,
        keys_or_elements,
        elements_header,
        elements
    };
    /// Tag and length of a constructed object whose content may come in later segments.
    struct Head {
        asn1::Tag tag = 0;
        uint64_t length = 0;
        Bytes rest; // of the content, what stands in this segment
    };
    Phase phase = Phase::configure;
    rsp::Bsp bsp;
    uint64_t package_left = 0, part_left = 0; // octets announced by BF36, and by A1 or A3
    rsp::BppCommandId command = rsp::BppCommandId::initialise_secure_channel;
    OwnedBytes dp_oid, metadata;
    std::optional<Iccid> iccid;
    std::optional<profile::Installer> installer;
};

/// The context of ImmediateEnable: until a reset, the next session or its use. SGP.32 §5.9.15
struct JustInstalled {
    Iccid iccid{};
    OwnedBytes smdp_oid;
    std::string smdp_address;
};

/// Longest SM-DP+ address that is kept.
inline constexpr size_t kMaxAddress = 255;

/// What a switch that REFRESH tells of changed, kept until the terminal has answered. Lost at reset: then the
/// switch counts. SGP.32 §3.3.1
struct Undo {
    std::optional<Iccid> enabled; // before the command
    std::optional<Iccid> return_from_fallback, return_from_emergency;
    bool emergency_active = false;
    std::optional<Rollback> rollback;
    uint64_t first_seq = 0, end_seq = 0; // numbers of the switch's notifications
};

struct PackageHead; // package_run.h

class Isdr {
  public:
    /// Loads the state. Errors: those of the store and of decode_state.
    static Result<Isdr> open(const Identity&, CardStore&, Random&);

    /// One ES10 command: a complete TLV in, a complete TLV (or nothing) out. Errors: not_found "tag" (SW
    /// 6A88), bad_* and missing_field (SW 6A80), storage (SW 6581), rejected "conditions" (SW 6985), rejected
    /// with other status words as detail.
    Result<OwnedBytes> handle(Bytes command);
    /// A bound profile package is under way.
    bool loading() const { return loading_.has_value(); }
    /// Reset, or the ISD-R was left: sessions end; an interrupted installation leaves its result. SGP.22
    /// §5.7.6
    Ok interrupt();

    const State& state() const { return state_; }
    const Identity& identity() const { return *identity_; }
    uint64_t free_memory() const {
        return identity_->memory - std::min<uint64_t>(identity_->memory, state_.used_memory());
    }
    /// The file system of the profile of that ISD-P number as it is stored. Errors: not_found "image",
    /// storage, the decoder's.
    Result<profile::Image> image(uint16_t profile) const;
    /// The file system of a profile, in which its terminal or network changed something. One commit, of what
    /// changed; when it fails what is stored is as before. Errors: not_found "profile", storage.
    Ok keep_image(uint16_t profile, const profile::Image&, std::span<const profile::Changed>);
    Counters counters() const;
    /// For cards that shall misbehave: reader::FaultyCard. One commit. Error: storage.
    Ok set_counters(const Counters&);
    /// A proactive session is under way: functions that would need another one answer catBusy.
    void set_cat_busy(bool busy) { cat_busy_ = busy; }
    /// The last command switched profiles and wants the terminal to be told by REFRESH.
    bool refresh_ordered() const { return switched_ && !silent_; }
    /// The terminal refused REFRESH: profiles are as they were before it was ordered, unless the one to
    /// return to is gone. What was signed stays. One commit; when it fails the switch stands. Error: storage.
    Ok undo_switch();
    /// The last switch is final: the terminal took REFRESH, or was reset.
    void confirm_switch() { undo_.reset(); }
    /// A profile put in at manufacture, without a download; `enable` as devices ship. For soft cards.
    Ok preload(Bytes package, Bytes metadata, bool enable);

  private:
    Isdr(const Identity& identity, CardStore& store, Random& random)
        : identity_(&identity), store_(&store), random_(&random) {}
    using Reply = Result<OwnedBytes>;
    Reply whole(Bytes command);
    Reply translated(uint32_t tag, Bytes command);
    Reply dispatch(uint32_t tag, Bytes command);
    Ok save();
    Ok restore();
    Ok split_format_1();
    Ok put_image(const StoredProfile&, const profile::Image&);

    // info.cc
    Reply euicc_info1();
    Reply euicc_info2();
    Result<OwnedBytes> encode_info2();
    Reply euicc_data(Bytes);
    Reply configured_addresses();
    Reply rat();
    Reply certs(Bytes);
    Reply activate_ipae(Bytes);
    Reply set_default_smdp(Bytes, bool iot);
    Reply connectivity();
    // auth.cc
    Reply challenge();
    Reply authenticate_server(Bytes);
    Reply prepare_download(Bytes);
    Reply cancel_session(Bytes);
    // crl.cc
    Reply load_crl(Bytes);
    /// The parts that are still missing.
    tl::expected<std::vector<uint64_t>, rsp::LoadCrlResponseError> take_crl(const rsp::Crl&,
                                                                            const KeySet& ci);
    bool is_revoked(const crypto::Certificate&) const;
    // load_bpp.cc
    Reply load_segment(Bytes);
    Reply initialise(Bytes);
    Reply segment(Bytes);
    Reply configure(const Loading::Head&);
    Reply begin_metadata(const Loading::Head&);
    Reply store_metadata(Bytes);
    bool rules_are_allowed(const rsp::StoreMetadataRequest&) const;
    Reply replace_keys(const Loading::Head&);
    Reply begin_elements(const Loading::Head&);
    Reply elements(Bytes);
    Reply fail_load(rsp::ErrorReason);
    Reply install();
    Reply installation_result(const Installing&, const rsp::FinalResult&);
    Installing session_installing() const;
    // profiles.cc
    Reply profile_list(Bytes);
    Result<OwnedBytes> encode_list(const rsp::ProfileInfoListRequest&, rsp::ProfileInfoListError* error);
    Reply enable(Bytes);
    Reply disable(Bytes);
    Reply delete_profile(Bytes);
    Reply nickname(Bytes);
    bool only_by_package() const;
    bool policy_forbids(const StoredProfile&, rsp::PprIds rule) const;
    bool is_emergency(const StoredProfile&) const;
    const StoredProfile* emergency_profile() const;        // nullptr: none
    Ok switch_to(const Iccid* target, bool notify = true); // nullptr: nothing enabled
    Ok erase(const Iccid&);
    // memory_reset.cc
    Reply memory_reset(Bytes, bool iot);
    // refresh.cc
    std::optional<Undo> before(uint32_t tag) const;
    void remember_switch(uint64_t first_seq);
    // notifications.cc
    void keep_notification(StoredNotification);
    Ok notify(const StoredProfile&, rsp::NotificationEvent);
    Reply list_notifications(Bytes);
    Reply retrieve_notifications(Bytes);
    Reply remove_notification(Bytes);
    // eim_config.cc
    Reply add_initial_eim(Bytes);
    Reply eim_configuration(Bytes);
    rsp::AddEimResult add_eim(rsp::EimConfigurationData, std::vector<Eim>& eims);
    rsp::UpdateEimResult update_eim(rsp::EimConfigurationData, std::vector<Eim>& eims);
    const KeySet* signing_keys(const Eim&) const;
    // load_euicc_package.cc; the operations are in package_run.cc
    friend class PackageRun;
    Reply load_package(Bytes);
    std::optional<rsp::EuiccPackageErrorCode> refusal(const PackageHead&, const Eim&, size_t size) const;
    Reply execute(const PackageHead&, Eim&, Bytes eim_signature);
    OwnedBytes bound_to(const Eim&, Bytes eim_signature) const;
    Reply sign_result(const Eim&, const rsp::EuiccPackageResultDataSigned&, Bytes eim_signature);
    Reply sign_error(const Eim&, const PackageHead&, rsp::EuiccPackageErrorCode, Bytes eim_signature);
    void keep_result(uint64_t seq, OwnedBytes der);
    Reply rollback(Bytes);
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
    bool dirty_ = false;
    /// Images to be put or, empty, erased by the next commit, by ISD-P number.
    std::map<uint16_t, SecretBytes> images_;
    /// What stands in the store of the image that was changed last: when its patches outgrow it, it is put
    /// anew.
    mutable struct {
        uint16_t profile = 0;
        size_t image = 0, patches = 0; // octets
    } patched_;
    std::optional<Session> session_;
    std::vector<OneTimeKey> one_time_keys_;
    std::optional<Loading> loading_;
    bool cat_busy_ = false;
    bool switched_ = false, silent_ = false; // by the last command; without refreshFlag
    bool key_spent_ = false;                 // the last one-time key goes with the next commit
    std::optional<JustInstalled> just_installed_;
    std::optional<Undo> before_, undo_; // of the command being served; of the last switch
};

/// 5F37 40 r‖s: what "the signature" means inside other signatures' input. SGP.22 §5.7.5
OwnedBytes signature_tlv(Bytes signature);
using rsp::token_tlv;

} // namespace halyard::euicc
