// Collecting what an eIM wants to know of the card and the device. SGP.32 §2.11.1.2, §3.3.1
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Code = rsp::IpaEuiccDataErrorCode;
constexpr uint8_t kGetAddresses[] = {0xBF, 0x3C, 0x00};
constexpr uint8_t kGetInfo1[] = {0xBF, 0x20, 0x00};
constexpr uint8_t kGetInfo2[] = {0xBF, 0x22, 0x00};

enum Wanted : uint32_t {
    notifications = 1,
    default_smdp = 2,
    results = 4,
    info1 = 8,
    info2 = 16,
    root_smds = 32,
    token = 64,
    eum_certificate = 128,
    euicc_certificate = 256,
    capabilities = 512,
    device_info = 1024,
};

/// Tags of IpaEuiccData members, with the spellings of v1.0.1. Zero: not allowed in a tag list.
uint32_t wanted_by(asn1::Tag tag) {
    switch (tag) {
    case 0xA0:
    case 0xBF2B: return notifications;
    case 0x80:
    case 0x81: return default_smdp;
    case 0xA2: return results;
    case 0xBF20: return info1;
    case 0xBF22: return info2;
    case 0x83: return root_smds;
    case 0x84: return token;
    case 0xA5: return eum_certificate;
    case 0xA6: return euicc_certificate;
    case 0x88:
    case 0xA8: return capabilities;
    case 0xA9: return device_info;
    }
    return 0;
}

/// A tag list holds bare tags of one or two octets.
Result<uint32_t> read_tag_list(Bytes list) {
    uint32_t wanted = 0;
    for (size_t i = 0; i < list.size(); ++i) {
        asn1::Tag tag = list[i];
        if ((tag & 0x1F) == 0x1F) {
            if (++i == list.size()) return fail(Errc::rejected, "tagList", tag);
            tag = tag << 8 | list[i];
        }
        const uint32_t bit = wanted_by(tag);
        if (!bit) return fail(Errc::rejected, "tagList", tag);
        wanted |= bit;
    }
    return wanted;
}

bool wants(const Context& c, uint32_t what) { return c.data.wanted & what; }

// An answer the card refuses is left out, like an element that does not exist.
Result<Bytes> ask_first(Context& c, Buffer out) {
    DataRun& run = c.data;
    c.offered = {};
    c.result = {};
    if (run.request.eim_transaction_id) TRY(run.eim_transaction_id.assign(*run.request.eim_transaction_id));
    run.wanted = TRY(read_tag_list(run.request.tag_list));
    if (!wants(c, notifications)) return Bytes{};
    rsp::RetrieveNotificationsListRequest request;
    if (const auto& criteria = run.request.search_criteria_notification) {
        if (const auto* number = std::get_if<0>(&criteria->is))
            request.search_criteria.emplace().is.emplace<0>(*number);
        else
            request.search_criteria.emplace().is.emplace<1>(std::get<1>(criteria->is));
    }
    return asn1::encode(request, out);
}
Result<Next> take_first(Context& c, Bytes reply) {
    const Bytes list = TRY(c.keep.copy(TRY(list_in(reply, 0xA0)), "notificationsList"));
    TRY(offer_notifications(c, list));
    c.data.data.notifications_list.emplace().content = list;
    return Next::advance;
}

Result<Bytes> ask_addresses(Context& c, Buffer) {
    return wants(c, default_smdp | root_smds) ? Bytes(kGetAddresses) : Bytes{};
}
Result<Next> take_addresses(Context& c, Bytes reply) {
    const Bytes kept = TRY(c.keep.copy(reply, "euiccConfiguredAddresses"));
    const auto addresses = TRY(asn1::decode<rsp::EuiccConfiguredAddressesResponse>(kept));
    if (wants(c, default_smdp) && !addresses.default_dp_address.value_or("").empty())
        c.data.data.default_smdp_address = addresses.default_dp_address;
    if (wants(c, root_smds)) c.data.data.root_smds_address = addresses.root_ds_address;
    return Next::advance;
}

Result<Bytes> ask_stored_results(Context& c, Buffer out) {
    if (!wants(c, results)) return Bytes{};
    rsp::RetrieveNotificationsListRequest request;
    if (const auto& criteria = c.data.request.search_criteria_euicc_package_result)
        request.search_criteria.emplace().is.emplace<0>(std::get<0>(criteria->is));
    else
        request.search_criteria.emplace().is.emplace<2>();
    return asn1::encode(request, out);
}
Result<Next> take_stored_results(Context& c, Bytes reply) {
    const auto list = list_in(reply, 0xA2);
    if (!list) return Next::advance; // the number denotes a notification, or nothing
    const Bytes kept = TRY(c.keep.copy(*list, "euiccPackageResultList"));
    TRY(for_each_tlv(kept, [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_result(tlv.whole);
        // Only its own results can be acknowledged by this eIM.
        if (facts && facts->is_signed && is(c.serving().id, facts->eim_id)) c.offered.add(facts->number);
        return true;
    }));
    c.data.data.euicc_package_result_list.emplace().content = kept;
    return Next::advance;
}

Result<Bytes> ask_info1(Context& c, Buffer) { return wants(c, info1) ? Bytes(kGetInfo1) : Bytes{}; }
Result<Next> take_info1(Context& c, Bytes reply) {
    c.data.data.euicc_info1.emplace().der = TRY(c.keep.copy(reply, "euiccInfo1"));
    return Next::advance;
}
Result<Bytes> ask_info2(Context& c, Buffer) { return wants(c, info2) ? Bytes(kGetInfo2) : Bytes{}; }
Result<Next> take_info2(Context& c, Bytes reply) {
    c.data.data.euicc_info2.emplace().der = TRY(c.keep.copy(reply, "euiccInfo2"));
    return Next::advance;
}

