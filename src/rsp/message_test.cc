// Messages derived by hand from the tag tables of SGP.32 v1.2 and SGP.22: both directions, and what a lying
// peer could make of them.
#include "crypto/hash.h"
#include "rsp/esipa.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using namespace halyard::rsp;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

// eimId "eim1" (6 octets), the EID of SGP.26 (18), an ICCID (12), a signature of 64 octets (67)
#define EIM_ID "8004 65696D31"
#define EID "5A10 89049032123451234512345678901235"
#define ICCID "5A0A 98001032547698103214"
#define QUARTER "55555555555555555555555555555555"
#define SIGNATURE "5F3740" QUARTER QUARTER QUARTER QUARTER
#define KEY_ID "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"
// id-ecPublicKey, prime256v1 (21), and a point (68); what a SubjectPublicKeyInfo encloses
#define SPKI "3013 06072A8648CE3D0201 06082A8648CE3D030107 034200 04" QUARTER QUARTER QUARTER QUARTER
#define SMDP "736D64702E6578616D706C652E636F6D" // "smdp.example.com"

// 30 { eimId, eidValue, counterValue 7, eimTransactionId A1B2, A0 { A3 { iccid, rollbackFlag } } }:
// 6 + 18 + 3 + 4 + (2 + 2 + 12 + 2 = 18) = 49; with its header 51; 51 + 67 = 118
#define PACKAGE_REQUEST "BF5176 3031" EIM_ID EID "810107 8202A1B2 A010 A30E" ICCID "0500" SIGNATURE
// eimId, associationToken 3: 6 + 3 = 9
#define PACKAGE_ERROR "BF510B A209" EIM_ID "840103"

struct Golden {
    const char* name;
    const char* hex;
    /// Strict or not: decoded, written as JSON that a parser takes, encoded again.
    Result<OwnedBytes> (*again)(Bytes, const asn1::DecodeOptions&);
};
template <class T> Result<OwnedBytes> again(Bytes der, const asn1::DecodeOptions& options) {
    const T value = TRY(asn1::decode<T>(der, options));
    CHECK(nlohmann::json::accept(asn1::to_json(value)));
    CHECK_FALSE((asn1::print(value).empty() && asn1::to_json(value).size() > 2));
    const auto out = asn1::encode(value);
    REQUIRE(out);
    return *out;
}

