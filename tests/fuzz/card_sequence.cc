// Whole sequences at the card seam: packages signed on the way, downloads, files, PINs, authentication, with
// power cuts and failing storage in between. After every step the card is what a small model of it says
// (card_model.h), on the disk as in memory, and nothing of what holds for every card is broken
// (card_invariants.h).
#include "tests/fuzz/card_sequence.h"
#include "tests/fuzz/card_model.h"
#include "tests/fuzz/card_origin.h"
#include "tests/loop/card_invariants.h"
#include "tests/loop/power_cut_store.h"
#include <cstdio>

namespace halyard::fuzz {
namespace {
constexpr size_t kMaxSteps = 48;
constexpr const char* kSelectUsim = "00A4040C07A0000000871002";
using loop::PowerCutStore;

template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}

void demand(const std::string& wrong) {
    if (!wrong.empty()) std::fprintf(stderr, "card_sequence: %s\n", wrong.c_str());
    HALYARD_ASSERT(wrong.empty());
}

bool succeeded(const rsp::EuiccResultData& r) {
    if (const auto* e = std::get_if<rsp::EnableProfileResult>(&r.is))
        return *e == rsp::EnableProfileResult::ok;
    if (const auto* d = std::get_if<rsp::DisableProfileResult>(&r.is))
        return *d == rsp::DisableProfileResult::ok;
    if (const auto* d = std::get_if<rsp::DeleteProfileResult>(&r.is))
        return *d == rsp::DeleteProfileResult::ok;
    const auto* list = std::get_if<rsp::ProfileInfoListResponse>(&r.is);
    return list && list->is.index() == 0;
}

class Sequence {
  public:
    Sequence();
    void step(Reader&);

  private:
    OwnedBytes transmit(Bytes apdu);
    unsigned word(const std::string& apdu) { return word_of(transmit(*from_hex(apdu))); }
    static unsigned word_of(Bytes answer) { return uicc::word_of(answer); }
    /// An ES10 command on channel 1; what it answers, nothing when the card refuses it.
    std::optional<OwnedBytes> es10(Bytes command);
    void open_channel();
    void start();
    /// The command made `stages` of the model, one with each commit; a fault ends it before, or at, one of
    /// them.
    void judge(const std::vector<CardModel>& stages);
    void look();
    std::vector<CardModel> interruption() const;

    void run_package(Reader&);
    void run_download(Reader&);
    void run_deliver(Reader&);
    void run_location(Reader&);
    void run_authenticate(Reader&);
    void run_present(Reader&);
    void run_other(Reader&);
    void run_reset();
    CardModel::Profile* mounted() {
        const auto at = mounted_ ? model_.profiles.find(*mounted_) : model_.profiles.end();
        return at == model_.profiles.end() ? nullptr : &at->second;
    }
    void judge_mounted(const std::vector<CardModel::Profile>& stages);

