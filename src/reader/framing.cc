#include "reader/framing.h"

namespace halyard::reader {

Result<OwnedBytes> frame(Bytes payload) {
    if (payload.size() > 0xFFFF) return fail(Errc::limit, "message", static_cast<uint32_t>(payload.size()));
    OwnedBytes out;
    out.reserve(payload.size() + 2);
    out.push_back(static_cast<uint8_t>(payload.size() >> 8));
    out.push_back(static_cast<uint8_t>(payload.size()));
    append(out, payload);
    return out;
}

std::optional<OwnedBytes> FrameReader::next() {
    if (buffer_.size() < 2) return std::nullopt;
    const size_t size = static_cast<size_t>(buffer_[0]) << 8 | buffer_[1];
    if (buffer_.size() < 2 + size) return std::nullopt;
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(2 + size);
    OwnedBytes out(buffer_.begin() + 2, end);
    buffer_.erase(buffer_.begin(), end);
    return out;
}

} // namespace halyard::reader
