// What a verified result says, command by command. SGP.32 §2.11.2.1, §3.3.1
#include "eim/overload.h"
#include "eim/package.h"

namespace halyard::eim {
namespace {
template <class E>
concept ResultCode = std::is_enum_v<E>;

struct Judged {
    bool success = false;
    std::string text;
};
template <ResultCode E> Judged judge_code(E code, const char* what) {
    const int64_t n = static_cast<int64_t>(code);
    std::string text = std::string(what) + " " + std::to_string(n);
    if constexpr (asn1::Named<E>)
        for (const auto& named : asn1_names(code))
            if (named.value == n) text = std::string(what) + " " + named.name;
    return {n == 0, text};
}
Judged judge_one(const rsp::EuiccResultData& r) {
    return std::visit(
        Overload{
            [](const rsp::EnableProfileResult& c) { return judge_code(c, "enable"); },
            [](const rsp::DisableProfileResult& c) { return judge_code(c, "disable"); },
            [](const rsp::DeleteProfileResult& c) { return judge_code(c, "delete"); },
            [](const rsp::ConfigureImmediateEnableResult& c) {
                return judge_code(c, "configureImmediateEnable");
            },
            [](const rsp::UpdateEimResult& c) { return judge_code(c, "updateEim"); },
            [](const rsp::SetFallbackAttributeResult& c) { return judge_code(c, "setFallbackAttribute"); },
            [](const rsp::UnsetFallbackAttributeResult& c) {
                return judge_code(c, "unsetFallbackAttribute");
            },
            [](const rsp::RollbackProfileResult& c) { return judge_code(c, "rollback"); },
            [](const rsp::EuiccResultData::ProcessingTerminated& c) {
                Judged j = judge_code(c, "processingTerminated");
                j.success = false;
                return j;
            },
            [](const rsp::DeleteEimResult& c) {
                Judged j = judge_code(c, "deleteEim");
                j.success |= c == rsp::DeleteEimResult::last_eim_deleted; // SGP.32 §3.5.1.2
                return j;
            },
            [](const rsp::AddEimResult& a) {
                if (std::holds_alternative<int64_t>(a.is)) return Judged{true, "addEim"};
                return judge_code(std::get<1>(a.is), "addEim");
            },
            [](const rsp::ProfileInfoListResponse& l) {
                if (const auto* e = std::get_if<rsp::ProfileInfoListError>(&l.is)) {
                    Judged j = judge_code(*e, "listProfileInfo");
                    j.success = false;
                    return j;
                }
                return Judged{true, "listProfileInfo"};
            },
            [](const rsp::ListEimResult& l) {
                return Judged{l.is.index() == 0, "listEim"};
            },
            [](const rsp::SetDefaultDpAddressResponse& s) {
                return judge_code(s.set_default_dp_address_result, "setDefaultDpAddress");
            },
            [](const auto&) {
                return Judged{true, "list"};
            },
        },
        r.is);
}

std::vector<KnownProfile> profiles_of(const asn1::List<rsp::ProfileInfo>& list) {
    std::vector<KnownProfile> out;
    (void)list.for_each([&](const rsp::ProfileInfo& p) {
        if (!p.iccid) return;
        out.push_back({*p.iccid,
                       p.profile_state && *p.profile_state == rsp::ProfileState::enabled,
                       p.fallback_attribute,
                       std::string(p.profile_name.value_or("")),
                       std::string(p.service_provider_name.value_or(""))});
    });
    return out;
}

std::vector<std::string> eims_of(const asn1::List<rsp::EimIdInfo>& list) {
    std::vector<std::string> out;
    (void)list.for_each([&](const rsp::EimIdInfo& e) { out.emplace_back(e.eim_id); });
    return out;
}

bool is_bare_ok(const asn1::List<rsp::EuiccResultData>& results) {
    static constexpr uint8_t kOk[] = {0x02, 0x01, 0x00};
    return same(results.content, kOk);
}

// True when a list that this package asks for is the whole truth about the profiles.
bool lists_everything(Bytes package) {
    const auto p = asn1::decode<rsp::EuiccPackage>(package);
    if (!p || p->is.index() != 0) return false;
    bool everything = true;
    (void)std::get<0>(p->is).for_each([&](const rsp::Psmo& psmo) {
        const auto* list = std::get_if<rsp::ProfileInfoListRequest>(&psmo.is);
        if (!list) return;
        everything &= !list->search_criteria;
        // Without ICCID and state in the answer it proves nothing. Absent: the default list, which has both.
        if (!list->tag_list) return;
        const std::string tags = hex(*list->tag_list);
        everything &= tags.find("5A") != std::string::npos && tags.find("9F70") != std::string::npos;
    });
    return everything;
}
} // namespace

Result<Outcome> judge(Bytes package, const rsp::EuiccPackageResultDataSigned& data) {
    Outcome out;
    const size_t wanted = TRY(check_package(package));
    const bool everything = lists_everything(package);
    size_t n = 0;
    bool failed = false;
    TRY(data.euicc_result.for_each([&](const rsp::EuiccResultData& r) {
        ++n;
        const Judged j = judge_one(r);
        if (std::holds_alternative<rsp::RollbackProfileResult>(r.is) && j.success) out.rolled_back = true;
        if (const auto* l = std::get_if<rsp::ProfileInfoListResponse>(&r.is))
            if (const auto* list = std::get_if<0>(&l->is); list && everything)
                out.listed = profiles_of(*list);
        if (const auto* l = std::get_if<rsp::ListEimResult>(&r.is))
            if (const auto* list = std::get_if<0>(&l->is)) out.eims = eims_of(*list);
        if (j.success && !failed) ++out.done;
        if (!j.success && !failed) {
            failed = true;
            out.reason = "command " + std::to_string(n) + ": " + j.text;
        }
    }));
    if (out.rolled_back) {
        out.reason = "rolled back: the eIM was not reached over the new profile";
        out.done = 0;
        return out;
    }
    // Some cards write the code of an only command as a bare INTEGER: ok, of whatever it was.
    if (wanted == 1 && n == 1 && is_bare_ok(data.euicc_result)) {
        failed = false;
        out.done = 1;
        out.reason.clear();
    }
    out.success = !failed && n == wanted;
    if (!failed && n != wanted)
        out.reason = std::to_string(n) + " results for " + std::to_string(wanted) + " commands";
    return out;
}

} // namespace halyard::eim
