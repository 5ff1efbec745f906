#include "tests/loop/life.h"
#include "crypto/milenage.h"
#include "uicc/aka_testing.h"
#include <doctest/doctest.h>

namespace halyard::loop {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
const OwnedBytes kResults = *from_hex("BF2B04A0028200"), kNotifications = *from_hex("BF2B00");
// One notification for each of install, enable, disable and delete.
const OwnedBytes kNotifyAll{0xB6, 0x09, 0x30, 0x07, 0x80, 0x02, 0x04, 0xF0, 0x81, 0x01, 0x6E};
} // namespace

std::span<const Life::Step> Life::steps() {
    static constexpr Step kSteps[] = {{"associate the eIM", &Life::associate},
                                      {"download A", &Life::download_a},
                                      {"enable A", &Life::enable_a},
                                      {"reset to A", &Life::restart},
                                      {"use A", &Life::use},
                                      {"deliver", &Life::deliver},
                                      {"download B", &Life::download_b},
                                      {"enable B, with rollback", &Life::try_b},
                                      {"reset to B", &Life::restart},
                                      {"roll back", &Life::roll_back},
                                      {"reset to A again", &Life::restart},
                                      {"enable B for good", &Life::enable_b},
                                      {"reset to B again", &Life::restart},
                                      {"deliver again", &Life::deliver},
                                      {"delete A", &Life::delete_a},
                                      {"add a second eIM", &Life::add_second_eim},
                                      {"deliver the rest", &Life::deliver}};
    return kSteps;
}

Life::Life() : second_key_(must(crypto::PrivateKey::generate(crypto::Curve::p256, bench.world.random))) {
    bench.link = [this](Bytes command) { return es10(command); };
}

OwnedBytes Life::transmit(Bytes command) {
    auto answer = port->transmit(command);
    if (!answer) throw CardGone{};
    return std::move(answer->octets);
}

void Life::pump() {
    for (;;) {
        const auto done = channel_.reply(transmit(channel_.next()));
        if (!done) throw CardRefused{done.error().detail};
        if (*done) return;
    }
}
OwnedBytes Life::es10(Bytes command) {
    if (!channel_.is_open()) {
        channel_.open();
        pump();
    }
    REQUIRE(channel_.begin(command, buffer_));
    pump();
    return owned(channel_.answer());
}
std::string Life::apdu(const std::string& command) {
    const OwnedBytes answer = transmit(*from_hex(command));
    if (uicc::word_of(answer) == 0x6581) throw CardRefused{0x6581};
    return hex(answer);
}

void Life::expect(const std::string& command, const std::string& answer) {
    const std::string given = apdu(command);
    CHECK(given == answer);
}

std::set<std::string> Life::profiles(bool enabled_only) {
    const OwnedBytes answer = es10(*from_hex("BF2D055C035A9F70")); // ICCID and state
    const auto response = must(asn1::decode<rsp::ProfileInfoListResponse>(answer));
    std::set<std::string> out;
    REQUIRE(std::get<0>(response.is).for_each([&](const rsp::ProfileInfo& p) {
        if (!enabled_only || p.profile_state == rsp::ProfileState::enabled) out.insert(to_text(*p.iccid));
    }));
    return out;
}

void Life::associate() {
    for (int i = 0; i < 2; ++i) {
        const OwnedBytes answer = es10(*from_hex("BF5500"));
        const auto known = must(asn1::decode<rsp::GetEimConfigurationDataResponse>(answer));
        REQUIRE(known.eim_configuration_data_list.for_each(
            [&](const rsp::EimConfigurationData& data) { book.token = data.association_token; }));
        if (book.token) return;
        bench.eim.counter = book.counter;
        es10(tlv(0xBF57, {tlv(0xA0, {bench.eim.configuration(integer(0x84, -1))})}));
    }
    FAIL("no token");
}

// The SM-DP+ begins anew each time: the card's one-time keys went with its power.
void Life::download(unsigned n) {
    if (profiles(false).contains(iccid_text(n))) return;
    HandServer server(bench);
    server.open();
    OwnedBytes answer;
    for (const OwnedBytes& unit : server.bind(sample(n), metadata_of(iccid(iccid_text(n)), kNotifyAll))) {
        CHECK(answer.empty());
        answer = es10(unit);
    }
    const auto result = must(asn1::decode<rsp::ProfileInstallationResult>(answer));
    CHECK(result.profile_installation_result_data.value.final_result.is.index() == 0);
}

OwnedBytes Life::waiting_result(uint64_t counter) {
    const OwnedBytes answer = es10(kResults);
    const auto response = must(asn1::decode<rsp::RetrieveNotificationsListResponse>(answer));
    OwnedBytes found;
    REQUIRE(std::get<2>(response.is).for_each([&](const rsp::EuiccPackageResult& r) {
        const auto* ok = std::get_if<0>(&r.is);
        if (ok && ok->euicc_package_result_data_signed.value.counter_value == counter)
            found = owned(ok->euicc_package_result_data_signed.der);
    }));
    return found;
}

