#pragma once
#include "ipa/epr.h"
#include "ipa/procedure.h"

namespace halyard::ipa {
// Steps and pieces that several procedures share.

/// BF2B without criteria: pending notifications. SGP.32 §5.9.11
inline constexpr uint8_t kRetrieveNotifications[] = {0xBF, 0x2B, 0x00};
/// BF2B {A0 {82}}: stored package results.
inline constexpr uint8_t kRetrieveResults[] = {0xBF, 0x2B, 0x04, 0xA0, 0x02, 0x82, 0x00};

Result<Bytes> ask_notifications(Context&, Buffer);
Result<Bytes> ask_results(Context&, Buffer);

/// BF50 around an EimPackageResult alternative, with the EID. SGP.32 §6.3.2.7
Result<Bytes> provide_result(Context&, Buffer out, Bytes alternative);
/// Reads a ProvideEimPackageResultResponse; keeps the acknowledged numbers that were offered and sets
/// Context::answered. rejected when the eIM did not take it.
Ok take_acknowledgements(Context&, Bytes reply);
/// BF30 for the next acknowledged number; nothing when all are done. SGP.32 §5.9.12
Result<Bytes> ask_removal(Context&, Buffer out);
Result<Next> take_removal(Context&, Bytes reply);
/// The two steps every delivery ends with.
inline constexpr Step kRemoveAcknowledged{
    "ES10b.RemoveNotificationFromList", "SGP.32 §3.3.1", Peer::card, ask_removal, take_removal};

/// The failure of a step that talked to the eIM being served, or of one that did not.
void failed_towards_eim(Context&, const Step&, const Error&);
/// True when all octets of `list` were offered: adds their numbers to Context::offered.
Ok offer_notifications(Context&, Bytes list);

/// Sets Context::download.run up from State::download. bad_value when the activation code cannot be read.
Ok prepare_download(Context&);
Result<ActivationCode> parse_activation_code(std::string_view);
/// A server's error alternative: remembered for the report, then the failure of the step.
tl::unexpected<Error> server_error(Context&, const char* where, uint64_t code, Bytes reply);
/// The eIM asked the SM-DS: the trigger in its answer starts a second download in place of this one.
Result<Next> take_smds_event(Context&, const rsp::AuthenticateClientOkDSEsipa&);
/// The SM-DS's own answer, BF40.
Result<Next> take_events(Context&, Bytes reply);
/// Ends the download duty with a report for the eIM: the installation result of `transaction`, or an error.
Ok report_installation(Context&);
Ok report_download_error(Context&);
/// What follows changes the profiles, and it is our doing: saved with the duty, so that it is not reported.
void expect_change(Context&);
/// A package of the eIM being served, BF51, BF52 or BF54: stored, or named in Context::follow. SGP.32 §3.3.1
Result<Next> take_eim_package(Context&, const asn1::Tlv& package);

/// A TransferEimPackageRequest, in `in`, of the eIM being served: what has to be done is in Context::follow.
void begin_transfer(Context&, Bytes message);
/// BF4E around an alternative that is the answer.
Ok answer_transfer(Context&, Bytes alternative);
/// Nothing follows any more: the answer is ready.
void end_transfer(Context&);

/// Removes the first item with this result from the outbox.
void drop_item(Context&, size_t index);

} // namespace halyard::ipa