const Golden kGolden[] = {
    {"EuiccPackageRequest", PACKAGE_REQUEST, again<EuiccPackageRequest>},
    // A0 { 30 { eimId, counterValue 7, eimTransactionId, seqNumber 9, 30 { enableResult ok } } signature }:
    // 6 + 3 + 4 + 3 + 5 = 21; 23 + 67 = 90; 92
    {"EuiccPackageResult",
     "BF515C A05A 3015" EIM_ID "810107 8202A1B2 830109 3003 830100" SIGNATURE,
     again<EuiccPackageResult>},
    // A1 { 30 { eimId, counterValue 7, replayError 4 } signature }: 6 + 3 + 3 = 12; 14 + 67 = 81; 83
    {"EuiccPackageResult, error signed",
     "BF5153 A151 300C" EIM_ID "810107 020104" SIGNATURE,
     again<EuiccPackageResult>},
    {"EuiccPackageResult, error unsigned", PACKAGE_ERROR, again<EuiccPackageResult>},
    {"GetEimPackageRequest, plain", "BF4F12" EID, again<GetEimPackageRequest>},
    // notifyStateChange, immediateEnableProfile 5, rPLMN: 18 + 2 + 3 + 5 = 28
    {"GetEimPackageRequest", "BF4F1C" EID "8000 810105 820362F210", again<GetEimPackageRequest>},
    {"GetEimPackageResponse, nothing waiting", "BF4F03 020101", again<GetEimPackageResponse>},
    {"GetEimPackageResponse, package", "BF4F79" PACKAGE_REQUEST, again<GetEimPackageResponse>},
    // tagList BF20 BF22, seqNumber 1, eimTransactionId: 6 + 5 + 4 = 15; 18
    {"GetEimPackageResponse, data request",
     "BF4F12 BF520F 5C04BF20BF22 A103800101 8302A1B2",
     again<GetEimPackageResponse>},
    // activation code "1$a.b$M" within A0: 11, eimTransactionId: 4
    {"ProfileDownloadTriggerRequest",
     "BF540F A009 80073124612E62244D 8202A1B2",
     again<ProfileDownloadTriggerRequest>},
    {"ProfileDownloadTriggerRequest, default SM-DP+",
     "BF5404 A0028100",
     again<ProfileDownloadTriggerRequest>},
    {"ProfileDownloadTriggerRequest, SM-DS", "BF5404 A002A200", again<ProfileDownloadTriggerRequest>},
    {"ProfileDownloadTriggerRequest, empty", "BF5400", again<ProfileDownloadTriggerRequest>},
    // eidValue 18, package error 14
    {"ProvideEimPackageResult", "BF5020" EID PACKAGE_ERROR, again<ProvideEimPackageResult>},
    // 30 { package error 14, notificationList without any: 2 }
    {"ProvideEimPackageResult, no EID", "BF5012 3010" PACKAGE_ERROR "A000", again<ProvideEimPackageResult>},
    // sequence numbers 5 and 255, which takes a 00: 3 + 4
    {"ProvideEimPackageResultResponse",
     "BF500A BF5307 800105 800200FF",
     again<ProvideEimPackageResultResponse>},
    {"ProvideEimPackageResultResponse, empty", "BF5002 3000", again<ProvideEimPackageResultResponse>},
    {"ProvideEimPackageResultResponse, error", "BF5003 020102", again<ProvideEimPackageResultResponse>},
    // euiccChallenge 18, smdpAddress 18, BF20 { svn 5, two lists of one key identifier: 24 each } = 53; 56;
    // 92
    {"InitiateAuthenticationRequest",
     "BF395C 8110" QUARTER "8310" SMDP "BF2035 8203020500 A9160414" KEY_ID "AA160414" KEY_ID,
     again<InitiateAuthenticationRequest>},
    // The same in the A2 of the ASN.1 binding: 95
    {"RemoteProfileProvisioningRequest, initiate",
     "A25F BF395C 8110" QUARTER "8310" SMDP "BF2035 8203020500 A9160414" KEY_ID "AA160414" KEY_ID,
     again<RemoteProfileProvisioningRequest>},
    // transactionId 5, A1 { error 5 }: 10; 13
    {"RemoteProfileProvisioningRequest, cancel",
     "A20D BF410A 8003A1B2C3 A103810105",
     again<RemoteProfileProvisioningRequest>},
    {"RemoteProfileProvisioningResponse, error",
     "A206 BF3B03 810106",
     again<RemoteProfileProvisioningResponse>},
    // eventEntries { { "evt", "a.b" } }: 10; 12; with transactionId 5 + 14 = 19; 21; 24
    {"RemoteProfileProvisioningResponse, events",
     "A218 BF4015 A013 8003A1B2C3 A10C 300A 8003657674 8103612E62",
     again<RemoteProfileProvisioningResponse>},
    // eimFqdn "eim.example" 13, type 3, counter 3, token 3, A5 { A0 { SPKI 89 } } 93, protocol retrieveHttps
    // 4, euiccCiPKId 22, indirectProfileDownload 2: with eimId 149 = 95
    {"EimConfigurationData",
     "308195" EIM_ID "810B65696D2E6578616D706C65 820102 830100 840105 A55BA059" SPKI "87020780 8814" KEY_ID
     "8900",
     again<EimConfigurationData>},
    // seqNumber 5, enable is bit 1 of 01, address 18, iccid 12: 3 + 4 + 18 + 12 = 37
    {"NotificationMetadata", "BF2F25 800105 81020640 0C10" SMDP ICCID, again<NotificationMetadata>},
    {"EsipaMessageFromIpaToEim", "BF4F12" EID, again<EsipaMessageFromIpaToEim>},
    {"EsipaMessageFromEimToIpa", "BF4F79" PACKAGE_REQUEST, again<EsipaMessageFromEimToIpa>},
};
const Golden& golden(std::string_view name) {
    for (const Golden& g : kGolden)
        if (name == g.name) return g;
    REQUIRE_MESSAGE(false, name);
    return kGolden[0];
}
template <class T> std::string encoded(const T& value) {
    const auto der = asn1::encode(value);
    REQUIRE(der);
    return hex(*der);
}
std::string expected(std::string_view name) { return hex(octets(golden(name).hex)); }
template <size_t N> std::array<uint8_t, N> fixed(std::string_view text) {
    std::array<uint8_t, N> out{};
    const OwnedBytes bytes = octets(text);
    REQUIRE(bytes.size() == N);
    std::ranges::copy(bytes, out.begin());
    return out;
}

