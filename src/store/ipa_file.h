#pragma once
#include "ipa/state.h"
#include <string>

namespace halyard::store {

/// The IPA's state in one small file: written beside it, flushed, renamed over it, so that a power cut leaves
/// either the old or the new one. A CRC-32 tells a damaged file from a good one (RR-36).
class IpaFile final : public ipa::StateStore {
  public:
    /// `path` names the file; its folder must exist.
    explicit IpaFile(std::string path) : path_(std::move(path)) {}
    /// Empty when there is no file. storage "ipa state damaged" when its length or sum is wrong; the file is
    /// kept aside under its name with ".damaged".
    Result<Bytes> load() override;
    /// storage with errno as detail; the old file is then still in force.
    Ok save(Bytes blob) override;

  private:
    std::string path_;
    OwnedBytes loaded_;
};

} // namespace halyard::store
