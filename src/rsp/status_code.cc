#include "rsp/status_code.h"

namespace halyard::rsp {
namespace {
struct Row {
    Es9Function function;
    uint8_t error;
    const char *subject, *reason, *message;
};
constexpr auto kInitiate = Es9Function::initiate_authentication;
constexpr auto kClient = Es9Function::authenticate_client;
constexpr auto kPackage = Es9Function::get_bound_profile_package;
constexpr auto kCancel = Es9Function::cancel_session;

// Where an integer has two meanings in the JSON binding, the first row is the one it is read back as.
constexpr Row kRows[] = {
    {kInitiate, 1, "8.8.1", "3.8", "SM-DP+ address refused"},
    {kInitiate, 2, "8.8.3", "3.1", "SVN not supported"},
    {kInitiate, 3, "8.8.4", "3.7", "no certificate under a CI of the eUICC"},
    {kInitiate, 3, "8.8.2", "3.1", "no CI of the eUICC is trusted"},
    {kClient, 1, "8.1.2", "6.1", "EUM certificate invalid"},
    {kClient, 2, "8.1.2", "6.3", "EUM certificate expired"},
    {kClient, 3, "8.1.3", "6.1", "eUICC certificate invalid"},
    {kClient, 4, "8.1.3", "6.3", "eUICC certificate expired"},
    {kClient, 5, "8.1", "6.1", "eUICC signature or challenge invalid"},
    {kClient, 6, "8.2.6", "3.8", "matching id refused"},
    {kClient, 7, "8.1.1", "3.8", "EID does not match the order"},
    {kClient, 8, "8.2.5", "4.3", "no eligible profile"},
    {kClient, 9, "8.11.1", "3.9", "CI unknown"},
    {kClient, 10, "8.10.1", "3.9", "transaction id unknown"},
    {kClient, 11, "8.1", "4.8", "not enough memory on the eUICC"},
    {kClient, 127, "8.2", "1.2", "profile not released"},
    {kClient, 127, "8.8.5", "6.4", "too many download attempts"},
    {kClient, 127, "8.8.5", "4.10", "download order expired"},
    {kClient, 18, "8.8.5", "4.10", "download order expired"}, // v2.6: understood, not sent
    {kPackage, 1, "8.1", "6.1", "eUICC signature invalid"},
    {kPackage, 2, "8.2.7", "2.2", "confirmation code missing"},
    {kPackage, 3, "8.2.7", "3.8", "confirmation code refused"},
    {kPackage, 4, "8.2.7", "6.4", "confirmation code tried too often"},
    {kPackage, 5, "8.2", "3.7", "rebinding refused"},
    {kPackage, 6, "8.8.5", "4.10", "download order expired"},
    {kPackage, 95, "8.10.1", "3.9", "transaction id unknown"},
    {kCancel, 1, "8.10.1", "3.9", "transaction id unknown"},
    {kCancel, 2, "8.1", "6.1", "eUICC signature invalid"},
    {kCancel, 127, "8.8", "3.10", "SM-DP+ OID is not ours"},
};

// At an SM-DS. SGP.22 §5.8
constexpr Row kEs11Rows[] = {
    {kInitiate, 1, "8.9.1", "3.8", "SM-DS address refused"},
    {kInitiate, 2, "8.9.3", "3.1", "SVN not supported"},
    {kInitiate, 3, "8.9.4", "3.7", "no certificate under a CI of the eUICC"},
    {kInitiate, 3, "8.9.2", "3.1", "no CI of the eUICC is trusted"},
    {kClient, 1, "8.1.2", "6.1", "EUM certificate invalid"},
    {kClient, 2, "8.1.2", "6.3", "EUM certificate expired"},
    {kClient, 3, "8.1.3", "6.1", "eUICC certificate invalid"},
    {kClient, 4, "8.1.3", "6.3", "eUICC certificate expired"},
    {kClient, 5, "8.1", "6.1", "eUICC signature or challenge invalid"},
    {kClient, 6, "8.9.5", "3.9", "no such event for this EID"},
    {kClient, 7, "8.10.1", "3.9", "transaction id unknown"},
    {kClient, 127, "8.11.1", "3.9", "CI unknown"},
    {kCancel, 1, "8.10.1", "3.9", "transaction id unknown"},
    {kCancel, 2, "8.1", "6.1", "eUICC signature invalid"},
};
std::span<const Row> rows(Interface on) {
    return on == Interface::es11 ? std::span<const Row>(kEs11Rows) : std::span<const Row>(kRows);
}
} // namespace

uint8_t error_of(Es9Function function, const StatusCode& status, Interface on) {
    for (const Row& r : rows(on))
        if (r.function == function && status.is(r.subject, r.reason)) return r.error;
    return 127;
}

std::optional<StatusCode> status_of(Es9Function function, uint8_t error, Interface on) {
    for (const Row& r : rows(on))
        if (r.function == function && r.error == error && error != 127)
            return StatusCode{r.subject, r.reason, r.message};
    return std::nullopt;
}

} // namespace halyard::rsp
