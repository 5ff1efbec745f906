#include "reader/lpac.h"
#include "binding/json_view.h"

namespace halyard::reader {
namespace {
constexpr size_t kMaxLine = 256 * 1024;

LpacSession::Reply code(int value, std::string aside = {}) {
    return {.line = R"({"type":"apdu","payload":{"ecode":)" + std::to_string(value) + "}}",
            .aside = std::move(aside)};
}
bool good(const OwnedBytes& answer) { // 9000, 91xx, or more to fetch
    const uint8_t sw1 = answer[answer.size() - 2];
    return sw1 == 0x90 || sw1 == 0x91 || sw1 == 0x61;
}
// CLA for a channel: 00 to 03, 40 to 4F. ETSI TS 102 221 §10.1.1
uint8_t class_of(uint8_t channel) {
    return channel < 4 ? channel : static_cast<uint8_t>(0x40 | (channel - 4));
}
} // namespace

LpacSession::~LpacSession() {
    if (powered_) static_cast<void>(card_.power(Power::off));
}

LpacSession::Reply LpacSession::line(std::string_view text) {
    while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
    if (text.empty()) return {};
    const auto object = binding::read_object(text, kMaxLine);
    if (!object) return code(-1, "no JSON: " + std::string(text.substr(0, 80)));
    const auto type = object->find("type"), payload = object->find("payload");
    if (!type || !type->is_string() || !payload || !payload->is_object())
        return code(-1, "no type and payload: " + std::string(text.substr(0, 80)));
    if (type->says("http"))
        return {.line = R"({"type":"http","payload":{"rcode":501,"rx":""}})",
                .aside = "lpac wants HTTP of the card: give it LPAC_HTTP=curl"};
    if (!type->says("apdu")) return {.aside = std::string(text)}; // progress, and the result of its command
    const auto function = payload->find("func"), parameter = payload->find("param");
    if (!function || !function->is_string()) return code(-1, "an apdu without func");
    if (!parameter || !parameter->is_string()) return apdu(function->string(), std::nullopt);
    const auto octets = from_hex(parameter->string());
    if (!octets) return code(-1, "param is no hex");
    return apdu(function->string(), Bytes(*octets));
}

LpacSession::Reply LpacSession::apdu(std::string_view function, std::optional<Bytes> parameter) {
    if (function == "connect") {
        powered_ = true;
        return card_.power(Power::on) ? code(0) : code(-1, "the card does not start");
    }
    if (function == "disconnect") {
        if (powered_) static_cast<void>(card_.power(Power::off));
        powered_ = false;
        return code(0);
    }
    if (!powered_) return code(-1, std::string(function) + " before connect");
    if (function == "logic_channel_open") {
        if (!parameter || parameter->empty() || parameter->size() > 16) return code(-1, "param is no AID");
        return open_channel(*parameter);
    }
    if (function == "logic_channel_close") {
        if (!parameter || parameter->size() != 1) return code(-1, "param is no channel");
        std::chrono::microseconds delay{0};
        const uint8_t close[] = {0x00, 0x70, 0x80, (*parameter)[0]};
        const auto answer = exchange(close, delay);
        Reply out = code(answer && good(*answer) ? 0 : -1);
        out.delay = delay;
        return out;
    }
    if (function == "transmit") {
        if (!parameter || parameter->size() < 4) return code(-1, "param is no APDU");
        return transmit(*parameter);
    }
    return code(-1, "unknown func " + std::string(function));
}

// The channel's number is the ecode. A channel whose application is not there is closed again.
LpacSession::Reply LpacSession::open_channel(Bytes aid) {
    std::chrono::microseconds delay{0};
    const uint8_t open[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    const auto opened = exchange(open, delay);
    if (!opened || opened->size() != 3 || !good(*opened)) return code(-1, "no logical channel");
    const uint8_t channel = (*opened)[0];
    OwnedBytes select{class_of(channel), 0xA4, 0x04, 0x00, static_cast<uint8_t>(aid.size())};
    append(select, aid);
    const auto selected = exchange(select, delay);
    if (!selected || !good(*selected)) {
        const uint8_t close[] = {0x00, 0x70, 0x80, channel};
        static_cast<void>(exchange(close, delay));
        return code(-1, "no application " + hex(aid));
    }
    Reply out = code(channel);
    out.delay = delay;
    return out;
}

LpacSession::Reply LpacSession::transmit(Bytes command) {
    std::chrono::microseconds delay{0};
    const auto answer = exchange(command, delay);
    if (!answer) return code(-1, answer.error().where);
    return {.line = R"({"type":"apdu","payload":{"ecode":0,"data":")" + hex(*answer) + "\"}}",
            .delay = delay};
}

Result<OwnedBytes> LpacSession::exchange(Bytes command, std::chrono::microseconds& delay) {
    ++apdus_;
    Answer answer = TRY(card_.transmit(command));
    delay += answer.delay;
    return std::move(answer.octets);
}

} // namespace halyard::reader