const OwnedBytes kEid = octets("89049032123451234512345678901235");
const OwnedBytes kTransaction = octets("A1B2");
const OwnedBytes kSignature = octets(QUARTER QUARTER QUARTER QUARTER);
const OwnedBytes kKeyId = octets(KEY_ID);
const OwnedBytes kSpki = octets(SPKI);
Iccid iccid() {
    Iccid out;
    std::ranges::copy(octets("98001032547698103214"), out.begin());
    return out;
}
std::array<uint8_t, 16> eid() { return fixed<16>("89049032123451234512345678901235"); }

/// Changes a message as a broken link or a liar would.
struct Mutator {
    crypto::SeededRandom random;
    uint32_t draw(size_t below) {
        const auto d = *random.draw<4>();
        return static_cast<uint32_t>(
            (uint32_t{d[0]} << 24 | uint32_t{d[1]} << 16 | uint32_t{d[2]} << 8 | d[3]) % below);
    }
    uint8_t octet() { return static_cast<uint8_t>(draw(256)); }
    OwnedBytes noise() {
        OwnedBytes out(draw(80));
        CHECK(random.fill(out));
        return out;
    }
    void mutate(OwnedBytes& m) {
        if (m.empty()) return m.push_back(octet());
        const size_t at = draw(m.size());
        const auto here = m.begin() + static_cast<ptrdiff_t>(at);
        switch (draw(6)) {
        case 0: *here = octet(); return;
        case 1: *here = static_cast<uint8_t>(*here ^ 1 << draw(8)); return;
        case 2: m.erase(here); return;
        case 3: m.insert(here, octet()); return;
        case 4: *here = static_cast<uint8_t>(*here + 1); return; // a length or number one more
        default: {                                               // a part once more, where it was
            const size_t n = 1 + draw(std::min<size_t>(m.size() - at, 20));
            const OwnedBytes part(here, here + static_cast<ptrdiff_t>(n));
            m.insert(here, part.begin(), part.end());
        }
        }
    }
};
} // namespace

TEST_CASE("when hand-made messages are decoded strictly and encoded again, they are the same octets") {
    for (const Golden& g : kGolden) {
        INFO(std::string(g.name));
        const OwnedBytes der = octets(g.hex);
        asn1::Deviations seen;
        const auto out = g.again(der, {.strict = true, .seen = &seen});
        REQUIRE_MESSAGE(out, (out ? "" : out.error().where));
        CHECK(hex(*out) == hex(der));
        CHECK_FALSE(seen.any());
    }
}

