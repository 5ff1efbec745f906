#pragma once
// A software eUICC in a directory, with what `halyard euicc serve` puts around it: faults, a recording.
#include "apps/common/soft_card.h"
#include "reader/faulty_card.h"
#include "reader/trace.h"
#include <cstdio>

namespace halyard::app {

class ServedCard {
  public:
    struct Options {
        const reader::FaultPlan* faults = nullptr;
        uint32_t number = 0;         // of this card, for the dice of the plan
        std::filesystem::path trace; // empty: none; else a file that is begun anew, mode 0600
    };
    /// Errors: those of SoftCard::open; storage "trace".
    static Result<std::unique_ptr<ServedCard>> open(const std::filesystem::path& directory, const Options&);

    reader::CardPort& port() { return *outermost_; }
    SoftCard& card() { return *card_; }

  private:
    struct CloseFile {
        void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
    };
    ServedCard() = default;
    std::unique_ptr<SoftCard> card_;
    std::unique_ptr<std::FILE, CloseFile> trace_;
    std::optional<reader::SoftPort> soft_;
    std::optional<reader::FaultyCard> faulty_;
    std::optional<reader::TracedCard> traced_;
    reader::CardPort* outermost_ = nullptr;
};

} // namespace halyard::app
