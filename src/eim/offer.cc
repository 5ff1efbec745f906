// The octets that are handed out: signed once, stored before the first send, sent again as they are. SGP.32
// §2.11.1.1, RR-05, RR-06
#include "base/log.h"
#include "eim/activation_code.h"
#include "eim/package.h"
#include "eim/server.h"
#include "rsp/token.h"
#include <algorithm>

namespace halyard::eim {
namespace {
constexpr uint64_t kMaxCounter = 8'388'607; // SGP.32 §2.11.1.1

// BF4F around the request as stored.
OwnedBytes hand_out(Bytes request) {
    OwnedBytes out{0xBF, 0x4F};
    const size_t n = request.size();
    if (n > 0xFFFF) out.insert(out.end(), {0x83, static_cast<uint8_t>(n >> 16)});
    if (n > 0xFF && n <= 0xFFFF) out.push_back(0x82);
    if (n > 0xFF) out.push_back(static_cast<uint8_t>(n >> 8));
    if (n > 0x7F && n <= 0xFF) out.push_back(0x81);
    out.push_back(static_cast<uint8_t>(n));
    append(out, request);
    return out;
}
Result<OwnedBytes> nothing_available() {
    rsp::GetEimPackageResponse response;
    response.is = rsp::GetEimPackageResponse::EimPackageError::no_eim_package_available;
    return asn1::encode(response);
}
} // namespace

Result<OwnedBytes> Server::offer(Turn& turn, Operation& o) {
    turn.device.last_seen = turn.now;
    turn.device_changed = true;
    o.changed = turn.now;
    // A question is put again as this IPA can answer it; what was signed goes out verbatim (RR-06).
    const bool ask_anew = o.kind == Kind::data && turn.device.ipa_edition == rsp::Edition::v1_0;
    if (!o.request.empty() && !ask_anew) {
        ++o.offers;
        TRY(commit(turn));
        return hand_out(o.request);
    }
    o.floor = turn.device.number;
    if (o.kind == Kind::package) return offer_package(turn, o);
    o.request = TRY(unsigned_request(turn, o));
    o.state = State::offered;
    ++o.offers;
    ++o.attempts;
    TRY(commit(turn));
    return hand_out(o.request);
}

Result<OwnedBytes> Server::offer_package(Turn& turn, Operation& o) {
    if (turn.device.counter >= kMaxCounter) {
        o.held = true;
        o.reason = "counterValue is used up (8388607): the eIM must be added to the eUICC anew";
        log(LogLevel::error, to_text(o.eid) + ": " + o.id + ": " + o.reason);
        TRY(commit(turn));
        return nothing_available();
    }
    // The number is on disk before anything is signed with it (RR-05).
    const uint64_t counter = o.counter = ++turn.device.counter;
    const int64_t floor = o.floor;
    TRY(commit(turn));
    auto reserved = TRY(store_.operation(o.id));
    auto device = TRY(store_.device(o.eid));
    if (!reserved || !device) return fail(Errc::storage, "operation");
    if (reserved->counter != counter || reserved->state != State::queued)
        return fail(Errc::conflict, "operation");
    turn = Turn{.device = std::move(*device), .now = turn.now};
    Operation& again = *add(turn, std::move(*reserved));
    again.token = turn.device.token;
    again.floor = floor;
    again.request = TRY(sign_package(again));
    again.state = State::offered;
    ++again.offers;
    ++again.attempts;
    again.changed = turn.now;
    TRY(commit(turn));
    return hand_out(again.request);
}

Result<OwnedBytes> Server::sign_package(const Operation& o) const {
    rsp::EuiccPackageSigned to_sign{
        .eim_id = config_.eim_id, .counter_value = o.counter, .eim_transaction_id = Bytes(o.transaction_id)};
    std::copy(o.eid.begin(), o.eid.end(), to_sign.eid_value.begin());
    to_sign.euicc_package = TRY(asn1::decode<rsp::EuiccPackage>(o.package));
    rsp::EuiccPackageRequest request;
    const OwnedBytes tbs = TRY(asn1::encode(to_sign));
    const auto signature = TRY(crypto::sign(config_.key, {tbs, rsp::token_tlv(o.token)}));
    request.euicc_package_signed.der = tbs;
    request.eim_signature = signature;
    return asn1::encode(request);
}

Result<OwnedBytes> Server::unsigned_request(const Turn& turn, const Operation& o) const {
    if (o.kind == Kind::data) {
        OwnedBytes tags = o.tag_list;
        // Answers of v1.0 name neither transaction nor EID: the certificate tells whose they are.
        const auto lacks = [&](uint8_t tag) {
            return std::find(tags.begin(), tags.end(), tag) == tags.end();
        };
        if (turn.device.ipa_edition == rsp::Edition::v1_0)
            for (const uint8_t tag : {uint8_t{0xA5}, uint8_t{0xA6}})
                if (lacks(tag)) tags.push_back(tag);
        rsp::IpaEuiccDataRequest request{.tag_list = tags, .eim_transaction_id = Bytes(o.transaction_id)};
        if (!o.ci.empty()) request.euicc_ci_pk_identifier_to_be_used = Bytes(o.ci);
        return asn1::encode(request);
    }
    using Features = rsp::IpaCapabilities::IpaFeatures;
    const auto bit = static_cast<unsigned>(Features::eim_download_data_handling);
    rsp::ProfileDownloadTriggerRequest trigger{.eim_transaction_id = Bytes(o.transaction_id)};
    if (!(turn.device.ipa_features >> bit & 1)) { // else the code stays here. SGP.32 §3.2.3.2
        const DownloadSource source = TRY(parse_source(o.activation_code));
        rsp::ProfileDownloadData data;
        switch (source.kind) {
        case DownloadSource::Kind::activation_code: data.is = std::string_view(o.activation_code); break;
        case DownloadSource::Kind::default_smdp: data.is = rsp::Null{}; break;
        case DownloadSource::Kind::smds: {
            rsp::ContactSmds contact;
            if (!source.code.address.empty()) contact.smds_address = std::string_view(source.code.address);
            data.is = contact;
        }
        }
        trigger.profile_download_data = data;
        return asn1::encode(trigger); // while what it looks at lives
    }
    return asn1::encode(trigger);
}

} // namespace halyard::eim
