#pragma once
// The directory `halyard pki init` writes and every program reads. docs/pki.md
#include "apps/common/files.h"
#include "pki/mint.h"

namespace halyard::app {

/// What is in the directory. Keys are loaded where a program asks for them only.
struct PkiDirectory {
    std::filesystem::path path;

    /// `NAME.der` beside `NAME.key`: "ci", "eum", "smdp-auth", "smdp-pb", "smdp-tls", "smds-auth",
    /// "smds-tls", "eim-sign", "eim-tls", "euicc/<EID>". Errors: not_found or bad_value with the kind of
    /// file; unverified when key and certificate do not belong together.
    Result<pki::Credential> credential(const std::string& name) const;
    Result<crypto::Certificate> certificate(const std::string& name) const;
    /// The CI as a trust anchor.
    Result<rsp::TrustAnchor> anchor() const;
    /// Paths for libraries that read PEM themselves.
    std::filesystem::path pem(const std::string& name) const { return path / (name + ".pem"); }
    std::filesystem::path key(const std::string& name) const { return path / (name + ".key"); }
    /// EIDs that have a credential here, sorted.
    Result<std::vector<Eid>> eids() const;
    /// Writes NAME.der, NAME.pem and, with mode 0600, NAME.key (left out when the credential has no key).
    Ok store(const std::string& name, const pki::Credential&) const;
};

/// Revocation lists out of files, DER or PEM; the log says which are past their nextUpdate. Errors: those of
/// Crl::parse; not_found "crl".
Result<rsp::Revocation> load_crls(const std::vector<std::string>& files, Time now);

} // namespace halyard::app