TEST_CASE("when a hand-made message is cut at any octet or something follows, it is refused") {
    for (const Golden& g : kGolden) {
        INFO(std::string(g.name));
        OwnedBytes der = octets(g.hex);
        for (size_t n = 0; n < der.size(); ++n) CHECK_FALSE(g.again(Bytes(der).first(n), {}));
        der.push_back(0);
        CHECK(g.again(der, {}).error().code == Errc::bad_length);
    }
}

TEST_CASE("when an eIM builds a package, the octets are the hand-made ones") {
    const Psmo enable[] = {{Enable{iccid(), Null{}}}};
    EuiccPackageRequest request;
    request.euicc_package_signed.value = {.eim_id = "eim1",
                                          .eid_value = eid(),
                                          .counter_value = 7,
                                          .eim_transaction_id = kTransaction,
                                          .euicc_package = {List<Psmo>{.items = enable}}};
    request.eim_signature = kSignature;
    CHECK(encoded(request) == expected("EuiccPackageRequest"));
    const OwnedBytes der = octets(PACKAGE_REQUEST);
    CHECK(encoded(GetEimPackageResponse{Exact<EuiccPackageRequest>{.der = der}}) ==
          expected("GetEimPackageResponse, package"));
    CHECK(encoded(GetEimPackageResponse{GetEimPackageResponse::EimPackageError::no_eim_package_available}) ==
          expected("GetEimPackageResponse, nothing waiting"));
}

TEST_CASE("when a card reads a package, every field has its value and the signed octets are those received") {
    const OwnedBytes der = octets(PACKAGE_REQUEST);
    const auto request = asn1::decode<EuiccPackageRequest>(Bytes(der), {.strict = true});
    REQUIRE(request);
    CHECK(same(request->euicc_package_signed.der, Bytes(der).subspan(3, 51)));
    CHECK(same(request->eim_signature, kSignature));
    const EuiccPackageSigned& to_sign = request->euicc_package_signed.value;
    CHECK(to_sign.eim_id == "eim1");
    CHECK(same(to_sign.eid_value, kEid));
    CHECK(to_sign.counter_value == 7);
    REQUIRE(to_sign.eim_transaction_id);
    CHECK(same(*to_sign.eim_transaction_id, kTransaction));
    const auto* list = std::get_if<List<Psmo>>(&to_sign.euicc_package.is);
    REQUIRE(list);
    size_t operations = 0;
    CHECK(list->for_each([&](const Psmo& psmo) {
        ++operations;
        const auto* enable = std::get_if<Enable>(&psmo.is);
        REQUIRE(enable);
        CHECK(enable->iccid == iccid());
        CHECK(enable->rollback_flag);
    }));
    CHECK(operations == 1);
    CHECK(asn1::to_json(*request).find(R"("counterValue":7,"eimTransactionId":"A1B2")") != std::string::npos);
}

TEST_CASE("when a card reports, the octets are the hand-made ones") {
    const EuiccResultData ok[] = {{EnableProfileResult{}}};
    EuiccPackageResultSigned result;
    result.euicc_package_result_data_signed.value = {.eim_id = "eim1",
                                                     .counter_value = 7,
                                                     .eim_transaction_id = kTransaction,
                                                     .seq_number = 9,
                                                     .euicc_result = {.items = ok}};
    result.euicc_sign_epr = kSignature;
    CHECK(encoded(EuiccPackageResult{result}) == expected("EuiccPackageResult"));
    EuiccPackageErrorSigned error;
    error.euicc_package_error_data_signed.value = {.eim_id = "eim1",
                                                   .counter_value = 7,
                                                   .euicc_package_error_code =
                                                       EuiccPackageErrorCode::replay_error};
    error.euicc_sign_epe = kSignature;
    CHECK(encoded(EuiccPackageResult{error}) == expected("EuiccPackageResult, error signed"));
    const EuiccPackageErrorUnsigned unsigned_error{.eim_id = "eim1", .association_token = 3};
    CHECK(encoded(EuiccPackageResult{unsigned_error}) == expected("EuiccPackageResult, error unsigned"));
}

