#pragma once
// What a running server wants to know of each request, told by the bindings that serve it.
#include "net/http.h"
#include <functional>
#include <optional>

namespace halyard::app {

/// While it lives, the request on this thread is its own. Scopes nest; the innermost counts. Without one,
/// what the bindings tell is dropped and every request is admitted.
class RequestScope {
  public:
    /// Asked once the function is known, before it runs; an answer is sent in its place.
    using Admit = std::function<std::optional<net::Response>(const RequestScope&)>;
    explicit RequestScope(Admit admit = {});
    ~RequestScope();
    RequestScope(const RequestScope&) = delete;
    RequestScope& operator=(const RequestScope&) = delete;

    /// Both names must be string literals: "ES9+", "initiateAuthentication".
    static std::optional<net::Response> begin(const char* interface, const char* function);
    /// "ok", or subject and reason codes: "8.2.6/3.8".
    static void end(std::string outcome);

    const char* interface() const { return interface_; }
    const char* function() const { return function_; }      // "" when none was found
    const std::string& outcome() const { return outcome_; } // "" when no function answered

  private:
    RequestScope* outer_;
    Admit admit_;
    const char* interface_ = "";
    const char* function_ = "";
    std::string outcome_;
};

} // namespace halyard::app
