#include "apps/common/card_identity.h"
#include "rsp/chain.h"

namespace halyard::app {
namespace {
template <class T> using Judged = tl::expected<T, IdentityRefusal>;

auto refusal(const std::string& file, const Error& error) {
    return tl::unexpected(IdentityRefusal{file, error});
}

Result<crypto::Certificate> read_certificate(const std::string& file) {
    const OwnedBytes content = TRY(read_file(file, 1u << 16));
    auto found = TRY(crypto::Certificate::parse_file(content));
    if (found.size() != 1)
        return fail(Errc::bad_length, "one certificate", static_cast<uint32_t>(found.size()));
    return std::move(found.front());
}

Result<crypto::PrivateKey> read_key(const std::string& file) {
    const SecretBytes pem = TRY(read_secret(file));
    return crypto::PrivateKey::from_pem(pem.reveal());
}

bool belongs(const pki::Credential& c) {
    return c.certificate.public_key && *c.certificate.public_key == c.key.public_key();
}
} // namespace

Judged<CardKeys> read_card_keys(const CardKeyFiles& files, Time now) {
    CardKeys out;
    for (const auto& [file, to] : {std::pair(&files.ci, &out.ci),
                                   std::pair(&files.eum, &out.eum),
                                   std::pair(&files.certificate, &out.euicc.certificate)}) {
        auto read = read_certificate(*file);
        if (!read) return refusal(*file, read.error());
        *to = std::move(*read);
    }
    if (const Ok ok = rsp::check_ci(out.ci, now); !ok) return refusal(files.ci, ok.error());
    const auto anchor = rsp::TrustAnchor::from(out.ci);
    if (!anchor) return refusal(files.ci, anchor.error());
    if (const Ok ok = rsp::check_under_anchor(out.eum, rsp::Role::eum, *anchor, now); !ok)
        return refusal(files.eum, ok.error());
    if (const Ok ok = rsp::check_euicc(out.euicc.certificate, out.eum, now); !ok)
        return refusal(files.certificate, ok.error());
    auto key = read_key(files.key);
    if (!key) return refusal(files.key, key.error());
    out.euicc.key = std::move(*key);
    if (!belongs(out.euicc)) return refusal(files.key, Error{Errc::unverified, "key and certificate"});
    return out;
}

Judged<std::vector<CardKeys>>
read_card_identity(std::span<const CardKeyFiles> sets, const std::optional<Eid>& eid, Time now) {
    std::vector<CardKeys> out;
    std::optional<Eid> wanted = eid;
    for (const CardKeyFiles& files : sets) {
        auto keys = read_card_keys(files, now);
        if (!keys) return tl::unexpected(keys.error());
        const auto own = rsp::eid_of(keys->euicc.certificate);
        if (!own) return refusal(files.certificate, own.error());
        if (wanted && *own != *wanted) return refusal(files.certificate, Error{Errc::conflict, "eid"});
        wanted = *own;
        for (const CardKeys& earlier : out)
            if (earlier.ci.subject_key_id == keys->ci.subject_key_id)
                return refusal(files.ci, Error{Errc::conflict, "ci"});
        out.push_back(std::move(*keys));
    }
    return out;
}

Result<CardKeys> card_keys_of(const PkiDirectory& pki, const Eid& eid) {
    CardKeys out;
    out.euicc = TRY(pki.credential("euicc/" + to_text(eid)));
    out.eum = TRY(pki.certificate("eum"));
    out.ci = TRY(pki.certificate("ci"));
    return out;
}

} // namespace halyard::app
