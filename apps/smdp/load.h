#pragma once
// Subscriber data for the stock of a type. docs/factory.md
#include "apps/common/subscriber_columns.h"
#include "apps/smdp/site.h"
#include <functional>

namespace halyard::smdp_app {

struct TypeRequest {
    std::string operator_id = smdp::kDefaultOperator, type, file, name, spn;
    std::string profile_class = "operational";
    uint64_t low_water = 0;
};
/// A new version of the type, after the gate.
Result<smdp::Template> add_type(Site&, const TypeRequest&);

struct LoadRequest {
    std::string operator_id = smdp::kDefaultOperator, type, file; // CSV with a header row, or a JSON a line
    bool check = false;                                           // nothing is written
    bool any_check_digit = false;
};
/// Numbers in a row, secrets at random.
struct Generate {
    uint64_t count = 0;
    std::string iccid_from; // 18 digits, the check digit comes behind them
    std::string imsi_from;  // 6 to 15 digits; empty: none
    std::string out;        // the file of data, mode 0600: for the HSS or AuC, and for load()
};
/// Writes `out` with columns iccid, imsi, ki, opc, puk1, adm1. Errors: conflict "out-keys" when it exists;
/// bad_value naming the number; limit when the numbers run out.
Ok generate(const Generate&, Random&);

struct LoadReport {
    size_t rows = 0, loaded = 0;
    size_t known = 0; // that were in the type's stock before: a file can be loaded again
    std::vector<app::RowError> failed;
    size_t octets = 0; // sealed, of what was loaded
    bool interrupted = false;
};
/// Every row is made into its package once, to see that it can be; only the row is kept. `progress` hears the
/// rows done. Errors: what is wrong with the file or the type as a whole (`problem` says where); a row's own
/// are in the report.
Result<LoadReport>
load(Site&, const LoadRequest&, std::string& problem, const std::function<void(const LoadReport&)>& progress);

} // namespace halyard::smdp_app
