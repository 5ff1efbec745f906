// ESipa in JSON. Octets are put together by hand from the tag tables; JSON texts follow SGP.32 §6.4.1 and
// what peers send. Every pair of texts is read in both directions.
#include "binding/esipa_json.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using namespace halyard::binding;
using F = EsipaFunction;

namespace {
const std::string kOk = R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}})";
std::string failed(const std::string& subject, const std::string& reason) {
    return R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":{"subjectCode":")" +
           subject + R"(","reasonCode":")" + reason + R"("}}}})";
}
std::string base64_of(const std::string& hex_text) { return base64(*from_hex(hex_text)); }
std::string request(F f, const std::string& json) {
    const auto der = esipa_request_from_json(f, json);
    return der ? hex(*der) : std::string(name(der.error().code)) + " " + der.error().where;
}
std::string answer(F f, const std::string& json) {
    const auto der = esipa_answer_from_json(f, json);
    return der ? hex(*der) : std::string(name(der.error().code)) + " " + der.error().where;
}
std::string to_request(F f, const std::string& hex_text) {
    const auto json = esipa_request_to_json(f, *from_hex(hex_text));
    return json ? *json : std::string(name(json.error().code)) + " " + json.error().where;
}
std::string to_answer(F f, const std::string& hex_text) {
    const auto json = esipa_answer_to_json(f, *from_hex(hex_text));
    return json ? *json : std::string(name(json.error().code)) + " " + json.error().where;
}
bool same_json(const std::string& a, const std::string& b) {
    return nlohmann::json::parse(a) == nlohmann::json::parse(b);
}
constexpr const char* kEid = "89049032123451234512345678901235";
const std::string kSignature = "5F3740" + std::string(128, 'A');
} // namespace

TEST_CASE("every function has one path and one tag") {
    const std::pair<F, const char*> rows[] = {{F::initiate_authentication, "BF3900"},
                                              {F::authenticate_client, "BF3B00"},
                                              {F::get_bound_profile_package, "BF3A00"},
                                              {F::cancel_session, "BF4100"},
                                              {F::handle_notification, "BF3D00"},
                                              {F::get_eim_package, "BF4F00"},
                                              {F::provide_eim_package_result, "BF5000"},
                                              {F::transfer_eim_package, "BF4E00"}};
    for (const auto& [f, der] : rows) {
        CHECK(*esipa_function_of_message(*from_hex(der)) == f);
        CHECK(*esipa_function_of_path(path(f)) == f);
    }
    CHECK(std::string(path(F::get_eim_package)) == "/gsma/rsp2/esipa/getEimPackage");
    CHECK_FALSE(esipa_function_of_path("/gsma/rsp2/esipa/getEimPackage/"));
    CHECK(std::string(path(F::transfer_eim_package)) == "/gsma/rsp2/esipa/transferEimPackage");
    CHECK_FALSE(esipa_function_of_message(*from_hex("BF4D00")));
}

TEST_CASE("a package sent to the device: one member of four, as base64 of the whole TLV") {
    const std::pair<const char*, const char*> rows[] = {
        {"euiccPackageRequest", "BF4E05BF51023000"},
        {"ipaEuiccDataRequest", "BF4E07BF52045C0283A5"},
        {"eimAcknowledgements", "BF4E06BF5303800107"},
        {"profileDownloadTriggerRequest", "BF4E09BF5406820401020304"}};
    for (const auto& [name, message] : rows) {
        CAPTURE(name);
        const std::string package = std::string(message).substr(6);
        const std::string json = std::string("{\"") + name + "\":\"" + base64_of(package) + "\"}";
        CHECK(request(F::transfer_eim_package, json) == message);
        CHECK(same_json(to_request(F::transfer_eim_package, message), json));
    }
    CHECK(request(F::transfer_eim_package, "{}") == "missing field euiccPackageRequest");
}

