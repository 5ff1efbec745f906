#pragma once
// Inside this layer only. X.509 is small enough to be put together TLV by TLV; every length is known when its
// header is written.
#include "asn1/asn1.h"
#include "base/time.h"
#include <initializer_list>

namespace halyard::pki::der {

OwnedBytes tlv(uint8_t tag, std::initializer_list<Bytes> parts);
inline OwnedBytes sequence(std::initializer_list<Bytes> parts) { return tlv(0x30, parts); }
/// Of a constant, or of a text that was checked.
OwnedBytes oid(std::string_view dotted);
inline OwnedBytes text(uint8_t tag, std::string_view value) { return tlv(tag, {bytes_of(value)}); }
/// INTEGER, not negative.
OwnedBytes integer(uint64_t value);
OwnedBytes integer(Bytes big_endian);
/// UTCTime to 2049, GeneralizedTime from 2050 on. RFC 5280 §4.1.2.5. bad_value with `where` outside 1950 to
/// 9999.
Result<OwnedBytes> time(Time, const char* where);
OwnedBytes extension(std::string_view id, bool critical, Bytes value);
/// AlgorithmIdentifier of ecdsa-with-SHA256.
OwnedBytes ecdsa_sha256();
/// SIGNED: `tbs`, the algorithm and the signature as BIT STRING.
OwnedBytes signed_by(Bytes tbs, Bytes signature);
/// AuthorityKeyIdentifier with keyIdentifier only.
OwnedBytes authority_key(Bytes key_id);
/// fullName of a distribution point with these URIs: `A0 { A0 { 86 uri … } }`.
OwnedBytes full_name(std::span<const std::string> uris);

} // namespace halyard::pki::der
