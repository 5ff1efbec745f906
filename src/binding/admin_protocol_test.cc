#include "base/log.h"
#include "base/tolerated.h"
#include "binding/admin_protocol.h"
#include <doctest/doctest.h>

using namespace halyard;
using binding::AdminProtocol;

namespace {
std::vector<std::string> lines;
struct Logged {
    Logged() {
        lines.clear();
        set_log_sink([](LogLevel, std::string_view line) { lines.emplace_back(line); });
    }
    ~Logged() { set_log_sink(nullptr); }
};
} // namespace

// The values are those that implementations in the field send.
TEST_CASE("when a peer names its edition, it is read whatever the case") {
    CHECK(*binding::protocol_from_text("gsma/rsp/v2.1.0") == AdminProtocol{2, 1, 0});
    CHECK(*binding::protocol_from_text("gsma/rsp/v1.3.0") == AdminProtocol{1, 3, 0});
    CHECK(*binding::protocol_from_text("GSMA/RSP/V2.2.2") == AdminProtocol{2, 2, 2});
    CHECK(*binding::protocol_from_text(" Gsma/Rsp/v2.5.0\t") == AdminProtocol{2, 5, 0});
    CHECK(*binding::protocol_from_text("gsma/rsp/v3.10.999") == AdminProtocol{3, 10, 999});
    CHECK(binding::to_text({3, 10, 999}) == "gsma/rsp/v3.10.999");
}

TEST_CASE("when the header is none of these, it is refused by its name") {
    for (const char* odd : {"",
                            " ",
                            "http",
                            "gsma/rsp/",
                            "gsma/rsp/v",
                            "gsma/rsp/v2",
                            "gsma/rsp/v2.1",
                            "gsma/rsp/v2.1.",
                            "gsma/rsp/v2..0",
                            "gsma/rsp/v..",
                            "gsma/rsp/v2.1.x",
                            "gsma/rsp/v2.1.0.0",
                            "gsma/rsp/v2.1.0 beta",
                            "gsma/rsp/v-2.1.0",
                            "gsma/rsp/v2.1.1000",
                            "gsma/rsp2/v2.1.0",
                            "v2.1.0"}) {
        CAPTURE(std::string(odd));
        const auto read = binding::protocol_from_text(odd);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Errc::bad_value);
        CHECK(std::string_view(read.error().where) == "X-Admin-Protocol");
    }
}

TEST_CASE("when a server answers, it is with the peer's edition up to its own, and else with its own") {
    const AdminProtocol ours{2, 5, 0};
    CHECK(binding::answered_protocol("gsma/rsp/v2.2.2", ours, ours) == "gsma/rsp/v2.2.2");
    CHECK(binding::answered_protocol("GSMA/RSP/v2.5.0", ours, ours) == "gsma/rsp/v2.5.0");
    CHECK(binding::answered_protocol("gsma/rsp/v2.10.0", ours, ours) == "gsma/rsp/v2.5.0");
    CHECK(binding::answered_protocol("gsma/rsp/v3.1.0", ours, ours) == "gsma/rsp/v2.5.0");
    CHECK(binding::answered_protocol("gsma/rsp/v3.1.0", ours) == "gsma/rsp/v3.1.0");
    CHECK(binding::answered_protocol("nonsense", ours) == "gsma/rsp/v2.5.0");
}

TEST_CASE(
    "when peers come again, only what is new about them is logged, and never what they chose to write") {
    const Logged logged;
    const size_t before = tolerated("version that cannot be read", "X-Admin-Protocol");
    binding::note_protocol("192.0.2.1:1000", "gsma/rsp/v2.1.0");
    binding::note_protocol("192.0.2.1:1001", "gsma/rsp/v2.1.0");
    binding::note_protocol("192.0.2.2:1000", "gsma/rsp/v1.3.0");
    binding::note_protocol("192.0.2.1:1002", "gsma/rsp/v2.5.0");
    CHECK(lines == std::vector<std::string>{"X-Admin-Protocol of 192.0.2.1: gsma/rsp/v2.1.0",
                                            "X-Admin-Protocol of 192.0.2.2: gsma/rsp/v1.3.0",
                                            "X-Admin-Protocol of 192.0.2.1: gsma/rsp/v2.5.0"});
    for (int i = 0; i < 3; ++i) binding::note_protocol("192.0.2.3:1", "evil\nline");
    CHECK(lines.back() == "X-Admin-Protocol of 192.0.2.3: unreadable");
    CHECK(tolerated("version that cannot be read", "X-Admin-Protocol") == before + 3);
    binding::note_protocol("192.0.2.4:1", "");
    CHECK(lines.back() == "X-Admin-Protocol of 192.0.2.4: none");
    CHECK(tolerated("no version", "X-Admin-Protocol") >= 1);
}
