#include "rsp/status_code.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using rsp::Es9Function, rsp::StatusCode;

namespace {
constexpr auto kInitiate = Es9Function::initiate_authentication;
constexpr auto kClient = Es9Function::authenticate_client;
constexpr auto kPackage = Es9Function::get_bound_profile_package;
constexpr auto kCancel = Es9Function::cancel_session;

// Subject and reason of SGP.22 §5.6 and the integers of the ASN.1 types of §6.6.
const struct {
    Es9Function function;
    const char *subject, *reason;
    uint8_t error;
    bool first; // of those with this integer: the one it is read back as
} kRows[] = {
    {kInitiate, "8.8.1", "3.8", 1, true},                                      // invalidDpAddress
    {kInitiate, "8.8.3", "3.1", 2, true},                                      // euiccVersionNotSupportedByDp
    {kInitiate, "8.8.4", "3.7", 3, true},                                      // ciPKNotSupported
    {kInitiate, "8.8.2", "3.1", 3, false}, {kClient, "8.1.2", "6.1", 1, true}, // eumCertificateInvalid
    {kClient, "8.1.2", "6.3", 2, true},                                        // eumCertificateExpired
    {kClient, "8.1.3", "6.1", 3, true},                                        // euiccCertificateInvalid
    {kClient, "8.1.3", "6.3", 4, true},                                        // euiccCertificateExpired
    {kClient, "8.1", "6.1", 5, true},                                          // euiccSignatureInvalid
    {kClient, "8.2.6", "3.8", 6, true},                                        // matchingIdRefused
    {kClient, "8.1.1", "3.8", 7, true},                                        // eidMismatch
    {kClient, "8.2.5", "4.3", 8, true},                                        // noEligibleProfile
    {kClient, "8.11.1", "3.9", 9, true},                                       // ciPKUnknown
    {kClient, "8.10.1", "3.9", 10, true},                                      // invalidTransactionId
    {kClient, "8.1", "4.8", 11, true},                                         // insufficientMemory
    {kClient, "8.2", "1.2", 127, false}, // undefinedError: no integers of their own
    {kClient, "8.8.5", "6.4", 127, false}, {kClient, "8.8.5", "4.10", 127, false},
    {kPackage, "8.1", "6.1", 1, true},     // euiccSignatureInvalid
    {kPackage, "8.2.7", "2.2", 2, true},   // confirmationCodeMissing
    {kPackage, "8.2.7", "3.8", 3, true},   // confirmationCodeRefused
    {kPackage, "8.2.7", "6.4", 4, true},   // confirmationCodeRetriesExceeded
    {kPackage, "8.2", "3.7", 5, true},     // bppRebindingRefused
    {kPackage, "8.8.5", "4.10", 6, true},  // downloadOrderExpired
    {kPackage, "8.10.1", "3.9", 95, true}, // invalidTransactionId
    {kCancel, "8.10.1", "3.9", 1, true},   // invalidTransactionId
    {kCancel, "8.1", "6.1", 2, true},      // euiccSignatureInvalid
    {kCancel, "8.8", "3.10", 127, false},  // undefinedError
};
} // namespace

TEST_CASE("when a function fails with a known code, the integer is the specified one and leads back") {
    for (const auto& row : kRows) {
        CAPTURE(std::string(row.subject) + "/" + row.reason);
        CHECK(rsp::error_of(row.function, {row.subject, row.reason, ""}) == row.error);
        if (!row.first) continue;
        const auto status = rsp::status_of(row.function, row.error);
        REQUIRE(status);
        CHECK(status->is(row.subject, row.reason));
        CHECK_FALSE(status->message.empty());
    }
}

TEST_CASE("when an integer is of no row, it has no codes") {
    for (const auto function : {kInitiate, kClient, kPackage, kCancel, Es9Function::handle_notification}) {
        std::set<unsigned> known;
        for (const auto& row : kRows)
            if (row.function == function && row.first) known.insert(row.error);
        for (unsigned error = 0; error < 256; ++error)
            CHECK(rsp::status_of(function, static_cast<uint8_t>(error)).has_value() ==
                  (known.contains(error) || (function == kClient && error == 18)));
    }
}

