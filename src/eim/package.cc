#include "eim/package.h"
#include "eim/overload.h"
#include <algorithm>

namespace halyard::eim {
namespace {
using rsp::EuiccPackage, rsp::Psmo, rsp::Eco;
constexpr size_t kMaxPackage = 60 * 1024; // with what goes around it below 64 KiB (SR-48)

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

} // namespace

Result<size_t> check_package(Bytes package) {
    if (package.size() > kMaxPackage)
        return fail(Errc::limit, "euiccPackage", static_cast<uint32_t>(package.size()));
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

Ok check_tag_list(Bytes tags) {
    // The v1.0 spellings (80, 88, BF2B) are for an older IPA. SGP.32 §2.11.1.2
    static constexpr uint32_t kAllowed[] = {
        0xA0, 0x81, 0xA2, 0xBF20, 0xBF22, 0x83, 0x84, 0xA5, 0xA6, 0xA8, 0xA9, 0x80, 0x88, 0xBF2B};
    if (tags.empty()) return fail(Errc::missing_field, "tagList");
    for (size_t i = 0; i < tags.size(); ++i) {
        uint32_t tag = tags[i];
        if ((tag & 0x1F) == 0x1F) {
            if (++i == tags.size()) return fail(Errc::truncated, "tagList", tag);
            tag = tag << 8 | tags[i];
        }
        if (std::find(std::begin(kAllowed), std::end(kAllowed), tag) == std::end(kAllowed))
            return fail(Errc::bad_value, "tagList", tag);
    }
    return {};
}

Ok check_edition(Bytes package, rsp::Edition edition) {
    if (edition > rsp::Edition::v1_0) return {};
    return each_psmo(package, [](const Psmo& psmo) -> Ok {
        if (std::holds_alternative<rsp::SetFallbackAttribute>(psmo.is))
            return fail(Errc::unsupported, "setFallbackAttribute by an eUICC of SGP.32 v1.0");
        if (std::holds_alternative<rsp::UnsetFallbackAttribute>(psmo.is))
            return fail(Errc::unsupported, "unsetFallbackAttribute by an eUICC of SGP.32 v1.0");
        if (std::holds_alternative<rsp::SetDefaultDpAddressRequest>(psmo.is))
            return fail(Errc::unsupported, "setDefaultDpAddress by an eUICC of SGP.32 v1.0");
        return {};
    });
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

bool has_effect(const Operation& o) {
    return o.kind == Kind::download || (o.kind == Kind::package && changes_something(o.package));
}

bool is_about_eims(Bytes package) {
    const auto p = asn1::decode<EuiccPackage>(package);
    return p && p->is.index() == 1;
}

OwnedBytes eim_audit_package() {
    const Eco ecos[] = {{rsp::ListEim{}}};
    EuiccPackage package;
    package.is.emplace<1>().items = ecos;
    return std::move(*asn1::encode(package));
}

OwnedBytes audit_package(std::optional<rsp::Edition> euicc) {
    // ICCID, state, provider, name, class, fallback attribute (since v1.1): no icons over the air.
    static constexpr uint8_t kTags[] = {0x5A, 0x9F, 0x70, 0x91, 0x92, 0x95, 0x9F, 0x26};
    Psmo list;
    list.is = rsp::ProfileInfoListRequest{
        .tag_list = Bytes(kTags).first(euicc == rsp::Edition::v1_0 ? 6 : sizeof kTags)};
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
            if (p->fallback)
                return fail(Errc::rejected, "delete: the profile is the fallback; needs an override");
        } else if (const auto* f = std::get_if<rsp::SetFallbackAttribute>(&psmo.is)) {
            if (!find(profiles, f->iccid))
                return fail(Errc::rejected, "setFallbackAttribute: no such profile on the eUICC");
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

std::optional<bool> came_true(const std::vector<std::string>& eims, Bytes package) {
    const auto p = asn1::decode<EuiccPackage>(package);
    if (!p || p->is.index() != 1) return std::nullopt;
    bool yes = true, told = true;
    const auto there = [&](std::string_view id) {
        return std::find(eims.begin(), eims.end(), id) != eims.end();
    };
    (void)std::get<1>(p->is).for_each([&](const Eco& eco) {
        if (const auto* add = std::get_if<0>(&eco.is)) yes &= there(add->eim_id);
        if (const auto* del = std::get_if<rsp::DeleteEim>(&eco.is)) yes &= !there(del->eim_id);
        if (eco.is.index() == 2) told = false; // what an update changed is in no list
    });
    return told ? std::optional<bool>(yes) : std::nullopt;
}

} // namespace halyard::eim
