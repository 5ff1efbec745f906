#include "ipa/apdu.h"

namespace halyard::ipa {
namespace {
constexpr uint8_t kIsdR[] = {
    0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
// Tag 83 = 07: LUId, LPDd and LDSd, which together declare a device with local assistance. SGP.22 §3.4.2
constexpr uint8_t kTerminalCapability[] = {0xA9, 0x08, 0x81, 0x00, 0x82, 0x01, 0x01, 0x83, 0x01, 0x07};
constexpr size_t kMaxBlocks = 256;
} // namespace

uint8_t CardChannel::cla(uint8_t base) const {
    if (channel_ < 4) return static_cast<uint8_t>(base | channel_);
    return static_cast<uint8_t>(base | 0x40 | (channel_ - 4));
}

void CardChannel::put(std::initializer_list<uint8_t> header, Bytes data) {
    size_ = header.size();
    std::copy(header.begin(), header.end(), apdu_.begin());
    if (data.empty()) return;
    apdu_[size_++] = static_cast<uint8_t>(data.size());
    std::copy(data.begin(), data.end(), apdu_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += data.size();
}

void CardChannel::open() {
    forget();
    at_ = At::terminal_capability;
    put({0x80, 0xAA, 0x00, 0x00}, kTerminalCapability);
}

void CardChannel::send_select() {
    at_ = At::select;
    selecting_ = true;
    answer_ = fci_;
    answered_ = 0;
    put({cla(0x00), 0xA4, 0x04, 0x00}, kIsdR);
    apdu_[size_++] = 0x00;
}

Ok CardChannel::begin(Bytes command, Buffer answer) {
    HALYARD_ASSERT(open_ && at_ == At::idle);
    if (command.empty() || command.size() > kMaxBlocks * block_)
        return fail(Errc::limit, "STORE DATA", static_cast<uint32_t>(command.size()));
    command_ = command;
    answer_ = answer;
    sent_ = answered_ = 0;
    number_ = 0;
    proactive_ = false;
    selecting_ = false;
    send_block();
    return {};
}

void CardChannel::send_block() {
    at_ = At::block;
    const Bytes data = command_.subspan(sent_, std::min<size_t>(block_, command_.size() - sent_));
    const bool last = sent_ + data.size() == command_.size();
    put({cla(0x80), 0xE2, static_cast<uint8_t>(last ? 0x91 : 0x11), static_cast<uint8_t>(number_)}, data);
    if (last) apdu_[size_++] = 0x00; // Le: only the last block has an answer
    sent_ += data.size();
}

void CardChannel::send_get_response(uint8_t length) {
    at_ = At::get_response;
    put({cla(proprietary_class_ ? 0x80 : 0x00), 0xC0, 0x00, 0x00, length});
}

Result<bool> CardChannel::finish() {
    at_ = At::idle;
    if (selecting_) open_ = true;
    return true;
}

Result<bool> CardChannel::managed(Bytes data, uint16_t word) {
    // Without a second channel the basic one still serves; modems keep it for themselves only when they say
    // so.
    if (word == 0x9000 && data.size() == 1 && data[0] < 20) channel_ = data[0];
    send_select();
    return false;
}

Result<bool> CardChannel::status(uint16_t word) {
    const auto low = static_cast<uint8_t>(word & 0xFF);
    const auto high = static_cast<uint8_t>(word >> 8);
    if (high == 0x61) {
        send_get_response(low);
        return false;
    }
    if (high == 0x6C) { // the card names the length it wants: same command again
        apdu_[size_ - 1] = low;
        return false;
    }
    if (word == 0x6E00 && at_ == At::get_response && !proprietary_class_) {
        proprietary_class_ = true;
        send_get_response(apdu_[4]);
        return false;
    }
    if (word != 0x9000 && high != 0x91) {
        const bool select = selecting_;
        at_ = At::idle;
        if (select && high == 0x6A) return fail(Errc::not_found, "ISD-R", word);
        return fail(Errc::rejected, "status word", word);
    }
    if (high == 0x91) proactive_ = true;
    if (!selecting_ && sent_ < command_.size()) {
        ++number_;
        send_block();
        return false;
    }
    return finish();
}

Result<bool> CardChannel::reply(Bytes response) {
    if (response.size() < 2) {
        at_ = At::idle;
        return fail(Errc::truncated, "status word", static_cast<uint32_t>(response.size()));
    }
    const Bytes data = response.first(response.size() - 2);
    const auto word = static_cast<uint16_t>(response[data.size()] << 8 | response[data.size() + 1]);
    if (at_ == At::terminal_capability) { // cards that know nothing of it may say so
        at_ = At::manage_channel;
        put({0x00, 0x70, 0x00, 0x00, 0x01});
        return false;
    }
    if (at_ == At::manage_channel && word >> 8 == 0x6C) return status(word);
    if (at_ == At::manage_channel) return managed(data, word);
    if (data.size() > answer_.size() - answered_) {
        at_ = At::idle;
        return fail(Errc::no_space, "card answer", static_cast<uint32_t>(answered_ + data.size()));
    }
    if (!data.empty()) std::memcpy(answer_.data() + answered_, data.data(), data.size());
    answered_ += data.size();
    return status(word);
}

} // namespace halyard::ipa
