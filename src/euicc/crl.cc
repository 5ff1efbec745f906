// ES10b.LoadCRL, and what loaded lists forbid. A card has no clock: a list counts until a fresher one of the
// same CI has come whole. SGP.22 §5.7.12
#include "euicc/isdr.h"

namespace halyard::euicc {
namespace {
using Error = rsp::LoadCrlResponseError;

// cRLNumber is a positive INTEGER of any length: -1, 0, 1.
int compare(Bytes a, Bytes b) {
    const auto significant = [](Bytes n) {
        while (!n.empty() && n[0] == 0) n = n.subspan(1);
        return n;
    };
    a = significant(a);
    b = significant(b);
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end())   ? -1
           : std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end()) ? 1
                                                                                  : 0;
}

// The parts of the list that are not among those stored.
std::vector<uint64_t> missing(const std::vector<StoredCrl>& stored, const rsp::Crl& crl, Bytes ci_key_id) {
    std::vector<uint64_t> out;
    for (uint32_t part = 1; part <= crl.parts; ++part)
        if (std::none_of(stored.begin(), stored.end(), [&](const StoredCrl& s) {
                return s.part == part && same(s.ci_key_id, ci_key_id) && !compare(s.number, crl.number());
            }))
            out.push_back(part);
    return out;
}
} // namespace

// Older lists stay until the newer one has come whole: what was revoked stays so in between.
tl::expected<std::vector<uint64_t>, Error> Isdr::take_crl(const rsp::Crl& crl, const KeySet& ci) {
    if (!crl.ecdsa_sha256 || !crypto::verify_der(ci.ci_key, crl.tbs(), crl.signature()))
        return tl::unexpected(Error::invalid_signature);
    const auto is_of_ci = [&](const StoredCrl& s) { return same(s.ci_key_id, ci.ci_key_id); };
    std::vector<StoredCrl> stored = state_.crls.value_or(std::vector<StoredCrl>{});
    for (const StoredCrl& s : stored)
        if (is_of_ci(s) && compare(s.number, crl.number()) > 0)
            return tl::unexpected(Error::fresher_crl_already_loaded);
    std::erase_if(stored, [&](const StoredCrl& s) {
        return is_of_ci(s) && !compare(s.number, crl.number()) && s.part == crl.part;
    });
    stored.push_back({ci.ci_key_id, owned(crl.number()), crl.part, owned(crl.der())});
    std::vector<uint64_t> parts = missing(stored, crl, ci.ci_key_id);
    if (parts.empty())
        std::erase_if(stored,
                      [&](const StoredCrl& s) { return is_of_ci(s) && compare(s.number, crl.number()) < 0; });
    State next;
    next.crls = stored;
    const uint64_t lists = next.used_memory();
    next.crls = state_.crls;
    if (lists > next.used_memory() && lists - next.used_memory() > free_memory())
        return tl::unexpected(Error::not_enough_memory_space);
    state_.crls = std::move(stored);
    dirty_ = true;
    return parts;
}

Result<OwnedBytes> Isdr::load_crl(Bytes command) {
    const auto answer = [](auto is) {
        rsp::LoadCrlResponse response;
        response.is = is;
        return asn1::encode(response);
    };
    const auto request = asn1::decode<rsp::LoadCrlRequest>(command);
    if (!request) return answer(Error::invalid_crl_format);
    const auto crl = rsp::Crl::parse(request->crl.der());
    if (!crl)
        return answer(crl.error().code == Errc::limit ? Error::not_enough_memory_space
                                                      : Error::invalid_crl_format);
    const KeySet* ci = identity_->find(crl->authority_key_id());
    if (!ci) return answer(Error::verification_key_not_found);
    const auto parts = take_crl(*crl, *ci);
    if (!parts) return answer(parts.error());
    rsp::LoadCrlResponseOk ok;
    if (!parts->empty()) ok.missing_parts = asn1::List<uint64_t>{.items = *parts};
    return answer(ok);
}

bool Isdr::is_revoked(const crypto::Certificate& certificate) const {
    if (!state_.crls || !certificate.authority_key_id) return false;
    Bytes serial(certificate.serial);
    while (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
    for (const StoredCrl& s : *state_.crls) {
        if (!same(s.ci_key_id, *certificate.authority_key_id)) continue;
        const auto crl = rsp::Crl::parse(s.der);
        if (!crl || crl->find(serial))
            return true; // a list that was taken and is no longer one: trust nobody
    }
    return false;
}

} // namespace halyard::euicc
