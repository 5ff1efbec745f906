#pragma once
#include "net/https_client.h"
#include "rsp/eim_package.h"
#include <map>
#include <string>
#include <vector>

namespace halyard::ipad {

/// The eIMs' configuration data as the card told it, kept in a file so that the TLS trust of an eIM that
/// removed itself outlives it until its last result is delivered. SGP.32 §2.11.1.1.2
class EimBook {
  public:
    explicit EimBook(std::string path) : path_(std::move(path)) {}
    Ok load();
    /// A GetEimConfigurationDataResponse. Entries that are not in it stay.
    Ok merge(Bytes response);
    /// What makes this eIM's server believable: its configuration says, else `fallback`.
    net::Trust trust_of(std::string_view eim_id, const net::Trust& fallback) const;
    const std::map<std::string, OwnedBytes>& entries() const { return entries_; }
    /// Counts up with every change, so that connections made under older data are dropped.
    unsigned revision() const { return revision_; }

  private:
    Ok add(Bytes list);
    Ok save() const;
    std::string path_;
    std::map<std::string, OwnedBytes> entries_; // by eimId, EimConfigurationData
    unsigned revision_ = 0;
};

} // namespace halyard::ipad
