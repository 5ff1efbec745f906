#include "tests/loop/world.h"
#include "binding/es9_json.h"
#include "profile/package.h"
#include <algorithm>

namespace halyard::loop {
namespace {
// Set-up that cannot go wrong unless the product is broken: the test ends there.
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
void must(const Ok& ok) { HALYARD_ASSERT(ok); }

constexpr const char* kEumPrefix = "89049032";

OwnedBytes metadata(Bytes package,
                    rsp::ProfileClass profile_class,
                    std::string_view notify,
                    rsp::StoreMetadataRequest m = {}) {
    m.iccid = must(profile::facts(package)).iccid;
    m.service_provider_name = m.profile_name = "Loop";
    m.profile_class = profile_class;
    using Event = rsp::NotificationEvent;
    std::vector<rsp::NotificationConfigurationInformation> wanted;
    for (Event e : {Event::notification_enable, Event::notification_disable, Event::notification_delete})
        wanted.push_back({.profile_management_operation = {e}, .notification_address = notify});
    if (!notify.empty())
        m.notification_configuration_info =
            asn1::List<rsp::NotificationConfigurationInformation>{.items = wanted};
    return must(asn1::encode(m));
}
eim::NewOperation psmo(const Eid& eid, rsp::Psmo one) {
    const rsp::Psmo list[] = {one};
    rsp::EuiccPackage package;
    package.is = asn1::List<rsp::Psmo>{.items = list};
    return {.eid = eid, .package = must(asn1::encode(package))};
}
} // namespace

uint64_t SeededRandom::next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
Ok SeededRandom::fill(Buffer out) {
    for (uint8_t& b : out) b = static_cast<uint8_t>(next() >> 56);
    return {};
}

std::string iccid_text(unsigned n) {
    std::string digits = std::to_string(890010100000000000u + n); // 18 digits, then Luhn. ITU-T E.118
    int sum = 0;
    for (size_t i = 0; i < 18; ++i) {
        int d = digits[17 - i] - '0';
        if (i % 2 == 0) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}
Iccid iccid(std::string_view text) { return must(iccid_from_text(text)); }
OwnedBytes flipped(Bytes octets, size_t n) {
    OwnedBytes out = owned(octets);
    out.at(n / 8) ^= static_cast<uint8_t>(0x80u >> n % 8);
    return out;
}

pki::Request Pki::request(rsp::Role role, std::string common_name) const {
    pki::Request r{.role = role, .curve = curve};
    r.subject = {.country = "DE", .organization = "Loop", .common_name = std::move(common_name)};
    r.validity = {kBegin - Time(kDay), kBegin + Time(10 * 365 * kDay)};
    return r;
}

Pki::Pki(Random& random, crypto::Curve c) : curve(c) {
    ci = must(pki::mint_ci(request(rsp::Role::ci, "Loop CI"), random));
    auto for_eum = request(rsp::Role::eum, "Loop EUM");
    for_eum.eid_prefix = kEumPrefix;
    for_eum.permitted_organization = "Loop";
    eum = must(pki::mint(for_eum, ci, random));
    auto server = request(rsp::Role::dp_auth, kSmdpAddress);
    server.registered_id = "2.999.10";
    dp_auth = must(pki::mint(server, ci, random));
    server.role = rsp::Role::dp_pb;
    dp_pb = must(pki::mint(server, ci, random));
    eim = must(pki::mint(request(rsp::Role::eim, kEimAddress), ci, random));
    anchor = must(rsp::TrustAnchor::from(ci.certificate));
}

Pki::Pki(pki::Credential ci_, pki::Credential eum_, pki::Credential auth, pki::Credential pb, Random& random)
    : curve(ci_.key.curve()), ci(std::move(ci_)), eum(std::move(eum_)), dp_auth(std::move(auth)),
      dp_pb(std::move(pb)), eim(must(pki::mint(request(rsp::Role::eim, kEimAddress), ci, random))),
      anchor(must(rsp::TrustAnchor::from(ci.certificate))) {}

pki::Credential Pki::euicc(const Eid& eid, Random& random) const {
    auto r = request(rsp::Role::euicc, "Loop eUICC");
    r.subject.serial_number = to_text(eid);
    return must(pki::mint(r, eum, random));
}

Smdp::Smdp(const Pki& pki, Random& dice)
    : store(must(store::SmdpStore::open_in_memory())), random(dice), server(config, *store, dice) {
    config.address = kSmdpAddress;
    config.oid = must(rsp::server_oid(pki.dp_auth.certificate));
    config.oid_der = must(asn1::oid_from_text(config.oid));
    must(random.fill(config.storage_key.writable()));
    config.credentials.push_back({pki.anchor,
                                  pki.dp_auth.key.clone(),
                                  pki.dp_pb.key.clone(),
                                  pki.dp_auth.certificate.der,
                                  pki.dp_pb.certificate.der});
}

std::string Smdp::order(std::string_view number, std::string imsi, Time now, rsp::StoreMetadataRequest more) {
    const auto sample =
        must(profile::sample_operational({.iccid = loop::iccid(number), .imsi = std::move(imsi)}));
    return order_package(shorten ? shorten(sample.reveal()) : owned(sample.reveal()), now, more);
}

std::string Smdp::order_package(Bytes octets, Time now, rsp::StoreMetadataRequest more) {
    const OwnedBytes package = owned(octets);
    const auto placed =
        must(server.place({.package = package,
                           .metadata = metadata(package, rsp::ProfileClass::operational, kSmdpAddress, more)},
                          now));
    return "1$" + config.address + "$" + placed.matching_id;
}

Iccid Smdp::stock(std::string_view number, std::string type, std::string operator_id, Time now) {
    const auto sample =
        must(profile::sample_operational({.iccid = loop::iccid(number), .imsi = "001010000000001"}));
    const OwnedBytes package = owned(sample.reveal());
    return must(server.place({.package = package,
                              .metadata = metadata(package, rsp::ProfileClass::operational, kSmdpAddress, {}),
                              .operator_id = std::move(operator_id),
                              .type = std::move(type),
                              .stock = true},
                             now))
        .iccid;
}

Result<rsp::Es9Answer> Smdp::exchange(Bytes message, Time now) {
    if (down) return fail(Errc::unreachable, "smdp");
    return server.handle(TRY(binding::function_of_message(message)), message, now);
}
const smdp::Order Smdp::find(std::string_view number) { return *must(store->order(loop::iccid(number))); }

Eim::Eim(const Pki& pki, Smdp& s, Random& dice, std::string id)
    : store(must(store::EimStore::open_in_memory())), smdp(s), random(dice),
      server(config, *store, *this, dice) {
    config.eim_id = std::move(id);
    config.key = pki.eim.key.clone();
    config.anchors.push_back(pki.anchor);
}
Result<rsp::Es9Answer> Eim::exchange(std::string_view address, Bytes message, rsp::Interface) {
    if (address != kSmdpAddress && elsewhere) return elsewhere(address, message);
    if (address != kSmdpAddress) return fail(Errc::unreachable, "smdpAddress");
    if (relayed) relayed(message);
    return smdp.exchange(message, now);
}
void Eim::forward() {
    for (auto due = must(store->due_forwards(now, 100)); !due.empty();
         due = must(store->due_forwards(now, 100)))
        for (const auto& f : due) {
            if (exchange(f.address, f.message, rsp::Interface::es9p))
                must(store->forward_done(f.id));
            else
                must(store->forward_later(f.id, now + Time(1000)));
        }
}
void Eim::restart(eim::Store& other) {
    std::destroy_at(&server);
    std::construct_at(&server, config, other, *this, random);
}
eim::Operation Eim::operation(std::string_view id) { return *must(store->operation(id)); }
std::string Eim::create(eim::NewOperation wanted) { return must(server.create({wanted}, now)).front().id; }
std::string Eim::enable(const Eid& eid, std::string_view number, bool rollback) {
    rsp::Psmo one;
    rsp::Enable enable{.iccid = loop::iccid(number)};
    if (rollback) enable.rollback_flag = asn1::Null{};
    one.is = enable;
    return create(psmo(eid, one));
}
std::string Eim::download(const Eid& eid, std::string activation_code) {
    return create({.eid = eid, .kind = eim::Kind::download, .activation_code = std::move(activation_code)});
}
std::string Eim::audit(const Eid& eid) {
    rsp::Psmo one;
    one.is = rsp::ProfileInfoListRequest{};
    return create(psmo(eid, one));
}
std::string Eim::package(const Eid& eid, const rsp::EuiccPackage& package, bool force) {
    return create({.eid = eid, .package = must(asn1::encode(package)), .force = force});
}

Device::Device(
    const Pki& pki, const Eid& eid, pki::Credential credential, Random& dice, ipa::Config::Download mode)
    : random(dice) {
    identity.eid = eid;
    identity.keys.push_back({pki.anchor.key_id,
                             pki.anchor.key,
                             std::move(credential.key),
                             credential.certificate.der,
                             pki.eum.certificate.der});
    card = must(euicc::Card::open(identity, memory, random));
    config.download = mode;
    using Feature = rsp::IpaCapabilities::IpaFeatures;
    config.capabilities.ipa_features = {Feature::direct_rsp_server_communication,
                                        Feature::indirect_rsp_server_communication};
    config.retry_first = Time(1000);
}

void Device::boot(OwnedBytes initial) {
    initial_eim = std::move(initial);
    config.initial_eim = initial_eim;
    must(card->reset());
    engine = std::make_unique<ipa::Engine>(config, *this, *this, ipa::Memory{in, out, keep});
    must(engine->load());
}
std::string Device::card_iccid() {
    for (const char* select : {"00A4000C023F00", "00A4000C022FE2"})
        if (hex(card->transmit(*from_hex(select))) != "9000") return "";
    const OwnedBytes r = card->transmit(*from_hex("00B000000A"));
    if (r.size() != 12) return "";
    Iccid value{};
    std::copy_n(r.begin(), value.size(), value.begin());
    return to_text(value);
}
Ok Device::save(Bytes blob) {
    saved = owned(blob);
    return {};
}
void Device::event(const ipa::Event& e) { events.emplace_back(e.name); }

World::World(uint64_t seed, crypto::Curve curve)
    : random(seed), pki(random, curve), smdp(pki, random), eim(pki, smdp, random) {}

World::World(uint64_t seed, Pki made)
    : random(seed), pki(std::move(made)), smdp(pki, random), eim(pki, smdp, random) {}

Device& World::add_device(ipa::Config::Download mode) {
    const Eid eid = must(pki::make_eid(kEumPrefix, next_device_));
    return add_device(eid, pki.euicc(eid, random), mode);
}

Device& World::add_device(const Eid& eid, pki::Credential euicc, ipa::Config::Download mode) {
    const uint64_t n = next_device_++;
    Device& device = devices.emplace_back(pki, eid, std::move(euicc), random, mode);
    const auto bootstrap = must(profile::sample_bootstrap(
        {.iccid = loop::iccid(iccid_text(static_cast<unsigned>(900'000 + n))), .imsi = "001019000000001"}));
    must(device.card->isdr().preload(
        bootstrap.reveal(), metadata(bootstrap.reveal(), rsp::ProfileClass::provisioning, {}), true));
    (void)must(eim.server.add_devices({eim::Device{.eid = eid}}, now));
    device.boot(must(eim.server.configuration({}, true, mode == ipa::Config::Download::indirect)));
    return device;
}

Result<OwnedBytes> World::carry(Device& device, const ipa::Action& action) {
    if (action.kind == ipa::Action::Kind::reset_card) {
        TRY(device.card->reset());
        if (card_tap) card_tap({}, euicc::Card::atr());
        return owned(euicc::Card::atr());
    }
    if (action.kind == ipa::Action::Kind::answer) {
        device.transferred = owned(action.message);
        return OwnedBytes{};
    }
    if (action.to == ipa::Peer::card) {
        OwnedBytes answer = device.card->transmit(action.message);
        if (card_tap) card_tap(action.message, answer);
        return answer;
    }
    OwnedBytes message = owned(action.message);
    if (lose && lose(action.to, false, message)) return fail(Errc::unreachable, "lost");
    if (tap) tap(action.to, false, message);
    OwnedBytes answer;
    if (action.to == ipa::Peer::eim) {
        if (eim.down) return fail(Errc::unreachable, "eim");
        auto answered = eim.server.esipa(message, now);
        // As the program answers over HTTP: 503, or 400 for what it cannot read.
        const auto code = answered ? Errc::internal : answered.error().code;
        if (!answered && (code == Errc::storage || code == Errc::conflict || code == Errc::unreachable))
            return fail(Errc::unreachable, "http status", 503);
        if (!answered) return fail(Errc::rejected, "http status", 400);
        answer = std::move(*answered);
    } else if (action.address != kSmdpAddress && eim.elsewhere) {
        answer = TRY(eim.elsewhere(action.address, message)).der;
    } else {
        answer = TRY(smdp.exchange(message, now)).der;
    }
    if (tap) tap(action.to, true, answer);
    if (lose && lose(action.to, true, answer)) return fail(Errc::unreachable, "lost");
    return answer;
}

bool World::step(Device& device) {
    eim.now = now;
    const auto action = device.engine->next(now);
    if (action.kind == ipa::Action::Kind::wait) {
        if (action.idle) return false;
        now = std::max(now + Time(1), action.until);
        return true;
    }
    const auto answer = carry(device, action);
    if (answer)
        device.engine->reply(*answer, now);
    else
        device.engine->reply(answer.error(), now);
    return true;
}

bool World::cut(Device& device, bool carried) {
    eim.now = now;
    const auto action = device.engine->next(now);
    if (action.kind == ipa::Action::Kind::wait && action.idle) return false;
    if (carried && action.kind != ipa::Action::Kind::wait) (void)carry(device, action);
    device.boot(OwnedBytes(device.initial_eim));
    return true;
}

bool World::run(int limit) {
    for (bool busy = true; busy;) {
        busy = false;
        for (Device& d : devices)
            while (step(d)) {
                busy = true;
                if (--limit <= 0) return false;
            }
        eim.forward();
    }
    return true;
}
bool World::poll() {
    for (Device& d : devices) d.engine->poll_now();
    return run();
}

} // namespace halyard::loop
