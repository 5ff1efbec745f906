#include "apps/common/pki_files.h"
#include "base/log.h"
#include <algorithm>

namespace halyard::app {

Result<crypto::Certificate> PkiDirectory::certificate(const std::string& name) const {
    const OwnedBytes content = TRY(read_file(path / (name + ".der")));
    return crypto::Certificate::parse(content);
}

Result<pki::Credential> PkiDirectory::credential(const std::string& name) const {
    pki::Credential out;
    out.certificate = TRY(certificate(name));
    const SecretBytes pem_text = TRY(read_secret(key(name)));
    out.key = TRY(crypto::PrivateKey::from_pem(pem_text.reveal()));
    if (!out.certificate.public_key || !(*out.certificate.public_key == out.key.public_key()))
        return fail(Errc::unverified, "key and certificate");
    return out;
}

Result<rsp::TrustAnchor> PkiDirectory::anchor() const {
    return rsp::TrustAnchor::from(TRY(certificate("ci")));
}

Result<std::vector<Eid>> PkiDirectory::eids() const {
    std::vector<Eid> out;
    std::error_code error;
    if (std::filesystem::is_directory(path) && !std::filesystem::exists(path / "euicc")) return out;
    for (const auto& entry : std::filesystem::directory_iterator(path / "euicc", error))
        if (entry.path().extension() == ".der")
            if (const auto eid = eid_from_text(entry.path().stem().string())) out.push_back(*eid);
    if (error) return fail(Errc::not_found, "euicc");
    std::sort(out.begin(), out.end());
    return out;
}

Ok PkiDirectory::store(const std::string& name, const pki::Credential& credential) const {
    TRY(make_directory((path / name).parent_path()));
    if (credential.key.valid()) TRY(write_secret(key(name), credential.key.to_pem().reveal()));
    TRY(write_file(path / (name + ".der"), credential.certificate.der));
    return write_file(pem(name), bytes_of(credential.certificate.to_pem()));
}

Result<rsp::Revocation> load_crls(const std::vector<std::string>& files, Time now) {
    rsp::Revocation out;
    for (const std::string& file : files) {
        // PEM is a third longer than what it holds.
        const OwnedBytes content = TRY(read_file(file, rsp::Crl::kMaxSize * 3 / 2, "crl"));
        for (rsp::Crl& crl : TRY(rsp::Crl::parse_file(content))) {
            if (now > crl.next_update)
                log(LogLevel::warning,
                    file + ": nextUpdate has passed" +
                        (now > crl.next_update + out.grace ? "; certificates it covers are refused" : ""));
            out.crls.push_back(std::move(crl));
        }
    }
    return out;
}

} // namespace halyard::app
