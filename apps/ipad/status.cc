#include "apps/ipad/daemon.h"
#include "store/ipa_file.h"
#include <filesystem>
#include <nlohmann/json.hpp>

namespace halyard::ipad {
namespace {
using Json = nlohmann::ordered_json;

std::string text(Bytes bytes) { return std::string(text_of(bytes)); }

Json duties(const ipa::State& state) {
    static constexpr const char* kRollback[] = {"none", "armed", "executing"};
    static constexpr const char* kDownload[] = {"none", "triggered", "loading"};
    Json json;
    json["package"] = state.package.active ? Json{{"eim", text(state.package.eim_id.bytes())},
                                                  {"rollback", state.package.rollback}}
                                           : Json(nullptr);
    json["rollback"] = {{"phase", kRollback[static_cast<size_t>(state.rollback.phase)]},
                        {"eim", text(state.rollback.eim_id.bytes())},
                        {"attempts", state.rollback.attempts},
                        {"elapsedMs", state.rollback.elapsed_ms}};
    json["download"] = {{"phase", kDownload[static_cast<size_t>(state.download.phase)]},
                        {"eim", text(state.download.eim_id.bytes())},
                        {"eimTransactionId", hex(state.download.eim_transaction_id.bytes())},
                        {"restarts", state.download.restarts}};
    json["outbox"] = Json::array();
    for (size_t i = 0; i < state.outbox_count; ++i) {
        const auto& item = state.outbox[i];
        json["outbox"].push_back({{"eim", text(item.eim_id.bytes())},
                                  {"eimTransactionId", hex(item.eim_transaction_id.bytes())},
                                  {"installation", hex(item.pir_transaction_id.bytes())},
                                  {"result", hex(item.result.bytes())}});
    }
    return json;
}
} // namespace

// The activation code is a bearer credential: it is not shown.
Result<std::string> status(const std::string& folder) {
    if (!std::filesystem::exists(folder)) return fail(Errc::not_found, "state folder");
    EimBook book(folder + "/eims.der");
    TRY(book.load());
    store::IpaFile file(folder + "/ipa.state");
    const Bytes blob = TRY(file.load());
    const auto state = blob.empty() ? ipa::State{} : TRY(ipa::decode_state(blob));
    Json json = duties(state);
    json["initialEimDone"] = state.initial_eim_done;
    json["eims"] = Json::array();
    for (const auto& [id, der] : book.entries()) {
        const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(Bytes(der)));
        const ipa::PeerDialect* dialect = state.dialect_of(bytes_of(id));
        json["eims"].push_back({{"eimId", id},
                                {"eimFqdn", std::string(data.eim_fqdn.value_or(data.eim_id))},
                                {"indirectProfileDownload", data.indirect_profile_download.has_value()},
                                {"dialect", dialect ? Json(rsp::name(dialect->edition)) : Json(nullptr)}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace halyard::ipad
