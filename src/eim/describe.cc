#include "eim/describe.h"
#include "rsp/status_code.h"

namespace halyard::eim {

std::string reason_name(rsp::ErrorReason reason) {
    for (const auto& n : asn1_names(reason))
        if (n.value == static_cast<int64_t>(reason)) return n.name;
    return "reason " + std::to_string(static_cast<int>(reason));
}

std::string describe_failure(Bytes error_response) {
    using rsp::Es9Function;
    const auto say = [](Es9Function f, const char* what, auto code) {
        const auto n = static_cast<uint8_t>(code);
        const auto status = rsp::status_of(f, n);
        return std::string(": ") + what + " " + std::to_string(n) +
               (status ? " (" + status->message + ")" : "");
    };
    const auto t = asn1::read_tlv(error_response);
    if (!t) return {};
    if (t->tag == 0xBF39) {
        const auto r = asn1::decode<rsp::InitiateAuthenticationResponse>(error_response);
        if (r && r->is.index() == 1)
            return say(Es9Function::initiate_authentication, "initiateAuthentication", std::get<1>(r->is));
    } else if (t->tag == 0xBF3B) {
        const auto r = asn1::decode<rsp::AuthenticateClientResponseEs9>(error_response);
        if (r && r->is.index() == 1)
            return say(Es9Function::authenticate_client, "authenticateClient", std::get<1>(r->is));
    } else if (t->tag == 0xBF3A) {
        const auto r = asn1::decode<rsp::GetBoundProfilePackageResponse>(error_response);
        if (r && r->is.index() == 1)
            return say(Es9Function::get_bound_profile_package, "getBoundProfilePackage", std::get<1>(r->is));
    }
    return {};
}

} // namespace halyard::eim