TEST_CASE("the device's answer to it: a result, alone or with notifications, data, received, or an error") {
    const auto check = [](const std::string& json, const std::string& der) {
        CAPTURE(json);
        CHECK(answer(F::transfer_eim_package, kOk + "," + json + "}") == der);
        CHECK(same_json(to_answer(F::transfer_eim_package, der), kOk + "," + json + "}"));
    };
    check(R"("euiccPackageResult":")" + base64_of("BF5102A000") + "\"", "BF4E05BF5102A000");
    check(R"("ePRAndNotifications":{"euiccPackageResult":")" + base64_of("BF5102A000") +
              R"(","notificationList":")" + base64_of("A000") + "\"}",
          "BF4E093007BF5102A000A000");
    check(R"("ipaEuiccDataResponse":")" + base64_of("BF5205A103020101") + "\"", "BF4E08BF5205A103020101");
    check(R"("eimPackageReceived":true)", "BF4E020500");
    check(R"("eimPackageError":2)", "BF4E03020102");
    // A failure that says no more is undefinedError.
    CHECK(answer(F::transfer_eim_package, failed("8.1.1", "3.8")) == "BF4E0302017F");
    CHECK(answer(F::transfer_eim_package, kOk + R"(,"ePRAndNotifications":[]})") ==
          "bad value ePRAndNotifications");
}

TEST_CASE("a poll with everything it can carry") {
    const std::string json = std::string(R"({"eidValue":")") + kEid +
                             R"(","notifyStateChange":true,"stateChangeCause":1,"rPlmn":"YvIQ"})";
    const std::string der = std::string("BF4F1C5A10") + kEid + "8000810101820362F210";
    CHECK(request(F::get_eim_package, json) == der);
    CHECK(same_json(to_request(F::get_eim_package, der), json));
}
TEST_CASE("a poll with the EID alone, and notifyStateChange false is as if it were not there") {
    const std::string der = std::string("BF4F125A10") + kEid;
    CHECK(request(F::get_eim_package, std::string(R"({"eidValue":")") + kEid + "\"}") == der);
    CHECK(request(F::get_eim_package,
                  std::string(R"({"notifyStateChange":false,"eidValue":")") + kEid + "\"}") == der);
}
TEST_CASE("a poll without or with a false EID goes on to where these errors have codes") {
    CHECK(request(F::get_eim_package, "{}") == "BF4F00");
    CHECK(request(F::get_eim_package, R"({"eidValue":"8904903212345123451234567890123"})") == "BF4F025A00");
}

TEST_CASE("answers to a poll") {
    const std::string package = "BF51023000";
    CHECK(same_json(to_answer(F::get_eim_package, "BF4F05" + package),
                    kOk + R"(,"euiccPackageRequest":")" + base64_of(package) + "\"}"));
    CHECK(answer(F::get_eim_package, kOk + R"(,"euiccPackageRequest":")" + base64_of(package) + "\"}") ==
          "BF4F05" + package);
    CHECK(
        answer(F::get_eim_package, kOk + R"(,"ipaEuiccDataRequest":")" + base64_of("BF52035C0180") + "\"}") ==
        "BF4F06BF52035C0180");
    CHECK(answer(F::get_eim_package,
                 kOk + R"(,"profileDownloadTriggerRequest":")" + base64_of("BF5404A0028100") + "\"}") ==
          "BF4F07BF5404A0028100");
}
TEST_CASE("an empty queue is a success with error 1, and is understood as a failure too") {
    CHECK(same_json(to_answer(F::get_eim_package, "BF4F03020101"), kOk + R"(,"eimPackageError":1})"));
    CHECK(answer(F::get_eim_package, kOk + R"(,"eimPackageError":1})") == "BF4F03020101");
    CHECK(answer(F::get_eim_package, failed("8.1.1", "3.7")) == "BF4F03020101");
}
TEST_CASE("an error of 0 or null beside a package is none") {
    const std::string package = R"(,"euiccPackageRequest":")" + base64_of("BF51023000") + "\"";
    CHECK(answer(F::get_eim_package, kOk + package + R"(,"eimPackageError":0})") == "BF4F05BF51023000");
    CHECK(answer(F::get_eim_package, kOk + package + R"(,"eimPackageError":null})") == "BF4F05BF51023000");
    CHECK(answer(F::get_eim_package, kOk + package + R"(,"eimPackageError":1})") ==
          "bad value eimPackageError");
    CHECK(answer(F::get_eim_package, kOk + "}") == "missing field euiccPackageRequest");
}

