#include "tests/loop/eim_kit.h"
#include "rsp/token.h"

namespace halyard::loop {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
} // namespace

OwnedBytes wrap(uint32_t tag, std::initializer_list<Bytes> parts) {
    OwnedBytes out;
    if (tag > 0xFF) out.push_back(static_cast<uint8_t>(tag >> 8));
    out.push_back(static_cast<uint8_t>(tag));
    size_t n = 0;
    for (const Bytes& p : parts) n += p.size();
    if (n > 0xFF) out.insert(out.end(), {0x82, static_cast<uint8_t>(n >> 8)});
    if (n > 0x7F && n <= 0xFF) out.push_back(0x81);
    out.push_back(static_cast<uint8_t>(n));
    for (const Bytes& p : parts) append(out, p);
    return out;
}

Desk::Desk(uint64_t seed) : w(seed), d(w.add_device()), eid(d.identity.eid) {
    HALYARD_ASSERT(w.run());
    w.eim.now = w.now;
}

OwnedBytes Desk::ask(Bytes message) { return must(w.eim.server.esipa(message, w.now)); }

OwnedBytes Desk::poll(bool state_changed) {
    const OwnedBytes changed = state_changed ? OwnedBytes{0x80, 0x00} : OwnedBytes{};
    const OwnedBytes answer = ask(wrap(0xBF4F, {wrap(0x5A, {eid}), changed}));
    const auto inside = must(asn1::read_tlv(answer)).content;
    return inside[0] == 0x02 ? OwnedBytes{} : owned(inside);
}
int Desk::poll_error(const Eid& of) {
    const OwnedBytes answer = ask(wrap(0xBF4F, {wrap(0x5A, {of})}));
    const auto inside = must(asn1::read_tlv(answer)).content;
    return inside[0] == 0x02 ? inside[2] : 0;
}

std::vector<uint64_t> Desk::provide(Bytes result) { return provide(eid, result); }
std::vector<uint64_t> Desk::provide(const Eid& as, Bytes result) {
    const OwnedBytes answer = ask(wrap(0xBF50, {wrap(0x5A, {as}), result}));
    const auto response = must(asn1::decode<rsp::ProvideEimPackageResultResponse>(answer));
    std::vector<uint64_t> numbers;
    if (const auto* list = std::get_if<0>(&response.is))
        HALYARD_ASSERT(list->for_each([&](const auto& n) { numbers.push_back(n.value); }));
    HALYARD_ASSERT(response.is.index() != 0 || !numbers.empty());
    return numbers;
}

OwnedBytes Desk::execute(Bytes package) {
    OwnedBytes result = d.es10(package);
    HALYARD_ASSERT(d.card->reset());
    return result;
}

void Desk::serve() {
    for (int i = 0; i < 50; ++i) {
        const OwnedBytes request = poll();
        if (request.empty()) return;
        if (request[1] == 0x51)
            (void)provide(execute(request));
        else // what only an IPA answers
            HALYARD_ASSERT(w.poll());
    }
    HALYARD_ASSERT(false);
}

eim::Device Desk::device() { return *must(w.eim.store->device(eid)); }
std::vector<eim::Evidence> Desk::evidence(const std::string& operation) {
    return must(w.eim.store->evidence(operation));
}

Desk::Out Desk::audit_out() {
    if (device().identities.empty()) { // certificates first
        (void)w.eim.audit(eid);
        HALYARD_ASSERT(w.poll());
    }
    Out out{.id = w.eim.audit(eid)};
    out.request = poll();
    out.result = execute(out.request);
    return out;
}

std::optional<int64_t> Desk::token() {
    for (const auto& e : d.card->isdr().state().eims)
        if (e.id == w.eim.config.eim_id) return e.token;
    return std::nullopt;
}

