#include "net/http_message.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net;

namespace {

constexpr HttpLimits kLimits{.header_bytes = 1024, .header_lines = 8, .body = 64};

/// Feeds everything at once, then octet by octet, and insists that both ways come to the same end.
Result<HttpReader> read(std::string_view text, HttpReader::Role role = HttpReader::Role::request) {
    HttpReader whole(role, kLimits);
    const auto taken = whole.feed(bytes_of(text));
    HttpReader slow(role, kLimits);
    Result<size_t> last(0);
    size_t sum = 0;
    for (size_t i = 0; last && i < text.size() && !slow.done(); ++i) {
        last = slow.feed(bytes_of(text.substr(i, 1)));
        if (last) sum += *last;
    }
    CHECK(taken.has_value() == last.has_value());
    if (!taken) {
        CHECK(std::string_view(taken.error().where) == (last ? "" : last.error().where));
        return tl::unexpected(taken.error());
    }
    CHECK(sum == *taken);
    CHECK(slow.at() == whole.at());
    return whole;
}

std::string_view refusal(std::string_view text, HttpReader::Role role = HttpReader::Role::request) {
    const auto reader = read(text, role);
    return reader ? "none" : reader.error().where;
}

std::string with(std::string_view fields, std::string_view body = "") {
    return "POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: eim\r\n" + std::string(fields) + "\r\n" +
           std::string(body);
}

std::string answer(std::string_view fields, std::string_view body = "") {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

} // namespace

TEST_CASE("when a request is whole, its parts are there") {
    auto reader =
        read(with("Content-Type: application/x-gsma-rsp-asn1\r\nX-Empty:\r\ncontent-length: 3\r\n", "abc"));
    REQUIRE(reader);
    REQUIRE(reader->done());
    CHECK(reader->keep_alive());
    const Request request = reader->take_request();
    CHECK(request.method == "POST");
    CHECK(request.target == "/gsma/rsp2/asn1");
    CHECK(request.headers.get("CONTENT-type") == "application/x-gsma-rsp-asn1");
    REQUIRE(request.headers.find("x-empty"));
    CHECK(request.headers.find("x-empty")->empty());
    CHECK(request.headers.find("absent") == nullptr);
    CHECK(text_of(request.body) == "abc");
}

TEST_CASE("when the target has a query, path and query come apart") {
    Request request{.target = "/orders?state=open"};
    CHECK(request.path() == "/orders");
    CHECK(request.query() == "state=open");
    request.target = "/orders";
    CHECK(request.path() == "/orders");
    CHECK(request.query().empty());
}

TEST_CASE("when more octets follow a message, they are left for the next one") {
    HttpReader reader(HttpReader::Role::request, kLimits);
    const std::string first = with("Content-Length: 2\r\n", "ab");
    const auto taken = reader.feed(bytes_of(first + "GET / HTTP/1.1\r\n"));
    REQUIRE(taken);
    CHECK(*taken == first.size());
    CHECK(reader.done());
}

TEST_CASE("when a request has no length, it has no body") {
    CHECK(read("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")->done());
    CHECK(read("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")->done());
}

TEST_CASE("when the body comes in chunks, it is put together and trailers are dropped") {
    auto reader = read(
        with("Transfer-Encoding: Chunked\r\n", "3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n"));
    REQUIRE(reader);
    REQUIRE(reader->done());
    const Request request = reader->take_request();
    CHECK(text_of(request.body) == "abc0123456789");
    CHECK(request.headers.find("X-T") == nullptr);
}

TEST_CASE("when two readers could disagree about the end of a request, it is refused") {
    CHECK(refusal(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) ==
          "transfer-encoding");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")) ==
          "transfer-encoding");
    CHECK(refusal(with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")) == "content-length");
    CHECK(refusal(with("Content-Length: 3\r\nContent-Length: 4\r\n", "abc")) == "content-length");
    for (const char* length : {"3,3", "3, 3", "+3", "-3", "0x3", "3 3", "", "3a", "9999999999999999999999"}) {
        CAPTURE(length);
        CHECK(refusal(with("Content-Length: " + std::string(length) + "\r\n", "abc")) == "content-length");
    }
    for (const char* coding :
         {"gzip, chunked", "chunked, chunked", "identity", "xchunked", "\"chunked\"", "chunked,", ""}) {
        CAPTURE(coding);
        CHECK(refusal(with("Transfer-Encoding: " + std::string(coding) + "\r\n")) == "transfer-encoding");
    }
    CHECK(refusal(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) ==
          "transfer-encoding");
}

TEST_CASE("when a field line is malformed, the request is refused") {
    CHECK(refusal(with("X-A: 1\r\n folded\r\n")) == "header");
    CHECK(refusal(with("X-A: 1\r\n\tfolded: x\r\n")) == "header");
    CHECK(refusal(with("Content-Length : 3\r\n", "abc")) == "header");
    CHECK(refusal(with(" Content-Length: 3\r\n", "abc")) == "header");
    CHECK(refusal(with("NoColon\r\n")) == "header");
    CHECK(refusal(with(": empty\r\n")) == "header");
    CHECK(refusal(with("X-A: a\rb\r\n")) == "header");
    CHECK(refusal(with("X-A: a\nX-B: b\r\n")) == "header");
    CHECK(refusal(with("X-A: a\x01\r\n")) == "header");
    CHECK(refusal(with(std::string("X-A: a\0b\r\n", 10))) == "header");
    CHECK(refusal(with("X\x80: a\r\n")) == "header");
    CHECK(refusal(with("X-A: \xC3\xB6\r\n")) == "none");
}

TEST_CASE("when the request line is malformed, the request is refused") {
    for (const char* line : {"GET /",
                             "GET  / HTTP/1.1",
                             "GET / x HTTP/1.1",
                             " GET / HTTP/1.1",
                             "G(T / HTTP/1.1",
                             "GET x HTTP/1.1",
                             "GET * HTTP/1.1",
                             "GET http://eim/ HTTP/1.1",
                             "GET /# HTTP/1.1",
                             "GET /\x80 HTTP/1.1",
                             "GET / http/1.1",
                             "GET / HTTP/1.1 "}) {
        CAPTURE(line);
        CHECK(refusal(std::string(line) + "\r\nHost: a\r\n\r\n") == "request line");
    }
    for (const char* version : {"HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.11", "HTTP/"})
        CHECK(refusal("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n") == "http version");
    CHECK(refusal("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "header");
    CHECK(refusal("GET / HTTP/1.1\nHost: a\n\n") == "header");
}

TEST_CASE("when Host is absent, empty or repeated, the request is refused") {
    CHECK(refusal("GET / HTTP/1.1\r\n\r\n") == "host");
    CHECK(refusal("GET / HTTP/1.1\r\nHost:\r\n\r\n") == "host");
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n") == "host");
}

TEST_CASE("when a limit is passed, it is the limit that is named") {
    std::string lines;
    for (int i = 0; i < 7; ++i) lines += "X: y\r\n";
    CHECK(refusal(with(lines)) == "none"); // 8 with Host
    CHECK(refusal(with(lines + "X: y\r\n")) == "header");
    CHECK(refusal(with("X: " + std::string(1024, 'a') + "\r\n")) == "header");
    CHECK(refusal(std::string(2000, 'G')) == "header");
    CHECK(refusal(with("Content-Length: 64\r\n", std::string(64, 'a'))) == "none");
    CHECK(refusal(with("Content-Length: 65\r\n")) == "body");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "41\r\n")) == "body");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "20\r\n" + std::string(32, 'a') + "\r\n21\r\n")) ==
          "body");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "1;" + std::string(300, 'a') + "\r\n")) == "header");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "0\r\n" + lines + "X: y\r\nX: y\r\n")) == "header");
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(1100, 'a'))) == "header");
    CHECK(read(with("Content-Length: 65\r\n")).error().code == Errc::limit);
}

