#include "apps/ops/testing.h"
#include "apps/smds/site.h"

using namespace halyard;

TEST_CASE("when the example for SM-DS is read, it is right and names every setting") {
    ops::check_example<smds_app::ServeOptions>("packaging/smds.toml", smds_app::add_settings);
}
