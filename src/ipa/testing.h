#pragma once
// A world for tests: a card, an eIM and an SM-DP+ that follow small models and answer with octets put
// together here, independently of the product's encoder. Time moves only where the engine waits.
#include "ipa/engine.h"
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace halyard::ipa::testing {

OwnedBytes h(std::string_view hex_text);
/// One TLV from parts; definite lengths of up to three octets.
OwnedBytes tlv(uint32_t tag, std::initializer_list<OwnedBytes> parts);
OwnedBytes utf8(uint32_t tag, std::string_view text);
OwnedBytes number(uint32_t tag, uint64_t value);
OwnedBytes join(std::initializer_list<OwnedBytes> parts);
bool contains(Bytes whole, Bytes part);
bool starts_with(Bytes whole, std::string_view hex_text);

inline constexpr std::string_view kEid = "89049032123451234512345678901235";
inline constexpr std::string_view kOldIccid = "98102143658709214301";
inline constexpr std::string_view kNewIccid = "98102143658709214302";

/// 5F37 of 64 octets of 5A.
OwnedBytes signature();
/// EimConfigurationData 30{80 id, 81 fqdn, [89 indirect]}.
OwnedBytes eim_data(std::string_view id, std::string_view fqdn, bool indirect = false);
/// EuiccPackageRequest with one operation list (A0 or A1 TLV); the signature is 64 octets of 5A.
OwnedBytes package(std::string_view eim_id,
                   uint64_t counter,
                   const OwnedBytes& operations,
                   std::string_view tid = "0102");
OwnedBytes enable(std::string_view iccid, bool rollback);
OwnedBytes result(std::string_view eim_id, uint64_t counter, uint64_t seq, const OwnedBytes& results);
OwnedBytes other_notification(uint64_t seq, std::string_view address);
OwnedBytes installation_result(uint64_t seq, std::string_view tid, bool success = true);
/// A bound profile package with one 87, one 88 (holding `metadata` and eight octets of MAC) and three 86.
OwnedBytes bound_package(std::string_view tid, const OwnedBytes& metadata);
OwnedBytes metadata(std::string_view name = "Profile", std::string_view extra_hex = "");

struct Stored {
    uint64_t number;
    OwnedBytes bytes;
};

/// A card model: STORE DATA chains, results and notifications kept until removed, one switch per reset.
struct Card {
    std::vector<OwnedBytes> eims;
    std::vector<Stored> results;
    std::vector<Stored> notifications;
    std::map<std::string, uint64_t> counters;
    uint64_t next_number = 5;
    std::string enabled{kOldIccid};
    std::string pending; // enabled at the next reset
    std::string rollback_to;
    std::string rollback_eim;
    uint64_t rollback_counter = 0;
    std::vector<OwnedBytes> commands; // as dispatched
    std::vector<OwnedBytes> removed_numbers;
    int installations = 0;
    bool refuse_channel = false;
    bool dead = false;
    bool fail_installation = false;
    bool silent_installation = false;                          // the last segment is answered with nothing
    std::function<std::optional<OwnedBytes>(Bytes)> intercept; // before the model

    Result<OwnedBytes> transmit(Bytes apdu);
    void reset();

  private:
    OwnedBytes dispatch(Bytes command);
    OwnedBytes load_package(Bytes command);
    OwnedBytes load_segment(Bytes unit);
    OwnedBytes retrieve(Bytes command) const;
    OwnedBytes remove(Bytes command);
    OwnedBytes rollback();
    OwnedBytes install();
    OwnedBytes chain_;
    OwnedBytes answer_;
    std::string session_;
    size_t loaded_ = 0;
    size_t expected_ = 0;
};

struct Server {
    std::vector<OwnedBytes> received;
    bool down = false;
    std::function<std::optional<OwnedBytes>(Bytes)> intercept;
};

struct Eim : Server {
    std::string id;
    std::vector<OwnedBytes> queue;         // packages, first first
    std::vector<OwnedBytes> results;       // EimPackageResult alternatives received
    std::vector<OwnedBytes> notifications; // through HandleNotification
    bool acknowledge = true;
    bool v1_0 = false; // reads and writes as SGP.32 v1.0 wants it, answers HTTP 400 to anything else
    std::function<bool(Bytes)> refuses = [](Bytes) { return false; }; // true: HTTP 400
    OwnedBytes extra_acknowledgements;                                // content put into BF53
    Result<OwnedBytes> exchange(Bytes message);
    std::function<Result<OwnedBytes>(Bytes)> relay; // downloads

  private:
    Result<OwnedBytes> take_result(const asn1::Tlv& alternative);
};

struct Smdp : Server {
    std::string address = "smdp.example";
    std::string tid = "0A0B0C0D";
    OwnedBytes metadata_announced = metadata();
    OwnedBytes metadata_bound = metadata();
    bool confirmation_code = false;
    std::vector<OwnedBytes> notifications;
    int cancelled = -1;
    Result<OwnedBytes> exchange(Bytes message, bool esipa = false);
};

struct World : StateStore, Listener {
    explicit World(Config config = {});
    Config config;
    Card card;
    std::map<std::string, Eim> eims; // by address
    Smdp smdp;
    OwnedBytes saved;
    bool store_fails = false;
    int saves = 0;
    std::vector<std::string> events;
    OwnedBytes in = OwnedBytes(64 * 1024);
    OwnedBytes out = OwnedBytes(8 * 1024);
    OwnedBytes keep = OwnedBytes(16 * 1024);
    std::unique_ptr<Engine> engine;
    Time now{1'000'000'000'000};
    int actions = 0;
    std::string last_step;
    std::optional<OwnedBytes> transferred; // answer to what was given to Engine::transfer
    std::function<bool()> network = [] { return true; };
    std::function<bool(const Action&)> lose; // true: the answer gets lost on its way
    /// Called before and after each action is carried out; false: power is cut there.
    std::function<bool(const Action&, bool after)> power;

    Eim& add_eim(std::string_view id, bool indirect = false);
    void boot(); // after power-off: card reset, state from the store
    /// Runs to the first idle wait, or until `limit` actions. False when the limit was hit.
    bool run(int limit = 3000);
    /// One action; false when it is an idle wait (not waited out).
    bool step();
    bool happened(std::string_view event) const;
    size_t count(std::string_view event) const;

    Result<Bytes> load() override { return Bytes(saved); }
    Ok save(Bytes blob) override;
    void event(const Event&) override;
    /// Looks at each list of eIMs, with the one that is owed a result.
    std::function<void(Bytes list, std::string_view owed)> on_eims = [](Bytes, std::string_view) {};
    void eim_configuration(Bytes list, std::string_view owed) override { on_eims(list, owed); }

  private:
    Result<OwnedBytes> carry(const Action&);
};

} // namespace halyard::ipa::testing
