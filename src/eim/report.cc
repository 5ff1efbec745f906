// What a device says of itself when it polls: unsigned, shown and acted on with care. SGP.32 §3.1.1.1
#include "eim/server.h"

namespace halyard::eim {

// A cause without notifyStateChange means nothing. SGP.32 §5.14.5
void Server::take_report(Turn& turn, const rsp::GetEimPackageRequest& request) {
    Device& device = turn.device;
    if (request.notify_state_change) {
        device.state_change =
            static_cast<int64_t>(request.state_change_cause.value_or(rsp::StateChangeCause::undefined));
        device.state_changed = turn.now;
        turn.device_changed = true;
    }
    if (request.rplmn && device.rplmn != request.rplmn) {
        device.rplmn = request.rplmn;
        turn.device_changed = true;
    }
}

} // namespace halyard::eim
