#pragma once
#include "base/result.h"
#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace halyard::net {

/// Makes the acceptor listen on an address literal; the port, which the system chooses for 0. Errors:
/// bad_value "bind"; unreachable "bind" with the system's number.
inline Result<uint16_t>
listen(boost::asio::ip::tcp::acceptor& acceptor, const std::string& bind, uint16_t port, int backlog) {
    using boost::asio::ip::tcp;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(bind, error);
    if (error) return fail(Errc::bad_value, "bind");
    const tcp::endpoint endpoint(address, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(backlog, error);
    if (error) return fail(Errc::unreachable, "bind", static_cast<uint32_t>(error.value()));
    return acceptor.local_endpoint(error).port();
}

} // namespace halyard::net
