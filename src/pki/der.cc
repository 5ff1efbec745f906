#include "pki/der.h"
#include "asn1/tlv.h"
#include <cstdio>

namespace halyard::pki::der {

OwnedBytes tlv(uint8_t tag, std::initializer_list<Bytes> parts) {
    OwnedBytes content;
    for (Bytes part : parts) append(content, part);
    return asn1::tlv(tag, content);
}

OwnedBytes oid(std::string_view dotted) {
    const auto content = asn1::oid_from_text(dotted);
    HALYARD_ASSERT(content);
    return tlv(0x06, {*content});
}

OwnedBytes integer(Bytes big_endian) {
    while (big_endian.size() > 1 && big_endian[0] == 0) big_endian = big_endian.subspan(1);
    const uint8_t zero[] = {0x00};
    const bool padded = big_endian.empty() || big_endian[0] & 0x80;
    return tlv(0x02, {padded ? Bytes(zero) : Bytes{}, big_endian});
}

OwnedBytes integer(uint64_t value) {
    uint8_t octets[8];
    for (int i = 7; i >= 0; --i, value >>= 8) octets[i] = static_cast<uint8_t>(value);
    return integer(Bytes(octets));
}

Result<OwnedBytes> time(Time t, const char* where) {
    using namespace std::chrono;
    const sys_time<milliseconds> at{milliseconds(t.count())};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(at) - day};
    const int year = static_cast<int>(date.year());
    if (year < 1950 || year > 9999) return fail(Errc::bad_value, where, static_cast<uint32_t>(year));
    char out[32];
    const bool utc = year < 2050;
    std::snprintf(out,
                  sizeof out,
                  utc ? "%02d%02u%02u%02d%02d%02dZ" : "%04d%02u%02u%02d%02d%02dZ",
                  utc ? year % 100 : year,
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text(utc ? 0x17 : 0x18, out);
}

OwnedBytes extension(std::string_view id, bool critical, Bytes value) {
    const uint8_t yes[] = {0x01, 0x01, 0xFF};
    return sequence({oid(id), critical ? Bytes(yes) : Bytes{}, tlv(0x04, {value})});
}

OwnedBytes ecdsa_sha256() { return sequence({oid("1.2.840.10045.4.3.2")}); }

OwnedBytes signed_by(Bytes tbs, Bytes signature) {
    const uint8_t no_unused_bits[] = {0x00};
    return sequence({tbs, ecdsa_sha256(), tlv(0x03, {no_unused_bits, signature})});
}

OwnedBytes authority_key(Bytes key_id) { return sequence({tlv(0x80, {key_id})}); }

OwnedBytes full_name(std::span<const std::string> uris) {
    OwnedBytes names;
    for (const std::string& uri : uris) append(names, text(0x86, uri));
    return tlv(0xA0, {tlv(0xA0, {names})});
}

} // namespace halyard::pki::der