TEST_CASE("when a chunk is malformed, the request is refused") {
    for (const char* body : {"x\r\n",
                             "\r\n",
                             "-1\r\n",
                             "+1\r\n",
                             "0x1\r\n",
                             "1 \r\na\r\n",
                             "000000001\r\na\r\n",
                             "1\na\n",
                             "1\r\nab\r\n",
                             "1;a\nb\r\n",
                             "1;\x01\r\n"}) {
        CAPTURE(body);
        CHECK(refusal(with("Transfer-Encoding: chunked\r\n", body)) == "chunk");
    }
    CHECK(refusal(with("Transfer-Encoding: chunked\r\n", "0\r\nno colon\r\n\r\n")) == "header");
}

TEST_CASE("when a request is cut anywhere, it is not done and no error is invented") {
    const std::string whole = with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    for (size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        auto reader = read(whole.substr(0, size));
        REQUIRE(reader);
        CHECK_FALSE(reader->done());
        CHECK(reader->end().error().code == Errc::truncated);
    }
}

TEST_CASE("when the sender waits for 100 Continue or announces the end, the reader says so") {
    const auto waiting = read(with("Expect: 100-Continue\r\nContent-Length: 3\r\n"));
    CHECK(waiting->expects_continue());
    CHECK_FALSE(waiting->expects_other());
    CHECK_FALSE(read(with("Expect: 100-continue\r\nContent-Length: 3\r\n", "a"))->expects_continue());
    CHECK(read(with("Expect: tea\r\n"))->expects_other());
    CHECK_FALSE(read(with("Connection: close\r\n"))->keep_alive());
    CHECK_FALSE(read(with("Connection: upgrade , Close\r\n"))->keep_alive());
    CHECK(read(with("Connection: keep-alive\r\n"))->keep_alive());
}

