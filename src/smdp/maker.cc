#include "smdp/maker.h"
#include "smdp/subscriber.h"

namespace halyard::smdp {

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    });
}

Result<Template> add_type(Vault& vault, Store& store, const NewType& wanted, Time now) {
    if (!is_name(wanted.operator_id)) return fail(Errc::bad_value, "operator");
    if (!is_name(wanted.type)) return fail(Errc::bad_value, "type");
    TRY(profile::parse(wanted.package));
    Template t{.operator_id = wanted.operator_id,
               .type = wanted.type,
               .name = wanted.name,
               .profile_class = wanted.profile_class,
               .created = now,
               .size = wanted.package.size()};
    for (const Template& known : TRY(store.templates()))
        if (known.operator_id == t.operator_id && known.type == t.type)
            t.version = std::max(t.version, known.version);
    ++t.version;
    t.sealed = TRY(vault.seal(t.operator_id, wanted.package, template_context(t.type, t.version)));
    TRY(store.add_template(t, wanted.low_water));
    t.sealed = {};
    return t;
}

Result<Maker> Maker::open(
    Vault& vault, Store& store, std::string_view operator_id, std::string_view type, uint32_t version) {
    auto found = TRY(store.profile_template(operator_id, type, version));
    if (!found) return fail(Errc::not_found, "type");
    Maker out;
    out.package_ = TRY(vault.open(operator_id, found->sealed, template_context(type, found->version)));
    found->sealed = {};
    out.template_ = std::move(*found);
    return out;
}

Result<Stocked>
Maker::stocked(Vault& vault, const profile::Personal& p, uint64_t size, OwnedBytes metadata, Time now) const {
    const SecretBytes row = TRY(encode_subscriber(p));
    Stocked out;
    out.order = {.iccid = *p.iccid,
                 .state = OrderState::available,
                 .operator_id = template_.operator_id,
                 .type = template_.type,
                 .name = template_.name,
                 .created = now,
                 .changed = now,
                 .metadata = std::move(metadata)};
    out.sealed = TRY(vault.seal(
        template_.operator_id, row.reveal(), package_context(*p.iccid, template_.type, template_.version)));
    out.sealed.template_version = template_.version;
    out.sealed.size = size;
    return out;
}

Result<SecretBytes> package_of(Vault& vault, Store& store, const Order& order) {
    const Sealed sealed = TRY(store.sealed_package(order.iccid));
    const uint32_t version = sealed.template_version;
    SecretBytes plain =
        TRY(vault.open(order.operator_id, sealed, package_context(order.iccid, order.type, version)));
    if (version) {
        const auto subscriber = TRY(decode_subscriber(plain.reveal()));
        if (subscriber.iccid != order.iccid) return fail(Errc::unverified, "sealed record");
        const auto maker = TRY(Maker::open(vault, store, order.operator_id, order.type, version));
        return maker.make(subscriber);
    }
    // What schema 3 sealed is bound to a matching id, so the package itself must say whose it is.
    const auto first = TRY(profile::next_element(plain.reveal(), 0));
    if (!first || first->tag != 0xA0) return fail(Errc::unverified, "sealed record");
    const auto header = TRY(asn1::decode<profile::ProfileHeader>(first->der));
    if (profile::from_header_order(header.iccid) != order.iccid)
        return fail(Errc::unverified, "sealed record");
    return plain;
}

} // namespace halyard::smdp