OwnedBytes
Desk::signed_result(const eim::Operation& o, uint64_t number, Bytes results, std::string_view eim_id) {
    rsp::EuiccPackageResultDataSigned data{.eim_id = eim_id.empty() ? w.eim.config.eim_id : eim_id,
                                           .counter_value = o.counter,
                                           .eim_transaction_id = Bytes(o.transaction_id),
                                           .seq_number = number};
    data.euicc_result.content = results;
    const OwnedBytes der = must(asn1::encode(data));
    const auto signature = must(crypto::sign(d.identity.keys[0].key, {der, rsp::token_tlv(token())}));
    return wrap(0xBF51, {wrap(0xA0, {der, wrap(0x5F37, {signature})})});
}
OwnedBytes
Desk::signed_error(const eim::Operation& o, rsp::EuiccPackageErrorCode code, std::string_view eim_id) {
    const rsp::EuiccPackageErrorDataSigned data{.eim_id = eim_id.empty() ? w.eim.config.eim_id : eim_id,
                                                .counter_value = o.counter,
                                                .eim_transaction_id = Bytes(o.transaction_id),
                                                .euicc_package_error_code = code};
    const OwnedBytes der = must(asn1::encode(data));
    const auto signature = must(crypto::sign(d.identity.keys[0].key, {der, rsp::token_tlv(token())}));
    return wrap(0xBF51, {wrap(0xA1, {der, wrap(0x5F37, {signature})})});
}
OwnedBytes Desk::unsigned_error(const eim::Operation& o) {
    rsp::EuiccPackageResult result;
    result.is = rsp::EuiccPackageErrorUnsigned{.eim_id = w.eim.config.eim_id,
                                               .eim_transaction_id = Bytes(o.transaction_id)};
    return must(asn1::encode(result));
}

OwnedBytes Desk::installation(const eim::Operation& o, uint64_t number, std::string_view text, bool success) {
    static constexpr uint8_t kSession[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const OwnedBytes oid = must(asn1::oid_from_text("2.999.10"));
    static constexpr uint8_t kAid[] = {
        0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 0x11, 0};
    static constexpr uint8_t kSima[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    rsp::ProfileInstallationResultData data{.transaction_id = kSession};
    data.notification_metadata = {
        .seq_number = number,
        .profile_management_operation = {rsp::NotificationEvent::notification_install},
        .notification_address = kSmdpAddress,
        .iccid = iccid(text)};
    data.smdp_oid.der = oid;
    if (success)
        data.final_result.is = rsp::SuccessResult{.aid = kAid, .sima_response = kSima};
    else
        data.final_result.is =
            rsp::ErrorResult{.error_reason = rsp::ErrorReason::install_failed_due_to_pe_processing_error};
    const OwnedBytes der = must(asn1::encode(data));
    const auto signature = must(crypto::sign(d.identity.keys[0].key, {der}));
    return wrap(0xBF54, {wrap(0x82, {o.transaction_id}), wrap(0xBF37, {der, wrap(0x5F37, {signature})})});
}

OwnedBytes Desk::notification(uint64_t number, std::string_view address, rsp::NotificationEvent event) {
    const rsp::NotificationMetadata data{.seq_number = number,
                                         .profile_management_operation = {event},
                                         .notification_address = address,
                                         .iccid = iccid(iccid_text(1))};
    const OwnedBytes der = must(asn1::encode(data));
    const auto& keys = d.identity.keys[0];
    const auto signature = must(crypto::sign(keys.key, {der}));
    return wrap(0x30, {der, wrap(0x5F37, {signature}), keys.euicc_certificate, keys.eum_certificate});
}
Result<OwnedBytes> Desk::notify(Bytes pending) {
    return w.eim.server.esipa(wrap(0xBF3D, {wrap(0xA0, {pending})}), w.now);
}

OwnedBytes psmos(std::vector<rsp::Psmo> list) {
    rsp::EuiccPackage package;
    package.is.emplace<0>().items = list;
    return must(asn1::encode(package));
}
OwnedBytes ecos(std::vector<rsp::Eco> list) {
    rsp::EuiccPackage package;
    package.is.emplace<1>().items = list;
    return must(asn1::encode(package));
}
rsp::Psmo enable(std::string_view number, bool rollback) {
    rsp::Enable e{.iccid = iccid(number)};
    if (rollback) e.rollback_flag = asn1::Null{};
    return {e};
}
rsp::Psmo disable(std::string_view number) { return {rsp::Disable{.iccid = iccid(number)}}; }
rsp::Psmo remove(std::string_view number) { return {rsp::Delete{.iccid = iccid(number)}}; }
rsp::Psmo list() { return {rsp::ProfileInfoListRequest{}}; }

Fleet::Fleet() : bootstrap(d.card_iccid()), spare(iccid_text(1)) {
    w.eim.download(eid, w.smdp.order(spare, "001011000000001", w.now));
    HALYARD_ASSERT(w.poll());
    w.eim.now = w.now;
    HALYARD_ASSERT(d.card->isdr().state().profiles.size() == 2);
}
std::string Fleet::order(OwnedBytes package, bool force) {
    return w.eim.create({.eid = eid, .package = std::move(package), .force = force});
}

} // namespace halyard::loop