TEST_CASE("when an answer is whole, its parts are there") {
    auto reader =
        read(answer("Content-Type: application/json\r\nContent-Length: 2\r\nX-Admin-Protocol: a\r\n", "{}"),
             HttpReader::Role::response);
    REQUIRE(reader);
    REQUIRE(reader->done());
    const Response response = reader->take_response();
    CHECK(response.status == 200);
    CHECK(response.content_type == "application/json");
    CHECK(response.headers.get("x-admin-protocol") == "a");
    CHECK(text_of(response.body) == "{}");
}

TEST_CASE("when an answer has no length, the end of the connection ends it") {
    auto reader = read(answer("", "abc"), HttpReader::Role::response);
    REQUIRE(reader);
    CHECK_FALSE(reader->done());
    CHECK_FALSE(reader->keep_alive());
    REQUIRE(reader->end());
    CHECK(text_of(reader->take_response().body) == "abc");
    CHECK(refusal(answer("", std::string(65, 'a')), HttpReader::Role::response) == "body");
}

TEST_CASE("when an answer cannot have a body, none is waited for") {
    const auto role = HttpReader::Role::response;
    CHECK(read("HTTP/1.1 204 No Content\r\n\r\n", role)->done());
    CHECK(read("HTTP/1.1 204\r\n\r\n", role)->done());
    CHECK(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", role)->done());
    CHECK(read("HTTP/1.1 100 Continue\r\n\r\n", role)->done());
    HttpReader head(role, kLimits);
    head.expect_no_body();
    REQUIRE(head.feed(bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")));
    CHECK(head.done());
}

TEST_CASE("when a status line is malformed, the answer is refused") {
    for (const char* line : {"HTTP/2 200",
                             "HTTP/1.1 20",
                             "HTTP/1.1 2000",
                             "HTTP/1.1  200",
                             "HTTP/1.x 200 OK",
                             "HTTP/1.1 0200",
                             "HTTP/1.1 099 x",
                             "http/1.1 200 OK",
                             "ICY 200 OK ...",
                             "HTTP/1.1 200 \x01"}) {
        CAPTURE(line);
        CHECK(refusal(std::string(line) + "\r\n\r\n", HttpReader::Role::response) == "status line");
    }
    CHECK_FALSE(
        read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", HttpReader::Role::response)->keep_alive());
    CHECK(refusal("\r\nHTTP/1.1 200 OK\r\n\r\n", HttpReader::Role::response) == "header");
}

TEST_CASE("when a request is written, framing fields are ours alone") {
    Request request{
        .headers = {{"Content-Type", "application/json"}, {"content-length", "99"}, {"Host", "evil"}},
        .body = owned(bytes_of("{}"))};
    const auto octets = serialize(request, "/x", "eim.test:8443");
    REQUIRE(octets);
    CHECK(*octets == "POST /x HTTP/1.1\r\nHost: eim.test:8443\r\nContent-Type: application/json\r\n"
                     "Content-Length: 2\r\n\r\n{}");
    CHECK(*serialize(Request{.method = "GET"}, "/", "a") == "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_CASE("when a field would break the framing, the message is not written") {
    CHECK_FALSE(serialize(Request{.headers = {{"X", "a\r\nY: b"}}}, "/", "a"));
    CHECK_FALSE(serialize(Request{.headers = {{"X Y", "a"}}}, "/", "a"));
    CHECK_FALSE(serialize(Request{.method = "GET /"}, "/", "a"));
    CHECK_FALSE(serialize(Request{}, "/ HTTP/1.1\r\n", "a"));
    CHECK_FALSE(serialize(Request{}, "", "a"));
    CHECK_FALSE(serialize(Response{.content_type = "a\r\nb"}, {}));
    CHECK_FALSE(serialize(Response{.headers = {{"X", "a\nb"}}}, {}));
    CHECK_FALSE(serialize(Response{.status = 99}, {}));
    CHECK_FALSE(serialize(Response{.status = 1000}, {}));
}

TEST_CASE("when an answer is written, it has a length except for 204") {
    Response response{.content_type = "application/json",
                      .headers = {{"X-Admin-Protocol", "gsma/rsp/v2.1.0"}}};
    response.body = owned(bytes_of("{}"));
    CHECK(*serialize(response, {.date = http_date(784111777)}) ==
          "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
          "X-Admin-Protocol: gsma/rsp/v2.1.0\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(*serialize(Response{.status = 204, .content_type = "a/b"}, {.close = true}) ==
          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    CHECK(serialize(response, {.head = true})->ends_with("Content-Length: 2\r\n\r\n"));
    CHECK(*serialize(plain(404, "no"), {}) ==
          "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno");
    CHECK(*serialize(plain(299), {}) == "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("when a field is set, every older one of that name is gone") {
    Headers headers{{"A", "1"}, {"a", "2"}, {"B", "3"}};
    headers.set("A", "4");
    CHECK(headers.count("a") == 1);
    CHECK(headers.get("A") == "4");
    CHECK(headers.size() == 2);
}
