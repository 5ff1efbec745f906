#include "rsp/deny_list.h"
#include "asn1/asn1.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
Bytes without_zeros(Bytes number) {
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    return number;
}

std::string_view word(std::string_view& line) {
    const size_t from = line.find_first_not_of(" \t\r");
    if (from == line.npos) return line = {};
    const size_t to = std::min(line.find_first_of(" \t\r", from), line.size());
    const std::string_view out = line.substr(from, to - from);
    line.remove_prefix(to);
    return out;
}

template <class T> void sort_unique(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}
} // namespace

Result<DenyList> DenyList::parse(std::string_view text) {
    DenyList out;
    for (uint32_t number = 1; !text.empty(); ++number) {
        if (number > kMaxLines) return fail(Errc::limit, "lines");
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        line = line.substr(0, line.find('#'));
        const std::string_view kind = word(line), first = word(line), second = word(line);
        if (kind.empty()) continue;
        if (!word(line).empty()) return fail(Errc::bad_value, "a word too many", number);
        if (const Ok ok = out.add(kind, first, second); !ok)
            return fail(ok.error().code, ok.error().where, number);
    }
    out.settle();
    return out;
}

Ok DenyList::add(std::string_view kind, std::string_view first, std::string_view second) {
    if (kind == "certificate") {
        const OwnedBytes issuer = TRY(from_hex(first, "issuer's key identifier"));
        const OwnedBytes serial = TRY(from_hex(second, "serial number"));
        if (issuer.empty()) return fail(Errc::bad_value, "issuer's key identifier");
        if (serial.empty()) return fail(Errc::bad_value, "serial number");
        certificates_.push_back({issuer, owned(without_zeros(serial))});
        return {};
    }
    if (!second.empty()) return fail(Errc::bad_value, "a word too many");
    if (kind == "eid") return add_eids(first);
    if (kind == "eum") {
        eums_.push_back(TRY(from_hex(first, "key identifier")));
        if (eums_.back().empty()) return fail(Errc::bad_value, "key identifier");
        return {};
    }
    if (kind != "oid") return fail(Errc::bad_value, "kind: eid, eum, certificate or oid");
    TRY(asn1::oid_from_text(first));
    oids_.emplace_back(first);
    return {};
}

Ok DenyList::add_eids(std::string_view text) {
    constexpr size_t kDigits = 32;
    std::string first(text.substr(0, text.find('-'))), last = first;
    if (first.size() < text.size()) {
        last = text.substr(first.size() + 1);
    } else if (text.ends_with('*')) {
        const std::string_view prefix = text.substr(0, text.size() - 1);
        if (prefix.empty() || prefix.size() > kDigits) return fail(Errc::bad_value, "EID");
        first = std::string(prefix) + std::string(kDigits - prefix.size(), '0');
        last = std::string(prefix) + std::string(kDigits - prefix.size(), '9');
    }
    // A range need not end at EIDs whose check digits fit.
    const auto octets = [](const std::string& digits) -> Result<Eid> {
        if (digits.size() != kDigits || digits.find_first_not_of("0123456789") != digits.npos)
            return fail(Errc::bad_value, "EID");
        const OwnedBytes raw = TRY(from_hex(digits, "EID"));
        Eid out{};
        std::copy(raw.begin(), raw.end(), out.begin());
        return out;
    };
    const Range range{TRY(octets(first)), TRY(octets(last))};
    if (range.last < range.first) return fail(Errc::bad_value, "range");
    eids_.push_back(range);
    return {};
}

void DenyList::settle() {
    sort_unique(eums_);
    sort_unique(certificates_);
    sort_unique(oids_);
    std::sort(eids_.begin(), eids_.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    std::vector<Range> merged;
    for (const Range& r : eids_) {
        if (merged.empty() || merged.back().last < r.first)
            merged.push_back(r);
        else
            merged.back().last = std::max(merged.back().last, r.last);
    }
    eids_ = std::move(merged);
}

bool DenyList::has_eid(const Eid& eid) const {
    const auto after = std::upper_bound(
        eids_.begin(), eids_.end(), eid, [](const Eid& e, const Range& r) { return e < r.first; });
    return after != eids_.begin() && !(std::prev(after)->last < eid);
}
bool DenyList::has_eum(Bytes key_id) const {
    return std::binary_search(eums_.begin(), eums_.end(), owned(key_id));
}
bool DenyList::has_certificate(Bytes issuer_key_id, Bytes serial) const {
    return std::binary_search(certificates_.begin(),
                              certificates_.end(),
                              Serial{owned(issuer_key_id), owned(without_zeros(serial))});
}
bool DenyList::has_oid(std::string_view oid) const {
    return std::binary_search(oids_.begin(), oids_.end(), oid);
}

std::optional<Refusal>
denied(LiveLists* live, const Eid& eid, const crypto::Certificate& euicc, Bytes eum_certificate) {
    if (!live) return std::nullopt;
    const auto lists = live->now();
    const DenyList& list = lists->denied;
    if (list.size() == 0) return std::nullopt;
    constexpr Refusal kEum{"8.1.2", "6.1", "EUM denied"}, kEuicc{"8.1.3", "6.1", "eUICC denied"};
    const auto refuse = [&](const char* kind, const std::string& who, const Refusal& refusal) {
        live->refused(kind, who);
        return refusal;
    };
    const Bytes eum_key = euicc.authority_key_id ? Bytes(*euicc.authority_key_id) : Bytes();
    if (list.has_eum(eum_key)) return refuse("eum", hex(eum_key), kEum);
    if (const auto eum = crypto::Certificate::parse(eum_certificate); eum && eum->authority_key_id)
        if (list.has_certificate(*eum->authority_key_id, eum->serial))
            return refuse("certificate", hex(eum->serial), kEum);
    if (list.has_certificate(eum_key, euicc.serial)) return refuse("certificate", hex(euicc.serial), kEuicc);
    if (list.has_eid(eid)) return refuse("eid", to_text(eid), kEuicc);
    return std::nullopt;
}

bool is_denied(LiveLists* live, const Eid& eid) {
    if (!live || !live->now()->denied.has_eid(eid)) return false;
    live->refused("eid", to_text(eid));
    return true;
}
bool is_denied(LiveLists* live, std::string_view oid) {
    if (!live || !live->now()->denied.has_oid(oid)) return false;
    live->refused("oid", std::string(oid));
    return true;
}

} // namespace halyard::rsp
