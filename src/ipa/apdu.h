#pragma once
#include "asn1/asn1.h"

namespace halyard::ipa {

/// Command and answer objects of ES10 over APDUs: opens a channel to the ISD-R, cuts commands into STORE DATA
/// blocks and collects answers. Does no I/O: the caller carries next() to the card and brings the response to
/// reply(). SGP.22 §5.7.2, SGP.32 §5.9
class CardChannel {
  public:
    static constexpr uint8_t kMaxBlock = 255;
    /// `block`: octets of a command per STORE DATA, 1 to 255; old readers want 120.
    explicit CardChannel(uint8_t block = kMaxBlock) : block_(block ? block : kMaxBlock) {}

    bool is_open() const { return open_; }
    bool is_busy() const { return at_ != At::idle; }
    /// The card was reset or the link lost: what was open is gone.
    void forget() { *this = CardChannel(block_); }
    /// Starts TERMINAL CAPABILITY, MANAGE CHANNEL and SELECT of the ISD-R. A card that refuses another
    /// channel is used on the basic one.
    void open();
    /// Starts one command; both spans must live until it is done. Errors: limit when 256 blocks do not hold
    /// it.
    Ok begin(Bytes command, Buffer answer);
    /// The APDU to send, until reply() brings its response.
    Bytes next() const { return Bytes(apdu_).first(size_); }
    /// One response with its status word. True: the command, or the opening, is complete. Errors: truncated
    /// (less than a status word), not_found "ISD-R", no_space (answer larger than its buffer), rejected
    /// "status word" with the word as detail.
    Result<bool> reply(Bytes response);
    /// The collected answer, without status word.
    Bytes answer() const { return Bytes(answer_).first(answered_); }
    /// A 91xx was seen since the last begin(): a proactive command (REFRESH) is waiting.
    bool proactive() const { return proactive_; }
    uint8_t channel() const { return channel_; }

  private:
    enum class At : uint8_t { idle, terminal_capability, manage_channel, select, block, get_response };

    uint8_t cla(uint8_t base) const;
    void put(std::initializer_list<uint8_t> header, Bytes data = {});
    void send_block();
    void send_select();
    void send_get_response(uint8_t length);
    Result<bool> finish();
    Result<bool> status(uint16_t word);
    Result<bool> managed(Bytes data, uint16_t word);

    uint8_t block_;
    bool open_ = false;
    bool proactive_ = false;
    bool proprietary_class_ = false; // GET RESPONSE with class 8x, for cards that refuse 0x
    bool selecting_ = false;
    At at_ = At::idle;
    uint8_t channel_ = 0;
    uint16_t number_ = 0; // of the block being sent
    Bytes command_;
    Buffer answer_;
    size_t sent_ = 0;
    size_t answered_ = 0;
    size_t size_ = 0;
    std::array<uint8_t, 261> apdu_{};
    std::array<uint8_t, 256> fci_{};
};

} // namespace halyard::ipa
