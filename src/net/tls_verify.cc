#include "net/tls_verify.h"
#include <algorithm>
#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace halyard::net {
namespace {

tls::Certificate parse_certificate(Bytes der) {
    const uint8_t* at = der.data();
    tls::Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (at != der.data() + der.size()) certificate.reset();
    return certificate;
}

Ok add_anchor(X509_STORE* store, X509* certificate) {
    if (!certificate || X509_STORE_add_cert(store, certificate) != 1) return fail(Errc::bad_value, "trust");
    return {};
}

Ok add_pem(X509_STORE* store, const std::string& pem) {
    const std::unique_ptr<BIO, tls::Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    size_t count = 0;
    for (;; ++count) {
        const tls::Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!certificate) break;
        TRY(add_anchor(store, certificate.get()));
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (count == 0 || !ended) return fail(Errc::bad_value, "trust");
    return {};
}

const char* name_of(int error) {
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "certificate expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "certificate not yet valid";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "certificate host";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_INVALID_CA: return "certificate issuer";
    case X509_V_ERR_INVALID_PURPOSE: return "certificate purpose";
    default: return "certificate";
    }
}

bool refuse(Verdict& verdict, const char* where, int detail) {
    verdict = {where, static_cast<uint32_t>(detail)};
    return false;
}

OwnedBytes key_of(X509* certificate) {
    X509_PUBKEY* key = X509_get_X509_PUBKEY(certificate);
    OwnedBytes out(static_cast<size_t>(std::max(0, i2d_X509_PUBKEY(key, nullptr))));
    uint8_t* at = out.data();
    if (!out.empty()) i2d_X509_PUBKEY(key, &at);
    return out;
}

bool is_public_key(Bytes der) {
    const uint8_t* at = der.data();
    X509_PUBKEY* key = d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
    X509_PUBKEY_free(key);
    ERR_clear_error();
    return key && at == der.data() + der.size();
}

} // namespace

Result<TrustCheck> TrustCheck::make(const Trust& trust, std::optional<Time> verify_time) {
    ERR_clear_error();
    const bool by_path = !trust.anchors.empty() || !trust.anchors_pem.empty();
    const int kinds = by_path + !trust.pinned_key.empty() + !trust.pinned_certificate.empty();
    if (kinds == 0) return fail(Errc::missing_field, "trust");
    if (kinds > 1) return fail(Errc::conflict, "trust");
    TrustCheck check;
    check.anchors_.reset(X509_STORE_new());
    if (!check.anchors_) return fail(Errc::internal, "trust");
    for (const OwnedBytes& der : trust.anchors)
        TRY(add_anchor(check.anchors_.get(), parse_certificate(der).get()));
    if (!trust.anchors_pem.empty()) TRY(add_pem(check.anchors_.get(), trust.anchors_pem));
    if (!trust.pinned_certificate.empty()) {
        const tls::Certificate pinned = parse_certificate(trust.pinned_certificate);
        TRY(add_anchor(check.anchors_.get(), pinned.get()));
        check.pinned_is_ca_ = X509_check_ca(pinned.get()) > 0;
    }
    if (!trust.pinned_key.empty() && !is_public_key(trust.pinned_key)) return fail(Errc::bad_value, "trust");
    check.pinned_key_ = trust.pinned_key;
    check.pinned_certificate_ = trust.pinned_certificate;
    check.policies_ = trust.policies;
    if (verify_time) check.at_ = static_cast<time_t>(std::chrono::floor<Seconds>(*verify_time).count());
    return check;
}

void TrustCheck::install(SSL_CTX* context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set1_verify_cert_store(context, anchors_.get());
    SSL_CTX_set_cert_verify_callback(context, verify, this);
}