TEST_CASE("every pair of SGP.32's tables in both directions") {
    struct {
        F f;
        const char *subject, *reason, *der;
    } const rows[] = {{F::initiate_authentication, "8.31.2", "3.10", "BF3903810134"},
                      {F::initiate_authentication, "8.8.1", "3.10", "BF3903810132"},
                      {F::initiate_authentication, "8.8", "3.10", "BF3903810133"},
                      {F::initiate_authentication, "8.8.1", "3.8", "BF3903810101"},
                      {F::get_bound_profile_package, "8.2.9", "3.11", "BF3A03810132"},
                      {F::get_bound_profile_package, "8.10.1", "3.9", "BF3A0381015F"},
                      {F::authenticate_client, "8.2.8", "1.2", "BF3B03820132"},
                      {F::authenticate_client, "8.2.6", "3.8", "BF3B03820106"},
                      {F::get_eim_package, "8.1.1", "3.9", "BF4F03020102"},
                      {F::get_eim_package, "8.1.1", "2.1", "BF4F03020103"},
                      {F::get_eim_package, "8.1.1", "2.2", "BF4F03020104"},
                      {F::provide_eim_package_result, "8.1.1", "3.9", "BF5003020102"},
                      {F::provide_eim_package_result, "8.1.1", "2.1", "BF5003020103"},
                      {F::provide_eim_package_result, "8.1.1", "2.2", "BF5003020104"},
                      {F::cancel_session, "8.10.1", "3.9", "BF4103810101"}};
    for (const auto& r : rows) {
        CAPTURE(r.der);
        CHECK(answer(r.f, failed(r.subject, r.reason)) == r.der);
        const auto json = nlohmann::json::parse(to_answer(r.f, r.der));
        const auto& status = json["header"]["functionExecutionStatus"];
        CHECK(status["status"] == "Failed");
        CHECK(status["statusCodeData"]["subjectCode"] == r.subject);
        CHECK(status["statusCodeData"]["reasonCode"] == r.reason);
    }
}
TEST_CASE("pairs are compared whole, and an unknown or missing one is undefinedError") {
    CHECK(answer(F::initiate_authentication, failed("8.8.1", "3.1")) == "BF390381017F");
    CHECK(answer(F::initiate_authentication, failed("8.8", "3.1")) == "BF390381017F");
    CHECK(answer(F::provide_eim_package_result,
                 R"({"header":{"functionExecutionStatus":{"status":"Failed"}}})") == "BF500302017F");
    CHECK(answer(F::authenticate_client, R"({"header":{"functionExecutionStatus":{"status":"Expired"}}})") ==
          "BF3B0382017F");
    const auto json = nlohmann::json::parse(to_answer(F::get_eim_package, "BF4F0302017F"));
    CHECK(json["header"]["functionExecutionStatus"]["status"] == "Failed");
}
TEST_CASE("an answer without a readable status is no answer") {
    CHECK(answer(F::get_eim_package, "{}") == "missing field header");
    CHECK(answer(F::get_eim_package, R"({"header":{}})") == "missing field functionExecutionStatus");
    CHECK(answer(F::get_eim_package, "[]") == "bad value body");
    CHECK(answer(F::get_eim_package, "<html>") == "bad value body");
    CHECK(answer(F::get_eim_package, R"({"header":{"functionExecutionStatus":{}}})") == "BF4F0302017F");
}

TEST_CASE("results travel whole, with the EID or without, and a bare BF50 is unwrapped") {
    const std::string result = "BF51053003800161";
    const std::string with_eid = std::string("BF501A5A10") + kEid + result;
    const std::string member = R"("eimPackageResult":")" + base64_of(result) + "\"";
    CHECK(request(F::provide_eim_package_result,
                  std::string(R"({"eidValue":")") + kEid + "\"," + member + "}") == with_eid);
    CHECK(request(F::provide_eim_package_result, "{" + member + "}") == "BF5008" + result);
    CHECK(same_json(to_request(F::provide_eim_package_result, "BF5008" + result), "{" + member + "}"));
    CHECK(request(F::provide_eim_package_result, R"({"eimPackageResult":")" + base64_of(with_eid) + "\"}") ==
          with_eid);
    CHECK(request(F::provide_eim_package_result, "{}") == "missing field eimPackageResult");
    CHECK(request(F::provide_eim_package_result, R"({"eimPackageResult":"AAA"})") ==
          "bad length eimPackageResult");
    CHECK(request(F::provide_eim_package_result, R"({"eimPackageResult":7})") ==
          "bad value eimPackageResult");
}
TEST_CASE("acknowledgements, and nothing to acknowledge") {
    const std::string json = kOk + R"(,"eimAcknowledgements":")" + base64_of("BF5303800105") + "\"}";
    CHECK(same_json(to_answer(F::provide_eim_package_result, "BF5006BF5303800105"), json));
    CHECK(answer(F::provide_eim_package_result, json) == "BF5006BF5303800105");
    CHECK(same_json(to_answer(F::provide_eim_package_result, "BF50023000"), kOk + "}"));
    CHECK(answer(F::provide_eim_package_result, kOk + "}") == "BF50023000");
}

