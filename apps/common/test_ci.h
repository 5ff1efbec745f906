#pragma once
// Roots that are for laboratories only. SR-10
#include "crypto/certificate.h"

namespace halyard::app {

/// Whether servers take it with --lab only: the CIs of SGP.26, whose keys everybody has, and any CI whose
/// subject says OU=TESTCERT as theirs does and as `halyard pki init` makes it.
bool is_test_ci(const crypto::Certificate& ci);
/// Error: rejected "ci: a test CI, see --lab".
Ok check_ci_for(bool lab, const crypto::Certificate& ci);

/// organizationalUnit of test CIs.
inline constexpr const char* kTestUnit = "TESTCERT";

} // namespace halyard::app
