#include "rsp/es2p.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using rsp::ServerFunction;

// SGP.22 §6.5.2
TEST_CASE("when a function between servers is looked for by its path, it is that one; others are named") {
    const struct {
        const char *path, *interface;
        bool notification;
    } rows[] = {{"/gsma/rsp2/es2plus/downloadOrder", "ES2+", false},
                {"/gsma/rsp2/es2plus/confirmOrder", "ES2+", false},
                {"/gsma/rsp2/es2plus/cancelOrder", "ES2+", false},
                {"/gsma/rsp2/es2plus/releaseProfile", "ES2+", false},
                {"/gsma/rsp2/es2plus/handleDownloadProgressInfo", "ES2+", true},
                {"/gsma/rsp2/es12/registerEvent", "ES12", false},
                {"/gsma/rsp2/es12/deleteEvent", "ES12", false},
                {"/gsma/rsp2/es15/registerEvent", "ES15", false},
                {"/gsma/rsp2/es15/deleteEvent", "ES15", false},
                {"/gsma/rsp2/es2plus/handleNotification", "ES2+", true}};
    CHECK(rsp::server_functions().size() == std::size(rows));
    for (const auto& r : rows) {
        CAPTURE(std::string(r.path));
        const auto f = rsp::server_function_of_path(r.path);
        REQUIRE(f);
        CHECK(rsp::row(*f).function == *f);
        CHECK(std::string_view(rsp::row(*f).path) == r.path);
        CHECK(std::string_view(rsp::row(*f).interface) == r.interface);
        CHECK(std::string_view(r.path).ends_with(rsp::row(*f).name));
        CHECK(rsp::row(*f).notification == r.notification);
    }
    for (const char* other : {"",
                              "/gsma/rsp2/es2plus/",
                              "/gsma/rsp2/es2plus/downloadorder",
                              "/gsma/rsp2/es9plus/cancelSession",
                              "/gsma/rsp2/es12/downloadOrder"})
        CHECK(rsp::server_function_of_path(other).error().code == Errc::not_found);
}

TEST_CASE("when a function may fail with a code, its subject and reason are in the lists, and no code comes "
          "twice") {
    std::set<std::string> seen;
    for (const rsp::FunctionCode& c : rsp::function_codes()) {
        CAPTURE(std::string(c.subject) + "/" + c.reason);
        CHECK(*rsp::subject_name(c.subject));
        CHECK(*rsp::reason_name(c.reason));
        CHECK(*c.meaning);
        CHECK(seen.insert(std::to_string(static_cast<int>(c.function)) + c.subject + "/" + c.reason).second);
    }
    for (const rsp::GenericCode& c : rsp::generic_codes()) {
        CHECK(*rsp::subject_name(c.subject));
        CHECK(*rsp::reason_name(c.reason));
    }
    CHECK(rsp::code_for(ServerFunction::download_order, "8.1.1", "3.10").message == "linked to another EID");
    CHECK(rsp::code_for(ServerFunction::release_profile, "1.6", "2.2").message ==
          "mandatory element missing");
}

// The counts of SGP.22 §5.3.1 to §5.3.4 and §5.9.
TEST_CASE("when the codes of each function are counted, none is missing") {
    const struct {
        ServerFunction function;
        size_t count;
    } rows[] = {{ServerFunction::download_order, 8},
                {ServerFunction::confirm_order, 10},
                {ServerFunction::cancel_order, 7},
                {ServerFunction::release_profile, 5}};
    for (const auto& r : rows) {
        size_t count = 0;
        for (const rsp::FunctionCode& c : rsp::function_codes()) count += c.function == r.function;
        CHECK(count == r.count);
    }
}
