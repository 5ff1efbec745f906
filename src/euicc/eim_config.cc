#include "euicc/isdr.h"

// Associated eIMs. The order of checks follows SGP.32 §5.9.4 as we read it, see docs/interpretations.md.
namespace halyard::euicc {
namespace {
using AddCode = rsp::AddEimResult::AddEimResultCode;

Result<crypto::PublicKey> key_of(const rsp::EimPublicKeyData& data) {
    if (const auto* spki = std::get_if<0>(&data.is))
        return crypto::public_key_from_spki(spki->der(), "eimPublicKey");
    const auto certificate = TRY(crypto::Certificate::parse(std::get<1>(data.is).der(), "eimCertificate"));
    if (!certificate.public_key) return fail(Errc::unsupported, "eimCertificate");
    return *certificate.public_key;
}

// What the card's edition makes of it: components that came later are passed over.
rsp::EimConfigurationData read_as(const Identity& identity, rsp::EimConfigurationData data) {
    if (identity.edition < rsp::Edition::v1_1) data.indirect_profile_download.reset();
    if (identity.edition < rsp::Edition::v1_3) data.esipa_proprietary_protocol_information.reset();
    return data;
}

// What GetEimConfigurationData may show: everything but the counter; the token is added when asked.
Result<OwnedBytes> stored_form(rsp::EimConfigurationData data) {
    data.counter_value.reset();
    data.association_token.reset();
    return asn1::encode(data);
}

// One entry checked against the card; the new entry, or why not.
struct Checked {
    AddCode code = AddCode::ok;
    std::optional<Eim> eim;
};
Result<Checked> check(const rsp::EimConfigurationData& data,
                      const Identity& identity,
                      const std::vector<Eim>& eims,
                      int64_t& next_token) {
    const auto no = [](AddCode code) { return Checked{code, std::nullopt}; };
    if (!data.counter_value || !data.eim_public_key_data || !key_of(*data.eim_public_key_data))
        return no(AddCode::command_error);
    const bool exists =
        std::any_of(eims.begin(), eims.end(), [&](const Eim& e) { return e.id == data.eim_id; });
    if (exists) return no(AddCode::associated_eim_already_exists);
    if (eims.size() >= identity.max_eims) return no(AddCode::insufficient_memory);
    if (data.euicc_ci_pk_id && !identity.find(*data.euicc_ci_pk_id)) return no(AddCode::ci_pk_unknown);
    if (data.association_token && *data.association_token != -1)
        return no(AddCode::invalid_association_token);
    if (*data.counter_value > identity.max_counter) return no(AddCode::counter_value_out_of_range);
    Eim eim{.id = std::string(data.eim_id), .counter = *data.counter_value};
    eim.configuration = TRY(stored_form(data));
    if (data.association_token) eim.token = next_token++; // never used twice, even if the entry goes
    return Checked{AddCode::ok, std::move(eim)};
}
} // namespace

rsp::AddEimResult Isdr::add_eim(rsp::EimConfigurationData data, std::vector<Eim>& eims) {
    data = read_as(*identity_, data);
    rsp::AddEimResult result;
    auto checked = check(data, *identity_, eims, state_.next_token);
    if (!checked) {
        result.is = AddCode::undefined_error;
    } else if (!checked->eim) {
        result.is = checked->code;
    } else {
        if (checked->eim->token)
            result.is = *checked->eim->token;
        else
            result.is = AddCode::ok;
        eims.push_back(std::move(*checked->eim));
    }
    return result;
}

Result<OwnedBytes> Isdr::add_initial_eim(Bytes command) {
    using Error = rsp::AddInitialEimResponse::AddInitialEimError;
    const auto refuse = [](Error code) {
        rsp::AddInitialEimResponse response;
        response.is = code;
        return asn1::encode(response);
    };
    if (!state_.eims.empty()) return refuse(Error::associated_eim_already_exists);
    const auto request = asn1::decode<rsp::AddInitialEimRequest>(command);
    if (!request || request->eim_configuration_data_list.empty()) return refuse(Error::command_error);
    // All or nothing: entries are collected, and stored only when every one is good.
    std::vector<Eim> added;
    std::vector<rsp::AddInitialEimItem> items;
    AddCode code = AddCode::ok;
    TRY(request->eim_configuration_data_list.for_each([&](const rsp::EimConfigurationData& data) -> Ok {
        if (code != AddCode::ok) return {};
        auto checked = TRY(check(read_as(*identity_, data), *identity_, added, state_.next_token));
        // Twice in one list: the list is wrong, none of them is there already.
        const bool twice = checked.code == AddCode::associated_eim_already_exists;
        code = twice ? AddCode::command_error : checked.code;
        if (!checked.eim) return {};
        rsp::AddInitialEimItem item;
        if (checked.eim->token)
            item.is = *checked.eim->token;
        else
            item.is = asn1::Null{};
        items.push_back(item);
        added.push_back(std::move(*checked.eim));
        return {};
    }));
    dirty_ = true; // the token generator may have moved, and never goes back
    if (code != AddCode::ok) return refuse(static_cast<Error>(code));
    state_.eims = std::move(added);
    rsp::AddInitialEimResponse response;
    response.is = asn1::List<rsp::AddInitialEimItem>{.items = items};
    return asn1::encode(response);
}

// On the eIMs as they will be after the package, whose result is still signed with what was in force.
rsp::UpdateEimResult Isdr::update_eim(rsp::EimConfigurationData data, std::vector<Eim>& eims) {
    using Code = rsp::UpdateEimResult;
    data = read_as(*identity_, data);
    const auto at = std::find_if(eims.begin(), eims.end(), [&](const Eim& e) { return e.id == data.eim_id; });
    if (at == eims.end()) return Code::eim_not_found;
    const bool any = data.eim_fqdn || data.eim_id_type || data.counter_value || data.eim_public_key_data ||
                     data.trusted_public_key_data_tls || data.eim_supported_protocol || data.euicc_ci_pk_id ||
                     data.indirect_profile_download || data.esipa_proprietary_protocol_information;
    if (data.association_token || !any) return Code::command_error;
    if (data.eim_public_key_data && !key_of(*data.eim_public_key_data)) return Code::command_error;
    if (data.counter_value) {
        if (*data.counter_value > identity_->max_counter) return Code::counter_value_out_of_range;
        // A lower counter would let old packages in again, unless the key that signed them is gone.
        if (*data.counter_value <= at->counter && !data.eim_public_key_data) return Code::command_error;
    }
    if (data.euicc_ci_pk_id && !identity_->find(*data.euicc_ci_pk_id)) return Code::ci_pk_unknown;
    auto merged = asn1::decode<rsp::EimConfigurationData>(at->configuration);
    if (!merged) return Code::undefined_error;
    if (data.eim_fqdn) merged->eim_fqdn = data.eim_fqdn;
    if (data.eim_id_type) merged->eim_id_type = data.eim_id_type;
    if (data.eim_public_key_data) merged->eim_public_key_data = data.eim_public_key_data;
    if (data.trusted_public_key_data_tls)
        merged->trusted_public_key_data_tls = data.trusted_public_key_data_tls;
    if (data.eim_supported_protocol) merged->eim_supported_protocol = data.eim_supported_protocol;
    if (data.euicc_ci_pk_id) merged->euicc_ci_pk_id = data.euicc_ci_pk_id;
    if (data.indirect_profile_download) merged->indirect_profile_download = data.indirect_profile_download;
    if (data.esipa_proprietary_protocol_information)
        merged->esipa_proprietary_protocol_information = data.esipa_proprietary_protocol_information;
    auto encoded = stored_form(*merged);
    if (!encoded) return Code::undefined_error;
    at->configuration = std::move(*encoded);
    if (data.counter_value) at->counter = *data.counter_value;
    return Code::ok;
}

Result<OwnedBytes> Isdr::eim_configuration(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::GetEimConfigurationDataRequest>(command));
    std::vector<rsp::EimConfigurationData> found;
    const bool one = request.search_criteria && !identity_->is_v1_0(); // v1.0 could not search
    for (const Eim& e : state_.eims) {
        if (one && std::get<0>(request.search_criteria->is) != e.id) continue;
        auto data = TRY(asn1::decode<rsp::EimConfigurationData>(e.configuration));
        data.association_token = e.token;
        found.push_back(data);
    }
    rsp::GetEimConfigurationDataResponse response;
    response.eim_configuration_data_list.items = found;
    return asn1::encode(response);
}

const KeySet* Isdr::signing_keys(const Eim& eim) const {
    const auto data = asn1::decode<rsp::EimConfigurationData>(eim.configuration);
    if (data && data->euicc_ci_pk_id)
        if (const KeySet* keys = identity_->find(*data->euicc_ci_pk_id)) return keys;
    return identity_->keys.empty() ? nullptr : &identity_->keys.front();
}

} // namespace halyard::euicc