TEST_CASE("when an IPA polls and answers, the octets are the hand-made ones") {
    CHECK(encoded(GetEimPackageRequest{.eid_value = eid()}) == expected("GetEimPackageRequest, plain"));
    CHECK(encoded(GetEimPackageRequest{.eid_value = eid(),
                                       .notify_state_change = Null{},
                                       .state_change_cause = StateChangeCause::immediate_enable_profile,
                                       .rplmn = fixed<3>("62F210")}) == expected("GetEimPackageRequest"));
    Exact<EuiccPackageResult> error;
    error.value.is = EuiccPackageErrorUnsigned{.eim_id = "eim1", .association_token = 3};
    CHECK(encoded(ProvideEimPackageResult{eid(), {error}}) == expected("ProvideEimPackageResult"));
    CHECK(encoded(ProvideEimPackageResult{std::nullopt, {EprAndNotifications{error, {}}}}) ==
          expected("ProvideEimPackageResult, no EID"));
}

TEST_CASE("when an eIM answers a result or triggers a download, the octets are the hand-made ones") {
    const Tagged<uint64_t, 0x80> numbers[] = {{5}, {255}};
    CHECK(encoded(ProvideEimPackageResultResponse{List<Tagged<uint64_t, 0x80>>{.items = numbers}}) ==
          expected("ProvideEimPackageResultResponse"));
    CHECK(encoded(ProvideEimPackageResultResponse{EmptyResponse{}}) ==
          expected("ProvideEimPackageResultResponse, empty"));
    CHECK(encoded(ProfileDownloadTriggerRequest{ProfileDownloadData{std::string_view("1$a.b$M")},
                                                kTransaction}) == expected("ProfileDownloadTriggerRequest"));
    CHECK(encoded(ProfileDownloadTriggerRequest{ProfileDownloadData{Null{}}, std::nullopt}) ==
          expected("ProfileDownloadTriggerRequest, default SM-DP+"));
    CHECK(encoded(ProfileDownloadTriggerRequest{ProfileDownloadData{ContactSmds{}}, std::nullopt}) ==
          expected("ProfileDownloadTriggerRequest, SM-DS"));
}

TEST_CASE("when ES9+, notification and eIM entries are built, the octets are the hand-made ones") {
    const Bytes ids[] = {kKeyId};
    InitiateAuthenticationRequest initiate{.euicc_challenge = fixed<16>(QUARTER),
                                           .smdp_address = "smdp.example.com"};
    initiate.euicc_info1.value = {.svn = {2, 5, 0},
                                  .euicc_ci_pk_id_list_for_verification = {.items = ids},
                                  .euicc_ci_pk_id_list_for_signing = {.items = ids}};
    CHECK(encoded(initiate) == expected("InitiateAuthenticationRequest"));

    EimPublicKeyData key;
    key.is.emplace<0>().content = kSpki;
    EimConfigurationData eim{.eim_id = "eim1", .eim_fqdn = "eim.example"};
    eim.eim_id_type = EimIdType::eim_id_type_fqdn;
    eim.counter_value = 0;
    eim.association_token = 5;
    eim.eim_public_key_data = key;
    eim.eim_supported_protocol = {EimSupportedProtocol::eim_retrieve_https};
    eim.euicc_ci_pk_id = kKeyId;
    eim.indirect_profile_download = Null{};
    CHECK(encoded(eim) == expected("EimConfigurationData"));

    CHECK(
        encoded(NotificationMetadata{.seq_number = 5,
                                     .profile_management_operation = {NotificationEvent::notification_enable},
                                     .notification_address = "smdp.example.com",
                                     .iccid = iccid()}) == expected("NotificationMetadata"));
}

