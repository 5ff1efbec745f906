// Fetching a package from an eIM and finding out what it is. SGP.32 §3.1.1.1
#include "base/tolerated.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Code = rsp::EimPackageResultErrorCode;

Result<Bytes> ask_package(Context& c, Buffer out) {
    rsp::GetEimPackageRequest request{.eid_value = c.eid, .rplmn = c.config.rplmn};
    if (c.state.change.active && !c.serving().told) {
        request.notify_state_change.emplace();
        request.state_change_cause = static_cast<rsp::StateChangeCause>(c.state.change.cause);
    }
    return asn1::encode(request, out);
}

/// The flag is repeated until every eIM has answered a request that carried it.
Ok state_change_told(Context& c) {
    if (!c.state.change.active) return {};
    c.serving().told = true;
    for (size_t i = 0; i < c.eim_count; ++i)
        if (!c.eims[i].ghost && !c.eims[i].told) return {};
    c.state.change = {};
    return c.save();
}

/// The eimTransactionId of a package that cannot be read otherwise, as far as it can be found. SGP.32 §3.3.1
Bytes find_transaction_id(const asn1::Tlv& package) {
    Bytes content = package.content;
    if (package.tag == 0xBF51) {
        const auto inner = asn1::read_tlv(content);
        if (!inner || inner->tag != 0x30) return {};
        content = inner->content;
    }
    const asn1::Tag tag = package.tag == 0xBF52 ? 0x83 : 0x82;
    Bytes found;
    (void)for_each_tlv(content, [&](const asn1::Tlv& tlv) {
        if (tlv.tag == tag) found = tlv.content;
        return found.empty();
    });
    return found.size() <= 16 ? found : Bytes{};
}

Result<Next> refuse(Context& c, Code code, Bytes transaction_id) {
    TRY(c.post_package_error(code, transaction_id));
    return Next::finish;
}

Result<Next> nothing(Context& c, uint64_t code) {
    Eim& eim = c.serving();
    eim.bad_packages = 0;
    eim.caught_up = true;
    if (code == 1) {
        eim.poll.after(c.now, c.config.poll_interval);
        c.note("nothing to do");
        return Next::finish;
    }
    // An EID it does not know will not become known soon: once a day, other errors as a failure.
    c.note("poll refused", code);
    const Time day{86'400'000};
    eim.poll.after(c.now, code == 2 ? std::max(day, c.config.poll_interval) : c.backoff(2));
    return Next::finish;
}

Result<Next> take_download_trigger(Context& c, const asn1::Tlv& package) {
    const auto trigger = asn1::decode<rsp::ProfileDownloadTriggerRequest>(package.whole);
    if (!trigger) return refuse(c, Code::invalid_package_format, find_transaction_id(package));
    const Bytes transaction = trigger->eim_transaction_id.value_or(Bytes{});
    DownloadDuty duty;
    duty.phase = DownloadDuty::Phase::triggered;
    TRY(duty.eim_id.assign(c.serving().id.bytes()));
    TRY(duty.eim_transaction_id.assign(transaction));
    duty.source = DownloadDuty::Source::eim;
    if (trigger->profile_download_data) {
        const auto& data = trigger->profile_download_data->is;
        duty.source = static_cast<DownloadDuty::Source>(data.index());
        if (const auto* code = std::get_if<0>(&data)) {
            if (!parse_activation_code(*code)) return refuse(c, Code::invalid_package_format, transaction);
            TRY(duty.text.assign(bytes_of(*code)));
        }
        if (const auto* smds = std::get_if<2>(&data))
            if (!duty.text.assign(bytes_of(smds->smds_address.value_or(""))))
                return refuse(c, Code::invalid_package_format, transaction);
    }
    c.state.download = duty;
    c.download = {};
    TRY(c.save()); // the eIM may hand it out only once
    c.note("download triggered");
    return Next::finish;
}

Result<Next> take_euicc_package(Context& c, const asn1::Tlv& package) {
    const auto facts = inspect_package(package.whole);
    if (!facts) return refuse(c, Code::invalid_package_format, find_transaction_id(package));
    const PackageDuty& before = c.state.package;
    if (c.serving().results && before.active && is(before.eim_id, c.serving().id.bytes()) &&
        before.counter == facts->counter) {
        // The one whose result it has not taken yet: executing it again could only make a replayError of it.
        c.serving().poll.after(c.now, c.backoff(++c.serving().unacknowledged));
        c.note("package offered again", facts->counter);
        return Next::finish;
    }
    PackageDuty duty;
    duty.active = true;
    duty.counter = facts->counter;
    duty.eim_id = c.serving().id;
    duty.address = c.serving().address;
    duty.rollback = facts->rollback;
    duty.ecos = facts->ecos;
    c.state.package = duty;
    c.result = package.whole; // still in `in`
    c.follow = Duty::package;
    c.note("package received", package.whole.size());
    return Next::finish;
}

Result<Next> take_data_request(Context& c, const asn1::Tlv& package) {
    const Bytes kept = TRY(c.keep.copy(package.whole, "ipaEuiccDataRequest"));
    const auto request = asn1::decode<rsp::IpaEuiccDataRequest>(kept);
    if (!request) return refuse(c, Code::invalid_package_format, find_transaction_id(package));
    c.data = {.request = *request};
    c.follow = Duty::data;
    c.note("data request received");
    return Next::finish;
}

} // namespace

Result<Next> take_eim_package(Context& c, const asn1::Tlv& package) {
    switch (package.tag) {
    case 0xBF51: return take_euicc_package(c, package);
    case 0xBF52: return take_data_request(c, package);
    case 0xBF54: return take_download_trigger(c, package);
    }
    return refuse(c, Code::unknown_package, find_transaction_id(package));
}

namespace {
Result<Next> take_package(Context& c, Bytes reply) {
    const auto outer = TRY(asn1::read_tlv(reply, "getEimPackageResponse"));
    c.eim_heard();
    TRY(state_change_told(c));
    c.serving().poll = {}; // after the package: ask again at once
    c.serving().caught_up = false;
    if (outer.tag != 0xBF4F) return refuse(c, Code::unknown_package, {});
    auto package = asn1::read_tlv(outer.content, "getEimPackageResponse");
    // One ASN.1 compiler writes the tag of this CHOICE twice.
    if (package && package->tag == outer.tag && package->rest.empty()) {
        TRY(tolerate(asn1::name(asn1::Deviation::repeated_tag), "getEimPackageResponse"));
        package = asn1::read_tlv(package->content, "getEimPackageResponse");
    }
    if (!package) return refuse(c, Code::invalid_package_format, {});
    if (package->tag != 0x02) return take_eim_package(c, *package);
    int64_t code = 0;
    if (!asn1::load_integer(code, package->content)) return refuse(c, Code::invalid_package_format, {});
    return nothing(c, static_cast<uint64_t>(code));
}

// An eIM that sends nonsense again and again is not asked for more at full speed.
void done(Context& c) {
    Eim& eim = c.serving();
    if (eim.bad_packages >= 3) eim.poll.after(c.now, c.backoff(eim.bad_packages - 2));
}

constexpr Step kSteps[] = {
    {"ESipa.GetEimPackage", "SGP.32 §5.14.5", Peer::eim, ask_package, take_package},
};
} // namespace
const Procedure kPoll{"poll", kSteps, done, failed_towards_eim};
} // namespace halyard::ipa
