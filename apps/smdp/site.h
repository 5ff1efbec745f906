#pragma once
// The directory of one SM-DP+: database, storage key, settings.
#include "apps/common/store_at.h"
#include "apps/ops/options.h"
#include "apps/smdp/gate.h"
#include "apps/smdp/storage_key.h"
#include "crypto/hash.h"
#include "smdp/server.h"
#include "store/smdp_store.h"

namespace halyard::smdp_app {

/// Where events may be registered: addresses as operators name them, host[:port].
struct SmdsAddresses {
    std::vector<std::string> alternative; // pass events on to the root (forwardingIndicator)
    std::vector<std::string> root;
    bool empty() const { return alternative.empty() && root.empty(); }
};

/// What `halyard smdp` commands share. The address is fixed by the first command that names it.
struct Site {
    smdp::Config config;
    std::unique_ptr<store::SmdpStore> store;
    crypto::SystemRandom random;
    std::unique_ptr<StorageKey> storage_key;
    std::optional<smdp::Vault> vault;
    Gate gate;
    bool lab = false; // test CIs may serve

    /// What was taken is for laboratories: from now on it is served with --lab only. SR-10
    Ok mark_lab();
    Result<bool> is_marked_lab();

    /// `address` empty: as stored, else smdp.halyard.test. `key_source`: where the storage key is, see
    /// KeySource; empty: as the directory says. Errors: conflict "address"; conflict "storage key" when it
    /// is not the one the store's secrets lie under, not_found when this directory has none; storage, and
    /// those of store::open_postgres().
    static Result<std::unique_ptr<Site>>
    open(const app::StoreAt& at, const std::string& address, const std::string& key_source = {});
    /// Credentials for serving under one CI; call it once for each. Errors: conflict when the directories
    /// name different SM-DP+ or the same CI twice; rejected "ci" for a test CI without `lab` (SR-10).
    Ok load_credentials(const app::PkiDirectory&);
    smdp::Server server() { return {config, *store, random}; }
    /// "1$address$matchingId", with "$$1" behind it when a confirmation code is asked for; "" while the order
    /// can be found by nothing. SGP.22 §4.1
    std::string activation_code(const smdp::Order& order) const {
        if (order.matching_id.empty() && !order.default_dp) return "";
        return "1$" + config.address + "$" + order.matching_id + (order.code.empty() ? "" : "$$1");
    }
};

/// One order as a file or a command line words it.
struct OrderRequest {
    std::string profile; // package file: template or complete
    std::string type, operator_id = smdp::kDefaultOperator;
    bool stock = false; // available instead of released
    std::string iccid, imsi, k, opc, pin1, puk1, spn, eid, name, matching_id, profile_class = "operational",
                                                                              expires;
};
/// Reads the package, personalises it where fields are given, makes metadata, places the order.
/// Errors name the field.
Result<smdp::Order> place(Site&, const OrderRequest&);

/// A package, DER or its hex text.
Result<OwnedBytes> read_package(const std::string& file, const char* where);
/// "operational", "provisioning", "test".
Result<rsp::ProfileClass> class_of(const std::string& text);

struct ServeOptions : ops::ServeOptions {
    std::string storage_key;          // see KeySource; empty: as the directory says
    std::optional<uint16_t> es2_port; // absent: no ES2+; 0: any
    std::string es2_client_ca;        // PEM; clients of ES2+ must have a certificate under it
    SmdsAddresses smds;               // where events may be registered (ES12)
    std::string smds_ca;              // PEM for their ES12; empty: the CIs
    std::string callback_ca;          // PEM, what operators' listeners are judged by; empty: es2_client_ca
    std::string operators;            // file, see operators.h
    bool own_keys = false;
    bool rebind = true; // see smdp::Config
};
/// Every setting of `smdp serve`, pointing into the options.
void add_settings(ops::Settings&, ServeOptions&);
/// What is wrong with the files that the options name.
std::vector<ops::Problem> check_files(const ServeOptions&);
/// Serves ES9+, and ES2+ on a port of its own, until SIGTERM or SIGINT. Prints {"listening":"https://…"}
/// (with "es2" beside it) on stdout when ready. Exit status:
/// 0, or 3 when the database broke and only a restart helps.
Result<int> serve(const ServeOptions&);

} // namespace halyard::smdp_app