// Random octets and messages damaged in one to four places, for every type that peers send.
TEST_CASE("when peers send rubbish, nothing breaks; what is strictly right comes out as it went in") {
    size_t strict_count = 0, tolerated_count = 0;
    Mutator mutator{crypto::SeededRandom(32)};
    for (const Golden& g : kGolden) {
        INFO(std::string(g.name));
        for (int round = 0; round < 3000; ++round) {
            OwnedBytes in = round % 8 == 0 ? mutator.noise() : octets(g.hex);
            for (uint32_t n = 1 + mutator.draw(4); n; --n) mutator.mutate(in);
            CAPTURE(hex(in));
            asn1::Deviations seen;
            const auto strict = g.again(in, {.strict = true, .seen = &seen});
            const auto tolerated = g.again(in, {});
            strict_count += strict.has_value();
            tolerated_count += tolerated.has_value();
            if (strict && !seen.any()) CHECK(hex(*strict) == hex(in));
            if (strict) CHECK(tolerated.has_value());
            if (tolerated) { // what we made of it says the same a second time
                const auto second = g.again(*tolerated, {});
                REQUIRE(second);
                CHECK(hex(*second) == hex(*tolerated));
            }
        }
    }
    CHECK(strict_count > 5000); // flips within texts and signatures
    CHECK(tolerated_count > strict_count);
}

TEST_CASE(
    "when a stack sends a field under its own tag, the message is understood and sent on as specified") {
    const struct {
        const char *sent, *specified;
        Result<OwnedBytes> (*again)(Bytes, const asn1::DecodeOptions&);
    } rows[] = {
        {"A30E" ICCID "8100", "A30E" ICCID "0500", again<Psmo>}, // rollbackFlag
        {"BF5A03 0101FF", "BF5A03 8001FF", again<ImmediateEnableRequest>},
        {"BF5803 0101FF", "BF5803 8001FF", again<ProfileRollbackRequest>},
        {"BF5D03 0101FF", "BF5D03 8001FF", again<ExecuteFallbackMechanismRequest>},
        {"BF5E03 0101FF", "BF5E03 8001FF", again<ReturnFromFallbackRequest>},
        {"BF5B03 0101FF", "BF5B03 8001FF", again<EnableEmergencyProfileRequest>},
        {"BF5C03 0101FF", "BF5C03 8001FF", again<DisableEmergencyProfileRequest>},
        {"BF5616 0414" KEY_ID, "BF5616 8014" KEY_ID, again<GetCertsRequest>},
        // vendorOid 2.999 is 88 37; one TLV of the vendor's
        {"300A 80028837 8104 0402A1B2", "300A 80028837 A104 0402A1B2", again<VendorSpecificData>},
        {"BF4F06 BF4F03 020101", "BF4F03 020101", again<GetEimPackageResponse>},
    };
    for (const auto& row : rows) {
        CAPTURE(row.sent);
        const OwnedBytes sent = octets(row.sent), specified = octets(row.specified);
        asn1::Deviations seen;
        const auto out = row.again(sent, {.seen = &seen});
        REQUIRE(out);
        CHECK(hex(*out) == hex(specified));
        CHECK(seen.counts[static_cast<size_t>(asn1::Deviation::other_tag)] +
                  seen.counts[static_cast<size_t>(asn1::Deviation::repeated_tag)] ==
              1);
        CHECK_FALSE(row.again(sent, {.strict = true}));
        CHECK(row.again(specified, {.strict = true}));
    }
}

TEST_CASE("when a package was signed with another stack's tag, the signed octets stay those received") {
    // as PACKAGE_REQUEST, rollbackFlag 81
    const OwnedBytes der =
        octets("BF5176 3031" EIM_ID EID "810107 8202A1B2 A010 A30E" ICCID "8100" SIGNATURE);
    const auto request = asn1::decode<EuiccPackageRequest>(Bytes(der));
    REQUIRE(request);
    CHECK(hex(request->euicc_package_signed.der) == hex(Bytes(der).subspan(3, 51)));
    CHECK(*asn1::encode(*request) == der);
}
