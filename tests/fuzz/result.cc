// ProvideEimPackageResult at a real eIM with open operations: octets as they come, and fuzzed results that
// the device's eUICC really signed. Only a signature that verifies may end an operation. SGP.32 §5.14.6,
// SR-18
#include "rsp/esipa.h"
#include "rsp/token.h"
#include "tests/fuzz/scene.h"
#include <algorithm>

namespace halyard::fuzz {
namespace {

enum Mode : uint8_t { raw, result, data, error, installation, answer, modes };

constexpr size_t kOperations = 4; // enable, audit, download, data

OwnedBytes transaction(size_t n) { return OwnedBytes(16, static_cast<uint8_t>(0xA0 + n)); }

/// An eIM whose store holds one offered operation of each sort; put back after every input.
struct Desk {
    Desk() : eim(scene().world.pki, scene().world.smdp, random) {
        const Eid& eid = scene().device.identity.eid;
        device = **scene().world.eim.store->device(eid);
        device.version = 0;
        device.counter = kOperations;
        HALYARD_ASSERT(device.token && !device.identities.empty());
        rsp::Psmo one;
        one.is = rsp::Enable{.iccid = loop::iccid(scene().number), .rollback_flag = asn1::Null{}};
        const rsp::Psmo list[] = {one};
        rsp::EuiccPackage enable;
        enable.is = asn1::List<rsp::Psmo>{.items = list};
        one.is = rsp::ProfileInfoListRequest{};
        rsp::EuiccPackage audit;
        const rsp::Psmo audits[] = {one};
        audit.is = asn1::List<rsp::Psmo>{.items = audits};
        for (size_t n = 0; n < kOperations; ++n) {
            eim::Operation o{.id = "op_" + std::to_string(n), .eid = eid, .state = eim::State::offered};
            o.kind = n < 2 ? eim::Kind::package : n == 2 ? eim::Kind::download : eim::Kind::data;
            if (n == 0) o.package = *asn1::encode(enable);
            if (n == 1) o.package = *asn1::encode(audit);
            o.transaction_id = transaction(n);
            o.counter = n < 2 ? n + 1 : 0;
            o.request = {0xBF, 0x51, 0x00};
            o.offers = 1;
            operations.push_back(o);
        }
        eim::Change first{.devices = {device}, .operations = operations};
        HALYARD_ASSERT(eim.store->commit(first));
        device.version = 1;
        for (eim::Operation& o : operations) o.version = 1;
    }
    /// The operations as the store has them, in the order of `operations`: one question, for it is asked each
    /// time.
    std::vector<eim::Operation> now() {
        const auto stored = eim.store->operations({.eid = device.eid});
        HALYARD_ASSERT(stored);
        std::vector<eim::Operation> out;
        for (const eim::Operation& was : operations) {
            const auto is = std::ranges::find(*stored, was.id, &eim::Operation::id);
            HALYARD_ASSERT(is != stored->end());
            out.push_back(*is);
        }
        return out;
    }
    // Everything but versions is as it was in the beginning. What did not change is not written: that is most
    // of it.
    void put_back(const std::vector<eim::Operation>& is) {
        eim::Change back;
        const auto stored = eim.store->device(device.eid);
        HALYARD_ASSERT(stored && *stored);
        if ((*stored)->version != device.version) {
            device.version = (*stored)->version;
            back.devices.push_back(device);
        }
        for (size_t n = 0; n < is.size(); ++n) {
            eim::Operation& o = operations[n];
            if (is[n].version == o.version) continue;
            o.version = is[n].version;
            o.sequence = is[n].sequence;
            back.operations.push_back(o);
        }
        if (back.devices.empty() && back.operations.empty()) return;
        HALYARD_ASSERT(eim.store->commit(back));
        for (const eim::Device& d : back.devices) device.version = d.version + 1;
        for (const eim::Operation& changed : back.operations)
            ++std::ranges::find(operations, changed.id, &eim::Operation::id)->version;
    }
    loop::SeededRandom random{3};
    loop::Eim eim;
    eim::Device device;
    std::vector<eim::Operation> operations;
};

const crypto::PrivateKey& card_key() { return scene().device.identity.keys.front().key; }

OwnedBytes card_signs(Bytes octets, Bytes token) {
    const auto signature = crypto::sign(card_key(), {octets, token});
    HALYARD_ASSERT(signature);
    return tlv(0x5F37, {*signature});
}

void must_verify(const eim::Operation& o, const eim::Device& device) {
    const crypto::PublicKey& key = card_key().public_key();
    if (o.kind == eim::Kind::download) {
        const auto pir = asn1::decode<rsp::ProfileInstallationResult>(Bytes(o.result));
        HALYARD_ASSERT(pir &&
                       crypto::verify_tolerant(
                           key, {pir->profile_installation_result_data.der}, pir->euicc_sign_pir, nullptr));
        return;
    }
    const auto epr = asn1::decode<rsp::EuiccPackageResult>(Bytes(o.result));
    HALYARD_ASSERT(epr && epr->is.index() == 0);
    const auto& s = std::get<0>(epr->is);
    const auto& signed_data = s.euicc_package_result_data_signed;
    HALYARD_ASSERT(crypto::verify_tolerant(
        key, {signed_data.der, rsp::token_tlv(device.token)}, s.euicc_sign_epr, nullptr));
    HALYARD_ASSERT(signed_data.value.counter_value == o.counter);
    const auto count = signed_data.value.euicc_result.count();
    HALYARD_ASSERT(count && *count == 1); // as many as there were commands
}

// [mode][operation] then the octets under the signature, or the whole message
OwnedBytes message(Desk& desk, Reader& in) {
    const auto mode = static_cast<Mode>(in.octet() % modes);
    const uint8_t choice = in.octet();
    const size_t n = choice % kOperations;
    const Bytes content = in.rest();
    if (mode == raw) return owned(content);
    const OwnedBytes token = rsp::token_tlv(desk.device.token);
    const OwnedBytes id = tlv(0x80, {bytes_of(desk.eim.config.eim_id)});
    const OwnedBytes number = tlv(0x81, {std::array<uint8_t, 1>{static_cast<uint8_t>(n + 1)}});
    const OwnedBytes tid = choice & 0x80 ? OwnedBytes() : tlv(0x82, {transaction(n)});
    OwnedBytes body;
    if (mode == result || mode == data) {
        const OwnedBytes tbs =
            mode == data
                ? tlv(0x30, {content})
                : tlv(0x30, {id, number, tid, tlv(0x83, {std::array<uint8_t, 1>{9}}), tlv(0x30, {content})});
        body = tlv(0xBF51, {tlv(0xA0, {tbs, card_signs(tbs, token)})});
    } else if (mode == error) {
        const OwnedBytes tbs = tlv(0x30, {id, number, tid, content});
        body = tlv(0xBF51, {tlv(0xA1, {tbs, card_signs(tbs, token)})});
    } else if (mode == installation) {
        const OwnedBytes tbs = tlv(0xBF27, {content});
        body = tlv(0xBF54, {tlv(0x82, {transaction(n)}), tlv(0xBF37, {tbs, card_signs(tbs, {})})});
    } else {
        body = tlv(0xBF52, {content});
    }
    if (choice & 0x40) body = tlv(0x30, {body, *from_hex("A000")});
    return tlv(0xBF50, {choice & 0x20 ? OwnedBytes() : tlv(0x5A, {desk.device.eid}), body});
}

void run(Bytes input) {
    static std::unique_ptr<Desk> desk;
    static unsigned runs = 0;
    if (runs++ % 4096 == 0) desk = std::make_unique<Desk>(); // what was noted as evidence would pile up
    Reader in(input);
    const OwnedBytes in_message = message(*desk, in);
    const auto reply = desk->eim.server.esipa(in_message, loop::kBegin);
    if (reply) HALYARD_ASSERT(reply->empty() || asn1::read_tlv(*reply));
    const std::vector<eim::Operation> now = desk->now();
    for (size_t n = 0; n < now.size(); ++n) {
        const eim::Operation &was = desk->operations[n], &is = now[n];
        HALYARD_ASSERT(is.transaction_id == was.transaction_id || is.state == eim::State::queued);
        if (is.state == eim::State::succeeded && is.kind != eim::Kind::data) must_verify(is, desk->device);
        HALYARD_ASSERT(is.state != eim::State::cancelled && is.state != eim::State::expired);
    }
    desk->put_back(now);
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const auto one = [&](Mode mode, uint8_t choice, Bytes content) {
        OwnedBytes seed{mode, choice};
        append(seed, content);
        out.push_back(std::move(seed));
    };
    for (const char* r : {"830100",
                          "830103",
                          "840100",
                          "850100",
                          "8C0100",
                          "020102",
                          "BF2D02A000",
                          "A600",
                          "870100",
                          "A803840105",
                          "890103",
                          "AB02A000",
                          "BF6503800100",
                          "830100840100",
                          "8D0100",
                          "8E0102"})
        for (uint8_t choice : std::array<uint8_t, 5>{0x00, 0x01, 0x41, 0x80, 0x20})
            one(result, choice, *from_hex(r));
    for (uint8_t code : std::array<uint8_t, 6>{3, 4, 6, 15, 104, 127})
        one(error, 0, std::array<uint8_t, 3>{0x02, 0x01, code});
    for (const OwnedBytes& m : scene().messages) {
        if (m.size() > kResult.max_size - 2) continue;
        one(raw, 0, m);
        const auto provided = asn1::decode<rsp::ProvideEimPackageResult>(Bytes(m));
        if (!provided) continue;
        const auto& is = provided->eim_package_result.is;
        if (const auto* d = std::get_if<2>(&is)) one(answer, 3, asn1::read_tlv(d->der)->content);
        if (const auto* t = std::get_if<3>(&is))
            if (const auto* pir =
                    std::get_if<rsp::ProfileInstallationResult>(&t->profile_download_trigger_result_data.is))
                one(installation, 2, asn1::read_tlv(pir->profile_installation_result_data.der)->content);
        if (const auto* e = std::get_if<0>(&is))
            if (const auto* s = std::get_if<0>(&e->value.is))
                one(data, 1, asn1::read_tlv(s->euicc_package_result_data_signed.der)->content);
    }
    return out;
}
} // namespace

const Target kResult{"result", run, seeds, 4096};

} // namespace halyard::fuzz
