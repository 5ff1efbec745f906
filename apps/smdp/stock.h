#pragma once
// The functions of ES2+ for the command line: the same core, no network. Calls are those of the profile's own
// operator. Errors: rejected with the name of the code's subject and reason.
#include "apps/smdp/site.h"

namespace halyard::smdp_app {

struct Confirmation {
    std::string eid, matching_id, code_file, smds;
    bool default_dp = false, release = false;
};
/// downloadOrder with the request's iccid or type, and its eid.
Result<smdp::Order> order_from_stock(Site&, const OrderRequest&);
Result<smdp::Order> confirm_order(Site&, const Iccid&, const Confirmation&);
Result<smdp::Order> release_profile(Site&, const Iccid&);
/// `available`: back into stock; otherwise withdrawn.
Result<smdp::Order> cancel_order(Site&, const smdp::Order&, bool available);

} // namespace halyard::smdp_app
