// ES10b.LoadEuiccPackage of a real card: octets as they come, and operations and whole packages that the
// associated eIM really signed. SGP.32 §5.9.1
#include "rsp/eim_package.h"
#include "rsp/token.h"
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {
namespace {

enum Step : uint8_t { raw, psmos, ecos, tbs, rollback, command, reset, steps };

// Before a command: what must not change unless it was accepted.
struct Before {
    explicit Before(const TestCard& c) : content(c.store.content), eims(c.card.isdr().state().eims) {}
    euicc::CardContent content;
    std::vector<euicc::Eim> eims;
};

bool deals_with_eims(Bytes package) {
    const auto request = asn1::decode<rsp::EuiccPackageRequest>(package);
    return !request || request->euicc_package_signed.value.euicc_package.is.index() == 1;
}

void judge(const TestCard& c, const Before& before, Bytes package, const Result<OwnedBytes>& reply) {
    const euicc::State& now = c.card.isdr().state();
    const crypto::PublicKey& key = c.card.isdr().identity().keys.front().key.public_key();
    const bool changed = c.store.content != before.content;
    if (!reply) {
        HALYARD_ASSERT(!changed);
        return;
    }
    const auto answer = asn1::decode<rsp::EuiccPackageResult>(*reply, {.strict = true});
    HALYARD_ASSERT(answer);
    const auto verifies = [&](Bytes signed_octets, std::string_view eim_id, Bytes signature) {
        for (const euicc::Eim& e : before.eims)
            if (e.id == eim_id)
                return crypto::verify(key, {signed_octets, rsp::token_tlv(e.token)}, signature).has_value();
        return false;
    };
    if (const auto* error = std::get_if<rsp::EuiccPackageErrorSigned>(&answer->is)) {
        const auto& data = error->euicc_package_error_data_signed;
        HALYARD_ASSERT(verifies(data.der, data.value.eim_id, error->euicc_sign_epe));
    }
    const auto* done = std::get_if<rsp::EuiccPackageResultSigned>(&answer->is);
    HALYARD_ASSERT(changed == (done != nullptr));
    if (!done) return;
    const auto& data = done->euicc_package_result_data_signed;
    HALYARD_ASSERT(verifies(data.der, data.value.eim_id, done->euicc_sign_epr));
    HALYARD_ASSERT(!now.results.empty() && now.results.back().seq == data.value.seq_number);
    HALYARD_ASSERT(now.results.back().der == *reply);
    for (const euicc::Eim& was : before.eims) {
        if (was.id == data.value.eim_id) HALYARD_ASSERT(data.value.counter_value > was.counter);
        if (deals_with_eims(package)) continue; // may have set counters anew
        for (const euicc::Eim& is : now.eims)
            if (is.id == was.id)
                HALYARD_ASSERT(is.counter ==
                               (is.id == data.value.eim_id ? data.value.counter_value : was.counter));
    }
}

uint64_t next_counter(const TestCard& c) {
    for (const euicc::Eim& e : c.card.isdr().state().eims)
        if (e.id == scene().world.eim.config.eim_id) return e.counter + 1;
    return 1;
}

void step(TestCard& c, Reader& in) {
    static const Scene& s = scene();
    const uint8_t kind = static_cast<uint8_t>(in.octet() % steps);
    const Bytes content = in.take(in.number());
    OwnedBytes package = owned(content);
    switch (kind) {
    case psmos: package = s.package_request(s.signed_part(next_counter(c), {}, tlv(0xA0, {content}))); break;
    case ecos:
        package = s.package_request(
            s.signed_part(next_counter(c), std::array<uint8_t, 2>{1, 2}, tlv(0xA1, {content})));
        break;
    case tbs: package = s.package_request(content); break;
    case rollback:
        (void)c.card.isdr().handle(content.empty() ? Bytes(*from_hex("BF58028000")) : content);
        return;
    case command: (void)c.card.isdr().handle(content); return;
    case reset: HALYARD_ASSERT(c.card.reset()); return;
    default: break;
    }
    // Another command may begin with these octets too; only this one is judged here.
    if (package.size() < 2 || package[0] != 0xBF || package[1] != 0x51) return;
    const Before before(c);
    const auto reply = c.card.isdr().handle(package);
    judge(c, before, package, reply);
}

void run(Bytes input) {
    TestCard c;
    Reader in(input);
    for (int i = 0; i < 3 && !in.empty(); ++i) step(c, in);
    c.check();
    HALYARD_ASSERT(c.card.isdr().handle(*from_hex("BF2E00")));
}

OwnedBytes one(Step kind, Bytes content) {
    OwnedBytes out{kind, static_cast<uint8_t>(content.size() >> 8), static_cast<uint8_t>(content.size())};
    append(out, content);
    return out;
}

std::vector<OwnedBytes> seeds() {
    const Scene& s = scene();
    const OwnedBytes old = tlv(0x5A, {loop::iccid(s.bootstrap)}), other = tlv(0x5A, {loop::iccid(s.number)});
    const OwnedBytes enable = tlv(0xA3, {other, *from_hex("0500")}), enable_back = tlv(0xA3, {old});
    const OwnedBytes disable = tlv(0xA4, {old}), remove = tlv(0xA5, {other});
    const OwnedBytes list = *from_hex("BF2D00"), list_all = *from_hex("BF2D0A5C085A9F7091929F26B6");
    OwnedBytes configuration;
    for (const euicc::Eim& e : s.device.card->isdr().state().eims) configuration = e.configuration;
    const auto as_new = [&](std::string_view id) { // the same eIM under another name
        auto data = *asn1::decode<rsp::EimConfigurationData>(Bytes(configuration));
        data.eim_id = id;
        data.counter_value = 5;
        const OwnedBytes whole = *asn1::encode(data);
        return owned(asn1::read_tlv(whole)->content);
    };
    const OwnedBytes second = as_new("other.eim.test");
    const auto both = [](Bytes a, Bytes b) {
        OwnedBytes out = owned(a);
        append(out, b);
        return out;
    };
    std::vector<OwnedBytes> out;
    for (const OwnedBytes& o : {enable,
                                enable_back,
                                disable,
                                remove,
                                list,
                                list_all,
                                *from_hex("A600"),
                                *from_hex("A700"),
                                *from_hex("A7028000"),
                                tlv(0xA8, {other}),
                                *from_hex("A900"),
                                *from_hex("BF650A8008736D64702E6F7267"),
                                *from_hex("BF7700"),
                                both(disable, enable),
                                both(list, enable),
                                both(remove, list)})
        out.push_back(one(psmos, o));
    out.push_back(both(one(psmos, enable), one(rollback, {})));
    out.push_back(both(one(psmos, enable), both(one(reset, {}), one(psmos, both(disable, remove)))));
    for (const OwnedBytes& o : {tlv(0xA8, {second}),
                                tlv(0xA9, {tlv(0x80, {bytes_of(s.world.eim.config.eim_id)})}),
                                tlv(0xAA, {second}),
                                *from_hex("AB00"),
                                both(tlv(0xA8, {second}), *from_hex("AB00"))})
        out.push_back(one(ecos, o));
    out.push_back(one(tbs, s.signed_part(9, std::array<uint8_t, 3>{7, 7, 7}, tlv(0xA0, {list}))));
    out.push_back(one(raw, s.package_request(s.signed_part(9, {}, tlv(0xA0, {list})))));
    for (const OwnedBytes& c : s.commands)
        if (c.size() < 600) out.push_back(one(command, c));
    return out;
}
} // namespace

const Target kEuiccPackage{"euicc_package", run, seeds, 2048};

} // namespace halyard::fuzz
