#include "apps/smdp/operators.h"
#include "apps/common/files.h"
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace halyard::smdp_app {
namespace {
using nlohmann::json;

Result<Requester> requester_from(const json& j) {
    Requester r;
    std::string certificate, callback, function;
    const std::pair<const char*, std::string*> members[] = {
        {"id", &r.caller.operator_id},
        {"name", &r.name},
        {"functionRequesterIdentifier", &r.oid},
        {"certificateSha256", &certificate},
        {"subject", &r.subject},
        {"callback", &callback},
        {"callbackFunction", &function},
    };
    if (!j.is_object()) return fail(Errc::bad_value, "operators");
    for (const auto& [key, value] : j.items()) {
        if (key == "profileTypes" && value.is_array()) {
            for (const json& type : value) {
                if (!type.is_string()) return fail(Errc::bad_value, "profileTypes");
                r.caller.types.push_back(type);
            }
            continue;
        }
        const auto* m = std::find_if(
            std::begin(members), std::end(members), [&](const auto& p) { return key == p.first; });
        if (m == std::end(members)) return fail(Errc::unsupported, "unknown member of operators");
        if (!value.is_string()) return fail(Errc::bad_value, m->first);
        *m->second = value;
    }
    if (r.caller.operator_id.empty()) return fail(Errc::missing_field, "id");
    for (const char c : r.caller.operator_id) // no dots: an outbox has SM-DS addresses beside operators
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_'))
            return fail(Errc::bad_value, "id");
    if (r.oid.empty()) return fail(Errc::missing_field, "functionRequesterIdentifier");
    TRY(asn1::oid_from_text(r.oid));
    if (certificate.empty() == r.subject.empty())
        return fail(Errc::bad_value, "certificateSha256 or subject: one of them");
    if (!certificate.empty()) {
        const OwnedBytes hash = TRY(from_hex(certificate, "certificateSha256"));
        if (hash.size() != 32) return fail(Errc::bad_length, "certificateSha256");
        std::copy(hash.begin(), hash.end(), r.certificate.emplace().begin());
    }
    if (!callback.empty()) r.callback = TRY(net::parse_url(callback, "callback"));
    r.v3 = function == "handleNotification";
    if (!r.v3 && !function.empty() && function != "handleDownloadProgressInfo")
        return fail(Errc::bad_value, "callbackFunction");
    if (!function.empty() && callback.empty()) return fail(Errc::missing_field, "callback");
    return r;
}
} // namespace

Result<std::vector<Requester>> load_operators(const std::filesystem::path& file) {
    const OwnedBytes text = TRY(app::read_file(file, 1u << 20, "operators"));
    const json all = json::parse(text_of(text), nullptr, false);
    if (!all.is_array()) return fail(Errc::bad_value, "operators");
    std::vector<Requester> out;
    for (const json& one : all) {
        Requester r = TRY(requester_from(one));
        for (const Requester& known : out) {
            if (known.oid == r.oid) return fail(Errc::conflict, "functionRequesterIdentifier");
            if (r.certificate && known.certificate == r.certificate)
                return fail(Errc::conflict, "certificateSha256");
            if (!r.subject.empty() && known.subject == r.subject) return fail(Errc::conflict, "subject");
            if (r.callback && known.callback && known.caller.operator_id == r.caller.operator_id)
                return fail(Errc::conflict, "callback");
        }
        out.push_back(std::move(r));
    }
    return out;
}

const Requester* requester_of(const std::vector<Requester>& all, Bytes der) {
    if (der.empty()) return nullptr;
    const Sha256 hash = crypto::sha256({der});
    for (const Requester& r : all)
        if (r.certificate == hash) return &r;
    const auto certificate = crypto::Certificate::parse(der);
    if (!certificate || certificate->subject_common_name.empty()) return nullptr;
    for (const Requester& r : all)
        if (!r.subject.empty() && r.subject == certificate->subject_common_name) return &r;
    return nullptr;
}

} // namespace halyard::smdp_app
