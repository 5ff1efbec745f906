#include "tests/loop/hand.h"
#include "profile/package.h"
#include <doctest/doctest.h>

namespace halyard::loop {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
} // namespace

OwnedBytes joined(std::initializer_list<Bytes> parts) {
    OwnedBytes out;
    for (Bytes p : parts) append(out, p);
    return out;
}
OwnedBytes tlv(uint32_t tag, std::initializer_list<Bytes> parts) {
    const OwnedBytes content = joined(parts);
    OwnedBytes out;
    if (tag > 0xFF) out.push_back(static_cast<uint8_t>(tag >> 8));
    out.push_back(static_cast<uint8_t>(tag));
    const size_t n = content.size();
    if (n > 0xFFFF) {
        out.push_back(0x83);
        out.push_back(static_cast<uint8_t>(n >> 16));
    } else if (n > 0xFF) {
        out.push_back(0x82);
    } else if (n > 0x7F) {
        out.push_back(0x81);
    }
    if (n > 0xFF) out.push_back(static_cast<uint8_t>(n >> 8));
    out.push_back(static_cast<uint8_t>(n));
    append(out, content);
    return out;
}
OwnedBytes integer(uint32_t tag, int64_t value) {
    OwnedBytes content;
    for (int shift = 56; shift >= 0; shift -= 8) {
        const auto octet = static_cast<uint8_t>(static_cast<uint64_t>(value) >> shift);
        const auto next = shift ? static_cast<uint8_t>(static_cast<uint64_t>(value) >> (shift - 8)) : 0;
        const bool sign_only = shift && ((octet == 0x00 && !(next & 0x80)) || (octet == 0xFF && next & 0x80));
        if (!content.empty() || !sign_only) content.push_back(octet);
    }
    return tlv(tag, {content});
}
OwnedBytes whole_part(Bytes der, size_t n) {
    const auto outer = asn1::read_tlv(der);
    if (!outer) return {};
    Bytes rest = outer->content;
    for (;; --n) {
        const auto one = asn1::read_tlv(rest);
        if (!one) return {};
        if (n == 0) return owned(one->whole);
        rest = one->rest;
    }
}
OwnedBytes part(Bytes der, size_t n) {
    const OwnedBytes one = whole_part(der, n);
    const auto t = asn1::read_tlv(one);
    return t ? owned(t->content) : OwnedBytes{};
}

OwnedBytes HandEim::configuration(Bytes more, Bytes last) const {
    const OwnedBytes spki = crypto::to_spki(key.public_key());
    // A0 takes the place of the SEQUENCE's own tag
    const OwnedBytes public_key = tlv(0xA5, {tlv(0xA0, {must(asn1::read_tlv(spki)).content})});
    return tlv(
        0x30,
        {tlv(0x80, {bytes_of(id)}), integer(0x83, static_cast<int64_t>(counter)), more, public_key, last});
}
OwnedBytes HandEim::to_sign(Bytes list, std::optional<uint64_t> counter_value) {
    const uint64_t value = counter_value ? *counter_value : ++counter;
    static constexpr uint8_t kTransaction[] = {0x01, 0x02, 0x03, 0x04};
    return tlv(0x30,
               {tlv(0x80, {bytes_of(id)}),
                tlv(0x5A, {eid}),
                integer(0x81, static_cast<int64_t>(value)),
                tlv(0x82, {kTransaction}),
                list});
}
OwnedBytes HandEim::sign(Bytes tbs) const {
    const auto signature = must(crypto::sign(key, {tbs, integer(0x84, token.value_or(0))}));
    return tlv(0xBF51, {tbs, tlv(0x5F37, {signature})});
}

OwnedBytes psmo(std::initializer_list<Bytes> operations) { return tlv(0xA0, operations); }
OwnedBytes eco(std::initializer_list<Bytes> operations) { return tlv(0xA1, operations); }
OwnedBytes enable(const Iccid& i, bool rollback) {
    return tlv(0xA3, {tlv(0x5A, {i}), rollback ? OwnedBytes{0x05, 0x00} : OwnedBytes{}});
}
OwnedBytes disable(const Iccid& i) { return tlv(0xA4, {tlv(0x5A, {i})}); }
OwnedBytes remove(const Iccid& i) { return tlv(0xA5, {tlv(0x5A, {i})}); }

