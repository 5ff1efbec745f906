#pragma once
// An eUICC and its IPA spoken by hand, so that each message to the SM-DP+ or SM-DS can be wrong in one point.
#include "tests/loop/world.h"
#include <functional>

namespace halyard::loop {

class Handset {
  public:
    /// How a message reaches the server and its answer comes back.
    using Exchange = std::function<Result<rsp::Es9Answer>(Bytes message, Time now)>;

    Handset(const Pki&, Exchange, OwnedBytes server_oid, Random&, uint64_t number = 1);
    Handset(const Pki&, Smdp&, Random&, uint64_t number = 1);
    Handset(const Eid&,
            pki::Credential euicc,
            OwnedBytes eum_certificate,
            OwnedBytes ci_key_id,
            OwnedBytes smdp_oid,
            Exchange,
            Random&);

    // What the messages say; a test changes what is to be wrong.
    Eid eid{};
    pki::Credential euicc;
    OwnedBytes euicc_certificate, eum_certificate;
    std::string smdp_address = kSmdpAddress, server_address = kSmdpAddress, matching_id;
    std::array<uint8_t, 3> svn{2, 5, 0};
    std::vector<OwnedBytes> verification, signing; // CI key identifiers
    OwnedBytes card_resource = {0x81, 0x01, 0x00, 0x82, 0x04, 0x00, 0x08, 0x00, 0x00};
    rsp::EuiccInfo2 abilities{.profile_version = {3, 3, 1},
                              .uicc_capability = {0x01D801D6}}; // rest of EUICCInfo2
    OwnedBytes smdp_oid;                                        // content octets
    std::string confirmation_code;                              // empty: none is sent
    Time now = kBegin;

    // What was learnt from the answers.
    OwnedBytes transaction_id, server_signed1, smdp_signed2, smdp_signature2, euicc_signature1;
    OwnedBytes server_challenge, offered_otpk, bound;
    bool code_required = false;
    std::array<uint8_t, 16> challenge{};
    crypto::PrivateKey otsk; // drawn by initiate(); a retry keeps it by new_otpk = false
    bool new_otpk = true;

    OwnedBytes initiate_message();
    OwnedBytes client_message();
    OwnedBytes package_message();
    OwnedBytes cancel_message(rsp::CancelSessionReason);
    /// `error` 0: success.
    OwnedBytes installation_message(uint64_t sequence, std::string_view iccid, int error = 0);
    OwnedBytes notification_message(uint64_t sequence, std::string_view iccid, rsp::NotificationEvent);

    rsp::Es9Answer send(Bytes);
    // Sends and keeps what the answer tells.
    rsp::Es9Answer initiate();
    rsp::Es9Answer authenticate();
    rsp::Es9Answer package();
    /// All three; false when one was refused.
    bool download();

  private:
    Exchange exchange_;
    Random& random_;
};

/// "8.2.6/3.8", or "" for success.
std::string codes(const rsp::Es9Answer&);
/// The part of "1$address$matchingId" behind the last $.
std::string matching_id_of(const std::string& activation_code);

} // namespace halyard::loop
