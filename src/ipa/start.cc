// What the IPA does at power-on: who am I, who are my eIMs, what does the card still keep. SGP.32 §3.5.2.1
#include "ipa/dialect.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
constexpr uint8_t kGetEid[] = {0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};
constexpr uint8_t kGetInfo2[] = {0xBF, 0x22, 0x00};
constexpr uint8_t kGetEimConfiguration[] = {0xBF, 0x55, 0x00};

Result<Bytes> ask_eid(Context&, Buffer) { return Bytes(kGetEid); }
Result<Next> take_eid(Context& c, Bytes reply) {
    const auto eid = TRY(asn1::decode<rsp::GetEuiccDataResponse>(reply)).eid_value;
    std::copy(eid.begin(), eid.end(), c.eid.begin());
    return Next::advance;
}

// What follows is said to the card in its own edition.
Result<Bytes> ask_info2(Context& c, Buffer) { return c.info2_refused ? Bytes{} : Bytes(kGetInfo2); }
Result<Next> take_info2(Context& c, Bytes reply) {
    c.card_edition = edition_of_euicc(reply);
    c.note("euicc speaks", 0, rsp::name(c.card_edition));
    return Next::advance;
}

Result<Bytes> ask_configuration(Context&, Buffer) { return Bytes(kGetEimConfiguration); }

/// Updates or appends one entry; what is known of an eIM's reachability stays.
void take_eim(Context& c, const rsp::EimConfigurationData& data) {
    Eim fresh;
    // An id of type FQDN is the address when no other is given. SGP.32 §5.9.4
    const bool fits = fresh.id.assign(bytes_of(data.eim_id)) &&
                      fresh.address.assign(bytes_of(data.eim_fqdn.value_or(data.eim_id)));
    const bool known = c.serve(bytes_of(data.eim_id));
    if (!fits || (!known && c.eim_count == kMaxEims)) return c.note("eim ignored", 0, data.eim_id);
    if (!known) c.eims[c.eim = c.eim_count++] = fresh;
    c.serving().address = fresh.address;
    // In v1.0 there is no such mark, and its cards do not keep one: the device's own choice decides.
    const bool unmarked = c.card_edition == rsp::Edition::v1_0 || c.config.edition == rsp::Edition::v1_0;
    c.serving().indirect = unmarked || data.indirect_profile_download.has_value();
    c.serving().listed = true;
    c.serving().ghost = false;
}

void forget_unlisted(Context& c) {
    const auto end = c.eims.begin() + static_cast<ptrdiff_t>(c.eim_count);
    const auto last = std::remove_if(c.eims.begin(), end, [](const Eim& eim) { return !eim.listed; });
    c.eim_count = static_cast<size_t>(last - c.eims.begin());
}

/// An eIM that is no longer associated is still owed the result of the package that removed it.
Ok add_ghost(Context& c) {
    const PackageDuty& duty = c.state.package;
    if (!duty.active || c.serve(duty.eim_id.bytes()) || c.eim_count == kMaxEims) return {};
    Eim entry;
    entry.id = duty.eim_id;
    entry.address = duty.address;
    entry.ghost = true;
    c.eims[c.eim_count++] = entry;
    return {};
}

Result<Next> take_configuration(Context& c, Bytes reply) {
    const auto response = TRY(asn1::read_tlv(reply, "getEimConfigurationDataResponse"));
    if (response.tag != 0xBF55) return fail(Errc::bad_tag, "getEimConfigurationDataResponse", response.tag);
    const auto list = TRY(asn1::read_tlv(response.content, "eimConfigurationDataList"));
    for (Eim& eim : c.eims) eim.listed = eim.results = false;
    // One entry that cannot be read must not cut the device off from the others.
    TRY(for_each_tlv(list.content, [&](const asn1::Tlv& entry) {
        const auto data = asn1::decode<rsp::EimConfigurationData>(entry.whole);
        if (data)
            take_eim(c, *data);
        else
            c.note_error("eim ignored", "eimConfigurationData", data.error());
        return true;
    }));
    forget_unlisted(c);
    c.had_no_eim = list.content.empty();
    c.listener.eim_configuration(
        reply, c.state.package.active ? text_of(c.state.package.eim_id.bytes()) : std::string_view());
    TRY(add_ghost(c));
    c.eim = 0;
    c.note("eims read", c.eim_count);
    return Next::advance;
}

// Only through this local path, once, and never beside an associated eIM (SR-26).
Result<Bytes> ask_initial_eim(Context& c, Buffer) {
    if (!c.had_no_eim || c.config.initial_eim.empty()) return Bytes{};
    if (c.state.initial_eim_done && !c.config.reopen_initial_eim) {
        c.note("initial eim refused");
        return Bytes{};
    }
    return c.config.initial_eim;
}
Result<Next> take_initial_eim(Context& c, Bytes reply) {
    const auto response = TRY(asn1::decode<rsp::AddInitialEimResponse>(reply));
    if (const auto* error = std::get_if<1>(&response.is)) {
        c.note("initial eim failed", static_cast<uint64_t>(*error));
        return Next::advance;
    }
    TRY(std::get<0>(response.is).for_each([&](const rsp::AddInitialEimItem& item) {
        const auto* token = std::get_if<int64_t>(&item.is);
        c.note("initial eim added", token ? static_cast<uint64_t>(*token) : 0);
    }));
    c.state.initial_eim_done = true;
    TRY(c.save());
    return Next::advance;
}
Result<Bytes> ask_configuration_again(Context& c, Buffer out) {
    return c.had_no_eim && c.state.initial_eim_done ? ask_configuration(c, out) : Result<Bytes>(Bytes{});
}

