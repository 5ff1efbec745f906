// AUTHENTICATE: the network is judged, and the sequence number kept, before anything is answered. 3GPP TS
// 31.102 §7.1, TS 31.103 §7.1
#include "uicc/aka.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
using Application = AkaCommand::Application;
std::optional<Application> kind_of(const Node& adf) {
    if (adf.is_usim()) return Application::usim;
    if (adf.is_isim()) return Application::isim;
    return std::nullopt;
}
} // namespace

// The application's own PIN, the first global one of its PIN status template, must be verified or off. ETSI
// TS 102 221 §9.5.1
bool Uicc::application_pin_satisfied(uint32_t adf) const {
    for (const uint8_t reference : image_.nodes[adf].pins)
        if (reference >= 0x01 && reference <= 0x08) return satisfied(reference, adf);
    return true;
}

OwnedBytes Uicc::authenticate(Channel& c, const Apdu& a, Backing& backing) {
    if (c.applet || !c.application) return sw(0x6985);
    const uint32_t adf = *c.application;
    const auto kind = kind_of(image_.nodes[adf]);
    const auto aka = kind ? Aka::open(image_, adf) : Result<Aka>(fail(Errc::not_found, "application"));
    if (!aka) return sw(0x6985);
    if (!application_pin_satisfied(adf)) return sw(0x6982);
    const auto own = std::ranges::find(image_.akas, aka->state_directory(), &profile::Aka::directory);
    if (own == image_.akas.end()) return sw(0x6985);
    const auto state = own->sqn.empty() ? Result<SqnState>(aka->initial_state()) : SqnState::from(own->sqn);
    if (!state) return sw(0x6581);
    const AkaServices services{.gsm_access = has_service(image_, adf, 27),
                               .gsm_security_context = has_service(image_, adf, 38)};
    const AkaAnswer reply = aka->authenticate(*kind, a.p1, a.p2, a.data, *state, services);
    if (reply.keep) {
        OwnedBytes before = owned(reply.keep->octets());
        own->sqn.swap(before);
        if (!commit(backing, {{profile::Changed::aka, static_cast<uint32_t>(own - image_.akas.begin())}})) {
            own->sqn.swap(before);
            return sw(0x6581);
        }
    }
    if (reply.status != 0x9000) return sw(reply.status);
    return answer(a, owned(reply.data.reveal()));
}

} // namespace halyard::uicc
