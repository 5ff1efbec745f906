#pragma once
// The execution of one accepted eUICC package. SGP.32 §3.3.1, §3.4, §3.5
#include "euicc/isdr.h"

namespace halyard::euicc {

/// EuiccPackageSigned with its operations left undecoded: one that does not decode ends the execution, not
/// the acceptance.
struct PackageHead {
    std::string_view eim_id;
    Eid eid_value{};
    uint64_t counter_value = 0;
    std::optional<Bytes> eim_transaction_id;
    std::optional<Bytes> psmo_list, eco_list; // exactly one
    template <int = 0> static constexpr auto asn1() {
        using T = PackageHead;
        return sequence("EuiccPackageSigned",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, asn1::Size{1, 128}),
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::counter_value>("counterValue", 0x81),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, asn1::Size{1, 16}),
                        field<&T::psmo_list>("psmoList", 0xA0),
                        field<&T::eco_list>("ecoList", 0xA1));
    }
};

/// Runs the operations over the card's state. What a later operation of the package must see of an earlier
/// one (a profile to be switched or deleted) is marked, and done by finish() when the result is signed.
class PackageRun {
  public:
    PackageRun(Isdr& card, const PackageHead& package);
    /// All operations, up to the first that does not succeed.
    Ok run();
    /// The EuiccResultData so far, encoded one behind the other.
    const OwnedBytes& results() const { return results_; }
    /// The marked changes take effect. `seq` is the number of the signed result.
    Ok finish(uint64_t seq);

  private:
    template <class Operation> Ok each(Bytes list);
    template <class Operation> Ok damaged(asn1::Tag);
    Ok operation(const rsp::Psmo&);
    Ok operation(const rsp::Eco&);
    rsp::EnableProfileResult enable(const rsp::Enable&);
    rsp::DisableProfileResult disable(const rsp::Disable&);
    rsp::DeleteProfileResult remove(const rsp::Delete&);
    rsp::SetFallbackAttributeResult set_fallback(const Iccid&);
    rsp::UnsetFallbackAttributeResult unset_fallback();
    Ok list(const rsp::ProfileInfoListRequest&);
    Ok add_eim(const rsp::EimConfigurationData&);
    Ok delete_eim(const rsp::DeleteEim&);
    Ok list_eims();

    StoredProfile* known(const Iccid&);
    bool will_be_enabled(const StoredProfile&) const;
    bool will_be_deleted(const Iccid&) const;
    Ok add(OwnedBytes result, bool success);
    Ok add(const rsp::EuiccResultData&, bool success);
    template <class Code> Ok add(Code code) {
        rsp::EuiccResultData result;
        result.is = known(code);
        return add(result, static_cast<unsigned>(code) == 0);
    }
    Ok terminate(rsp::EuiccResultData::ProcessingTerminated);
    // Codes that the card's edition does not have become undefinedError. v1.0: enable, disable and delete
    // know 0, 1, 2; addEim has no associatedEimAlreadyExists; the others are as they were.
    template <class Code> Code known(Code code) const {
        constexpr bool grew = std::is_same_v<Code, rsp::EnableProfileResult> ||
                              std::is_same_v<Code, rsp::DisableProfileResult> ||
                              std::is_same_v<Code, rsp::DeleteProfileResult>;
        if constexpr (grew)
            if (card_.identity_->is_v1_0() && static_cast<unsigned>(code) > 2) return Code::undefined_error;
        return code;
    }

    Isdr& card_;
    State& state_;
    const PackageHead& package_;
    OwnedBytes results_;
    bool stopped_ = false;
    std::optional<Iccid> to_enable_, to_disable_;
    std::vector<Iccid> to_delete_;
    std::optional<Rollback> grant_;
    std::optional<std::vector<Eim>> eims_; // as they will be; absent: no eCO
};

} // namespace halyard::euicc
