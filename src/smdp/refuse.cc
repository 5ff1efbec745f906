#include "smdp/refuse.h"

namespace halyard::smdp {
using rsp::Es9Function;

Result<rsp::Es9Answer> refused(Es9Function f, const char* subject, const char* reason, const char* message) {
    rsp::Es9Answer out{{}, rsp::StatusCode{subject, reason, message}};
    const uint8_t code = rsp::error_of(f, *out.failed);
    const auto encode = [&](auto response, auto error) -> Ok {
        response.is = static_cast<decltype(error)>(code);
        out.der = TRY(asn1::encode(response));
        return {};
    };
    switch (f) {
    case Es9Function::initiate_authentication:
        TRY(encode(rsp::InitiateAuthenticationResponse{},
                   rsp::InitiateAuthenticationResponse::InitiateAuthenticationError{}));
        break;
    case Es9Function::authenticate_client:
        TRY(encode(rsp::AuthenticateClientResponseEs9{},
                   rsp::AuthenticateClientResponseEs9::AuthenticateClientError{}));
        break;
    case Es9Function::get_bound_profile_package:
        TRY(encode(rsp::GetBoundProfilePackageResponse{},
                   rsp::GetBoundProfilePackageResponse::GetBoundProfilePackageError{}));
        break;
    case Es9Function::cancel_session:
        TRY(encode(rsp::CancelSessionResponseEs9{}, rsp::CancelSessionResponseEs9::CancelSessionError{}));
        break;
    case Es9Function::handle_notification: break; // it has no answer
    }
    return out;
}

} // namespace halyard::smdp
