#include "ipa/dialect.h"

namespace halyard::ipa {
using rsp::Edition;

Edition edition_of_euicc(Bytes euicc_info2) {
    const auto info = asn1::decode<rsp::EuiccInfo2>(euicc_info2);
    return info ? rsp::edition_of(*info).value_or(Edition::v1_2) : Edition::v1_2;
}

Edition edition_of_eim(const Context& c) {
    const Edition own = c.config.edition;
    if (own == Edition::v1_0) return own; // it knows nothing else
    const PeerDialect* known = c.state.dialect_of(c.eims[c.eim].id.bytes());
    return known ? known->edition : own;
}

std::optional<Edition> other_edition(const Context& c, Edition used, Bytes message, Buffer scratch) {
    if (c.config.edition == Edition::v1_0) return std::nullopt;
    const auto old = rsp::from_v12(rsp::Path::esipa_request, message, Edition::v1_0, scratch);
    if (!old || same(*old, message)) return std::nullopt;
    return used == Edition::v1_0 ? c.config.edition : Edition::v1_0;
}

void learn_edition(Context& c, Edition edition) {
    c.state.set_dialect(c.serving().id, edition, c.config.edition);
    c.note("eim speaks", 0, rsp::name(edition));
    if (auto saved = c.save(); !saved) c.note_error("state not saved", "dialect", saved.error());
}

} // namespace halyard::ipa
