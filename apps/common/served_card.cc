#include "apps/common/served_card.h"
#include "apps/common/files.h"
#include "base/log.h"
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace halyard::app {

Result<std::unique_ptr<ServedCard>> ServedCard::open(const std::filesystem::path& directory,
                                                     const Options& options) {
    std::unique_ptr<ServedCard> out(new ServedCard);
    std::shared_ptr<reader::FaultClock> clock;
    StoreWrap wrap;
    if (options.faults) {
        clock = std::make_shared<reader::FaultClock>(*options.faults, options.number);
        wrap = [clock](euicc::CardStore& store) -> std::unique_ptr<euicc::CardStore> {
            return std::make_unique<reader::FaultyStore>(store, clock);
        };
    }
    out->card_ = TRY(SoftCard::open(directory, wrap));
    out->soft_.emplace(out->card_->card());
    out->outermost_ = &*out->soft_;
    if (clock) out->outermost_ = &out->faulty_.emplace(*out->outermost_, clock);
    if (!options.trace.empty()) {
        const int fd = ::open(options.trace.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) return fail(Errc::storage, "trace", static_cast<uint32_t>(errno));
        out->trace_.reset(::fdopen(fd, "w"));
        const auto write = [file = out->trace_.get(), told = false](std::string_view line) mutable {
            // At once: a recording is most wanted of what ended badly.
            const bool good = std::fwrite(line.data(), 1, line.size(), file) == line.size();
            if ((!good || std::fflush(file) != 0) && !std::exchange(told, true))
                log(LogLevel::error, "the recording has gaps: its file cannot be written");
        };
        const std::string title =
            to_text(out->card_->identity().eid) + ", begun " + text_from_seconds(now_ms() / 1000);
        out->outermost_ = &out->traced_.emplace(*out->outermost_, write, reader::steady_clock(), title);
    }
    return out;
}

} // namespace halyard::app
