#pragma once
// Packages in value notation, installed: what the tests of the installer share.
#include "profile/notation.h"
#include "profile/testing.h"

namespace halyard::profile {

inline std::string changed(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}
/// The operational sample: header, mf 1, pukCodes 2, pinCodes 3, usim 4 (ADF 7FD0), opt-usim 5, akaParameter
/// 6, end 7.
inline std::string sample_text() {
    static const std::string text = *to_notation(sample_operational(sample())->reveal());
    return text;
}
/// With more elements in front of the end.
inline std::string with(const std::string& more) {
    return changed(sample_text(), "value8 ProfileElement", more + "value8 ProfileElement");
}
/// The sample with an opt-usim of its own.
inline std::string with_opt(const std::string& members) {
    return with(
        "opt-usim : { optusim-header { mandated NULL, identification 50 }, templateID { 2 23 143 1 2 5 }, " +
        members + " }\n");
}
inline std::string management(const std::string& commands) {
    return "genericFileManagement : { gfm-header { mandated NULL, identification 60 }, fileManagementCMD { "
           "{ " +
           commands + " } } }\n";
}
inline std::string with_management(const std::string& commands) { return with(management(commands)); }

inline OwnedBytes package_of(const std::string& text) {
    const auto out = from_notation(text);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    return owned(out->reveal());
}
/// The last status, with the element it is about: "ok", "3 of 50"; "unfinished" when nothing was said.
inline std::string outcome(const std::string& text, const Platform& platform = {}) {
    Installer installer(platform);
    const bool taken = installer.feed(package_of(text));
    CHECK(taken != installer.refused());
    if (!taken) CHECK(installer.image().nodes.empty()); // memory is as it was
    if (installer.statuses().empty()) return "unfinished";
    const PeStatus& s = installer.statuses().back();
    if (s.status == PeStatusCode::ok) return installer.complete() ? "ok" : "unfinished";
    return std::to_string(static_cast<unsigned>(s.status)) +
           (s.identification ? " of " + std::to_string(*s.identification) : "");
}
inline Image installed(const std::string& text) {
    auto image = install(package_of(text));
    REQUIRE_MESSAGE(image, (image ? 0u : image.error().detail));
    return std::move(*image);
}
/// By FIDs below the MF as hex: "7FD06F07". Links are not followed.
inline const Node& file(const Image& image, const std::string& path) {
    for (uint32_t i = 0; i < image.nodes.size(); ++i)
        if (hex(image.path_of(i)) == path) return image.nodes[i];
    FAIL("no file " << path);
    return image.nodes[0];
}
inline bool exists(const Image& image, const std::string& path) {
    for (uint32_t i = 0; i < image.nodes.size(); ++i)
        if (hex(image.path_of(i)) == path) return true;
    return false;
}
inline std::string ff(size_t octets) {
    std::string out;
    for (size_t i = 0; i < octets; ++i) out += "FF";
    return out;
}

} // namespace halyard::profile