// The eIM sends the same octets until it has seen the result; the IPA looks whether the card has done it
// already.
void Life::order(Bytes operations) {
    if (book.package.empty()) {
        bench.eim.counter = book.counter;
        bench.eim.token = book.token;
        book.package = bench.eim.package(operations);
        book.counter = bench.eim.counter;
    }
    if (waiting_result(book.counter).empty()) {
        const OwnedBytes answer = es10(book.package); // may throw, which is nothing for CHECK
        CHECK(read_answer(answer).tag == 0xA0);
    }
    book.package.clear();
}

void Life::add_second_eim() {
    HandEim second{.id = "second", .key = second_key_.clone()};
    const OwnedBytes data = second.configuration(integer(0x84, -1));
    order(eco({tlv(0xA8, {must(asn1::read_tlv(data)).content})}));
}

void Life::restart() {
    if (!port->power(reader::Power::reset)) throw CardGone{};
    reconnect();
    const auto enabled = profiles(true);
    REQUIRE(enabled.size() == 1);
    expect("00A4000C023F00", "9000");
    expect("00A4000C022FE2", "9000");
    const std::string ef_iccid = apdu("00B000000A");
    CHECK(ef_iccid == hex(iccid(*enabled.begin())) + "9000");
}

// SEQ 1, IND 0: fresh once.
void Life::authenticate() {
    static const std::array<uint8_t, 16> kZero{}; // K and OPc of sample()
    crypto::AesKey key;
    const auto network = must(crypto::Milenage::make(key, kZero));
    const OwnedBytes challenge = uicc::challenge_for(*network, uicc::kOne, 1 << 5);
    const std::string answer = apdu("0088008122" + hex(challenge) + "00");
    // DC: the card knows this number already, from before it lost its power.
    CHECK((answer.starts_with("DB") || answer.starts_with("DC")));
    CHECK(answer.ends_with("9000"));
    const std::string again = apdu("0088008122" + hex(challenge) + "00");
    CHECK(again.starts_with("DC"));
}

void Life::use() {
    const std::string location = "FFFFFFFF00F11000010001";
    expect("00A4040C0CA0000000871002FF44FF1289", "9000");
    expect("00A4000C026F7E", "9000");
    expect("00D600000B" + location, "9000");
    expect("00B000000B", location + "9000");
    const std::string wrong = apdu("0020000A083131313131313131"); // ADM1
    CHECK(wrong.starts_with("63C"));
    expect("0020000A083030303030303030", "9000");
    authenticate();
}

// No network with the new profile.
void Life::roll_back() {
    if (profiles(true).contains(iccid_text(1))) return;
    const OwnedBytes answer = es10(*from_hex("BF5803800100"));
    const auto response = must(asn1::decode<rsp::ProfileRollbackResponse>(answer));
    CHECK(response.cmd_result == rsp::ProfileRollbackResponse::CmdResult::ok);
}

void Life::deliver_one(uint64_t number, Bytes der, const std::string& event) {
    const auto [at, is_new] = book.delivered.emplace(number, owned(der));
    CHECK(same(at->second, der)); // what is told twice is the same octets
    if (is_new) {
        book.events.insert(event);
        book.interrupted += event.starts_with("interrupted");
    }
    es10(tlv(0xBF30, {integer(0x80, static_cast<int64_t>(number))}));
}

void Life::deliver() {
    struct Waiting {
        uint64_t number;
        OwnedBytes der;
        std::string event;
    };
    std::vector<Waiting> all;
    const OwnedBytes results = es10(kResults);
    const auto packages = must(asn1::decode<rsp::RetrieveNotificationsListResponse>(results));
    REQUIRE(std::get<2>(packages.is).for_each([&](const rsp::EuiccPackageResult& r) {
        const auto& said = std::get<0>(r.is).euicc_package_result_data_signed;
        const std::string counter = std::to_string(said.value.counter_value);
        all.push_back(
            {said.value.seq_number, owned(said.der), counter + " " + hex(said.value.euicc_result.content)});
    }));
    const OwnedBytes others = es10(kNotifications);
    const auto pending = must(asn1::decode<rsp::RetrieveNotificationsListResponse>(others));
    REQUIRE(std::get<0>(pending.is).for_each([&](const rsp::PendingNotification& n) {
        if (const auto* other = std::get_if<1>(&n.is)) {
            const auto& about = other->value.tbs_other_notification.value;
            const std::string mask = std::to_string(about.profile_management_operation.mask);
            all.push_back({about.seq_number, owned(other->der), mask + " " + to_text(*about.iccid)});
            return;
        }
        const auto& installed = std::get<0>(n.is);
        const auto& data = installed.value.profile_installation_result_data.value;
        const auto& about = data.notification_metadata;
        const bool ok = data.final_result.is.index() == 0;
        all.push_back({about.seq_number,
                       owned(installed.der),
                       (ok ? "installed " : "interrupted ") + to_text(*about.iccid)});
    }));
    for (const Waiting& one : all) deliver_one(one.number, one.der, one.event);
}

} // namespace halyard::loop