TEST_CASE("when codes are unknown, look alike or belong to another function, the error is undefined") {
    const struct {
        Es9Function function;
        const char *subject, *reason;
    } rows[] = {{kClient, "", ""},
                {kClient, "8.2.6", "3.80"},
                {kClient, "8.2.6", "3"},
                {kClient, "8.2.6 ", "3.8"},
                {kPackage, "8.8.5", "4.1"}, // 4.10 is not 4.1
                {kPackage, "8.2.6", "3.8"}, // authenticateClient's
                {kInitiate, "8.1", "6.1"},
                {Es9Function::handle_notification, "8.1", "6.1"}};
    for (const auto& row : rows) CHECK(rsp::error_of(row.function, {row.subject, row.reason, ""}) == 127);
}

TEST_CASE("when a peer of SGP.22 v2.6 says downloadOrderExpired, it is understood though we do not send it") {
    const auto status = rsp::status_of(kClient, 18);
    REQUIRE(status);
    CHECK(status->is("8.8.5", "4.10"));
    CHECK(rsp::error_of(kClient, *status) == 127);
}

// SGP.22 §5.8 and AuthenticateClientResponseEs11 of §6.6: 6 and 7 mean other things than on ES9+.
TEST_CASE("when an SM-DS fails, its codes and integers are those of ES11") {
    const auto on = rsp::Interface::es11;
    const struct {
        Es9Function function;
        const char *subject, *reason;
        uint8_t error;
        bool first;
    } rows[] = {
        {kInitiate, "8.9.1", "3.8", 1, true},
        {kInitiate, "8.9.3", "3.1", 2, true},
        {kInitiate, "8.9.4", "3.7", 3, true},
        {kInitiate, "8.9.2", "3.1", 3, false},
        {kClient, "8.1.2", "6.1", 1, true},  // eumCertificateInvalid
        {kClient, "8.1.2", "6.3", 2, true},  // eumCertificateExpired
        {kClient, "8.1.3", "6.1", 3, true},  // euiccCertificateInvalid
        {kClient, "8.1.3", "6.3", 4, true},  // euiccCertificateExpired
        {kClient, "8.1", "6.1", 5, true},    // euiccSignatureInvalid
        {kClient, "8.9.5", "3.9", 6, true},  // eventIdUnknown
        {kClient, "8.10.1", "3.9", 7, true}, // invalidTransactionId
        {kClient, "8.11.1", "3.9", 127, false},
        {kClient, "8.2.6", "3.8", 127, false}, // the SM-DP+'s
        {kCancel, "8.10.1", "3.9", 1, true},
        {kCancel, "8.1", "6.1", 2, true},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.subject) + "/" + row.reason);
        CHECK(rsp::error_of(row.function, {row.subject, row.reason, ""}, on) == row.error);
        if (!row.first) continue;
        const auto status = rsp::status_of(row.function, row.error, on);
        REQUIRE(status);
        CHECK(status->is(row.subject, row.reason));
    }
    CHECK_FALSE(rsp::status_of(kClient, 8, on));
    CHECK_FALSE(rsp::status_of(Es9Function::get_bound_profile_package, 1, on));
}

TEST_CASE("when codes are described, it is by the names of the lists, and by nothing a peer chose") {
    CHECK(rsp::describe({"8.2.6", "3.8", "what the peer says"}) == "8.2.6/3.8 (MatchingID refused)");
    CHECK(rsp::describe({"8.2.7", "2.2", ""}) == "8.2.7/2.2 (confirmation code mandatory element missing)");
    CHECK(rsp::describe({"8.8", "3.10", ""}) == "8.8/3.10 (SM-DP+ invalid association)");
    CHECK(rsp::describe({"8.8", "3.1", ""}) == "8.8/3.1 (SM-DP+ unsupported)");
    for (const auto& odd :
         {StatusCode{"", "", ""}, {"9.9", "3.8", ""}, {"8.2.6", "3.80", ""}, {"8.2.6\n", "3.8", ""}})
        CHECK(rsp::describe(odd) == "a status code that is not listed");
}

TEST_CASE("when ES9+ and ES11 have a code, its subject and reason are in the lists") {
    for (const auto on : {rsp::Interface::es9p, rsp::Interface::es11})
        for (const auto function : {kInitiate, kClient, kPackage, kCancel})
            for (unsigned error = 0; error < 256; ++error)
                if (const auto s = rsp::status_of(function, static_cast<uint8_t>(error), on)) {
                    CHECK(*rsp::subject_name(s->subject));
                    CHECK(*rsp::reason_name(s->reason));
                }
}
