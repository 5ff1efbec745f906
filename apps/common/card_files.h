#pragma once
// The file tree of a card's enabled profile, for people who look into it: no access rules apply here.
#include "apps/common/soft_card.h"
#include "profile/templates.h"

namespace halyard::app {

struct CardFileEntry {
    std::string path; // of FIDs below the MF, "7F10/6F3A"; an application by its AID; the MF is ""
    std::string name; // "EF.IMSI", "" when it is none that is known here
    profile::FileKind kind = profile::FileKind::transparent;
    uint16_t fid = 0;
    uint8_t sfi = 0;
    size_t depth = 0, size = 0, records = 0, record_size = 0;
    std::string aid;
    OwnedBytes content; // of directories none
    std::string link;   // the file whose content this shows
};
const char* name(profile::FileKind);

/// The FID that the templates give a name: "EF.IMSI", "df.5gs". What the application's own template says
/// ("usim"; "" for none) comes before what the others say. nullopt: none knows it.
std::optional<uint16_t> fid_named(std::string_view name, std::string_view application);

/// The file system of an installed profile, with its secrets. Errors: those of the decoder.
Result<profile::Image> image_of(const SoftCard&, const euicc::StoredProfile&);

/// In the order of the tree, parents before what they hold. Error: not_found "enabled profile".
Result<std::vector<CardFileEntry>> card_files(const SoftCard&);
/// The entry `path` names: FIDs, names ("EF.IMSI") or AIDs, with slashes; 3F00 in front may be there. Error:
/// not_found "file"; conflict "file" when a bare name stands for several.
Result<CardFileEntry> find_card_file(const std::vector<CardFileEntry>&, std::string_view path);

} // namespace halyard::app
