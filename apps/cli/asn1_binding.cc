// Messages against the HTTP bodies of their JSON bindings.
#include "apps/cli/asn1_command.h"
#include "binding/es9_json.h"
#include "binding/esipa_json.h"
#include "rsp/meaning.h"
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {

Result<bool> is_request(Bytes der, const std::string& binding) {
    const rsp::Message* message = type_on(binding, der);
    if (!message) return fail(Errc::bad_tag, "message");
    return std::string_view(rsp::route_of(*message)->from) == "IPA";
}

bool is_answer(std::string_view body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    const auto header = json.is_object() ? json.find("header") : json.end();
    return header != json.end() && header->is_object() && header->contains("functionExecutionStatus");
}

template <class Function> Result<Function> named(Function last, const std::string& name) {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        const auto f = static_cast<Function>(i);
        if (std::string_view(binding::path(f)).ends_with("/" + name)) return f;
    }
    return fail(Errc::not_found, "function");
}

Result<std::string> es9_body(Bytes der) {
    const auto f = TRY(binding::function_of_message(der));
    if (TRY(is_request(der, "es9-json"))) return binding::request_to_json(f, der);
    rsp::Es9Answer answer{owned(der), std::nullopt};
    const asn1::Tlv outer = TRY(asn1::read_tlv(der));
    const auto inner = asn1::read_tlv(outer.content);
    if (inner && inner->tag == 0x81 && inner->content.size() == 1) {
        answer.failed = rsp::status_of(f, inner->content[0]);
        if (!answer.failed) answer.failed.emplace(); // failed, without codes of its own
    }
    return binding::answer_to_json(f, answer);
}

} // namespace

Result<std::string> json_body(const std::string& binding, Bytes der) {
    if (binding == "es9-json") return es9_body(der);
    const auto f = TRY(binding::esipa_function_of_message(der));
    return TRY(is_request(der, binding)) ? binding::esipa_request_to_json(f, der)
                                         : binding::esipa_answer_to_json(f, der);
}

Result<OwnedBytes>
message_of_body(const std::string& binding, const std::string& function, std::string_view body) {
    if (binding == "es9-json") {
        const auto f = TRY(named(rsp::Es9Function::handle_notification, function));
        if (!is_answer(body)) return binding::request_from_json(f, body);
        return TRY(binding::answer_from_json(f, 200, body)).der;
    }
    const auto f = TRY(named(binding::EsipaFunction::provide_eim_package_result, function));
    return is_answer(body) ? binding::esipa_answer_from_json(f, body)
                           : binding::esipa_request_from_json(f, body);
}

const rsp::Message* type_on(const std::string& binding, Bytes der) {
    const std::string_view interface = binding == "es9-json" ? "ES9+" : "ESipa";
    const rsp::Recognition found = rsp::recognise(der);
    std::vector<const rsp::Message*> all{found.message};
    all.insert(all.end(), found.others.begin(), found.others.end());
    for (const rsp::Message* m : all) {
        const auto route = m ? rsp::route_of(*m) : std::nullopt;
        if (route && interface == route->interface) return m;
    }
    return nullptr;
}

} // namespace halyard::cli
