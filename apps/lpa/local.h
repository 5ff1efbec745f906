#pragma once
// What a consumer LPA does with the profiles that are there, and with what the card has to tell servers.
// SGP.22 §3.2, §3.5, §5.7
#include "apps/lpa/card.h"
#include "apps/lpa/servers.h"
#include "rsp/eim_package.h"

namespace halyard::lpa {

struct Profile {
    Iccid iccid{};
    bool enabled = false;
    std::string name, provider, nickname;
    rsp::ProfileClass profile_class = rsp::ProfileClass::operational;
};
Result<std::vector<Profile>> profiles(Card&);

/// ES10c. rejected "enableResult", "disableResult", "deleteResult" with the card's code. The card is
/// restarted after a switch, as its REFRESH asks for.
Ok enable(Card&, const Iccid&);
Ok disable(Card&, const Iccid&);
Ok remove(Card&, const Iccid&);
/// rejected "setDefaultDpAddressResult". SGP.22 §5.7.4
Ok set_default_smdp(Card&, std::string_view address);

struct Pending {
    uint64_t number = 0;
    std::string event; // install, enable, disable, delete
    std::string address;
    std::optional<Iccid> iccid;
    OwnedBytes octets;             // PendingNotification
    std::optional<Error> not_sent; // after deliver()
    bool sent = false;
};
/// In rising order of their numbers.
Result<std::vector<Pending>> notifications(Card&);
/// HandleNotification for each, RemoveNotificationFromList for those that were taken. What waits for a server
/// that does not answer does not hold up the rest; later ones for the same server wait behind it.
Result<std::vector<Pending>> deliver(Card&, Servers&);

} // namespace halyard::lpa
