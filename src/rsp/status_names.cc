// The lists of subject and reason codes. SGP.22 §5.2.6
#include "rsp/status_code.h"

namespace halyard::rsp {
namespace {
struct Name {
    const char *code, *name;
};
constexpr Name kSubjects[] = {
    {"1", "generic"},
    {"1.1", "function requester"},
    {"1.2", "function provider"},
    {"1.2.1", "validity period"},
    {"1.6", "function"},
    {"8.1", "eUICC"},
    {"8.1.1", "EID"},
    {"8.1.2", "EUM certificate"},
    {"8.1.3", "eUICC certificate"},
    {"8.2", "profile"},
    {"8.2.1", "ICCID"},
    {"8.2.5", "profile type"},
    {"8.2.6", "MatchingID"},
    {"8.2.7", "confirmation code"},
    {"8.2.8", "profile policy rules"},
    {"8.2.9", "profile metadata"},
    {"8.2.10", "bound profile package"},
    {"8.8", "SM-DP+"},
    {"8.8.1", "SM-DP+ address"},
    {"8.8.2", "security configuration of the SM-DP+"},
    {"8.8.3", "SVN at the SM-DP+"},
    {"8.8.4", "SM-DP+ certificate"},
    {"8.8.5", "download order"},
    {"8.9", "SM-DS"},
    {"8.9.1", "SM-DS address"},
    {"8.9.2", "security configuration of the SM-DS"},
    {"8.9.3", "SVN at the SM-DS"},
    {"8.9.4", "SM-DS certificate"},
    {"8.9.5", "event record"},
    {"8.10.1", "TransactionID"},
    {"8.11.1", "CI public key"},
    {"8.31.2", "eimTransactionId"}, // SGP.32 §5.14.1
};
constexpr Name kReasons[] = {
    {"1.1", "unknown"},
    {"1.2", "not allowed"},
    {"2.1", "invalid"},
    {"2.2", "mandatory element missing"},
    {"2.3", "conditional element missing"},
    {"3.1", "unsupported"},
    {"3.2", "maximum size exceeded"},
    {"3.3", "already in use"},
    {"3.4", "invalid destination"},
    {"3.5", "invalid transition"},
    {"3.6", "related objects exist"},
    {"3.7", "unavailable"},
    {"3.8", "refused"},
    {"3.9", "unknown"},
    {"3.10", "invalid association"},
    {"3.11", "value has changed"},
    {"3.12", "invalid match"},
    {"4.2", "execution error"},
    {"4.3", "stopped on warning"},
    {"4.4", "execution problem"},
    {"4.8", "insufficient memory"},
    {"4.10", "time to live expired"},
    {"5.1", "inaccessible"},
    {"5.2", "timeout"},
    {"5.3", "time to live expired"},
    {"5.4", "not completed"}, // the lists known to us have its number only
    {"6.1", "verification failed"},
    {"6.3", "expired"},
    {"6.4", "maximum retries exceeded"},
};
const char* name_of(std::span<const Name> names, std::string_view code) {
    for (const Name& n : names)
        if (code == n.code) return n.name;
    return "";
}
} // namespace

const char* subject_name(std::string_view code) { return name_of(kSubjects, code); }
const char* reason_name(std::string_view code) { return name_of(kReasons, code); }

std::string describe(const StatusCode& status) {
    const std::string_view subject = subject_name(status.subject), reason = reason_name(status.reason);
    if (subject.empty() || reason.empty()) return "a status code that is not listed";
    return status.subject + '/' + status.reason + " (" + std::string(subject) + ' ' + std::string(reason) +
           ')';
}

} // namespace halyard::rsp
