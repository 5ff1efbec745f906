#pragma once
#include "net/https_client.h"
#include "rsp/eim_package.h"
#include <map>
#include <string>
#include <vector>

namespace halyard::ipad {

/// The eIMs' configuration data as the card told it, kept in a file so that the TLS trust of an eIM that
/// removed itself outlives it until its last result is delivered, and no longer. SGP.32 §2.11.1.1.2
class EimBook {
  public:
    using Entries = std::map<std::string, OwnedBytes, std::less<>>; // by eimId, EimConfigurationData
    explicit EimBook(std::string path) : path_(std::move(path)) {}
    Ok load();
    /// A GetEimConfigurationDataResponse: from now on these eIMs are trusted as it says, and no others but
    /// `owed`, which is kept as it was. Errors: those of decoding, and nothing is changed; storage.
    Ok merge(Bytes response, std::string_view owed = {});
    /// What makes this eIM's server believable: its configuration says, else `fallback`.
    net::Trust trust_of(std::string_view eim_id, const net::Trust& fallback) const;
    const Entries& entries() const { return entries_; }
    /// Counts up with every change, so that connections made under older data are dropped.
    unsigned revision() const { return revision_; }

  private:
    static Result<Entries> read(Bytes list);
    Ok save() const;
    std::string path_;
    Entries entries_;
    unsigned revision_ = 0;
};

} // namespace halyard::ipad
