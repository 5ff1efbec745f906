#pragma once
#include "asn1/asn1.h"
#include <optional>

namespace halyard::rsp {
/// The association token as it is appended to what eIM and eUICC sign: `84 LL value`, `84 01 00` where none
/// is configured. SGP.32 §2.11.1.1
inline OwnedBytes token_tlv(std::optional<int64_t> token) {
    asn1::Scratch scratch;
    const Bytes value = asn1::save_integer(token.value_or(0), scratch);
    OwnedBytes out{0x84, static_cast<uint8_t>(value.size())};
    out.insert(out.end(), value.begin(), value.end());
    return out;
}
} // namespace halyard::rsp
