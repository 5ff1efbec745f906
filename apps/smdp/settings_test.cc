#include "apps/ops/testing.h"
#include "apps/smdp/site.h"

using namespace halyard;

TEST_CASE("when the example for SM-DP+ is read, it is right and names every setting") {
    ops::check_example<smdp_app::ServeOptions>("packaging/smdp.toml", smdp_app::add_settings);
}