TEST_CASE("notifications are one thing or the other and have no answer") {
    const std::string pending = "BF3705BF27028000"; // the octets inside are not judged here
    const std::string json = R"({"pendingNotification":")" + base64_of(pending) + "\"}";
    CHECK(request(F::handle_notification, json) == "BF3D0AA008" + pending);
    CHECK(same_json(to_request(F::handle_notification, "BF3D0AA008" + pending), json));
    CHECK(request(F::handle_notification,
                  R"({"provideEimPackageResult":")" + base64_of("BF50023000") + "\"}") == "BF3D05BF50023000");
    CHECK(request(F::handle_notification, "{}") == "missing field pendingNotification");
    CHECK(to_answer(F::handle_notification, "") == "");
    CHECK(esipa_answer_from_json(F::handle_notification, "")->empty());
}

TEST_CASE("initiateAuthentication with and without what the eIM knows itself") {
    const std::string challenge(32, '1');
    const std::string json = R"({"euiccChallenge":")" + base64_of(challenge) +
                             R"(","smdpAddress":"a.b","euiccInfo1":")" + base64_of("BF2000") +
                             R"(","eimTransactionId":"0A0B"})";
    const std::string der = "BF391E8110" + challenge + "8303612E62BF20008202" + "0A0B";
    CHECK(request(F::initiate_authentication, json) == der);
    CHECK(same_json(to_request(F::initiate_authentication, der), json));
    CHECK(request(F::initiate_authentication, R"({"euiccChallenge":")" + base64_of(challenge) + "\"}") ==
          "BF39128110" + challenge);
}
TEST_CASE("initiateAuthentication's answer, with values in the tagged and in the bare form") {
    const std::string key(40, 'B'), aa(128, 'A');
    const std::string der = "BF396BA0698001093000" + kSignature + "0414" + key + "30000C0158A2048002AABB";
    const auto text = [&](const std::string& signature, const std::string& id) {
        return kOk + R"(,"transactionId":"09","serverSigned1":"MAA=","serverSignature1":")" + signature +
               R"(","euiccCiPKIdentifierToBeUsed":")" + id +
               R"(","serverCertificate":"MAA=","matchingId":"X","ctxParams1":")" + base64_of("8002AABB") +
               "\"}";
    };
    CHECK(answer(F::initiate_authentication, text(base64_of(kSignature), base64_of("0414" + key))) == der);
    CHECK(answer(F::initiate_authentication, text(base64_of(aa), base64_of(key))) == der);
    CHECK(same_json(to_answer(F::initiate_authentication, der),
                    text(base64_of(kSignature), base64_of("0414" + key))));
}
TEST_CASE("authenticateClient answered by an SM-DP+ and by an SM-DS") {
    const std::string dp = "BF3B4DA04B3000" + kSignature +
                           "3000"
                           "0402AABB";
    const std::string json = kOk + R"(,"smdpSigned2":"MAA=","smdpSignature2":")" + base64_of(kSignature) +
                             R"(","smdpCertificate":"MAA=","hashCc":")" + base64_of("0402AABB") + "\"}";
    CHECK(answer(F::authenticate_client, json) == dp);
    CHECK(same_json(to_answer(F::authenticate_client, dp), json));
    const std::string ds =
        kOk + R"(,"transactionId":"09","profileDownloadTrigger":")" + base64_of("BF5400") + "\"}";
    CHECK(answer(F::authenticate_client, ds) == "BF3B08A106800109BF5400");
    CHECK(same_json(to_answer(F::authenticate_client, "BF3B08A106800109BF5400"), ds));
}
TEST_CASE("packages and cancellations") {
    CHECK(request(F::get_bound_profile_package,
                  R"({"transactionId":"09","prepareDownloadResponse":")" + base64_of("BF2100") + "\"}") ==
          "BF3A06800109BF2100");
    CHECK(answer(F::get_bound_profile_package,
                 kOk + R"(,"boundProfilePackage":")" + base64_of("BF3600") + "\"}") == "BF3A05A003BF3600");
    CHECK(request(F::cancel_session,
                  R"({"transactionId":"09","cancelSessionResponse":")" + base64_of("BF4103810105") + "\"}") ==
          "BF4108800109A103810105");
    CHECK(same_json(to_answer(F::cancel_session, "BF4102A000"), kOk + "}"));
    CHECK(answer(F::cancel_session, kOk + "}") == "BF4102A000");
}
TEST_CASE("wrong objects are refused by name") {
    CHECK(request(F::get_bound_profile_package,
                  R"({"transactionId":"09","prepareDownloadResponse":")" + base64_of("BF2200") + "\"}") ==
          "bad tag prepareDownloadResponse");
    CHECK(request(F::get_bound_profile_package,
                  R"({"transactionId":"0","prepareDownloadResponse":"vyEA"})") == "truncated transactionId");
    CHECK(request(F::get_bound_profile_package,
                  R"({"transactionId":")" + std::string(34, '0') +
                      R"(","prepareDownloadResponse":"vyEA"})") == "bad length transactionId");
    CHECK(request(F::cancel_session, R"({"transactionId":"09","cancelSessionResponse":"vyEAAA=="})") ==
          "bad length cancelSessionResponse");
    CHECK(request(F::get_eim_package, R"({"stateChangeCause":"1"})") == "bad value stateChangeCause");
    CHECK(request(F::get_eim_package, R"({"notifyStateChange":1})") == "bad value notifyStateChange");
    CHECK(request(F::get_eim_package, std::string(40, '[')).substr(0, 5) == "limit");
    CHECK(request(F::get_eim_package, std::string(2u << 20, ' ')) == "limit exceeded body");
}

