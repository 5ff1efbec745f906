#pragma once
// Which edition of SGP.32 each side speaks. The steps know v1.2 only; the engine translates at the edge.
// docs/adr/0007-dialects.md
#include "ipa/context.h"
#include "rsp/dialect.h"

namespace halyard::ipa {

/// The highest edition that an EUICCInfo2 (BF22) names; v1.2 when it names none or cannot be read.
rsp::Edition edition_of_euicc(Bytes euicc_info2);
/// How the eIM being served is written to: as it was seen to speak, else in the device's own edition.
rsp::Edition edition_of_eim(const Context&);
/// What else may be tried when the eIM refused `message` (in its v1.2 form) in edition `used`; nothing when
/// the device knows no other, or when that would be the same octets. `scratch` is written to.
std::optional<rsp::Edition> other_edition(const Context&, rsp::Edition used, Bytes message, Buffer scratch);
/// The eIM being served speaks this: from now on it is written to so, also after a restart.
void learn_edition(Context&, rsp::Edition);

} // namespace halyard::ipa
