#include "apps/smdp/es9.h"
#include "apps/common/es9_http.h"

namespace halyard::smdp_app {
namespace {
net::Response not_here(std::string_view path) {
    constexpr std::string_view kOther[] = {"/gsma/rsp2/es2plus/", "/gsma/rsp2/es12/", "/gsma/rsp2/es15/"};
    for (const std::string_view other : kOther)
        if (path.starts_with(other)) return net::plain(404, "only ES9+ is served here");
    return net::plain(404, "no such function");
}
} // namespace

net::Response es9(smdp::Server& server, const net::Request& request, Time now) {
    if (!app::is_es9(request, rsp::Interface::es9p)) return not_here(request.path());
    return app::serve_es9(request, rsp::Interface::es9p, [&](rsp::Es9Function f, Bytes message) {
        return server.handle(f, message, now);
    });
}

} // namespace halyard::smdp_app
