#include "euicc/package_run.h"

// ES10b.LoadEuiccPackage: who may order what, the signed result, and its undoing. SGP.32 §5.9.1, §5.9.16
namespace halyard::euicc {
namespace {
using rsp::EuiccPackageErrorCode;

struct PackageRequest {
    asn1::Exact<PackageHead> tbs;
    Bytes signature;
    template <int = 0> static constexpr auto asn1() {
        using T = PackageRequest;
        return sequence("EuiccPackageRequest",
                        0xBF51,
                        field<&T::tbs>("euiccPackageSigned"),
                        field<&T::signature>("eimSignature", 0x5F37));
    }
};

Result<PackageRequest> receive(Bytes command) {
    auto request = TRY(asn1::decode<PackageRequest>(command));
    const PackageHead& head = request.tbs.value;
    if (!head.psmo_list && !head.eco_list) return fail(Errc::missing_field, "euiccPackage");
    if (head.psmo_list && head.eco_list) return fail(Errc::bad_tag, "euiccPackage", 0xA1);
    return request;
}

Result<crypto::PublicKey> key_of(const Eim& eim) {
    const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(eim.configuration));
    if (!data.eim_public_key_data) return fail(Errc::missing_field, "eimPublicKeyData");
    const auto& is = data.eim_public_key_data->is;
    if (const auto* spki = std::get_if<0>(&is)) return crypto::public_key_from_spki(spki->der());
    const auto certificate = TRY(crypto::Certificate::parse(std::get<1>(is).der()));
    if (!certificate.public_key) return fail(Errc::unsupported, "eimCertificate");
    return *certificate.public_key;
}

// Over the octets received, and the token this eIM was given. SGP.32 §2.11.1.1
Ok check_signature(const PackageRequest& request, const Eim& eim) {
    bool was_der = false; // some eIM sign in DER form
    return crypto::verify_tolerant(
        TRY(key_of(eim)), {request.tbs.der, token_tlv(eim.token)}, request.signature, &was_der);
}

Result<OwnedBytes>
unsigned_error(std::string_view eim_id, std::optional<Bytes> transaction_id, std::optional<int64_t> token) {
    rsp::EuiccPackageResult result;
    result.is = rsp::EuiccPackageErrorUnsigned{
        .eim_id = eim_id, .eim_transaction_id = transaction_id, .association_token = token};
    return asn1::encode(result);
}

// What can be said of a package that does not decode: the eimId, if it stands where it should, and from v1.3
// on that it is the package's fault.
Result<OwnedBytes> undecodable(Bytes command, rsp::Edition edition) {
    std::string_view id = "?";
    if (const auto outer = asn1::read_tlv(command))
        if (const auto tbs = asn1::read_tlv(outer->content); tbs && tbs->tag == 0x30)
            if (const auto first = asn1::read_tlv(tbs->content); first && first->tag == 0x80)
                if (!first->content.empty() && first->content.size() <= 128) id = text_of(first->content);
    rsp::EuiccPackageErrorUnsigned error{.eim_id = id};
    if (edition == rsp::Edition::v1_3)
        error.euicc_package_error_code = rsp::EuiccPackageErrorUnsigned::UnsignedErrorCode::undefined_error;
    rsp::EuiccPackageResult result;
    result.is = error;
    return asn1::encode(result);
}
} // namespace

// What is signed behind the data: the token; in v1.0 the eIM's signature, as one signature covers another in
// SGP.22. SGP.32 §2.11.2.1
OwnedBytes Isdr::bound_to(const Eim& eim, Bytes eim_signature) const {
    return identity_->is_v1_0() ? signature_tlv(eim_signature) : token_tlv(eim.token);
}

Result<OwnedBytes>
Isdr::sign_result(const Eim& eim, const rsp::EuiccPackageResultDataSigned& data, Bytes eim_signature) {
    const KeySet* keys = signing_keys(eim);
    if (!keys) return fail(Errc::internal, "euiccCiPKId");
    const OwnedBytes tbs = TRY(asn1::encode(data));
    const auto signature = TRY(crypto::sign(keys->key, {tbs, bound_to(eim, eim_signature)}));
    rsp::EuiccPackageResultSigned ok;
    ok.euicc_package_result_data_signed.der = tbs;
    ok.euicc_sign_epr = signature;
    rsp::EuiccPackageResult result;
    result.is = ok;
    return asn1::encode(result);
}

Result<OwnedBytes> Isdr::sign_error(const Eim& eim,
                                    const PackageHead& package,
                                    EuiccPackageErrorCode code,
                                    Bytes eim_signature) {
    const KeySet* keys = signing_keys(eim);
    if (!keys) return fail(Errc::internal, "euiccCiPKId");
    const rsp::EuiccPackageErrorDataSigned data{.eim_id = package.eim_id,
                                                .counter_value = package.counter_value,
                                                .eim_transaction_id = package.eim_transaction_id,
                                                .euicc_package_error_code = code};
    const OwnedBytes tbs = TRY(asn1::encode(data));
    const auto signature = TRY(crypto::sign(keys->key, {tbs, bound_to(eim, eim_signature)}));
    rsp::EuiccPackageErrorSigned error;
    error.euicc_package_error_data_signed.der = tbs;
    error.euicc_sign_epe = signature;
    rsp::EuiccPackageResult result;
    result.is = error;
    return asn1::encode(result);
}

