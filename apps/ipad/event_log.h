#pragma once
#include "ipa/context.h"
#include <cstdio>
#include <memory>
#include <string>

namespace halyard::ipad {

/// Events as JSON lines for programs, and as log lines for people.
class EventLog {
  public:
    /// Appends to a file; "-" is stdout, "" nothing but the log. not_found when the file cannot be opened.
    static Result<EventLog> open(const std::string& path);
    void write(const ipa::Event&);

  private:
    struct Close {
        void operator()(std::FILE* file) const {
            if (file && file != stdout) std::fclose(file);
        }
    };
    std::unique_ptr<std::FILE, Close> file_;
};

} // namespace halyard::ipad