PackageAnswer read_answer(Bytes der) {
    PackageAnswer answer{.der = owned(der)};
    const auto outer = asn1::read_tlv(der);
    if (!outer || outer->tag != 0xBF51) return answer;
    const OwnedBytes inner = whole_part(der, 0);
    if (inner.empty()) return answer;
    answer.tag = inner[0];
    if (answer.tag == 0xA2) return answer;
    answer.signed_part = whole_part(inner, 0);
    answer.signature = part(inner, 1);
    Bytes rest = must(asn1::read_tlv(answer.signed_part)).content;
    while (!rest.empty()) {
        const auto t = must(asn1::read_tlv(rest));
        int64_t value = 0;
        if (t.tag == 0x83 || t.tag == 0x02) REQUIRE(asn1::load_integer(value, t.content));
        if (t.tag == 0x83) answer.sequence = value;
        if (t.tag == 0x02) answer.code = static_cast<unsigned>(value);
        if (t.tag == 0x30) answer.results = hex(t.content);
        rest = t.rest;
    }
    return answer;
}

Bench::Bench(crypto::Curve curve, Bytes more) : world(11, curve), card(world.add_device()) {
    eim.key = must(crypto::PrivateKey::generate(curve, world.random));
    eim.eid = card.identity.eid;
    const OwnedBytes answer = es10(tlv(0xBF57, {tlv(0xA0, {eim.configuration(more)})}));
    REQUIRE(hex(answer).starts_with("BF57"));
    REQUIRE(part(answer, 0).size() >= 2);
    if (part(answer, 0)[0] == 0x84) eim.token = state().eims.front().token;
}
crypto::PublicKey Bench::card_key() const {
    return *must(crypto::Certificate::parse(card.identity.keys.front().euicc_certificate)).public_key;
}
PackageAnswer Bench::send(Bytes package) {
    const auto answer = read_answer(es10(package));
    if (answer.tag == 0xA0 || answer.tag == 0xA1)
        CHECK(crypto::verify(
            card_key(), {answer.signed_part, integer(0x84, eim.token.value_or(0))}, answer.signature));
    return answer;
}
OwnedBytes metadata_of(const Iccid& i, Bytes more) {
    return tlv(0xBF25,
               {tlv(0x5A, {i}), tlv(0x91, {bytes_of("Provider")}), tlv(0x92, {bytes_of("Profile")}), more});
}
Iccid Bench::add_profile(unsigned n, Bytes more, bool enabled) {
    const Iccid i = iccid(iccid_text(n));
    const auto package = must(profile::sample_operational({.iccid = i, .imsi = "001010000000001"}));
    REQUIRE(card.card->isdr().preload(package.reveal(), metadata_of(i, more), enabled));
    return i;
}
OwnedBytes Bench::state_octets() const { return must(euicc::encode_state(state())); }
std::string Bench::enabled_iccid() const {
    const auto* p = state().enabled();
    return p ? to_text(p->iccid) : "";
}

