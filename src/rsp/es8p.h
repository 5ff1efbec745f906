#pragma once
// ES8+: what an SM-DP+ says to an eUICC inside a bound profile package. SGP.22 §5.5
#include "rsp/common.h"

namespace halyard::rsp {
enum class RemoteOpId : uint8_t { install_bound_profile_package = 1 };
constexpr auto asn1_names(RemoteOpId) {
    return std::array<asn1::NamedValue, 1>{{{1, "installBoundProfilePackage"}}};
}

struct ControlRefTemplate {
    std::array<uint8_t, 1> key_type{};
    std::array<uint8_t, 1> key_len{};
    Bytes host_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = ControlRefTemplate;
        return sequence("ControlRefTemplate",
                        0x30,
                        field<&T::key_type>("keyType", 0x80),
                        field<&T::key_len>("keyLen", 0x81),
                        field<&T::host_id>("hostId", 0x84, Size{1, 16}));
    }
};

struct InitialiseSecureChannelRequest {
    RemoteOpId remote_op_id{};
    Bytes transaction_id{};
    ControlRefTemplate control_ref_template{};
    Bytes smdp_otpk{};
    Bytes smdp_sign{};
    template <int = 0> static constexpr auto asn1() {
        using T = InitialiseSecureChannelRequest;
        return sequence("InitialiseSecureChannelRequest",
                        0xBF23,
                        field<&T::remote_op_id>("remoteOpId", 0x82),
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::control_ref_template>("controlRefTemplate", 0xA6),
                        field<&T::smdp_otpk>("smdpOtpk", 0x5F49),
                        field<&T::smdp_sign>("smdpSign", 0x5F37));
    }
};

struct BoundProfilePackage {
    Exact<InitialiseSecureChannelRequest> initialise_secure_channel_request{};
    List<Tagged<Bytes, 0x87>> first_sequence_of87{};
    List<Tagged<Bytes, 0x88>> sequence_of88{};
    std::optional<List<Tagged<Bytes, 0x87>>> second_sequence_of87{};
    List<Tagged<Bytes, 0x86>> sequence_of86{};
    template <int = 0> static constexpr auto asn1() {
        using T = BoundProfilePackage;
        return sequence(
            "BoundProfilePackage",
            0xBF36,
            field<&T::initialise_secure_channel_request>("initialiseSecureChannelRequest", 0xBF23),
            field<&T::first_sequence_of87>("firstSequenceOf87", 0xA0),
            field<&T::sequence_of88>("sequenceOf88", 0xA1),
            field<&T::second_sequence_of87>("secondSequenceOf87", 0xA2),
            field<&T::sequence_of86>("sequenceOf86", 0xA3));
    }
};

struct ConfigureISDPRequest {
    std::optional<DpProprietaryData> dp_proprietary_data{};
    template <int = 0> static constexpr auto asn1() {
        using T = ConfigureISDPRequest;
        return sequence(
            "ConfigureISDPRequest", 0xBF24, field<&T::dp_proprietary_data>("dpProprietaryData", 0xB8));
    }
};

struct ReplaceSessionKeysRequest {
    Bytes initial_mac_chaining_value{};
    Bytes ppk_enc{};
    Bytes ppk_cmac{};
    template <int = 0> static constexpr auto asn1() {
        using T = ReplaceSessionKeysRequest;
        return sequence("ReplaceSessionKeysRequest",
                        0xBF26,
                        field<&T::initial_mac_chaining_value>("initialMacChainingValue", 0x80),
                        field<&T::ppk_enc>("ppkEnc", 0x81),
                        field<&T::ppk_cmac>("ppkCmac", 0x82));
    }
};

} // namespace halyard::rsp
