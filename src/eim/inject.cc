// TransferEimPackage: the eIM goes to the device. What goes out and what comes back is judged exactly as on a
// poll. SGP.32 §3.1.1.2, §5.14.4
#include "asn1/tlv.h"
#include "eim/server.h"

namespace halyard::eim {
namespace {
// Two exchanges with one device may meet: the second starts again from what the first one wrote.
template <class F> auto repeated(F&& exchange) {
    for (int i = 0;; ++i) {
        auto done = exchange();
        if (done || done.error().code != Errc::conflict || i == 5) return done;
    }
}

// BF50 {5A EID, alternative}: the answer as if the device had sent it by itself.
OwnedBytes as_provided(const Eid& eid, Bytes alternative) {
    OwnedBytes content = asn1::tlv(0x5A, eid);
    append(content, alternative);
    return asn1::tlv(0xBF50, content);
}

std::optional<Bytes> transaction_of(Bytes request) {
    const auto package = asn1::decode<rsp::TransferEimPackageRequest>(request);
    if (!package) return std::nullopt;
    if (const auto* p = std::get_if<asn1::Exact<rsp::EuiccPackageRequest>>(&package->is))
        return p->value.euicc_package_signed.value.eim_transaction_id;
    if (const auto* p = std::get_if<rsp::IpaEuiccDataRequest>(&package->is)) return p->eim_transaction_id;
    if (const auto* p = std::get_if<rsp::ProfileDownloadTriggerRequest>(&package->is))
        return p->eim_transaction_id;
    return std::nullopt;
}
} // namespace

Result<std::optional<OwnedBytes>> Server::transfer_request(const Eid& eid, Time now) {
    const auto device = TRY(store_.device(eid));
    if (device && device->ipa_edition == rsp::Edition::v1_0)
        return fail(Errc::unsupported, "TransferEimPackage of v1.0");
    rsp::GetEimPackageRequest ask;
    std::copy(eid.begin(), eid.end(), ask.eid_value.begin());
    const OwnedBytes message = TRY(asn1::encode(ask));
    const OwnedBytes answer = TRY(repeated([&] {
        Peer peer;
        return poll(message, peer, now);
    }));
    const auto outer = TRY(asn1::read_tlv(answer, "getEimPackageResponse"));
    const auto package = TRY(asn1::read_tlv(outer.content, "getEimPackageResponse"));
    if (package.tag != 0x02) return std::optional(asn1::tlv(0xBF4E, package.whole));
    const auto none = TRY(asn1::decode<rsp::GetEimPackageResponse>(answer));
    using Code = rsp::GetEimPackageResponse::EimPackageError;
    const auto* code = std::get_if<Code>(&none.is);
    if (code && *code != Code::no_eim_package_available) return fail(Errc::not_found, "eid");
    return std::optional<OwnedBytes>{};
}

Result<Transferred> Server::transfer_answer(const Eid& eid, Bytes request, Bytes answer, Time now) {
    const auto response = TRY(asn1::decode<rsp::TransferEimPackageResponse>(answer));
    Transferred out;
    if (std::holds_alternative<asn1::Null>(response.is)) {
        out.end = Transferred::End::later;
        return out;
    }
    // The alternative as it came: what is signed in it must not be written anew.
    Bytes alternative = TRY(asn1::read_tlv(answer)).content;
    OwnedBytes refusal;
    using Code = rsp::TransferEimPackageResponse::EimPackageError;
    if (const auto* code = std::get_if<Code>(&response.is)) {
        out.end = Transferred::End::refused;
        out.code = static_cast<int>(*code);
        rsp::EimPackageResult result;
        result.is = rsp::EimPackageResultResponseError{
            .eim_transaction_id = transaction_of(request),
            .eim_package_result_error_code = static_cast<rsp::EimPackageResultErrorCode>(*code)};
        refusal = TRY(asn1::encode(result));
        alternative = refusal;
    }
    const OwnedBytes message = as_provided(eid, alternative);
    const auto provided = TRY(repeated([&] {
        Peer peer;
        return take_provided(message, peer, now);
    }));
    if (provided.refused) return fail(Errc::not_found, "eid");
    out.acknowledged = provided.acknowledged;
    if (out.acknowledged.empty()) return out;
    OwnedBytes numbers;
    for (const uint64_t n : out.acknowledged)
        append(numbers, TRY(asn1::encode(asn1::Tagged<uint64_t, 0x80>{n})));
    out.acknowledgement = asn1::tlv(0xBF4E, asn1::tlv(0xBF53, numbers));
    return out;
}

} // namespace halyard::eim