HandServer::HandServer(Bench& b)
    : bench(b), auth(&b.world.pki.dp_auth), pb(&b.world.pki.dp_pb), ci_key_id(b.world.pki.anchor.key_id),
      control_reference(*from_hex("8001888101108404")) {
    append(control_reference, bytes_of("HOST"));
    transaction_id = owned(must(b.world.random.draw<16>()));
    one_time = must(crypto::PrivateKey::generate(b.world.pki.curve, b.world.random));
}
OwnedBytes HandServer::authenticate() {
    const OwnedBytes given = part(bench.es10(*from_hex("BF2E00")), 0);
    static constexpr uint8_t kServerChallenge[16] = {7};
    const OwnedBytes signed1 = tlv(0x30,
                                   {tlv(0x80, {transaction_id}),
                                    tlv(0x81, {challenge ? *challenge : given}),
                                    tlv(0x83, {bytes_of(address)}),
                                    tlv(0x84, {kServerChallenge})});
    auto signature = must(crypto::sign(auth->key, {signed1}));
    if (damage_signature1) signature[20] ^= 1;
    const OwnedBytes context = tlv(0xA0, {tlv(0xA1, {*from_hex("800435290611A100")})});
    authenticate_command = tlv(
        0xBF38, {signed1, tlv(0x5F37, {signature}), tlv(0x04, {ci_key_id}), auth->certificate.der, context});
    const OwnedBytes answer = bench.es10(authenticate_command);
    const OwnedBytes ok = whole_part(answer, 0);
    if (!ok.empty() && ok[0] == 0xA0) euicc_signature1 = whole_part(ok, 1);
    return answer;
}
OwnedBytes HandServer::prepare() {
    const OwnedBytes& tid = transaction_id2.empty() ? transaction_id : transaction_id2;
    const OwnedBytes signed2 = tlv(
        0x30,
        {tlv(0x80, {tid}), *from_hex("010100"), offered_otpk ? tlv(0x5F49, {*offered_otpk}) : OwnedBytes{}});
    auto signature = must(crypto::sign(pb->key, {signed2, euicc_signature1}));
    if (damage_signature2) signature[20] ^= 1;
    const OwnedBytes answer =
        bench.es10(tlv(0xBF21, {signed2, tlv(0x5F37, {signature}), pb->certificate.der}));
    const OwnedBytes ok = whole_part(answer, 0);
    if (!ok.empty() && ok[0] == 0xA0) card_otpk = part(whole_part(ok, 0), 1);
    return answer;
}
void HandServer::open() {
    const OwnedBytes first = authenticate();
    REQUIRE(session_error(first) == -1);
    REQUIRE(hex(first).starts_with("BF38"));
    const OwnedBytes second = prepare();
    REQUIRE(session_error(second) == -1);
    REQUIRE(card_otpk.size() == 65);
}
OwnedBytes HandServer::initialise_secure_channel(Bytes otpk) {
    const OwnedBytes inside = joined({integer(0x82, remote_operation),
                                      tlv(0x80, {transaction_id2.empty() ? transaction_id : transaction_id2}),
                                      tlv(0xA6, {control_reference}),
                                      tlv(0x5F49, {one_time.public_key().point})});
    auto signature = must(crypto::sign(pb->key, {inside, tlv(0x5F49, {otpk})}));
    if (damage_smdp_sign) signature[20] ^= 1;
    return tlv(0xBF23, {inside, tlv(0x5F37, {signature})});
}
std::vector<OwnedBytes> HandServer::bind(Bytes package, Bytes metadata) {
    const auto peer = must(crypto::public_key_from_point(one_time.curve(), card_otpk));
    const Bytes host = Bytes(control_reference).last(4);
    auto bsp = must(rsp::Bsp::derive(one_time, peer, host, bench.eim.eid));
    const auto header = [](uint32_t tag, const OwnedBytes& content) {
        OwnedBytes all = tlv(tag, {content});
        all.resize(all.size() - content.size());
        return all;
    };
    const OwnedBytes bf23 = initialise_secure_channel(card_otpk);
    std::vector<OwnedBytes> units;
    units.push_back(tlv(0xA0, {must(bsp.protect(0x87, configure_isdp))}));
    std::vector<OwnedBytes> parts;
    const auto split = [&](Bytes data, auto&& protect) {
        parts.clear();
        for (; !data.empty(); data = data.subspan(std::min(segment_size, data.size())))
            parts.push_back(must(protect(data.first(std::min(segment_size, data.size())))));
        OwnedBytes all;
        for (const auto& p : parts) append(all, p);
        return all;
    };
    OwnedBytes all = split(metadata, [&](Bytes b) { return bsp.authenticate(0x88, b); });
    units.push_back(header(0xA1, all));
    units.insert(units.end(), parts.begin(), parts.end());
    if (replace_keys) {
        const OwnedBytes mcv(16, 0xC1), enc(16, 0xC2), mac(16, 0xC3);
        const OwnedBytes keys = tlv(0xBF26, {tlv(0x80, {mcv}), tlv(0x81, {enc}), tlv(0x82, {mac})});
        units.push_back(tlv(0xA2, {must(bsp.protect(0x87, keys))}));
        bsp = must(rsp::Bsp::from_keys(mcv, enc, mac));
    }
    all = split(package, [&](Bytes b) { return bsp.protect(0x86, b); });
    units.push_back(header(0xA3, all));
    units.insert(units.end(), parts.begin(), parts.end());
    OwnedBytes content = bf23;
    for (const auto& u : units) append(content, u);
    units.insert(units.begin(), joined({header(0xBF36, content), bf23}));
    return units;
}
OwnedBytes HandServer::load(const std::vector<OwnedBytes>& units) {
    for (const OwnedBytes& unit : units) {
        const auto answer = bench.card.card->isdr().handle(unit);
        if (!answer) return {};
        if (!answer->empty()) return *answer;
    }
    return {};
}