// Why an authentic package is refused, in the order of SGP.32 §5.9.1 as we read it.
std::optional<EuiccPackageErrorCode>
Isdr::refusal(const PackageHead& package, const Eim& eim, size_t size) const {
    if (package.eid_value != identity_->eid) return EuiccPackageErrorCode::invalid_eid;
    if (package.counter_value > identity_->max_counter)
        return EuiccPackageErrorCode::counter_value_out_of_range;
    if (package.counter_value <= eim.counter) return EuiccPackageErrorCode::replay_error;
    if (size > identity_->max_package) return EuiccPackageErrorCode::size_overflow;
    if (state_.emergency_active) return EuiccPackageErrorCode::ecall_active;
    return std::nullopt;
}

Result<OwnedBytes> Isdr::load_package(Bytes command) {
    const auto request = receive(command);
    if (!request) return undecodable(command, identity_->edition);
    const PackageHead& package = request->tbs.value;
    Eim* const eim = state_.find_eim(package.eim_id);
    const auto transaction = identity_->is_v1_0() ? std::nullopt : package.eim_transaction_id; // not in v1.0
    if (!eim) return unsigned_error(package.eim_id, transaction, std::nullopt);
    if (!check_signature(*request, *eim)) return unsigned_error(package.eim_id, transaction, eim->token);
    if (const auto code = refusal(package, *eim, command.size()))
        return sign_error(*eim, package, *code, request->signature);
    return execute(package, *eim, request->signature);
}

// From here to save() nothing leaves the card, so that counter, effects and result are one transaction.
Result<OwnedBytes> Isdr::execute(const PackageHead& package, Eim& eim, Bytes eim_signature) {
    dirty_ = true;
    eim.counter = package.counter_value;
    const Eim signer = eim;  // a package may delete or update the eIM that sent it
    state_.rollback.reset(); // a right an earlier package gave ends here
    PackageRun run(*this, package);
    TRY(run.run());
    const uint64_t seq = state_.next_seq++;
    rsp::EuiccPackageResultDataSigned data{.eim_id = package.eim_id,
                                           .counter_value = package.counter_value,
                                           .eim_transaction_id = package.eim_transaction_id,
                                           .seq_number = seq};
    data.euicc_result.content = run.results();
    OwnedBytes result = TRY(sign_result(signer, data, eim_signature));
    keep_result(seq, result);
    TRY(run.finish(seq));
    if (state_.rollback && identity_->is_v1_0()) state_.rollback->eim_signature = owned(eim_signature);
    return result;
}

void Isdr::keep_result(uint64_t seq, OwnedBytes der) {
    constexpr size_t kKept = 64; // then the oldest is dropped. SGP.32 §2.11.2
    if (state_.results.size() >= kKept) state_.results.erase(state_.results.begin());
    state_.results.push_back({seq, std::move(der)});
}

// Back to the profile before the last enable, with a new result in place of the old one. SGP.32 §5.9.16
Result<OwnedBytes> Isdr::rollback(Bytes command) {
    using Answer = rsp::ProfileRollbackResponse::CmdResult;
    const auto refuse = [](Answer a) { return asn1::encode(rsp::ProfileRollbackResponse{.cmd_result = a}); };
    const auto request = asn1::decode<rsp::ProfileRollbackRequest>(command);
    if (!request) return refuse(Answer::command_error);
    Eim* const eim = state_.rollback ? state_.find_eim(state_.rollback->eim_id) : nullptr;
    if (!eim || !state_.find(state_.rollback->back_to)) return refuse(Answer::rollback_not_allowed);
    silent_ = !request->refresh_flag;
    if (cat_busy_ && !silent_) return refuse(Answer::cat_busy);
    const Rollback undo = *std::exchange(state_.rollback, std::nullopt);
    dirty_ = true;
    // The result and the notifications of the undone enable are as if they had never been.
    std::erase_if(state_.results, [&](const StoredResult& r) { return r.seq == undo.granted_seq; });
    std::erase_if(state_.notifications, [&](const StoredNotification& n) {
        return n.seq > undo.granted_seq && n.seq <= undo.last_seq;
    });
    rsp::EuiccResultData rolled_back;
    rolled_back.is = rsp::RollbackProfileResult::ok;
    const rsp::EuiccResultData results[] = {rolled_back};
    const uint64_t seq = state_.next_seq++;
    rsp::EuiccPackageResultDataSigned data{
        .eim_id = undo.eim_id, .counter_value = undo.counter, .seq_number = seq};
    if (!undo.transaction_id.empty()) data.eim_transaction_id = Bytes(undo.transaction_id);
    data.euicc_result.items = results;
    const OwnedBytes result = TRY(sign_result(*eim, data, undo.eim_signature.value_or(OwnedBytes{})));
    keep_result(seq, result);
    TRY(switch_to(&undo.back_to, false));
    rsp::ProfileRollbackResponse response{.cmd_result = Answer::ok};
    response.euicc_package_result.emplace();
    response.euicc_package_result->der = result;
    return asn1::encode(response);
}

} // namespace halyard::euicc
