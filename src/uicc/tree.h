#pragma once
// Finding files in an installed image. Nothing here changes or forbids anything.
#include "profile/image.h"

namespace halyard::uicc {
using profile::FileKind, profile::Image, profile::Node;

inline constexpr uint16_t kMf = 0x3F00, kCurrentAdf = 0x7FFF;

inline uint16_t fid_at(Bytes b, size_t i) { return static_cast<uint16_t>(b[i] << 8 | b[i + 1]); }

/// Child with this FID; those of a linked directory are its target's. ADFs are not found: their FIDs are of
/// use inside a profile package only, a terminal selects them by AID. ETSI TS 102 221 §8.3
std::optional<uint32_t> child_of(const Image&, uint32_t directory, uint16_t fid);
/// EF of the directory with this SFI (1 to 30).
std::optional<uint32_t> by_sfi(const Image&, uint32_t directory, unsigned sfi);
/// Index of the file that holds the content: where a linked file leads to.
uint32_t content_of(const Image&, uint32_t file);
/// The ADF that holds the file or is it; nullopt outside any.
std::optional<uint32_t> application_of(const Image&, uint32_t file);

/// Content of the EF below a directory by FIDs; nullptr when there is none.
const OwnedBytes* content_at(const Image&, uint32_t directory, std::initializer_list<uint16_t> path);
/// Service n (from 1 on) of a USIM's EF.UST. 3GPP TS 31.102 §4.2.8
bool has_service(const Image&, uint32_t adf, size_t n);

/// Life cycle status octet. ETSI TS 102 221 §11.1.1.4.9
inline bool is_deactivated(const Node& n) { return (n.life & 0xFD) == 0x04; }
inline bool is_terminated(const Node& n) { return (n.life & 0xFC) == 0x0C; }

/// Index of a PIN by its key reference, as seen from a directory: a local one (81…) of that directory or of
/// one above it, a global one (01…) of the card. ETSI TS 102 221 §9.5
std::optional<size_t> pin_of(const Image&, uint16_t reference, uint32_t directory);

/// Record of EF.ARR that rules the file; empty when there is none, and then nothing is allowed. ETSI TS 102
/// 221 §9.2.7
Bytes rule_of(const Image&, uint32_t file);

/// What a card without an enabled profile shows: MF, EF.ARR and EF.UMPC. SGP.22 §3.2.1
Image bare_card();

} // namespace halyard::uicc
