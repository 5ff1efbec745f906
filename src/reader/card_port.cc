#include "reader/card_port.h"

namespace halyard::reader {

const char* name(Power power) {
    switch (power) {
    case Power::off: return "off";
    case Power::on: return "on";
    case Power::reset: return "reset";
    }
    return "";
}

Result<Answer> SoftPort::transmit(Bytes apdu) {
    if (mute_) return fail(Errc::unreachable, "mute card");
    return Answer{card_.transmit(apdu)};
}

// Without power nothing of a session is left, so switching off is the reset already.
Ok SoftPort::power(Power) {
    const Ok done = card_.reset();
    mute_ = !done;
    return done;
}

} // namespace halyard::reader
