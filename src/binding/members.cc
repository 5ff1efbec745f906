#include "binding/members.h"
#include "asn1/walk.h"
#include "rsp/esipa.h"

namespace halyard::binding {
namespace {
using asn1::Field, asn1::Kind, asn1::Tag, asn1::Type;

// ---- Where JSON differs from what the rule makes of the ASN.1 ----

// A component is meant by its place in the struct, so that no name or tag is written twice.
using Place = void* (*)(void*);
template <auto M> constexpr Place kField = asn1::field<M>("").make;
template <auto M, size_t I> constexpr Place kAlternative = asn1::alternative<M, I>("").make;

struct Exception {
    Place place;
    const char* clause;
    const char* name = nullptr;
    uint8_t bare = 0;
    std::optional<Form> form = std::nullopt;
    bool optional = false; // in JSON only
    bool absent = false;   // not a member at all
};
constexpr const char* kEs9 = "SGP.22 §6.5.2";
constexpr const char* kEsipa = "SGP.32 §6.4.1";
constexpr uint8_t kSignature = 64, kKeyId = 20, kHash = 32; // octets

namespace r = rsp;
constexpr Exception kExceptions[] = {
    // JSON has names of its own here.
    {.place = kField<&r::AuthenticateClientOk::profile_meta_data>, .clause = kEs9, .name = "profileMetadata"},
    {.place = kField<&r::AuthenticateClientOkDPEsipa::profile_meta_data>,
     .clause = kEsipa,
     .name = "profileMetadata"},
    {.place = kField<&r::GetEimPackageRequest::rplmn>, .clause = kEsipa, .name = "rPlmn"},
    // The whole TLV is asked for; servers and IPAs in the field send the octets alone.
    {.place = kField<&r::InitiateAuthenticationOkEs9::server_signature1>, .clause = kEs9, .bare = kSignature},
    {.place = kField<&r::InitiateAuthenticationOkEs9::euicc_ci_pk_id_to_be_used>,
     .clause = kEs9,
     .bare = kKeyId},
    {.place = kField<&r::AuthenticateClientOk::smdp_signature2>, .clause = kEs9, .bare = kSignature},
    {.place = kField<&r::InitiateAuthenticationOkEsipa::server_signature1>,
     .clause = kEsipa,
     .bare = kSignature},
    {.place = kField<&r::InitiateAuthenticationOkEsipa::euicc_ci_pk_identifier_to_be_used>,
     .clause = kEsipa,
     .bare = kKeyId},
    {.place = kField<&r::AuthenticateClientOkDPEsipa::smdp_signature2>, .clause = kEsipa, .bare = kSignature},
    {.place = kField<&r::AuthenticateClientOkDPEsipa::hash_cc>, .clause = kEsipa, .bare = kHash},
    // An EID is digits. A missing one has an error code of its own in §5.14.5, so it is not refused here.
    {.place = kField<&r::GetEimPackageRequest::eid_value>,
     .clause = kEsipa,
     .form = Form::eid,
     .optional = true},
    {.place = kField<&r::ProvideEimPackageResult::eid_value>, .clause = kEsipa, .form = Form::eid},
    // JSON of its own instead of base64.
    {.place = kField<&r::AuthenticateClientOkEs11::event_entries>, .clause = kEs9, .form = Form::list},
    {.place = kAlternative<&r::TransferEimPackageResponse::is, 1>, .clause = kEsipa, .form = Form::object},
    // Nothing to acknowledge is a body without members, and an error is told in the header.
    {.place = kAlternative<&r::ProvideEimPackageResultResponse::is, 0>, .clause = kEsipa, .optional = true},
    {.place = kAlternative<&r::ProvideEimPackageResultResponse::is, 1>, .clause = kEsipa, .absent = true},
    {.place = kAlternative<&r::ProvideEimPackageResultResponse::is, 2>,
     .clause = "SGP.22 §6.5.1.4",
     .absent = true},
    // v1.3 has a correlation id here, for which no JSON is described.
    {.place = kAlternative<&r::TransferEimPackageResponse::is, 5>, .clause = kEsipa, .absent = true},
    {.place = kAlternative<&r::TransferEimPackageResponse::is, 6>, .clause = kEsipa, .absent = true},
};

const Exception* exception_for(const Field& f) {
    for (const Exception& e : kExceptions)
        if (e.place == f.make) return &e;
    return nullptr;
}

// ---- The rule ----

const Type& plain(const Type* type) {
    while (type->kind == Kind::exact) type = type->item;
    return *type;
}
bool is_context(Tag tag) {
    while (tag > 0xFF) tag >>= 8;
    return (tag & 0xC0) == 0x80;
}

Form form_of(const Field& f, const Type& type, Tag tag) {
    switch (type.kind) {
    case Kind::utf8: return Form::text;
    case Kind::integer: return Form::integer;
    case Kind::null: return Form::flag;
    case Kind::octets:
        if (f.size.min == 1 && f.size.max == 16) return Form::transaction_id;
        return is_context(tag) ? Form::octets : Form::tlv;
    case Kind::choice:
        if (!tag) return Form::any;
        return tag == type.tag ? Form::tlv : Form::enclosed;
    default: return Form::tlv;
    }
}

Member member_of(const Field& f, const Exception* e) {
    const Type& type = plain(f.type);
    Member m{f.name, asn1::tag_of(f), Form::tlv, f.required};
    m.form = form_of(f, type, m.tag);
    if (e && e->name) m.name = e->name;
    if (e && e->form) m.form = *e->form;
    if (e && e->optional) m.required = false;
    if (e) m.bare = e->bare;
    if (m.form == Form::enclosed) m.own = type.tag;
    if (m.form == Form::list) {
        const Type& item = plain(type.item);
        m.own = item.tag;
        m.items = members_of(item);
    }
    if (m.form == Form::object) m.items = members_of(type);
    return m;
}
} // namespace

Members members_of(const Type& type) {
    Members out;
    for (const Field& f : type.fields) {
        const Exception* e = exception_for(f);
        if (!e || !e->absent) out.push_back(member_of(f, e));
    }
    return out;
}

Bodies bodies_of(const Type& request, const Type* answer) {
    Bodies out{.request_tag = request.tag, .one_of = request.kind == Kind::choice};
    out.request = members_of(request);
    if (!answer) return out;
    out.answer_tag = answer->tag;
    // An alternative that is a SEQUENCE under a tag that is not its own holds the members.
    const auto holds = [](const Field& f) {
        return f.type->kind == Kind::sequence && asn1::tag_of(f) != f.type->tag;
    };
    for (const Field& f : answer->fields) {
        const Tag tag = asn1::tag_of(f);
        if (f.type->kind == Kind::integer) out.error = tag;
        if (!holds(answer->fields.front()) || !holds(f)) continue;
        (out.ok ? out.smds : out.ok) = tag;
        (out.smds ? out.answer_of_smds : out.answer) = members_of(*f.type);
    }
    if (!out.ok) out.answer = members_of(*answer);
    return out;
}

} // namespace halyard::binding
