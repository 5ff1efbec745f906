#pragma once
// JSON of the messages between servers, ES2+, ES12 and ES15 (rsp/es2p.h): one reader and one writer for all
// of them. SGP.22 §6.5
#include "rsp/es2p.h"

namespace halyard::binding {

/// Fills `out`, a message of that type. Members that are not described are skipped. Errors name the JSON
/// member: missing_field, bad_value, bad_length, bad_tag; "body", "depth" for what is no object, or of more
/// than 1 MiB or 32 levels. Of an answer that tells of a failure, only the header must be there.
Ok read_message(const rsp::ServerMessage&, std::string_view json, void* out);
/// Holds to the same rules, and to "no code beside plain success".
Result<std::string> write_message(const rsp::ServerMessage&, const void* in);

template <class T> Result<T> server_from_json(std::string_view json) {
    T out{};
    TRY(read_message(rsp::kServerMessage<T>, json, &out));
    return out;
}
template <class T> Result<std::string> server_to_json(const T& message) {
    return write_message(rsp::kServerMessage<T>, &message);
}

/// What a function answers to a request that was refused with that error: 1.6/2.1, 1.6/2.2, 1.6/2.3, or the
/// code of the condition. nullopt when it was no JSON object, which is HTTP status 400.
std::optional<rsp::StatusCode> refusal(const rsp::ServerMessage& request, const Error&);

/// Fills `out` from an answer over HTTP. A notification has arrived with 204 or 200 whatever the body says.
/// Errors as read_message, and rejected "http status" with the status.
Ok read_answer(rsp::ServerFunction, int http_status, std::string_view body, void* out);
/// Answer must be the function's: DownloadOrderAnswer, ConfirmOrderAnswer, HeaderAnswer for others.
template <class Answer>
Result<Answer> server_answer(rsp::ServerFunction f, int http_status, std::string_view body) {
    HALYARD_ASSERT(rsp::row(f).answer == &rsp::kServerMessage<Answer>);
    Answer out{};
    TRY(read_answer(f, http_status, body, &out));
    return out;
}

/// "2026-11-26T03:00:00Z" and offsets as "+01:00"; fractions of a second are dropped and counted.
Result<Time> time_from_text(std::string_view, const char* where);
/// In UTC; bad_value outside the years 0 to 9999.
Result<std::string> text_from_time(Time, const char* where);

} // namespace halyard::binding
