#include "apps/common/request_scope.h"

namespace halyard::app {
namespace {
thread_local RequestScope* innermost = nullptr;
}

RequestScope::RequestScope(Admit admit) : outer_(innermost), admit_(std::move(admit)) { innermost = this; }
RequestScope::~RequestScope() { innermost = outer_; }

std::optional<net::Response> RequestScope::begin(const char* interface, const char* function) {
    if (!innermost) return std::nullopt;
    innermost->interface_ = interface;
    innermost->function_ = function;
    return innermost->admit_ ? innermost->admit_(*innermost) : std::nullopt;
}
void RequestScope::end(std::string outcome) {
    if (innermost) innermost->outcome_ = std::move(outcome);
}

} // namespace halyard::app
