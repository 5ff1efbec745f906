#pragma once
// Compact forms: signed objects without the parts that the eIM knows anyway. They travel between IPA and eIM
// only. The signature is over the full object, so what is put back must give the same octets. SGP.32 §3.2.3.2
#include "rsp/es10.h"

namespace halyard::rsp {

/// What an eIM puts back. Views; empty: not known.
struct SessionFacts {
    Bytes transaction_id;
    std::string_view server_address; // of serverSigned1
    Bytes server_challenge;          // of serverSigned1
    Bytes euicc_info2;               // BF22…; its extCardResource comes anew with each object
    Bytes ctx_params1;               // A0…, when the eIM made it
    Raw euicc_certificate, eum_certificate;
    Bytes bpp_euicc_otpk;                      // offered in smdpSigned2
    Bytes hash_cc;                             // sent by the eIM
    Bytes smdp_oid;                            // content octets
    std::optional<CancelSessionReason> reason; // which the eIM caused
    std::optional<Iccid> iccid;                // of the metadata announced
};

// The full object, at the end of the caller's buffer. Errors: missing_field with the name of what is not
// known, no_space, and bad_value for what is not compact.

/// BF38… of BF38….
Result<Bytes> expand_authenticate(Bytes response, const SessionFacts&, Buffer);
/// BF21….
Result<Bytes> expand_prepare(const PrepareDownloadResponse&, const SessionFacts&, Buffer);
/// BF41….
Result<Bytes> expand_cancel(const CancelSessionResponse&, const SessionFacts&, Buffer);
/// BF37… of an installation result, 30… of another notification.
Result<Bytes> expand_notification(const PendingNotification&, const SessionFacts&, Buffer);

inline bool is_compact(const AuthenticateServerResponse& r) { return r.is.index() == 2; }
inline bool is_compact(const PrepareDownloadResponse& r) { return r.is.index() == 2; }
inline bool is_compact(const CancelSessionResponse& r) { return r.is.index() == 2; }
inline bool is_compact(const PendingNotification& n) { return n.is.index() >= 2; }

/// The AID of every ISD-P but for its octets 14 and 15. SGP.02 §2.2.3
inline constexpr std::array<uint8_t, 13> kIsdpAidPrefix = {
    0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00};
/// What a simaResponse is when a compact result leaves it out.
inline constexpr std::array<uint8_t, 9> kUsualSimaResponse = {
    0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};

} // namespace halyard::rsp
