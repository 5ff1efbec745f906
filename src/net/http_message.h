#pragma once
#include "net/http.h"
#include <ctime>
#include <limits>

namespace halyard::net {

struct HttpLimits {
    size_t header_bytes = 16 * 1024; // start line, fields and trailers
    size_t header_lines = 64;
    size_t body = 1024 * 1024;
};

/// Reads one HTTP/1.1 message from octets as they come, without I/O. Everything on which two implementations
/// could disagree about where a message ends is refused (SR-50): repeated or odd Content-Length,
/// Content-Length beside Transfer-Encoding, codings other than chunked, folded lines, bare CR or LF, space
/// before the colon.
class HttpReader {
  public:
    enum class Role : uint8_t { request, response };
    enum class At : uint8_t { start, header, body, done };

    HttpReader(Role role, HttpLimits limits) : role_(role), limits_(limits) {}

    /// Takes octets up to the end of the message; the count taken is less than given only once done.
    /// Errors name the element: bad_value "request line", "status line", "header", "host", "content-length",
    /// "transfer-encoding", "chunk"; limit "header", "body"; unsupported "transfer-encoding", "http version".
    Result<size_t> feed(Bytes octets);

    /// The connection ended: complete only for an answer that is delimited by it, else truncated.
    Ok end();

    At at() const { return at_; }
    bool done() const { return at_ == At::done; }
    size_t body_received() const { return body_.size(); }
    /// The sender waits for "100 Continue" before it sends the body. RFC 9110 §10.1.1
    bool expects_continue() const;
    /// It expects something that we do not know: 417.
    bool expects_other() const;
    /// What may follow on the connection is another message.
    bool keep_alive() const { return keep_alive_; }

    int status() const { return status_; }
    Request take_request();
    Response take_response();

    /// For the answer to a HEAD request, which has no body whatever it says.
    void expect_no_body() { no_body_ = true; }

  private:
    enum class Framing : uint8_t { none, length, chunk_size, chunk_data, chunk_end, trailer, until_close };

    Result<size_t> feed_head(Bytes octets);
    Result<size_t> feed_body(Bytes octets);
    Result<size_t> feed_counted(Bytes octets);
    Result<size_t> feed_line(Bytes octets);
    Ok end_line();
    Ok parse_head();
    Ok parse_request_line(std::string_view line);
    Ok parse_status_line(std::string_view line);
    Ok parse_field(std::string_view line);
    Ok settle_framing();
    Ok settle_length(bool chunked);
    Ok take_chunk_size(std::string_view line);

    Role role_;
    HttpLimits limits_;
    At at_ = At::start;
    Framing framing_ = Framing::none;
    bool keep_alive_ = true;
    bool no_body_ = false;
    int status_ = 0;
    size_t header_used_ = 0;
    size_t lines_ = 0;
    uint64_t remaining_ = 0;
    std::string line_; // the head so far, or one line of chunked framing
    std::string method_;
    std::string target_;
    Headers headers_;
    OwnedBytes body_;
};

/// The octets of a head and body; Content-Length is always written (peers may not understand chunks), fields
/// that would break the framing are refused. Errors: bad_value "request header" or "response header".
Result<std::string> serialize(const Request& request, std::string_view target, std::string_view authority);
/// IMF-fixdate. RFC 9110 §5.6.7
std::string http_date(time_t now);
struct ResponseContext {
    bool close = false;         // announce the end of the connection
    bool head = false;          // the request was HEAD
    std::string_view date = {}; // empty: no such field
};
Result<std::string> serialize(const Response& response, const ResponseContext& context);

} // namespace halyard::net
