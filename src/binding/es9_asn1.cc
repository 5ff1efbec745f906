#include "binding/es9_asn1.h"
#include "asn1/tlv.h"
#include "base/tolerated.h"
#include "rsp/es9p.h"

namespace halyard::binding {
using asn1::tlv;

namespace {
constexpr asn1::Tag kWrapper = asn1::Map<rsp::RemoteProfileProvisioningRequest>::type.tag;
constexpr size_t kRequestLimit = 1u << 20, kAnswerLimit = 4u << 20;

// The one message of a body, with or without A2 around it.
Result<asn1::Tlv> unwrapped(Bytes body, size_t limit) {
    if (body.size() > limit) return fail(Errc::limit, "body", static_cast<uint32_t>(body.size()));
    const asn1::Tlv outer = TRY(asn1::read_tlv(body, "body"));
    if (!outer.rest.empty()) return fail(Errc::bad_length, "body");
    if (outer.tag != kWrapper) {
        if (outer.tag >> 8 != 0xBF) return fail(Errc::bad_tag, "body", outer.tag);
        TRY(tolerate("message without its A2", "body"));
        return outer;
    }
    const asn1::Tlv inner = TRY(asn1::read_tlv(outer.content, "body"));
    if (!inner.rest.empty()) return fail(Errc::bad_length, "body");
    return inner;
}

Result<Es9Answer> answer_of(Es9Function f, const asn1::Tlv& message, Interface on) {
    if (message.tag != answer_tag(f, on)) return fail(Errc::bad_tag, "body", message.tag);
    const asn1::Tlv chosen = TRY(asn1::read_tlv(message.content, "answer"));
    if (!chosen.rest.empty()) return fail(Errc::bad_length, "answer");
    if (chosen.tag == bodies(f, on).ok) return Es9Answer{owned(message.whole), std::nullopt};
    if (chosen.tag != bodies(f, on).error) return fail(Errc::unsupported, "answer", chosen.tag);
    int64_t error = 0;
    if (!asn1::load_integer(error, chosen.content) || error < 0 || error > 255)
        return fail(Errc::bad_value, "answer");
    const auto status = rsp::status_of(f, static_cast<uint8_t>(error), on);
    return Es9Answer{owned(message.whole), status ? *status : StatusCode{}};
}

bool begins_with(Bytes body, std::string_view text) {
    const std::string_view all = text_of(body);
    const size_t first = std::min(all.find_first_not_of(" \t\r\n"), all.size());
    return all.substr(first).starts_with(text);
}
} // namespace

Result<Es9Request> request_from_asn1(Bytes body, Interface on) {
    const asn1::Tlv message = TRY(unwrapped(body, kRequestLimit));
    return Es9Request{TRY(function_of_message(message.whole, on)), message.whole};
}

OwnedBytes request_to_asn1(Bytes message) { return tlv(kWrapper, message); }

Result<OwnedBytes> answer_to_asn1(Es9Function f, const Es9Answer& answer, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    if (f == Es9Function::handle_notification) return OwnedBytes{};
    if (answer.der.empty() && answer.failed) return tlv(kWrapper, error_answer(f, *answer.failed, on));
    // Where an answer has no members, it may be left out.
    if (answer.der.empty() && f == Es9Function::cancel_session)
        return tlv(kWrapper, tlv(answer_tag(f, on), tlv(bodies(f, on).ok, {})));
    const asn1::Tlv t = TRY(asn1::read_tlv(answer.der, "ES9+ answer"));
    if (t.tag != answer_tag(f, on)) return fail(Errc::bad_tag, "ES9+ answer", t.tag);
    if (!t.rest.empty()) return fail(Errc::bad_length, "ES9+ answer");
    return tlv(kWrapper, answer.der);
}

Result<Es9Answer> answer_from_asn1(Es9Function f, int http_status, Bytes body, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    if (f == Es9Function::handle_notification && (http_status == 204 || http_status == 200))
        return Es9Answer{};
    if (http_status != 200) return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    return answer_of(f, TRY(unwrapped(body, kAnswerLimit)), on);
}

Result<Es9Answer> answer_from_body(Es9Function f, int http_status, Bytes body, Es9Form asked, Interface on) {
    const bool notification = f == Es9Function::handle_notification;
    if (notification && http_status == 200 && !body.empty())
        TRY(tolerate("body where none belongs", name(f)));
    if (notification || http_status != 200) return answer_from_asn1(f, http_status, body, on);
    constexpr std::string_view kMark = "\xEF\xBB\xBF"; // of UTF-8; JSON must not begin with it
    const bool marked = begins_with(body, kMark);
    if (marked) TRY(tolerate("byte order mark", "body"));
    if (marked) body = body.subspan(text_of(body).find(kMark) + kMark.size());
    if (body.empty()) return fail(Errc::bad_value, "body: empty");
    const Es9Form seen = begins_with(body, "{") ? Es9Form::json : Es9Form::asn1;
    if (begins_with(body, "<")) return fail(Errc::bad_value, "body: HTML page");
    if (seen == Es9Form::asn1 && body[0] != kWrapper && body[0] != 0xBF) return fail(Errc::bad_value, "body");
    if (seen != asked) TRY(tolerate("answer in the other binding", name(f)));
    return seen == Es9Form::json ? answer_from_json(f, http_status, text_of(body), on)
                                 : answer_from_asn1(f, http_status, body, on);
}

} // namespace halyard::binding
