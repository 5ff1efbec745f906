#pragma once
// Authentication of a USIM or ISIM: the AUTHENTICATE command, the algorithms behind it and the sequence
// numbers. 3GPP TS 31.102 §7.1, TS 31.103 §7.1, TS 33.102 §6.3 and annex C.
#include "crypto/aka_functions.h"
#include "profile/image.h"
#include <memory>
#include <optional>
#include <variant>

namespace halyard::uicc {

/// What must outlive a power cut: the highest sequence number accepted for each index, and how often the key
/// was used. Small, copied freely, no secret in it. TS 33.102 annex C.2.1
struct SqnState {
    static constexpr size_t kIndices = 32; // IND has 5 bits
    static constexpr size_t kOctets = 1 + 3 + kIndices * 6;
    std::array<uint64_t, kIndices> seq{}; // without IND: SQN >> 5
    uint32_t uses = 0;                    // counted only where the profile limits them (authCounterMax)

    /// Version 01, uses (3 octets), then SEQ of index 0 to 31 (6 octets each).
    std::array<uint8_t, kOctets> octets() const;
    /// Errors: bad_length, unsupported for another version, bad_value for a SEQ of more than 43 bits; where:
    /// "SqnState".
    static Result<SqnState> from(Bytes);
    /// SQN_MS: the highest SEQ with its index; of equal ones the first.
    uint64_t sqn_ms() const;
    bool operator==(const SqnState&) const = default;
};

/// What the service table of the application says. 3GPP TS 31.102 §4.2.8
struct AkaServices {
    bool gsm_access = false;           // service 27: Kc comes with the answer of the 3G context
    bool gsm_security_context = false; // service 38: the GSM context may be used
};

/// Answer to AUTHENTICATE.
struct AkaAnswer {
    uint16_t status = 0x9000;
    SecretBytes data; // DB … (success) or DC … (resynchronisation) or 04 SRES 08 Kc; empty unless 9000
    /// Store this before the answer leaves the card: whoever loses it accepts a challenge twice.
    std::optional<SqnState> keep;
};

/// A command as P1, P2 and data tell it.
struct AkaCommand {
    enum class Context : uint8_t { gsm, umts, ims } context;
    crypto::AkaRand rand{};
    std::array<uint8_t, 16> autn{}; // not in the GSM context

    enum class Application : uint8_t { usim, isim };
    /// The command, or the status word that answers it. P1 other than 00 or P2 of no context: 6A86; a context
    /// that is known and not offered (VGCS/VBS, GBA, HTTP digest; GSM on an ISIM): 9864; wrong overall
    /// length: 6700; a length octet inside that is not 16: 6A80. TS 31.102 §7.1.2, TS 31.103 §7.1.2
    static std::variant<AkaCommand, uint16_t> parse(Application, uint8_t p1, uint8_t p2, Bytes data);
};

/// The authentication parameters of one application, ready for use. Not to be used by two threads at once.
class Aka {
  public:
    /// Of the application that is node `directory` of the image, or, where its element maps to another
    /// application, of that one. Errors name the component of akaParameter: not_found "akaParameter" (the
    /// application cannot authenticate), bad_length "key" or "opc", bad_value "rotationConstants",
    /// "numberOfKeccak", "sqnDelta", "sqnAgeLimit", bad_length or bad_value "sqnInit", unsupported
    /// "algorithmOptions" (lengths that 3GPP TS 33.102 §6.3.7 does not have), not_found "mappingSource", and
    /// those of the decoder.
    static Result<Aka> open(const profile::Image& image, uint32_t directory);

    /// Node under which the state belongs: that of the mapping source, where there is one. Applications that
    /// share a key share its sequence numbers.
    uint32_t state_directory() const { return state_directory_; }
    /// The state before the first authentication (sqnInit).
    const SqnState& initial_state() const { return initial_; }

    /// Answers a command. Checks in this order: context offered (9864), uses left (6985), MAC (9862), SQN.
    AkaAnswer authenticate(const AkaCommand&, const SqnState&, const AkaServices&) const;
    /// parse() and authenticate().
    AkaAnswer authenticate(AkaCommand::Application,
                           uint8_t p1,
                           uint8_t p2,
                           Bytes data,
                           const SqnState&,
                           const AkaServices&) const;

  private:
    Aka() = default;
    Ok set_algorithm(const profile::AlgoParameter&);
    Ok set_sequence_numbers(const profile::AkaParameter&);
    bool fresh(uint64_t sqn, const SqnState&) const;
    Result<AkaAnswer> gsm(const crypto::AkaRand&) const;
    Result<AkaAnswer> umts(const AkaCommand&, SqnState&, bool with_kc) const;
    Result<AkaAnswer> resynchronise(const crypto::AkaRand&, const SqnState&) const;

    std::unique_ptr<crypto::AkaFunctions> functions_;
    size_t res_size_ = 8;
    bool test_algorithm_ = false; // then the sequence number is not checked
    uint8_t options_ = 0x02;
    uint64_t delta_ = 0, age_limit_ = 0;
    std::optional<uint32_t> most_uses_;
    SqnState initial_;
    uint32_t state_directory_ = 0;
};

} // namespace halyard::uicc