Installation read_installation(const Bench& bench, Bytes der) {
    Installation out;
    const auto pir = asn1::decode<rsp::ProfileInstallationResult>(der);
    if (!pir) return out;
    out.present = true;
    CHECK(crypto::verify(bench.card_key(), {pir->profile_installation_result_data.der}, pir->euicc_sign_pir));
    const auto& data = pir->profile_installation_result_data.value;
    out.transaction_id = owned(data.transaction_id);
    out.iccid = data.notification_metadata.iccid;
    out.sequence = data.notification_metadata.seq_number;
    if (const auto* error = std::get_if<rsp::ErrorResult>(&data.final_result.is)) {
        out.command = static_cast<int>(error->bpp_command_id);
        out.reason = static_cast<int>(error->error_reason);
        if (error->sima_response) out.sima_response = owned(*error->sima_response);
    } else {
        out.success = true;
        out.sima_response = owned(std::get<rsp::SuccessResult>(data.final_result.is).sima_response);
    }
    return out;
}
int session_error(Bytes answer) {
    const OwnedBytes inner = whole_part(answer, 0);
    if (inner.empty() || inner[0] != 0xA1) return -1;
    const OwnedBytes code = part(inner, 1);
    return code.size() == 1 ? code[0] : -2;
}

std::vector<std::string> events(const Bench& b) {
    std::vector<std::string> out;
    for (const auto& n : b.state().notifications)
        out.push_back((n.operation == 1   ? "install "
                       : n.operation == 2 ? "enable "
                       : n.operation == 4 ? "disable "
                                          : "delete ") +
                      to_text(*n.iccid));
    return out;
}
OwnedBytes set_fallback(const Iccid& i) { return tlv(0xA8, {tlv(0x5A, {i})}); }
OwnedBytes sample(unsigned n, const char* imsi) {
    const auto p = profile::sample_operational({.iccid = iccid(iccid_text(n)), .imsi = imsi});
    REQUIRE(p);
    return owned(p->reveal());
}
bool Memory::as_before() const {
    return bench.card.card->isdr().free_memory() == free && bench.state().profiles.size() == profiles &&
           bench.enabled_iccid() == enabled && !bench.state().installing;
}
HandServer repeat(const HandServer& earlier) {
    HandServer s(earlier.bench);
    s.one_time = earlier.one_time.clone();
    s.offered_otpk = earlier.card_otpk;
    s.open();
    return s;
}
Installation install(Bench& b, unsigned n, Bytes metadata_more) {
    HandServer s(b);
    s.open();
    return read_installation(b, s.load(s.bind(sample(n), metadata_of(iccid(iccid_text(n)), metadata_more))));
}
std::string apdu(Bench& b, const char* command) { return hex(b.card.card->transmit(*from_hex(command))); }

} // namespace halyard::loop
