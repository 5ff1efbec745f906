#include "rsp/es8p.h"
#include "rsp/esipa.h"
#include "tests/fuzz/target.h"
#include <set>

namespace halyard::fuzz {
namespace {
void collect(const asn1::Type& type, std::set<asn1::Tag>& tags, std::set<const asn1::Type*>& seen) {
    if (!seen.insert(&type).second) return;
    if (type.tag) tags.insert(type.tag);
    for (const asn1::Field& f : type.fields) {
        if (f.tag) tags.insert(f.tag);
        collect(*f.type, tags, seen);
    }
    if (type.item) collect(*type.item, tags, seen);
}
} // namespace

std::span<const Target* const> targets() {
    static constexpr const Target* kTargets[] = {
        &kDerOpenssl,   &kHttp,    &kEs9Json,    &kEs2Json,  &kEsipaJson, &kCertificate, &kDer,
        &kJsonEncode,   &kDialect, &kJsonReader, &kCardSeam, &kProfile,   &kProfileText, &kApdu,
        &kEuiccPackage, &kResult,  &kBpp,        &kSmds,     &kOrders,    &kCardSequence};
    return kTargets;
}

std::string dictionary() {
    std::set<asn1::Tag> tags;
    std::set<const asn1::Type*> seen;
    collect(asn1::Map<rsp::EsipaMessageFromIpaToEim>::type, tags, seen);
    collect(asn1::Map<rsp::EsipaMessageFromEimToIpa>::type, tags, seen);
    collect(asn1::Map<rsp::AuthenticateServerRequest>::type, tags, seen);
    collect(asn1::Map<rsp::PrepareDownloadRequest>::type, tags, seen);
    collect(asn1::Map<rsp::InitialiseSecureChannelRequest>::type, tags, seen);
    collect(asn1::Map<rsp::StoreMetadataRequest>::type, tags, seen);
    collect(asn1::Map<rsp::GetCertsResponse>::type, tags, seen);
    for (asn1::Tag t = 0xBF20; t <= 0xBF65; ++t) tags.insert(t);
    std::string out;
    for (asn1::Tag t : tags) {
        out += '"';
        for (int shift = 24; shift >= 0; shift -= 8) {
            if (shift && !(t >> shift)) continue;
            const auto octet = static_cast<uint8_t>(t >> shift);
            out += "\\x" + hex(Bytes(&octet, 1));
        }
        out += "\"\n";
    }
    return out;
}

} // namespace halyard::fuzz
