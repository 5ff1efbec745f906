#pragma once
// Every metric. docs/operations.md has the table; a test compares.
#include "apps/ops/metrics.h"

namespace halyard::ops::family {

using Type = Family::Type;
inline constexpr Family kBuild{"halyard_build_info", "1, with the version as label", Type::gauge};
inline constexpr Family kStart{"process_start_time_seconds", "When the process began", Type::gauge};
inline constexpr Family kMemory{"process_resident_memory_bytes", "Resident memory", Type::gauge};
inline constexpr Family kDraining{"halyard_draining", "1 while the server ends", Type::gauge};
inline constexpr Family kRequests{
    "halyard_requests_total", "Requests by interface, function and outcome code", Type::counter};
inline constexpr Family kLatency{
    "halyard_request_seconds", "Time from a request's last octet to its answer", Type::histogram};
inline constexpr Family kLimited{
    "halyard_limited_total", "Requests answered 429, by the limit they were beyond", Type::counter};
inline constexpr Family kAccepted{"halyard_connections_total", "Connections taken in", Type::counter};
inline constexpr Family kOpen{"halyard_connections_open", "Connections now", Type::gauge};
inline constexpr Family kConnectionsRefused{
    "halyard_connections_refused_total", "Connections closed at accept, by reason", Type::counter};
inline constexpr Family kHandshakes{
    "halyard_tls_handshakes_total", "TLS handshakes by result", Type::counter};
inline constexpr Family kShaking{"halyard_tls_handshakes_open", "TLS handshakes under way", Type::gauge};
inline constexpr Family kTimeouts{
    "halyard_timeouts_total", "Connections that were too slow and cut or answered 408", Type::counter};
inline constexpr Family kMalformed{
    "halyard_malformed_requests_total", "Requests refused for their framing or size", Type::counter};
inline constexpr Family kBusy{
    "halyard_busy_total", "Requests answered 503: the queue was full", Type::counter};
inline constexpr Family kWaiting{"halyard_requests_waiting", "Requests queued or being handled", Type::gauge};
inline constexpr Family kSessions{"halyard_sessions_open", "RSP sessions that have not ended", Type::gauge};
inline constexpr Family kOrders{"halyard_orders", "Profiles by state of their order", Type::gauge};
inline constexpr Family kPool{
    "halyard_pool_available", "Profiles in stock, by operator and type", Type::gauge};
inline constexpr Family kPoolLow{
    "halyard_pool_low", "1 while a pool is below its low-water mark", Type::gauge};
inline constexpr Family kEvents{"halyard_events", "Event records", Type::gauge};
inline constexpr Family kOutbox{
    "halyard_outbox_messages", "Messages that others have not acknowledged", Type::gauge};
inline constexpr Family kOutboxAge{"halyard_outbox_oldest_seconds", "Age of the oldest of them", Type::gauge};
inline constexpr Family kDeviations{
    "halyard_deviations_total", "What peers sent that is not as specified, by kind", Type::counter};
inline constexpr Family kCertificate{
    "halyard_certificate_expiry_timestamp_seconds", "End of an own certificate's validity", Type::gauge};
inline constexpr Family kCertificateDays{
    "halyard_certificate_days_left", "Whole days until then, negative afterwards", Type::gauge};

inline constexpr Family kCrlAge{
    "halyard_crl_age_seconds", "Time since a revocation list's thisUpdate", Type::gauge};
inline constexpr Family kCrlNext{
    "halyard_crl_next_update_timestamp_seconds", "A revocation list's nextUpdate", Type::gauge};
inline constexpr Family kCrlEntries{"halyard_crl_entries", "Certificates that it revokes", Type::gauge};
inline constexpr Family kDenyEntries{"halyard_deny_list_entries", "Entries of the deny list", Type::gauge};
inline constexpr Family kDenied{
    "halyard_denied_total", "Who was refused by the deny list, by kind", Type::counter};
inline constexpr Family kListFailures{
    "halyard_list_failures_total", "Lists that could not be read or fetched", Type::counter};

} // namespace halyard::ops::family