    loop::SeededRandom random_{7};
    PowerCutStore store_;
    std::optional<euicc::Card> card_;
    loop::CardWatch watch_{origin().identity};
    CardModel model_;
    std::optional<Iccid> mounted_;           // the files on channel 0 are its
    bool loading_ = false;                   // a download is under way whose metadata the card has
    size_t before_ = 0, strikes_before_ = 0; // commits and faults before this step
};

Sequence::Sequence() {
    store_.restore(origin().content);
    model_ = CardModel::of(store_.content());
    start();
}

void Sequence::start() {
    store_.power_on();
    card_.reset();
    const euicc::CardContent found = store_.content();
    before_ = store_.commits();
    card_ = must(euicc::Card::open(origin().identity, store_, random_));
    demand(watch_.look_after_start(found, *card_, store_.content()));
    if (model_.installing) model_.download_failed();
    loading_ = false;
    mounted_ = model_.enabled;
    look();
    open_channel();
}

OwnedBytes Sequence::transmit(Bytes apdu) {
    OwnedBytes answer = card_->transmit(apdu);
    HALYARD_ASSERT(answer.size() >= 2 && answer.size() <= 258);
    return answer;
}
void Sequence::open_channel() {
    HALYARD_ASSERT(word("0070000101") == 0x9000);
    HALYARD_ASSERT(word("01A4040C10A0000005591010FFFFFFFF8900000100") == 0x9000);
}

std::optional<OwnedBytes> Sequence::es10(Bytes command) {
    OwnedBytes answer, reply;
    for (size_t at = 0, block = 0; at < command.size(); ++block) {
        const size_t n = std::min<size_t>(255, command.size() - at);
        const auto last = static_cast<uint8_t>(at + n == command.size() ? 0x91 : 0x11);
        OwnedBytes apdu{0x81, 0xE2, last, static_cast<uint8_t>(block), static_cast<uint8_t>(n)};
        append(apdu, command.subspan(at, n));
        reply = transmit(apdu);
        at += n;
        if (!store_.has_power()) return std::nullopt;
    }
    while (word_of(reply) >> 8 == 0x61) {
        reply = transmit(std::array<uint8_t, 5>{0x81, 0xC0, 0, 0, 0});
        append(answer, Bytes(reply).first(reply.size() - 2));
    }
    if (word_of(reply) != 0x9000) return std::nullopt;
    return answer;
}

void Sequence::look() {
    demand(watch_.look(*card_, store_.content()));
    HALYARD_ASSERT(CardModel::of(store_.content()) == model_);
    HALYARD_ASSERT(model_.used <= origin().identity.memory);
}

void Sequence::judge(const std::vector<CardModel>& stages) {
    const size_t done = store_.commits() - before_;
    HALYARD_ASSERT(done <= stages.size());
    HALYARD_ASSERT(done == stages.size() || store_.strikes() > strikes_before_);
    if (done) model_ = stages[done - 1];
    if (!store_.has_power()) return start();
    look();
}

// What becomes of a download when its session ends: once its metadata are on the disk, a result.
std::vector<CardModel> Sequence::interruption() const {
    if (!loading_ && !model_.installing) return {};
    CardModel next = model_;
    next.download_failed();
    return {next};
}

void Sequence::run_package(Reader& in) {
    static const Scene& s = scene();
    const uint8_t how = in.octet();
    const std::string eim = how & 0x80 ? std::string(kSecondEim) : s.world.eim.config.eim_id;
    const uint64_t counter = model_.counters.at(eim) + (how & 3);
    const bool accepted = how & 3;
    std::vector<CardModel::Operation> operations;
    OwnedBytes list;
    for (unsigned n = 1 + (how >> 2 & 3); n; --n) {
        const uint8_t what = in.octet();
        const CardModel::Operation op{
            static_cast<CardModel::Kind>(what % static_cast<uint8_t>(CardModel::Kind::kinds)),
            origin().iccids[what / 16 % origin().iccids.size()]};
        operations.push_back(op);
        const OwnedBytes iccid = tlv(0x5A, {op.iccid});
        using Kind = CardModel::Kind;
        append(list,
               op.kind == Kind::enable                 ? tlv(0xA3, {iccid})
               : op.kind == Kind::enable_with_rollback ? tlv(0xA3, {iccid, *from_hex("0500")})
               : op.kind == Kind::disable              ? tlv(0xA4, {iccid})
               : op.kind == Kind::remove               ? tlv(0xA5, {iccid})
                                                       : *from_hex("BF2D00"));
    }
    const int64_t token = *card_->isdr().state().eims[how & 0x80 ? 1 : 0].token;
    asn1::Scratch scratch;
    const OwnedBytes tbs = tlv(0x30,
                               {tlv(0x80, {bytes_of(eim)}),
                                tlv(0x5A, {origin().identity.eid}),
                                tlv(0x81, {asn1::save_integer(static_cast<int64_t>(counter), scratch)}),
                                tlv(0xA0, {list})});
    const auto signature = must(crypto::sign(s.world.eim.config.key, {tbs, rsp::token_tlv(token)}));
    const auto answer = es10(tlv(0xBF51, {tbs, tlv(0x5F37, {signature})}));
    std::vector<CardModel> stages;
    std::vector<bool> expected;
    if (accepted) {
        stages.push_back(model_);
        expected = stages.back().package(eim, counter, operations);
    }
    if (answer) {
        const auto said = must(asn1::decode<rsp::EuiccPackageResult>(*answer));
        HALYARD_ASSERT((said.is.index() == 0) == accepted);
        if (const auto* ok = std::get_if<0>(&said.is)) {
            const auto& results = ok->euicc_package_result_data_signed.value.euicc_result;
            size_t n = 0;
            HALYARD_ASSERT(results.for_each([&](const rsp::EuiccResultData& r) {
                HALYARD_ASSERT(n < expected.size() && succeeded(r) == expected[n]);
                ++n;
            }));
            HALYARD_ASSERT(n == expected.size());
        }
    }
    judge(stages);
}

void Sequence::run_download(Reader& in) {
    const Origin& o = origin();
    const uint8_t which = in.octet();
    const size_t wanted = in.octet();
    const Iccid iccid = o.iccids[2 + which % 2];
    std::vector<CardModel> stages = interruption();
    loading_ = false;
    const auto all = bound_units([this](Bytes c) { return es10(c); }, iccid, o.packages[which % 2]);
    CardModel next = stages.empty() ? model_ : stages.back();
    std::optional<OwnedBytes> answer;
    for (size_t n = 0; n < all.size() && n < wanted; ++n) {
        answer = es10(all[n]);
        if (all[n][0] == 0x88) {
            if (next.profiles.contains(iccid))
                next.download_failed();
            else
                next.installing = true;
            stages.push_back(next);
        }
        if (!answer || !answer->empty()) break; // refused, or a result
        loading_ = next.installing;
    }
    if (next.installing && (!answer || !answer->empty())) {
        // Memory may be short at any element; what fits is installed with the last.
        loading_ = false;
        if (o.identity.memory - next.used >= o.package_memory)
            next.installed(iccid, o.package_memory);
        else
            next.download_failed();
        stages.push_back(next);
    }
    judge(stages);
}

void Sequence::run_deliver(Reader& in) {
    std::vector<uint64_t> waiting = model_.notifications;
    waiting.insert(waiting.end(), model_.results.begin(), model_.results.end());
    const uint8_t which = in.octet();
    const uint64_t number = which < waiting.size() ? waiting[which] : model_.next; // given to nothing yet
    asn1::Scratch scratch;
    es10(tlv(0xBF30, {tlv(0x80, {asn1::save_integer(static_cast<int64_t>(number), scratch)})}));
    CardModel next = model_;
    judge(next.remove_number(number) ? std::vector{next} : std::vector<CardModel>{});
}

// What a command made of the profile whose files are mounted. One that is gone keeps nothing.
void Sequence::judge_mounted(const std::vector<CardModel::Profile>& profiles) {
    std::vector<CardModel> stages;
    for (const auto& p : profiles) {
        if (!mounted()) break;
        stages.push_back(model_);
        stages.back().profiles[*mounted_] = p;
    }
    judge(stages);
}

void Sequence::run_location(Reader& in) {
    OwnedBytes content(11, in.octet());
    word(kSelectUsim);
    word("00A4000C026F7E");
    OwnedBytes update = *from_hex("00D600000B");
    append(update, content);
    const unsigned answer = word_of(transmit(update));
    const CardModel::Profile* now = mounted();
    if (!now || now->location.empty() || now->location == content) return judge({});
    CardModel::Profile next = *now;
    next.location = content;
    HALYARD_ASSERT(answer == 0x9000 || answer == 0x6581);
    judge_mounted({next});
}

void Sequence::run_authenticate(Reader& in) {
    const uint64_t sequence = in.octet();
    word(kSelectUsim);
    OwnedBytes command = *from_hex("0088008122");
    append(command, network_challenge(sequence));
    command.push_back(0x00);
    const OwnedBytes answer = transmit(command);
    const CardModel::Profile* now = mounted();
    if (!now || now->location.empty()) return judge({});
    const bool fresh = sequence > now->sequence;
    if (word_of(answer) == 0x9000) HALYARD_ASSERT(answer[0] == (fresh ? 0xDB : 0xDC));
    CardModel::Profile next = *now;
    next.sequence = sequence;
    judge_mounted(fresh ? std::vector{next} : std::vector<CardModel::Profile>{});
}

// ADM1, right (twice in four) or wrong, or a wrong PUK of PIN1. Each attempt is counted before it is judged.
void Sequence::run_present(Reader& in) {
    const uint8_t how = in.octet() & 3;
    word("00A4000C023F00");
    const unsigned answer = word(how == 3   ? "002C000110"
                                              "3939393939393939"
                                              "30303030FFFFFFFF"
                                 : how == 2 ? "0020000A08"
                                              "3939393939393939"
                                            : "0020000A08"
                                              "3030303030303030");
    const CardModel::Profile* now = mounted();
    if (!now) return judge({});
    CardModel::Profile next = *now;
    unsigned& left = how == 3 ? next.puk_left : next.adm_left;
    if (left == 0) {
        HALYARD_ASSERT(answer == 0x6983);
        return judge({});
    }
    std::vector<CardModel::Profile> stages;
    --left;
    stages.push_back(next);
    if (how < 2) {
        left = 10;
        stages.push_back(next);
    } else {
        HALYARD_ASSERT(answer == (0x63C0 | left) || answer == 0x6581);
    }
    judge_mounted(stages);
}

// Of a real life: what the model has no rules for, it learns from the card. The invariants hold all the same.
void Sequence::run_other(Reader& in) {
    const auto& commands = scene().commands;
    es10(commands[in.octet() % commands.size()]);
    model_ = CardModel::of(store_.content());
    loading_ = card_->isdr().loading() && model_.installing;
    if (!store_.has_power()) {
        model_ = CardModel::of(store_.content());
        return start();
    }
    look();
}

void Sequence::step(Reader& in) {
    before_ = store_.commits();
    strikes_before_ = store_.strikes();
    switch (static_cast<Step>(in.octet() % steps)) {
    case package: return run_package(in);
    case download: return run_download(in);
    case deliver: return run_deliver(in);
    case roll_back: {
        CardModel next = model_;
        const bool possible = next.roll_back();
        es10(*from_hex("BF5803800100"));
        return judge(possible ? std::vector{next} : std::vector<CardModel>{});
    }
    case location: return run_location(in);
    case authenticate: return run_authenticate(in);
    case present: return run_present(in);
    case leave: {
        const auto stages = loading_ ? interruption() : std::vector<CardModel>{};
        const unsigned answer = word("0070800100");
        HALYARD_ASSERT(answer == 0x9000 || (answer == 0x6581 && !stages.empty()));
        loading_ = false;
        judge(stages);
        if (!card_->uicc().is_open(1)) open_channel();
        return;
    }
    case reset: return run_reset();
    case power_cut: return start();
    case fault: {
        const uint8_t how = in.octet();
        store_.plan(static_cast<PowerCutStore::Fault>(how % 3), how / 3 % 3);
        return;
    }
    default: return run_other(in);
    }
}

// A reset that cannot write leaves the card mute; power comes back then.
void Sequence::run_reset() {
    const auto stages = interruption();
    loading_ = false;
    if (!card_->reset()) {
        HALYARD_ASSERT(store_.strikes() > strikes_before_ && store_.commits() == before_);
        return start();
    }
    mounted_ = stages.empty() ? model_.enabled : stages.back().enabled;
    judge(stages);
    if (!card_->uicc().is_open(1)) open_channel();
}

void run(Bytes input) {
    Sequence sequence;
    Reader in(input);
    for (size_t n = 0; n < kMaxSteps && !in.empty(); ++n) sequence.step(in);
}
} // namespace

const Target kCardSequence{"card_sequence", run, card_sequence_seeds, 256};

} // namespace halyard::fuzz
