#include "uicc/aka.h"
#include "crypto/hash.h"
#include "crypto/milenage.h"
#include "crypto/tuak.h"
#include "crypto/usim_test_algorithm.h"

namespace halyard::uicc {
namespace {
using crypto::AkaAmf, crypto::AkaRand, crypto::AkaSqn;

constexpr uint64_t kMaxSeq = 0x07FFFFFFFFFF; // 43 bits: 48 of SQN less 5 of IND
constexpr uint8_t kVersion = 1;
// sqnOptions; see docs/interpretations.md.
constexpr uint8_t kCheckDelta = 0x02, kCheckAge = 0x04;
// With this AMF the test algorithm asks for resynchronisation. 3GPP TS 34.108 §8.1.2.2
constexpr AkaAmf kAmfResynch = {0xFF, 0xFF};

enum Sw : uint16_t {
    kWrongLength = 0x6700,
    kConditions = 0x6985,
    kWrongData = 0x6A80,
    kWrongParameters = 0x6A86,
    kInternal = 0x6F00,
    kMacFailure = 0x9862,
    kNoContext = 0x9864,
};

uint64_t number(Bytes octets) {
    uint64_t out = 0;
    for (const uint8_t o : octets) out = out << 8 | o;
    return out;
}
void put(Buffer to, uint64_t value) {
    for (size_t i = to.size(); i-- > 0; value >>= 8) to[i] = static_cast<uint8_t>(value);
}
AkaSqn sqn_octets(uint64_t sqn) {
    AkaSqn out;
    put(out, sqn);
    return out;
}
AkaAnswer refused(uint16_t status) { return {.status = status, .data = {}, .keep = {}}; }

// Tag, if there is one, and the fields, each with its length in front.
SecretBytes fields(uint8_t tag, std::initializer_list<Bytes> all) {
    size_t size = tag ? 1 : 0;
    for (const Bytes field : all) size += 1 + field.size();
    SecretBytes out(size);
    auto at = out.writable().begin();
    if (tag) *at++ = tag;
    for (const Bytes field : all) {
        *at++ = static_cast<uint8_t>(field.size());
        at = std::copy(field.begin(), field.end(), at);
    }
    return out;
}

// Conversions of 3GPP TS 33.102 §6.8.1.2.
Secret<4> c2(Bytes res) {
    Secret<4> out;
    for (size_t i = 0; i < res.size(); ++i) out.writable()[i % 4] ^= res[i];
    return out;
}
Secret<8> c3(const Secret<16>& ck, const Secret<16>& ik) {
    Secret<8> out;
    for (size_t i = 0; i < 16; ++i)
        out.writable()[i % 8] ^= static_cast<uint8_t>(ck.reveal()[i] ^ ik.reveal()[i]);
    return out;
}

// b3 to b1 of algorithmOptions for TUAK and the test algorithm: octets of RES; 0 where there is none.
size_t res_size(uint8_t options) {
    constexpr std::array<size_t, 8> kSizes = {4, 8, 16, 0, 0, 0, 0, 0};
    return kSizes[options & 7];
}

Result<profile::AkaParameter> element_of(const profile::Image& image, uint32_t directory) {
    for (const profile::Aka& aka : image.akas)
        if (aka.directory == directory) return asn1::decode<profile::AkaParameter>(Bytes(aka.element));
    return fail(Errc::not_found, "akaParameter", directory);
}
} // namespace

std::array<uint8_t, SqnState::kOctets> SqnState::octets() const {
    std::array<uint8_t, kOctets> out;
    out[0] = kVersion;
    put(Buffer(out).subspan(1, 3), uses);
    for (size_t i = 0; i < kIndices; ++i) put(Buffer(out).subspan(4 + 6 * i, 6), seq[i]);
    return out;
}

Result<SqnState> SqnState::from(Bytes in) {
    if (!in.empty() && in[0] != kVersion) return fail(Errc::unsupported, "SqnState", in[0]);
    if (in.size() != kOctets) return fail(Errc::bad_length, "SqnState", static_cast<uint32_t>(in.size()));
    SqnState out;
    out.uses = static_cast<uint32_t>(number(in.subspan(1, 3)));
    for (size_t i = 0; i < kIndices; ++i) {
        out.seq[i] = number(in.subspan(4 + 6 * i, 6));
        if (out.seq[i] > kMaxSeq) return fail(Errc::bad_value, "SqnState", static_cast<uint32_t>(i));
    }
    return out;
}

uint64_t SqnState::sqn_ms() const {
    const auto highest = std::max_element(seq.begin(), seq.end());
    return *highest << 5 | static_cast<uint64_t>(highest - seq.begin());
}

std::variant<AkaCommand, uint16_t>
AkaCommand::parse(Application application, uint8_t p1, uint8_t p2, Bytes data) {
    if (p1 != 0) return uint16_t{kWrongParameters};
    AkaCommand out{.context = Context::gsm};
    const bool usim = application == Application::usim;
    switch (p2) {
    case 0x80:
        if (!usim) return uint16_t{kNoContext};
        break;
    case 0x81: out.context = usim ? Context::umts : Context::ims; break;
    case 0x82:
    case 0x84: return uint16_t{kNoContext};
    default: return uint16_t{kWrongParameters};
    }
    const bool gsm = out.context == Context::gsm;
    if (data.size() != (gsm ? 17 : 34)) return uint16_t{kWrongLength};
    if (data[0] != 16 || (!gsm && data[17] != 16)) return uint16_t{kWrongData};
    std::copy_n(data.begin() + 1, 16, out.rand.begin());
    if (!gsm) std::copy_n(data.begin() + 18, 16, out.autn.begin());
    return out;
}

Result<Aka> Aka::open(const profile::Image& image, uint32_t directory) {
    Aka out;
    out.state_directory_ = directory;
    profile::AkaParameter element = TRY(element_of(image, directory));
    if (const auto* mapped = std::get_if<profile::MappingParameter>(&element.configuration.is)) {
        const auto source = image.named(mapped->source);
        if (!source) return fail(Errc::not_found, "mappingSource");
        const auto other = element_of(image, *source);
        // A mapping onto a mapping would have no key of its own in the end, or none at all.
        if (!other || std::holds_alternative<profile::MappingParameter>(other->configuration.is))
            return fail(Errc::not_found, "mappingSource");
        element = *other;
        out.state_directory_ = *source;
    }
    TRY(out.set_algorithm(std::get<profile::AlgoParameter>(element.configuration.is)));
    TRY(out.set_sequence_numbers(element));
    return out;
}

Ok Aka::set_algorithm(const profile::AlgoParameter& p) {
    const auto length = [](Bytes b, const char* name) {
        return fail(Errc::bad_length, name, static_cast<uint32_t>(b.size()));
    };
    const uint8_t options = p.options[0];
    if (p.algorithm != profile::AkaAlgorithm::tuak && p.key.size() != 16) return length(p.key, "key");
    switch (p.algorithm) {
    case profile::AkaAlgorithm::milenage: {
        if (p.opc.size() != 16) return length(p.opc, "opc");
        crypto::MilenageConstants constants;
        if (p.rotation_constants) constants.r = *p.rotation_constants;
        if (p.xoring_constants)
            for (size_t i = 0; i < 80; ++i) constants.c[i / 16][i % 16] = (*p.xoring_constants)[i];
        functions_ =
            TRY(crypto::Milenage::make(crypto::AesKey(p.key.first<16>()), p.opc.first<16>(), constants));
        break;
    }
    case profile::AkaAlgorithm::tuak:
        if (p.opc.size() != 32) return length(p.opc, "opc");
        // b5 b4: MAC, which has 64 bits in AUTN; b6: CK and b7: IK of 256 bits. TS 33.102 §6.3.7
        res_size_ = res_size(options);
        if (!res_size_ || (options & 0xF8)) return fail(Errc::unsupported, "algorithmOptions", options);
        functions_ = TRY(crypto::Tuak::make(p.key, p.opc.first<32>(), p.number_of_keccak.value_or(1)));
        break;
    case profile::AkaAlgorithm::usim_test_algorithm:
        test_algorithm_ = true;
        res_size_ = res_size(options);
        if (!res_size_) return fail(Errc::unsupported, "algorithmOptions", options);
        functions_ = std::make_unique<crypto::UsimTestAlgorithm>(p.key.first<16>());
        break;
    default: return fail(Errc::unsupported, "algorithmID", static_cast<uint32_t>(p.algorithm));
    }
    if (p.auth_counter_max && !test_algorithm_)
        most_uses_ = static_cast<uint32_t>(number(*p.auth_counter_max));
    return {};
}

// The test algorithm has none of this: PEDefinitions, PE-AKAParameter.
Ok Aka::set_sequence_numbers(const profile::AkaParameter& p) {
    if (test_algorithm_) return {};
    options_ = p.sqn_options ? (*p.sqn_options)[0] : uint8_t{0x02};
    constexpr std::array<uint8_t, 6> kDefault = {0x00, 0x00, 0x10, 0x00, 0x00, 0x00};
    delta_ = number(p.sqn_delta.value_or(kDefault));
    if (delta_ > kMaxSeq) return fail(Errc::bad_value, "sqnDelta");
    age_limit_ = number(p.sqn_age_limit.value_or(kDefault));
    if (age_limit_ > kMaxSeq) return fail(Errc::bad_value, "sqnAgeLimit");
    if (!p.sqn_init) return {};
    size_t index = 0;
    TRY(p.sqn_init->for_each([&](const std::array<uint8_t, 6>& octets) -> Ok {
        if (index == SqnState::kIndices) return fail(Errc::bad_length, "sqnInit");
        initial_.seq[index] = number(octets);
        if (initial_.seq[index] > kMaxSeq)
            return fail(Errc::bad_value, "sqnInit", static_cast<uint32_t>(index));
        ++index;
        return {};
    }));
    if (index != SqnState::kIndices) return fail(Errc::bad_length, "sqnInit", static_cast<uint32_t>(index));
    return {};
}

// TS 33.102 annex C.2.2
bool Aka::fresh(uint64_t sqn, const SqnState& state) const {
    const uint64_t seq = sqn >> 5, highest = state.sqn_ms() >> 5;
    if ((options_ & kCheckDelta) && seq > highest && seq - highest > delta_) return false;
    if ((options_ & kCheckAge) && highest > seq && highest - seq >= age_limit_) return false;
    return seq > state.seq[sqn & 31];
}

Result<AkaAnswer> Aka::gsm(const AkaRand& rand) const {
    Secret<16> res, ck, ik;
    Secret<6> ak;
    const Buffer res_octets = Buffer(res.writable()).first(res_size_);
    TRY(functions_->f2345(rand, res_octets, ck.writable(), ik.writable(), ak.writable()));
    const Secret<4> sres = c2(res_octets);
    const Secret<8> kc = c3(ck, ik);
    AkaAnswer out;
    out.data = fields(0, {sres.reveal(), kc.reveal()});
    return out;
}

// AUTS = (SQN_MS xor AK*) ‖ MAC-S, with AMF* 0000. TS 33.102 §6.3.3
Result<AkaAnswer> Aka::resynchronise(const AkaRand& rand, const SqnState& state) const {
    const AkaSqn sqn_ms = sqn_octets(state.sqn_ms());
    std::array<uint8_t, 14> auts;
    TRY(functions_->f5_star(rand, Buffer(auts).first(6)));
    for (size_t i = 0; i < 6; ++i) auts[i] ^= sqn_ms[i];
    TRY(functions_->f1_star(rand, sqn_ms, {}, Buffer(auts).subspan(6)));
    AkaAnswer out;
    out.data = fields(0xDC, {auts});
    return out;
}

// TS 33.102 §6.3.3: the MAC before the sequence number, so that nobody without the key learns of the latter.
Result<AkaAnswer> Aka::umts(const AkaCommand& command, SqnState& state, bool with_kc) const {
    Secret<16> res, ck, ik;
    Secret<6> ak;
    const Buffer res_octets = Buffer(res.writable()).first(res_size_);
    TRY(functions_->f2345(command.rand, res_octets, ck.writable(), ik.writable(), ak.writable()));
    AkaSqn sqn{};
    for (size_t i = 0; i < 6; ++i) sqn[i] = command.autn[i] ^ ak.reveal()[i];
    const AkaAmf amf = {command.autn[6], command.autn[7]};
    Secret<8> mac;
    TRY(functions_->f1(command.rand, sqn, amf, mac.writable()));
    if (!crypto::equal(mac.reveal(), Bytes(command.autn).subspan(8))) return refused(kMacFailure);
    const uint64_t received = number(sqn);
    const bool accepted = test_algorithm_ ? amf != kAmfResynch : fresh(received, state);
    if (!accepted) return resynchronise(command.rand, state);
    state.seq[received & 31] = received >> 5;
    AkaAnswer out;
    if (with_kc)
        out.data = fields(0xDB, {res_octets, ck.reveal(), ik.reveal(), c3(ck, ik).reveal()});
    else
        out.data = fields(0xDB, {res_octets, ck.reveal(), ik.reveal()});
    return out;
}

AkaAnswer
Aka::authenticate(const AkaCommand& command, const SqnState& state, const AkaServices& services) const {
    const bool is_gsm = command.context == AkaCommand::Context::gsm;
    if (is_gsm && !services.gsm_security_context) return refused(kNoContext);
    SqnState next = state;
    if (most_uses_) {
        if (state.uses >= *most_uses_) return refused(kConditions);
        ++next.uses;
    }
    const bool with_kc = services.gsm_access && command.context == AkaCommand::Context::umts;
    Result<AkaAnswer> answer = is_gsm ? gsm(command.rand) : umts(command, next, with_kc);
    if (!answer) return refused(kInternal);
    if (next != state) answer->keep = next;
    return std::move(*answer);
}

AkaAnswer Aka::authenticate(AkaCommand::Application application,
                            uint8_t p1,
                            uint8_t p2,
                            Bytes data,
                            const SqnState& state,
                            const AkaServices& services) const {
    const auto command = AkaCommand::parse(application, p1, p2, data);
    if (const auto* status = std::get_if<uint16_t>(&command)) return refused(*status);
    return authenticate(std::get<AkaCommand>(command), state, services);
}

} // namespace halyard::uicc