TEST_CASE("that a compact object did not verify has a code in every function, in JSON too") {
    // euiccSignatureInvalid: SGP.22 8.1/6.1
    const std::pair<F, const char*> rows[] = {{F::authenticate_client, "BF3B03820105"},
                                              {F::get_bound_profile_package, "BF3A03810101"}};
    for (const auto& [f, der] : rows) CHECK(answer(f, to_answer(f, der)) == der);
}

TEST_CASE("when an IPA of v1.0 speaks JSON, what it puts into base64 is in its form, for the eIM to read") {
    // no eidValue; 30 { BF51 { A2 { eimId } }, BF2B { A0 } }: 8 + 5 = 13
    const std::string both = "300DBF5105A203800165BF2B02A000";
    CHECK(request(F::provide_eim_package_result, R"({"eimPackageResult":")" + base64_of(both) + "\"}") ==
          "BF500F" + both);
    CHECK(request(F::provide_eim_package_result, R"({"eimPackageResult":")" + base64_of("020101") + "\"}") ==
          "BF5003020101");
    // a result as a notification: the alternative without BF50 is what A1 encloses in v1.0
    CHECK(request(F::handle_notification,
                  R"({"provideEimPackageResult":")" + base64_of("BF5105A203800165") + "\"}") ==
          "BF3D0AA108BF5105A203800165");
    // with BF50 it stays what it is
    CHECK(request(F::handle_notification,
                  R"({"provideEimPackageResult":")" + base64_of("BF5008BF5105A203800165") + "\"}") ==
          "BF3D0BBF5008BF5105A203800165");
    // nothing to acknowledge is an empty BF50 there
    CHECK(to_answer(F::provide_eim_package_result, "BF5000") == kOk + "}");
    CHECK(to_answer(F::get_eim_package, "BF4F06BF52035C0180") ==
          kOk + R"(,"ipaEuiccDataRequest":")" + base64_of("BF52035C0180") + "\"}");
}