Ok TrustCheck::expect(SSL* session, const Url& url) const {
    X509_VERIFY_PARAM* rules = SSL_get0_param(session);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN); // an anchor need not be self-signed
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (at_) X509_VERIFY_PARAM_set_time(rules, *at_);
    if (url.is_address_literal()) {
        if (X509_VERIFY_PARAM_set1_ip_asc(rules, url.host.c_str()) != 1) return fail(Errc::bad_value, "url");
        return {};
    }
    if (url.host.empty() || X509_VERIFY_PARAM_set1_host(rules, url.host.data(), url.host.size()) != 1)
        return fail(Errc::bad_value, "url");
    if (SSL_set_tlsext_host_name(session, url.host.c_str()) != 1) return fail(Errc::bad_value, "url");
    return {};
}

int TrustCheck::verify(X509_STORE_CTX* chain, void* self) {
    auto* session =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* verdict = session ? static_cast<Verdict*>(SSL_get_app_data(session)) : nullptr;
    if (!verdict) return 0;
    const bool believed = static_cast<const TrustCheck*>(self)->judge(chain, *verdict);
    if (believed)
        X509_STORE_CTX_set_error(chain, X509_V_OK);
    else if (X509_STORE_CTX_get_error(chain) == X509_V_OK)
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return believed ? 1 : 0;
}

bool TrustCheck::judge(X509_STORE_CTX* chain, Verdict& verdict) const {
    X509* leaf = X509_STORE_CTX_get0_cert(chain);
    if (!leaf) return refuse(verdict, "certificate", X509_V_ERR_UNSPECIFIED);
    if (!tls::has_permitted_key(leaf)) return refuse(verdict, "certificate key type", X509_V_ERR_UNSPECIFIED);
    if (!pinned_key_.empty()) {
        if (key_of(leaf) == pinned_key_) return true;
        return refuse(verdict, "certificate key pin", X509_V_ERR_APPLICATION_VERIFICATION);
    }
    if (pinned_certificate_.empty()) return judge_path(chain, verdict);
    if (tls::der_of(leaf) == pinned_certificate_) return judge_dates(leaf, verdict);
    if (pinned_is_ca_) return judge_path(chain, verdict);
    return refuse(verdict, "certificate key pin", X509_V_ERR_APPLICATION_VERIFICATION);
}

bool TrustCheck::judge_dates(X509* certificate, Verdict& verdict) const {
    time_t now = at_ ? *at_ : ::time(nullptr);
    // X509_cmp_time: negative when the certificate's time is before, 0 when it cannot be read.
    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) >= 0)
        return refuse(verdict, "certificate not yet valid", X509_V_ERR_CERT_NOT_YET_VALID);
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) <= 0)
        return refuse(verdict, "certificate expired", X509_V_ERR_CERT_HAS_EXPIRED);
    return true;
}

bool TrustCheck::judge_path(X509_STORE_CTX* chain, Verdict& verdict) const {
    if (X509_verify_cert(chain) != 1) {
        const int error = X509_STORE_CTX_get_error(chain);
        return refuse(verdict, name_of(error), error);
    }
    if (policies_.empty() || has_policy(X509_STORE_CTX_get0_cert(chain))) return true;
    return refuse(verdict, "certificate role", X509_V_ERR_APPLICATION_VERIFICATION);
}

bool TrustCheck::has_policy(X509* certificate) const {
    auto* policies = static_cast<CERTIFICATEPOLICIES*>(
        X509_get_ext_d2i(certificate, NID_certificate_policies, nullptr, nullptr));
    bool found = false;
    for (int i = 0; i < sk_POLICYINFO_num(policies); ++i) { // -1 for none
        std::array<char, 80> text{};
        const int length = OBJ_obj2txt(
            text.data(), static_cast<int>(text.size()), sk_POLICYINFO_value(policies, i)->policyid, 1);
        found |= length > 0 && std::count(policies_.begin(), policies_.end(), text.data()) > 0;
    }
    CERTIFICATEPOLICIES_free(policies);
    return found;
}

} // namespace halyard::net