Result<Bytes> ask_token(Context& c, Buffer out) {
    if (!wants(c, token)) return Bytes{};
    static constexpr uint8_t kAll[] = {0xBF, 0x55, 0x00};
    if (c.card_edition == rsp::Edition::v1_0) return Bytes(kAll); // it cannot be asked for one
    return BackWriter(out).tlv(0x80, c.serving().id.bytes()).header(0xA0).header(0xBF55).finish("eimId");
}
Result<Next> take_token(Context& c, Bytes reply) {
    const auto list =
        TRY(asn1::decode<rsp::GetEimConfigurationDataResponse>(reply)).eim_configuration_data_list;
    TRY(list.for_each([&](const rsp::EimConfigurationData& data) {
        if (is(c.serving().id, bytes_of(data.eim_id))) c.data.data.association_token = data.association_token;
    }));
    return Next::advance;
}

Result<Bytes> ask_certificates(Context& c, Buffer out) {
    if (!wants(c, eum_certificate | euicc_certificate)) return Bytes{};
    Bytes key_id = c.data.request.euicc_ci_pk_identifier_to_be_used.value_or(Bytes{});
    return BackWriter(out).optional(0x80, key_id).header(0xBF56).finish("getCerts");
}
Result<Next> take_certificates(Context& c, Bytes reply) {
    const Bytes kept = TRY(c.keep.copy(reply, "getCertsResponse"));
    const auto response = TRY(asn1::decode<rsp::GetCertsResponse>(kept));
    const auto* certs = std::get_if<0>(&response.is);
    if (!certs) return fail(Errc::rejected, "getCertsError", static_cast<uint32_t>(std::get<1>(response.is)));
    if (wants(c, eum_certificate)) c.data.data.eum_certificate = certs->eum_certificate;
    if (wants(c, euicc_certificate)) c.data.data.euicc_certificate = certs->euicc_certificate;
    return Next::advance;
}

Result<Bytes> ask_eim(Context& c, Buffer out) {
    rsp::IpaEuiccData& data = c.data.data;
    if (!c.data.eim_transaction_id.empty()) data.eim_transaction_id = c.data.eim_transaction_id.bytes();
    if (wants(c, capabilities)) data.ipa_capabilities = c.config.capabilities;
    if (wants(c, device_info)) data.device_info = c.config.device;
    rsp::IpaEuiccDataResponse response;
    response.is = data;
    const Bytes encoded = TRY(asn1::encode(response, out));
    if (!c.transfer.active) return provide_result(c, out, encoded);
    TRY(answer_transfer(c, encoded));
    c.transfer.offered = c.offered;
    c.transfer.offered_to = c.serving().id;
    c.acknowledgements = {}; // they come with a message of their own
    TRY(remember_told(c, data));
    return Bytes{};
}
Result<Next> take_answer(Context& c, Bytes reply) {
    TRY(take_acknowledgements(c, reply));
    c.serving().bad_packages = 0;
    TRY(remember_told(c, c.data.data));
    c.note("data delivered");
    return Next::advance;
}

void done(Context&) {}

Code error_code(const Error& error) {
    const std::string_view where = error.where;
    if (where == "tagList") return Code::incorrect_tag_list;
    if (where == "getCertsError" && error.detail == 1) return Code::euicc_ci_pk_id_not_found;
    return Code::undefined_error;
}

Ok post_error(Context& c, Code code) {
    OutboxItem item;
    TRY(item.eim_id.assign(c.serving().id.bytes()));
    std::array<uint8_t, 48> buffer;
    BackWriter writer(buffer);
    writer.integer(0x02, static_cast<uint64_t>(code));
    writer.optional(0x80, c.data.eim_transaction_id.bytes()).header(0xA1).header(0xBF52);
    TRY(item.result.assign(TRY(writer.finish("ipaEuiccDataResponseError"))));
    ++c.serving().bad_packages;
    return c.transfer.active ? answer_transfer(c, item.result.bytes()) : c.post(item);
}

void failed(Context& c, const Step& step, const Error& error) {
    if (step.peer == Peer::eim) return failed_towards_eim(c, step, error); // it will ask again
    c.note_error("step failed", step.name, error);
    if (c.reset_card) return;
    if (auto posted = post_error(c, error_code(error)); !posted)
        c.note_error("result lost", step.name, posted.error());
}

constexpr Step kSteps[] = {
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_first, take_first},
    {"ES10a.GetEuiccConfiguredAddresses", "SGP.22 §5.7.3", Peer::card, ask_addresses, take_addresses},
    {"ES10b.RetrieveNotificationsList",
     "SGP.32 §5.9.11",
     Peer::card,
     ask_stored_results,
     take_stored_results},
    {"ES10b.GetEUICCInfo1", "SGP.22 §5.7.8", Peer::card, ask_info1, take_info1},
    {"ES10b.GetEUICCInfo2", "SGP.22 §5.7.8", Peer::card, ask_info2, take_info2},
    {"ES10b.GetEimConfigurationData", "SGP.32 §5.9.18", Peer::card, ask_token, take_token},
    {"ES10b.GetCerts", "SGP.32 §5.9.10", Peer::card, ask_certificates, take_certificates},
    {"ESipa.ProvideEimPackageResult", "SGP.32 §5.14.6", Peer::eim, ask_eim, take_answer},
    kRemoveAcknowledged,
};
} // namespace
const Procedure kData{"data", kSteps, done, failed};
} // namespace halyard::ipa
