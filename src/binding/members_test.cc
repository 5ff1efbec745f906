// The members of every body of ES9+, ES11 and ESipa, written down from the tables of the specifications:
// names and forms of SGP.22 §6.5.2 and SGP.32 §6.4.1, tags and order of the ASN.1 of SGP.22 §6.6 and SGP.32
// §6.3.
// "?" is what may be absent; "tlv/64" a whole TLV for which its 64 octets of content are tolerated.
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::binding;

namespace {
const char* word(Form form) {
    switch (form) {
    case Form::tlv: return "tlv";
    case Form::octets: return "octets";
    case Form::text: return "text";
    case Form::transaction_id: return "hex";
    case Form::eid: return "digits";
    case Form::integer: return "number";
    case Form::flag: return "flag";
    case Form::enclosed: return "enclosed";
    case Form::any: return "any";
    case Form::list: return "objects";
    case Form::object: return "object";
    }
    return "";
}
enum class Body : uint8_t { request, answer, answer_of_smds };
const Members& members(Es9Function f, Body body) {
    if (body == Body::request) return bodies(f).request;
    return bodies(f, body == Body::answer ? Interface::es9p : Interface::es11).answer;
}
const Members& members(EsipaFunction f, Body body) {
    if (body == Body::request) return bodies(f).request;
    return body == Body::answer ? bodies(f).answer : bodies(f).answer_of_smds;
}
std::string text(std::span<const Member> members) {
    std::string out;
    for (const Member& m : members) {
        OwnedBytes tag;
        for (int shift = 24; shift >= 0; shift -= 8)
            if (m.tag >> shift) tag.push_back(static_cast<uint8_t>(m.tag >> shift));
        out += (out.empty() ? "" : ", ") + std::string(m.name) + " " + (m.tag ? hex(tag) + " " : "");
        out += m.own == 0xBF41 ? "BF41" : word(m.form);
        if (m.bare) out += "/" + std::to_string(m.bare);
        if (!m.required) out += "?";
        if (!m.items.empty()) out += " { " + text(m.items) + " }";
    }
    return out;
}
} // namespace

TEST_CASE("the bodies of ES9+ and ES11 hold the members of the specification") {
    using F = Es9Function;
    const struct {
        F function;
        Body body;
        const char* members;
    } rows[] = {
        {F::initiate_authentication,
         Body::request,
         "euiccChallenge 81 octets, smdpAddress 83 text, euiccInfo1 BF20 tlv"},
        {F::initiate_authentication,
         Body::answer,
         "transactionId 80 hex, serverSigned1 30 tlv, serverSignature1 5F37 tlv/64, "
         "euiccCiPKIdToBeUsed 04 tlv/20, serverCertificate 30 tlv"},
        {F::authenticate_client, Body::request, "transactionId 80 hex, authenticateServerResponse BF38 tlv"},
        {F::authenticate_client,
         Body::answer,
         "transactionId 80 hex, profileMetadata BF25 tlv, smdpSigned2 30 tlv, smdpSignature2 5F37 tlv/64, "
         "smdpCertificate 30 tlv"},
        {F::authenticate_client,
         Body::answer_of_smds,
         "transactionId 80 hex, eventEntries A1 objects { eventId 80 text, rspServerAddress 81 text }"},
        {F::get_bound_profile_package,
         Body::request,
         "transactionId 80 hex, prepareDownloadResponse BF21 tlv"},
        {F::get_bound_profile_package, Body::answer, "transactionId 80 hex, boundProfilePackage BF36 tlv"},
        {F::cancel_session, Body::request, "transactionId 80 hex, cancelSessionResponse A1 BF41"},
        {F::cancel_session, Body::answer, ""},
        {F::handle_notification, Body::request, "pendingNotification A0 enclosed"},
        {F::handle_notification, Body::answer, ""},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(name(row.function)));
        CHECK(text(members(row.function, row.body)) == row.members);
    }
    // At an SM-DS only the answer of authenticateClient is another one.
    for (const F f : {F::initiate_authentication, F::cancel_session})
        CHECK(text(members(f, Body::answer_of_smds)) == text(members(f, Body::answer)));
}

TEST_CASE("the bodies of ESipa hold the members of the specification") {
    using F = EsipaFunction;
    const struct {
        F function;
        Body body;
        const char* members;
    } rows[] = {
        {F::initiate_authentication,
         Body::request,
         "euiccChallenge 81 octets, smdpAddress 83 text?, euiccInfo1 BF20 tlv?, eimTransactionId 82 hex?"},
        {F::initiate_authentication,
         Body::answer,
         "transactionId 80 hex?, serverSigned1 30 tlv, serverSignature1 5F37 tlv/64, "
         "euiccCiPKIdentifierToBeUsed 04 tlv/20, serverCertificate 30 tlv, matchingId 0C text?, "
         "ctxParams1 A2 enclosed?"},
        {F::authenticate_client, Body::request, "transactionId 80 hex, authenticateServerResponse BF38 tlv"},
        {F::authenticate_client,
         Body::answer,
         "transactionId 80 hex?, profileMetadata BF25 tlv?, smdpSigned2 30 tlv, smdpSignature2 5F37 tlv/64, "
         "smdpCertificate 30 tlv, hashCc 04 tlv/32?"},
        {F::authenticate_client,
         Body::answer_of_smds,
         "transactionId 80 hex, profileDownloadTrigger BF54 tlv?"},
        {F::get_bound_profile_package,
         Body::request,
         "transactionId 80 hex, prepareDownloadResponse BF21 tlv"},
        {F::get_bound_profile_package, Body::answer, "transactionId 80 hex?, boundProfilePackage BF36 tlv"},
        {F::cancel_session, Body::request, "transactionId 80 hex, cancelSessionResponse A1 BF41"},
        {F::cancel_session, Body::answer, ""},
        {F::handle_notification,
         Body::request,
         "pendingNotification A0 enclosed, provideEimPackageResult BF50 tlv"}, // one of them
        {F::handle_notification, Body::answer, ""},
        {F::get_eim_package,
         Body::request,
         "eidValue 5A digits?, notifyStateChange 80 flag?, stateChangeCause 81 number?, rPlmn 82 octets?"},
        {F::get_eim_package,
         Body::answer,
         "euiccPackageRequest BF51 tlv, ipaEuiccDataRequest BF52 tlv, profileDownloadTriggerRequest BF54 "
         "tlv, "
         "eimPackageError 02 number"}, // one of them
        {F::provide_eim_package_result, Body::request, "eidValue 5A digits?, eimPackageResult any"},
        {F::provide_eim_package_result, Body::answer, "eimAcknowledgements BF53 tlv?"},
        {F::transfer_eim_package,
         Body::request,
         "euiccPackageRequest BF51 tlv, ipaEuiccDataRequest BF52 tlv, eimAcknowledgements BF53 tlv, "
         "profileDownloadTriggerRequest BF54 tlv"}, // one of them
        {F::transfer_eim_package,
         Body::answer,
         "euiccPackageResult BF51 tlv, ePRAndNotifications 30 object { euiccPackageResult BF51 tlv, "
         "notificationList A0 tlv }, ipaEuiccDataResponse BF52 tlv, eimPackageReceived 05 flag, "
         "eimPackageError 02 number"}, // one of them
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(path(row.function)));
        CHECK(text(members(row.function, row.body)) == row.members);
    }
    for (int f = 0; f <= static_cast<int>(F::transfer_eim_package); ++f)
        if (static_cast<F>(f) != F::authenticate_client)
            CHECK(members(static_cast<F>(f), Body::answer_of_smds).empty());
}
