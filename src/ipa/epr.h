#pragma once
#include "base/tolerated.h"
#include "rsp/esipa.h"

namespace halyard::ipa {

/// What an IPA must know of a stored result. It is read leniently, TLV by TLV: judging it is the eIM's part,
/// and an entry this edition does not know must not keep the result from being delivered. SGP.32 §2.11.2
struct ResultFacts {
    bool is_signed = false;   // a result that the card stores, with a sequence number
    bool switched = false;    // an enable or disable succeeded: the card restarts
    bool enabled = false;     // an enable succeeded
    bool changed = false;     // or the profiles are others than before
    bool rolled_back = false; // holds rollbackResult
    uint64_t number = 0;
    Bytes eim_id;
};
/// `result` is one BF51 TLV. bad_tag when it is no EuiccPackageResult.
Result<ResultFacts> inspect_result(Bytes result);

/// The same of a request: what it asks for, and whether it is one at all.
struct PackageFacts {
    Bytes eim_transaction_id;
    uint64_t counter = 0;
    bool psmos = false;
    bool ecos = false;
    bool rollback = false; // an enable with rollbackFlag
};
/// `request` is one BF51 TLV. SGP.32 §2.11.1.1
Result<PackageFacts> inspect_package(Bytes request);

/// Sequence number, kind and address of one pending notification, full or compact. SGP.32 §5.9.11
struct NotificationFacts {
    uint64_t number = 0;
    Bytes transaction_id; // an installation result's session
    std::string_view address;
    bool installed = false; // and it says the profile is there
    std::optional<Iccid> iccid;
};
Result<NotificationFacts> inspect_notification(Bytes notification);

/// Content of the list `list_tag` (A0 notifications, A2 results) in a RetrieveNotificationsListResponse.
/// rejected when the card answered with its error.
Result<Bytes> list_in(Bytes response, asn1::Tag list_tag);

/// f(Bytes element) -> bool "go on" for each TLV of `content`.
template <class F> Ok for_each_tlv(Bytes content, F&& f) {
    while (!content.empty()) {
        const auto tlv = TRY(asn1::read_tlv(content, "element"));
        if (tlv.long_length) TRY(tolerate(asn1::name(asn1::Deviation::long_length), "element"));
        if (!f(tlv)) return {};
        content = tlv.rest;
    }
    return {};
}

} // namespace halyard::ipa
