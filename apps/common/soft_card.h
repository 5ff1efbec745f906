#pragma once
// A software eUICC in a directory: identity files, state, lock. For test and lab use; its keys are files.
#include "apps/common/card_identity.h"
#include "crypto/hash.h"
#include "euicc/card.h"
#include "store/card_file.h"
#include <functional>
#include <memory>

namespace halyard::app {

struct SoftCardOptions {
    uint32_t memory = 1024 * 1024;
    uint32_t max_eims = 8;                     // that may be associated at a time
    rsp::Edition edition = rsp::Edition::v1_2; // of SGP.32, that the card is built to
    OwnedBytes bootstrap; // profile package that is there and enabled from the start; empty: none
    std::string bootstrap_name = "Bootstrap";
    std::string root_smds = "lpa.ds.gsma.com"; // that the card knows as its root SM-DS
    OwnedBytes rat; // rules authorisation table, GetRatResponse; empty: no policy rule is allowed
};

/// Puts something between a card and its file, such as reader::FaultyStore.
using StoreWrap = std::function<std::unique_ptr<euicc::CardStore>(euicc::CardStore&)>;

class SoftCard {
  public:
    static constexpr size_t kMaxCis = 8;
    /// A new card of that EID, with keys under each of its CIs, the preferred one first. Errors: conflict
    /// when there is a card already; missing_field without keys, limit above kMaxCis; what is wrong with
    /// `rat`.
    static Ok create(const std::filesystem::path& directory,
                     std::span<const CardKeys> keys,
                     const Eid& eid,
                     const SoftCardOptions&);
    /// The same with the keys of card_keys_of().
    static Ok create(const std::filesystem::path& directory,
                     const PkiDirectory& pki,
                     const Eid& eid,
                     const SoftCardOptions&);
    /// Errors: not_found, conflict "card is in use", unverified.
    static Result<std::unique_ptr<SoftCard>> open(const std::filesystem::path& directory,
                                                  const StoreWrap& wrap = {});

    OwnedBytes transmit(Bytes apdu) { return card_->transmit(apdu); }
    Ok reset() { return card_->reset(); }
    bool wants_reset() const { return card_->wants_reset(); }
    const euicc::Card& card() const { return *card_; }
    euicc::Card& card() { return *card_; }
    const euicc::Identity& identity() const { return identity_; }
    /// Certificates of the CIs, in the order of identity().keys.
    std::span<const crypto::Certificate> cis() const { return cis_; }

  private:
    SoftCard(euicc::Identity identity, store::CardFile file)
        : identity_(std::move(identity)), file_(std::move(file)) {}
    euicc::Identity identity_;
    std::vector<crypto::Certificate> cis_;
    store::CardFile file_;
    std::unique_ptr<euicc::CardStore> wrapped_;
    crypto::SystemRandom random_;
    std::optional<euicc::Card> card_;
};

/// StoreMetadataRequest for a package, with enable, disable and delete notifications to
/// `notification_address` (none when empty).
Result<OwnedBytes>
metadata_for(Bytes package, rsp::ProfileClass, std::string_view name, std::string_view notification_address);

} // namespace halyard::app
