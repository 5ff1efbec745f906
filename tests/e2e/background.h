#pragma once
// A lab that runs beside the test.
#include "tests/e2e/run.h"

namespace halyard::e2e {

struct Background {
    Directory directory;
    std::string state = directory / "lab";
    app::Process process;

    explicit Background(const Words& more);
    /// What pids.json says at the moment; null before it is there.
    Json pids() const;
    /// Its stderr so far.
    std::string said() const;
    /// True when `text` appears on its stderr within half a minute.
    bool wait_for(const std::string& text) const;
};

/// A zombie does not count: it waits for its parent only.
bool alive(int pid);

} // namespace halyard::e2e
