#pragma once
// Whole messages from an edition of SGP.32 to v1.2 and back. Only envelopes change: signed and forwarded
// parts are copied octet for octet. docs/adr/0007-dialects.md; the differences: docs/wire.md, "Dialects"
#include "base/octets.h"
#include "rsp/common.h"
#include "rsp/edition.h"
#include <optional>

namespace halyard::rsp {

enum class Path : uint8_t {
    esipa_request, // IPA -> eIM, and the IPA's answer to TransferEimPackage
    esipa_answer,  // eIM -> IPA, and TransferEimPackage itself
    es10_command,  // IPA -> eUICC
    es10_answer,   // eUICC -> IPA
};

/// A message in its v1.2 form, and what it says about who sent it.
struct Reading {
    Bytes message; // the input itself when nothing differs, otherwise in the buffer
    /// Only when the form tells: v1_0, v1_1 or v1_3 when that edition alone writes it so; v1_2 when v1.0 does
    /// not and the later ones do ("not v1.0").
    std::optional<Edition> seen;
};

/// Octets of buffer that always suffice for a message of `size` octets.
constexpr size_t room_for(size_t size) { return 2 * size + 64; }

/// `known` decides what is ambiguous (`80` with one octet in a profileDownloadError); absent: v1.2. Errors:
/// those of read_tlv, naming the field; bad_tag, missing_field and bad_value for what no edition has;
/// no_space.
Result<Reading> to_v12(Path, Bytes der, std::optional<Edition> known, Buffer buffer);
/// The v1.2 message as that edition writes it: the input itself when nothing differs, otherwise in the
/// buffer. Errors: unsupported, naming the message or field, for what it does not have and what cannot be
/// left out without changing the meaning; what can be left out (stateChangeCause, transaction ids, the EID
/// beside a result) is.
Result<Bytes> from_v12(Path, Bytes der, Edition, Buffer buffer);

/// What an eUICC says of itself: the highest edition in iotVersion; later ones count as v1.3. Absent without
/// iotSpecificInfo. SGP.32 §5.9.2
std::optional<Edition> edition_of(const EuiccInfo2&);

} // namespace halyard::rsp
