#pragma once
#include "euicc/card_store.h"
#include <filesystem>
#include <optional>

namespace halyard::store {

/// A card's memory in one file, mode 0600, to whose end each commit is written and synced; when most of it is
/// outdated, what counts is written to a new file that is renamed over it. A lock file keeps a second process
/// out. docs/adr/0011-what-a-card-writes.md
class CardFile : public euicc::CardStore {
  public:
    /// `path` need not exist yet. Errors: conflict "card is in use", storage.
    static Result<CardFile> open(const std::filesystem::path& path);
    CardFile(CardFile&& other) noexcept;
    CardFile& operator=(CardFile&&) = delete;
    ~CardFile() override;

    /// Errors: storage; bad_value "card file" when it is none; unverified "card file" when octets were
    /// changed on disk. A commit that power cut off at the end of the file never happened.
    Result<OwnedBytes> load() override;
    Result<euicc::StoredImage> load_image(uint16_t profile) override;
    Ok commit(std::span<const euicc::CardWrite>) override;

  private:
    /// Where octets stand in the file.
    struct Place {
        uint64_t at = 0;
        uint32_t size = 0;
    };
    struct ImagePlace {
        Place image;
        std::vector<Place> patches;
    };
    /// What counts, and where the next commit goes.
    struct Index {
        std::optional<Place> state;
        std::map<uint16_t, ImagePlace> images;
        uint64_t end = 0;
        void take(Bytes body, uint64_t at);
        uint64_t live() const; // octets
    };
    CardFile(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    Result<OwnedBytes> read(Place) const;
    Result<OwnedBytes> load_format_1(Bytes whole);
    Ok append(Bytes record);
    Ok rewrite(std::span<const euicc::CardWrite> more);
    void close_file();

    std::filesystem::path path_;
    int lock_ = -1;
    int file_ = -1; // open once there is something to read
    Index index_;
    OwnedBytes format_1_;  // the state of a file of before, until the first commit
    bool renewal_ = false; // the next commit writes a new file: this one is of before, or its end is unclear
};

} // namespace halyard::store
