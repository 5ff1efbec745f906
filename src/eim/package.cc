#include "eim/package.h"
#include <algorithm>

namespace halyard::eim {
namespace {
using rsp::EuiccPackage, rsp::Psmo, rsp::Eco;

template <class... F> struct Overload : F... { using F::operator()...; };
template <class... F> Overload(F...) -> Overload<F...>;

// f(const Psmo&) for each; eCOs are skipped.
template <class F> Ok each_psmo(Bytes package, F&& f) {
    const auto p = TRY(asn1::decode<EuiccPackage>(package));
    const auto* list = std::get_if<0>(&p.is);
    return list ? list->for_each([&](const Psmo& psmo) -> Ok { return f(psmo); }) : Ok{};
}

KnownProfile* find(std::vector<KnownProfile>& profiles, const Iccid& iccid) {
    for (KnownProfile& p : profiles)
        if (p.iccid == iccid) return &p;
    return nullptr;
}

void change(std::vector<KnownProfile>& profiles, const Psmo& psmo) {
    std::visit(Overload{
                   [&](const rsp::Enable& e) {
                       if (find(profiles, e.iccid))
                           for (KnownProfile& p : profiles) p.enabled = p.iccid == e.iccid;
                   },
                   [&](const rsp::Disable& d) {
                       if (KnownProfile* p = find(profiles, d.iccid)) p->enabled = false;
                   },
                   [&](const rsp::Delete& d) {
                       std::erase_if(profiles, [&](const KnownProfile& p) { return p.iccid == d.iccid; });
                   },
                   [&](const rsp::SetFallbackAttribute& f) {
                       for (KnownProfile& p : profiles) p.fallback = p.iccid == f.iccid;
                   },
                   [&](const rsp::UnsetFallbackAttribute&) {
                       for (KnownProfile& p : profiles) p.fallback = false;
                   },
                   [](const auto&) {},
               },
               psmo.is);
}

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
} // namespace

Result<size_t> check_package(Bytes package) {
    const auto p = TRY(asn1::decode<EuiccPackage>(package));
    if (const auto* ecos = std::get_if<1>(&p.is)) {
        const size_t n = TRY(ecos->count());
        return n ? Result<size_t>(n) : fail(Errc::missing_field, "ecoList");
    }
    size_t n = 0;
    bool enabled = false, disabled = false, changed = false;
    TRY(std::get<0>(p.is).for_each([&](const Psmo& psmo) -> Ok {
        ++n;
        if (std::holds_alternative<rsp::Enable>(psmo.is)) {
            if (std::exchange(enabled, true)) return fail(Errc::bad_value, "psmoList: more than one enable");
            changed = true;
        } else if (std::holds_alternative<rsp::Disable>(psmo.is)) {
            if (enabled) return fail(Errc::bad_value, "psmoList: disable after enable");
            if (std::exchange(disabled, true))
                return fail(Errc::bad_value, "psmoList: more than one disable");
            changed = true;
        } else if (std::holds_alternative<rsp::Delete>(psmo.is)) {
            changed = true;
        } else if (std::holds_alternative<rsp::ProfileInfoListRequest>(psmo.is) && changed) {
            return fail(Errc::bad_value, "psmoList: listProfileInfo after a change");
        }
        return {};
    }));
    return n ? Result<size_t>(n) : fail(Errc::missing_field, "psmoList");
}

bool changes_something(Bytes package) {
    const auto p = asn1::decode<EuiccPackage>(package);
    if (!p) return true;
    bool changes = false;
    if (const auto* ecos = std::get_if<1>(&p->is)) {
        (void)ecos->for_each([&](const Eco& e) { changes |= !std::holds_alternative<rsp::ListEim>(e.is); });
        return changes;
    }
    (void)std::get<0>(p->is).for_each([&](const Psmo& psmo) {
        changes |= !std::holds_alternative<rsp::ProfileInfoListRequest>(psmo.is) &&
                   !std::holds_alternative<rsp::GetRAT>(psmo.is);
    });
    return changes;
}

OwnedBytes audit_package() {
    // ICCID, state, provider, name, class, fallback attribute: no icons over the air.
    static constexpr uint8_t kTags[] = {0x5A, 0x9F, 0x70, 0x91, 0x92, 0x95, 0x9F, 0x26};
    Psmo list;
    list.is = rsp::ProfileInfoListRequest{.tag_list = Bytes(kTags)};
    const Psmo psmos[] = {list};
    EuiccPackage package;
    package.is = asn1::List<Psmo>{.items = psmos};
    return std::move(*asn1::encode(package));
}

Result<std::vector<KnownProfile>> plan(std::vector<KnownProfile> profiles, Bytes package) {
    const bool had_service =
        std::any_of(profiles.begin(), profiles.end(), [](const KnownProfile& p) { return p.enabled; });
    TRY(each_psmo(package, [&](const Psmo& psmo) -> Ok {
        if (const auto* e = std::get_if<rsp::Enable>(&psmo.is)) {
            const KnownProfile* p = find(profiles, e->iccid);
            if (!p) return fail(Errc::rejected, "enable: no such profile on the eUICC");
            if (p->enabled) return fail(Errc::rejected, "enable: the profile is enabled already");
        } else if (const auto* d = std::get_if<rsp::Disable>(&psmo.is)) {
            const KnownProfile* p = find(profiles, d->iccid);
            if (!p) return fail(Errc::rejected, "disable: no such profile on the eUICC");
            if (!p->enabled) return fail(Errc::rejected, "disable: the profile is not enabled");
        } else if (const auto* r = std::get_if<rsp::Delete>(&psmo.is)) {
            const KnownProfile* p = find(profiles, r->iccid);
            if (!p) return fail(Errc::rejected, "delete: no such profile on the eUICC");
            if (p->enabled) return fail(Errc::rejected, "delete: the profile is enabled");
        } else if (std::holds_alternative<rsp::UnsetFallbackAttribute>(psmo.is)) {
            return fail(Errc::rejected, "unsetFallbackAttribute: needs an override");
        }
        change(profiles, psmo);
        return {};
    }));
    const bool has_service =
        std::any_of(profiles.begin(), profiles.end(), [](const KnownProfile& p) { return p.enabled; });
    if (had_service && !has_service)
        return fail(Errc::rejected, "the device would be left without an enabled profile");
    return profiles;
}

Result<Outcome> judge(Bytes package, const rsp::EuiccPackageResultDataSigned& data) {
    Outcome out;
    const size_t wanted = TRY(check_package(package));
    size_t n = 0;
    bool failed = false;
    TRY(data.euicc_result.for_each([&](const rsp::EuiccResultData& r) {
        ++n;
        const Judged j = judge_one(r);
        if (std::holds_alternative<rsp::RollbackProfileResult>(r.is)) out.rolled_back = true;
        if (const auto* l = std::get_if<rsp::ProfileInfoListResponse>(&r.is))
            if (const auto* list = std::get_if<0>(&l->is)) out.listed = profiles_of(*list);
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
    out.success = !failed && n == wanted;
    if (!failed && n != wanted)
        out.reason = std::to_string(n) + " results for " + std::to_string(wanted) + " commands";
    return out;
}

std::vector<KnownProfile> carry_out(std::vector<KnownProfile> profiles, Bytes package, size_t done) {
    size_t n = 0;
    (void)each_psmo(package, [&](const Psmo& psmo) -> Ok {
        if (n++ < done) change(profiles, psmo);
        return {};
    });
    return profiles;
}

std::optional<bool> came_true(const std::vector<KnownProfile>& now, Bytes package) {
    const auto p = asn1::decode<EuiccPackage>(package);
    if (!p || p->is.index() != 0) return std::nullopt;
    bool yes = true;
    bool told = false;
    std::vector<KnownProfile> copy = now;
    (void)each_psmo(package, [&](const Psmo& psmo) -> Ok {
        const auto state = [&](const Iccid& iccid, bool enabled) {
            const KnownProfile* known = find(copy, iccid);
            told = true;
            yes &= known && known->enabled == enabled;
        };
        if (const auto* e = std::get_if<rsp::Enable>(&psmo.is)) state(e->iccid, true);
        if (const auto* d = std::get_if<rsp::Disable>(&psmo.is)) {
            const KnownProfile* known = find(copy, d->iccid);
            told = true;
            yes &= !known || !known->enabled;
        }
        if (const auto* r = std::get_if<rsp::Delete>(&psmo.is)) {
            told = true;
            yes &= find(copy, r->iccid) == nullptr;
        }
        if (const auto* f = std::get_if<rsp::SetFallbackAttribute>(&psmo.is)) {
            const KnownProfile* known = find(copy, f->iccid);
            told = true;
            yes &= known && known->fallback;
        }
        return {};
    });
    return told ? std::optional<bool>(yes) : std::nullopt;
}

} // namespace halyard::eim
