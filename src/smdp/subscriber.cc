#include "smdp/subscriber.h"
#include "asn1/asn1.h"

namespace halyard::smdp {
namespace {
using asn1::field, asn1::sequence, asn1::List;

struct FileRow {
    uint32_t element = 0, member = 0, created = 0;
    Bytes content;
    template <int = 0> static constexpr auto asn1() {
        using T = FileRow;
        return sequence("FileRow",
                        0x30,
                        field<&T::element>("element", 0x80),
                        field<&T::member>("member", 0x81),
                        field<&T::created>("created", 0x82),
                        field<&T::content>("content", 0x83));
    }
};

// Tags are those on disk: a new one for a new member, none used again.
struct Row {
    Iccid iccid{};
    std::optional<std::string_view> imsi;
    std::optional<Bytes> k, opc;
    std::optional<uint32_t> algorithm;
    std::optional<std::string_view> pin1, puk1, adm1, pin2, puk2, adm2, spn;
    std::optional<Bytes> acc;
    std::optional<std::string_view> msisdn, service_centre;
    std::optional<List<FileRow>> files;
    template <int = 0> static constexpr auto asn1() {
        using T = Row;
        return sequence("SubscriberRow",
                        0x30,
                        field<&T::iccid>("iccid", 0x5A),
                        field<&T::imsi>("imsi", 0x80),
                        field<&T::k>("k", 0x81),
                        field<&T::opc>("opc", 0x82),
                        field<&T::algorithm>("algorithm", 0x83),
                        field<&T::pin1>("pin1", 0x84),
                        field<&T::puk1>("puk1", 0x85),
                        field<&T::adm1>("adm1", 0x86),
                        field<&T::pin2>("pin2", 0x87),
                        field<&T::puk2>("puk2", 0x88),
                        field<&T::adm2>("adm2", 0x89),
                        field<&T::spn>("spn", 0x8A),
                        field<&T::acc>("acc", 0x8B),
                        field<&T::msisdn>("msisdn", 0x8C),
                        field<&T::service_centre>("smsp", 0x8D),
                        field<&T::files>("files", 0xAE));
    }
};

std::optional<std::string_view> view(const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
}
std::optional<std::string> text(const std::optional<std::string_view>& view) {
    return view ? std::optional<std::string>(*view) : std::nullopt;
}
Result<std::optional<Secret<16>>> key(const std::optional<Bytes>& octets, const char* where) {
    if (!octets) return std::optional<Secret<16>>{};
    if (octets->size() != 16) return fail(Errc::bad_length, where);
    return std::optional<Secret<16>>(octets->first<16>());
}
} // namespace

Result<SecretBytes> encode_subscriber(const profile::Personal& p) {
    if (!p.iccid) return fail(Errc::missing_field, "iccid");
    Row row{.iccid = *p.iccid,
            .imsi = view(p.imsi),
            .pin1 = view(p.pin1),
            .puk1 = view(p.puk1),
            .adm1 = view(p.adm1),
            .pin2 = view(p.pin2),
            .puk2 = view(p.puk2),
            .adm2 = view(p.adm2),
            .spn = view(p.service_provider),
            .msisdn = view(p.msisdn),
            .service_centre = view(p.service_centre)};
    if (p.k) row.k = p.k->reveal();
    if (p.opc) row.opc = p.opc->reveal();
    if (p.algorithm) row.algorithm = static_cast<uint32_t>(*p.algorithm);
    if (p.acc) row.acc = *p.acc;
    std::vector<FileRow> files;
    for (const auto& [place, content] : p.files)
        files.push_back({static_cast<uint32_t>(place.element),
                         static_cast<uint32_t>(place.member),
                         static_cast<uint32_t>(place.created),
                         content});
    if (!files.empty()) row.files = List<FileRow>{.items = files};
    OwnedBytes der = TRY(asn1::encode(row));
    SecretBytes out{Bytes(der)};
    wipe(der);
    return out;
}

Result<profile::Personal> decode_subscriber(Bytes der) {
    const auto row = TRY(asn1::decode<Row>(der));
    profile::Personal p;
    p.iccid = row.iccid;
    p.imsi = text(row.imsi);
    p.k = TRY(key(row.k, "k"));
    p.opc = TRY(key(row.opc, "opc"));
    if (row.algorithm) p.algorithm = static_cast<profile::AkaAlgorithm>(*row.algorithm);
    p.pin1 = text(row.pin1);
    p.puk1 = text(row.puk1);
    p.adm1 = text(row.adm1);
    p.pin2 = text(row.pin2);
    p.puk2 = text(row.puk2);
    p.adm2 = text(row.adm2);
    p.service_provider = text(row.spn);
    if (row.acc) {
        if (row.acc->size() != 2) return fail(Errc::bad_length, "acc");
        p.acc = {(*row.acc)[0], (*row.acc)[1]};
    }
    p.msisdn = text(row.msisdn);
    p.service_centre = text(row.service_centre);
    if (row.files)
        TRY(row.files->for_each([&](const FileRow& f) {
            p.files.emplace_back(
                profile::FilePlace{.element = f.element, .member = f.member, .created = f.created},
                owned(f.content));
        }));
    return p;
}

} // namespace halyard::smdp
