#pragma once
// Octets that the tests of the dialects build their messages of; lengths worked out by hand.
#include "rsp/dialect.h"
#include "rsp/es10b_iot.h"
#include "rsp/esipa.h"
#include <doctest/doctest.h>
#include <string>

#define EID "5A10 89049032123451234512345678901235" // 18 octets
// A result of one enable, signature of two octets: BF51 { A0 { 30 { eimId 3, counter 3, transaction 6, number
// 3, 30 { 830100 } 5 } signature 5 } }: 20; 22 + 5 = 27; 29
#define RESULT "BF511D A01B 3014 800165 810101 820401020304 830107 3003 830100 5F3702AABB"
#define RESULT_BARE "A01B 3014 800165 810101 820401020304 830107 3003 830100 5F3702AABB"
// an unsigned error, bare and in its BF51
#define UNSIGNED_BARE "A206 800165 840101"
#define UNSIGNED "BF5108 A206 800165 840101"
// notifications: otherSignedNotification 30 { BF2F 13, signature 5, two certificates of 2 } = 22; 24
#define METADATA "BF2F0A 800103 81020640 0C0161"
#define OTHER "3016" METADATA "5F3702AABB 3000 3000"
// compact without and with the EID of v1.2: 13 + 5 = 18; with 18 more 36
#define COMPACT "A112" METADATA "5F3702AABB"
#define COMPACT_EID "A124" EID METADATA "5F3702AABB"
#define CERTIFICATES "A502 3000 A602 3000"

namespace halyard::rsp {
inline OwnedBytes octets(std::string_view text) { return *from_hex(text); }
/// A buffer of the size that always suffices.
struct Room {
    OwnedBytes octets;
    explicit Room(size_t message) : octets(room_for(message)) {}
    operator Buffer() { return octets; }
};
inline std::string where(const Error& e) { return e.where; }
inline std::string shown(std::optional<Edition> e) { return e ? name(*e) : "nothing"; }
} // namespace halyard::rsp
