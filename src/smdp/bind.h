#pragma once
// Making a bound profile package. SGP.22 §2.5, §5.5
#include "base/secret.h"
#include "rsp/bsp.h"
#include "rsp/es8p.h"

namespace halyard::smdp {

struct BindInput {
    Bytes host_id; // of the control reference template
    Eid eid{};
    Bytes smdp_oid;        // content octets
    Bytes metadata;        // StoreMetadataRequest
    Bytes package;         // unprotected profile package
    bool own_keys = false; // protect the elements with random keys of their own (PPK, ReplaceSessionKeys)
    size_t segment = rsp::kMaxSegmentPlain;
};
struct Bound {
    crypto::PublicKey smdp_otpk;
    OwnedBytes tail; // A0 … A3
};
/// One-time keys are made, used and forgotten here.
Result<Bound> bind(const BindInput&, const crypto::PublicKey& euicc_otpk, Random&);
/// InitialiseSecureChannelRequest of a session, BF23, signed with SK.DPpb. With the tail behind it, it fills
/// BF36. SGP.22 §5.5.1
Result<OwnedBytes> secure_channel(
    const crypto::PrivateKey& pb, Bytes transaction_id, Bytes host_id, Bytes smdp_otpk, Bytes euicc_otpk);
/// GetBoundProfilePackageResponse with BF36: BF23 and what is behind it, put together once. SGP.22 §5.6.2
OwnedBytes bound_package_answer(Bytes transaction_id, Bytes secure_channel, OwnedBytes tail);
/// 5F37 40 …
OwnedBytes signature_tlv(Bytes signature);
/// Tag, length, content.
OwnedBytes tlv(asn1::Tag tag, Bytes content);

} // namespace halyard::smdp
