#pragma once
#include "euicc/card_store.h"
#include <filesystem>

namespace halyard::store {

/// A card's snapshot in one file, mode 0600: a new one is written beside it, synced, and renamed over it. A
/// lock file keeps a second process out. docs/adr/0004-device-state-on-disk.md
class CardFile : public euicc::CardStore {
  public:
    /// `path` need not exist yet. Errors: conflict "card is in use", storage.
    static Result<CardFile> open(const std::filesystem::path& path);
    CardFile(CardFile&& other) noexcept;
    CardFile& operator=(CardFile&&) = delete;
    ~CardFile() override;

    /// Errors: storage; unverified "card file" when octets were changed on disk.
    Result<OwnedBytes> load() override;
    Ok commit(Bytes snapshot) override;

  private:
    CardFile(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::filesystem::path path_;
    int lock_ = -1;
};

} // namespace halyard::store
