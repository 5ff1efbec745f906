#pragma once
// The cores together in one process: a PKI, an SM-DP+, an eIM and devices, over stores in memory. What the
// programs carry over TLS is carried here by function calls, and can be changed, lost or repeated on its way.
#include "base/random.h"
#include "eim/server.h"
#include "euicc/card.h"
#include "ipa/engine.h"
#include "pki/eid.h"
#include "pki/mint.h"
#include "smdp/server.h"
#include "store/eim_store.h"
#include "store/smdp_store.h"
#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace halyard::loop {

/// SplitMix64: the same seed, the same octets. For tests only.
class SeededRandom : public Random {
  public:
    explicit SeededRandom(uint64_t seed = 1) : state_(seed) {}
    Ok fill(Buffer out) override;
    uint64_t next();

  private:
    uint64_t state_;
};

inline constexpr const char* kSmdpAddress = "smdp.loop.test";
inline constexpr const char* kEimAddress = "eim.loop.test";
inline constexpr int64_t kDay = 86'400'000;
/// When every world begins: 2026-06-01.
inline constexpr Time kBegin{1'780'272'000'000};

/// One CI with everything under it.
struct Pki {
    explicit Pki(Random&, crypto::Curve = crypto::Curve::p256);
    /// Out of what somebody else has minted.
    Pki(pki::Credential ci, pki::Credential eum, pki::Credential dp_auth, pki::Credential dp_pb, Random&);
    pki::Credential euicc(const Eid&, Random&) const;
    pki::Request request(rsp::Role, std::string common_name) const;

    crypto::Curve curve;
    pki::Credential ci, eum, dp_auth, dp_pb, eim;
    rsp::TrustAnchor anchor;
};

struct Smdp {
    Smdp(const Pki&, Random&);
    /// What becomes of the sample before it is ordered: tests that pay by the octet need little of it.
    std::function<OwnedBytes(Bytes package)> shorten;
    /// An order for a personalised sample profile; its activation code.
    /// `more`: what its metadata have beside the names.
    std::string
    order(std::string_view iccid, std::string imsi, Time now, rsp::StoreMetadataRequest more = {});
    /// The same for a package as it is.
    std::string order_package(Bytes package, Time now, rsp::StoreMetadataRequest more = {});
    /// The same profile in stock.
    Iccid stock(std::string_view iccid, std::string type, std::string operator_id, Time now);
    Result<rsp::Es9Answer> exchange(Bytes message, Time now);
    const smdp::Order find(std::string_view iccid);

    smdp::Config config;
    std::unique_ptr<store::SmdpStore> store;
    Random& random;
    smdp::Server server;
    bool down = false;
};

struct Eim : eim::SmdpLink {
    Eim(const Pki&, Smdp&, Random&, std::string id = kEimAddress);
    Result<rsp::Es9Answer> exchange(std::string_view address, Bytes message, rsp::Interface) override;
    /// Sends what is due to the SM-DP+.
    void forward();
    /// The process ends and begins again on `other`, which must outlive it.
    void restart(eim::Store& other);
    eim::Operation operation(std::string_view id);
    /// One operation, which must be accepted.
    std::string create(eim::NewOperation);
    std::string enable(const Eid&, std::string_view iccid, bool rollback = true);
    std::string download(const Eid&, std::string activation_code);
    std::string audit(const Eid&);
    std::string package(const Eid&, const rsp::EuiccPackage&, bool force = true);

    eim::Config config;
    std::unique_ptr<store::EimStore> store;
    Smdp& smdp;
    Random& random;
    eim::Server server;
    Time now = kBegin;
    bool down = false;
    std::function<void(Bytes)> relayed; // looks at what goes to the SM-DP+
    /// Further servers: SM-DS, by their address.
    std::function<Result<rsp::Es9Answer>(std::string_view address, Bytes message)> elsewhere;
};

/// An eUICC with its IPA.
struct Device : ipa::StateStore, ipa::Listener {
    Device(const Pki&, const Eid&, pki::Credential euicc, Random&, ipa::Config::Download);
    /// Power on: the card is reset, the IPA reads its state.
    void boot(OwnedBytes initial_eim);
    /// A complete ES10 command to the ISD-R, past the IPA.
    OwnedBytes es10(Bytes command) { return card->isdr().handle(command).value_or(OwnedBytes{}); }
    /// EF.ICCID of the enabled profile, read by APDUs; "" when there is none.
    std::string card_iccid();

    Result<Bytes> load() override { return Bytes(saved); }
    Ok save(Bytes blob) override;
    void event(const ipa::Event&) override;

    euicc::Identity identity;
    euicc::MemoryStore memory;
    Random& random;
    std::optional<euicc::Card> card;
    ipa::Config config;
    OwnedBytes initial_eim;
    OwnedBytes saved;
    std::vector<std::string> events;
    std::optional<OwnedBytes> transferred; // answer to what was given to Engine::transfer
    OwnedBytes in = OwnedBytes(512 * 1024), out = OwnedBytes(64 * 1024), keep = OwnedBytes(64 * 1024);
    std::unique_ptr<ipa::Engine> engine;
};

/// Everything wired up, with one clock.
class World {
  public:
    explicit World(uint64_t seed = 1, crypto::Curve = crypto::Curve::p256);
    World(uint64_t seed, Pki);

    Device& add_device(ipa::Config::Download = ipa::Config::Download::direct);
    /// One whose key and certificate somebody else has made.
    Device& add_device(const Eid&, pki::Credential euicc, ipa::Config::Download);
    /// Carries messages until every device waits for nothing but its next poll and nothing is to be
    /// forwarded; time passes where a device waits. False when `limit` actions were not enough.
    bool run(int limit = 20'000);
    /// One action of one device; false when it idles.
    bool step(Device&);
    /// The power fails at the device's next action, before or after that reached the other side, and comes
    /// back. False when it idles.
    bool cut(Device&, bool carried);
    /// Lets every device poll again now, then run().
    bool poll();

    SeededRandom random;
    Pki pki;
    Smdp smdp;
    Eim eim;
    std::deque<Device> devices;
    Time now = kBegin;
    /// Looks at (and may change) what travels: `to` is eim or smdp, `answer` false for requests.
    std::function<void(ipa::Peer to, bool answer, OwnedBytes&)> tap;
    /// True: the message (answer false) or its answer is lost on the way.
    std::function<bool(ipa::Peer to, bool answer, Bytes)> lose;
    /// Looks at the APDUs between an IPA and its card; an empty command is a reset.
    std::function<void(Bytes command, Bytes answer)> card_tap;

  private:
    Result<OwnedBytes> carry(Device&, const ipa::Action&);
    uint64_t next_device_ = 1;
};

/// "8900101…": the n-th ICCID of these tests, with its Luhn digit.
std::string iccid_text(unsigned n);
Iccid iccid(std::string_view text);
/// A copy with bit `n` of all its bits (most significant of octet 0 first) turned.
OwnedBytes flipped(Bytes, size_t n);

} // namespace halyard::loop