/// A power cut may have hit between the package and what follows from its result.
Ok resume_rollback(Context& c, const ResultFacts& facts) {
    RollbackDuty& duty = c.state.rollback;
    if (duty.phase != RollbackDuty::Phase::none && is(duty.eim_id, facts.eim_id) && facts.rolled_back) {
        duty = {};
        return c.save();
    }
    const PackageDuty& package = c.state.package;
    if (duty.phase != RollbackDuty::Phase::none || !package.active || !package.rollback) return {};
    if (!is(package.eim_id, facts.eim_id) || !facts.enabled || facts.rolled_back) return {};
    duty.phase = RollbackDuty::Phase::armed;
    duty.eim_id = package.eim_id;
    return c.save();
}

Result<Next> take_results(Context& c, Bytes reply) {
    const Bytes list = TRY(list_in(reply, 0xA2));
    for (Bytes rest = list; !rest.empty();) {
        const auto tlv = TRY(asn1::read_tlv(rest, "euiccPackageResultList"));
        rest = tlv.rest;
        const auto facts = inspect_result(tlv.whole);
        if (!facts || !facts->is_signed) continue;
        TRY(resume_rollback(c, *facts));
        if (c.serve(facts->eim_id)) c.serving().results = true;
    }
    if (c.state.package.active && !(c.serve(c.state.package.eim_id.bytes()) && c.serving().results)) {
        c.state.package = {}; // not executed, or delivered: the eIM knows, or will offer it again
        TRY(c.save());
    }
    return Next::advance;
}

/// The download that was cut: installed, failed on the card, or to be done again.
Ok resume_download(Context& c, bool found) {
    DownloadDuty& duty = c.state.download;
    if (duty.phase == DownloadDuty::Phase::none) return {};
    (void)c.serve(duty.eim_id.bytes());
    if (found) return report_installation(c);
    if (c.download.cancelled || ++duty.restarts > 3) return report_download_error(c);
    duty.phase = DownloadDuty::Phase::triggered;
    c.note("download resumed", duty.restarts);
    return c.save();
}

Result<Next> take_notifications(Context& c, Bytes reply) {
    const Bytes list = TRY(list_in(reply, 0xA0));
    bool found = false;
    TRY(for_each_tlv(list, [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_notification(tlv.whole);
        if (!facts) return true;
        const DownloadDuty& duty = c.state.download;
        found = found || (duty.phase == DownloadDuty::Phase::loading &&
                          same(duty.transaction_id.bytes(), facts->transaction_id));
        return true;
    }));
    c.notifications_pending = !list.empty();
    TRY(resume_download(c, found));
    return Next::advance;
}

/// What is owed to an eIM that is not there any more cannot be delivered.
Ok drop_orphans(Context& c) {
    const size_t before = c.state.outbox_count;
    for (size_t i = c.state.outbox_count; i-- > 0;)
        if (!c.serve(c.state.outbox[i].eim_id.bytes())) drop_item(c, i);
    c.eim = 0;
    if (c.state.outbox_count == before) return {};
    c.note("result dropped", before - c.state.outbox_count);
    return c.save();
}

void done(Context& c) {
    if (auto dropped = drop_orphans(c); !dropped) c.note_error("state not saved", "start", dropped.error());
    c.started = true;
    c.looked = false;
    c.info2_refused = false;
    c.note("started");
}
void failed(Context& c, const Step& step, const Error& error) {
    c.note_error("start failed", step.name, error);
    if (step.ask == ask_info2 && error.code == Errc::rejected) { // a card that does not say is taken for v1.2
        c.info2_refused = true;
        return;
    }
    ++c.card_failures;
    c.card_blocked.after(c.now, c.backoff(c.card_failures));
    c.reset_card = true;
}

constexpr Step kSteps[] = {
    {"ES10c.GetEID", "SGP.22 §5.7.20", Peer::card, ask_eid, take_eid},
    {"ES10b.GetEUICCInfo2", "SGP.32 §5.9.2", Peer::card, ask_info2, take_info2},
    {"ES10b.GetEimConfigurationData", "SGP.32 §5.9.18", Peer::card, ask_configuration, take_configuration},
    {"ES10b.AddInitialEim", "SGP.32 §5.9.4", Peer::card, ask_initial_eim, take_initial_eim},
    {"ES10b.GetEimConfigurationData",
     "SGP.32 §5.9.18",
     Peer::card,
     ask_configuration_again,
     take_configuration},
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_results, take_results},
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_notifications, take_notifications},
};
} // namespace
const Procedure kStart{"start", kSteps, done, failed};
} // namespace halyard::ipa
