#pragma once
// Whole messages from an edition of SGP.32 to v1.2 and back. Only envelopes change: signed and forwarded
// parts are copied octet for octet. docs/adr/0007-dialects.md; the differences: SGP.32 v1.1 change list
#include "base/octets.h"
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
    Bytes message;               // the input itself when nothing differs, otherwise in the buffer
    std::optional<Edition> seen; // only when no other edition writes it so (v1_1 stands for "not v1.0")
};

/// `known` decides what is ambiguous (81 with three octets in BF4F); absent: v1.2. Errors: as decoding, for
/// what no edition has; no_space (der.size() + 64 octets of buffer always suffice).
Result<Reading> to_v12(Path, Bytes der, std::optional<Edition> known, Buffer buffer);
/// The v1.2 message as that edition writes it. Errors: unsupported, naming the message or field, for what it
/// does not have and what cannot be left out without changing the meaning; what can be left out
/// (stateChangeCause) is.
Result<Bytes> from_v12(Path, Bytes der, Edition, Buffer buffer);

} // namespace halyard::rsp
