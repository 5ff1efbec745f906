// A whole life at the card seam, with the power gone before and after every APDU, and every commit refused,
// cut off or the last thing that happened. Afterwards the interrupted command is whole or never was, and the
// life goes on to the same end. RR-13
#include "tests/loop/card_invariants.h"
#include "tests/loop/life.h"
#include "tests/loop/power_cut_store.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
using Fault = PowerCutStore::Fault;

/// A card whose power goes at a planned APDU, or when its storage says so.
class CutPort final : public reader::CardPort {
  public:
    explicit CutPort(euicc::Card& card, PowerCutStore& store) : inner_(card), store_(store) {}
    std::optional<size_t> before, after; // n-th APDU, from 0
    bool struck = false;
    size_t apdus = 0;

    Bytes atr() override { return inner_.atr(); }
    Result<reader::Answer> transmit(Bytes apdu) override {
        const size_t n = apdus++;
        if (before == n) return gone();
        const size_t commits = store_.commits();
        auto answer = TRY(inner_.transmit(apdu));
        most_commits = std::max(most_commits, store_.commits() - commits);
        if (after == n || !store_.has_power()) return gone();
        return answer;
    }
    Ok power(reader::Power what) override { return inner_.power(what); }
    size_t most_commits = 0; // of one APDU

  private:
    Result<reader::Answer> gone() {
        struck = true;
        return fail(Errc::unreachable, "power cut");
    }
    reader::SoftPort inner_;
    PowerCutStore& store_;
};

/// How the uncut life went: what there was before each step and what each commit made of it.
struct Course {
    struct Stage {
        euicc::CardContent content;
        Life::Book book;
        std::vector<std::string> summaries; // before the step, and after each commit
        size_t apdus = 0;
    };
    std::vector<Stage> stages; // the last one: the end
};

struct CutDevice {
    Life life;
    PowerCutStore store;
    std::optional<euicc::Card> card;
    std::optional<CutPort> port;
    CardWatch watch{life.bench.card.identity};

    /// A card as it leaves the factory: a bootstrap profile, no eIM.
    CutDevice() {
        // ES10b.EuiccMemoryReset with resetEimConfigData. SGP.32 §5.9.5
        const OwnedBytes reset = life.bench.card.es10(*from_hex("BF640482020204"));
        REQUIRE(life.bench.state().eims.empty());
        store.restore(life.bench.card.memory.content);
    }
    bool try_start() {
        auto opened = euicc::Card::open(life.bench.card.identity, store, life.bench.world.random);
        if (!opened) return false;
        card = std::move(*opened);
        port.emplace(*card, store);
        life.port = &*port;
        life.reconnect();
        return true;
    }
    void look() {
        const std::string wrong = watch.look(*card, store.content());
        CHECK(wrong == "");
    }
    /// Power comes back: from what is on the disk, to the same state each time.
    void start() {
        store.power_on();
        const euicc::CardContent found = store.content();
        if (euicc::decode_state(found.state)->installing) fail_to_start();
        REQUIRE(try_start());
        const std::string wrong = watch.look_after_start(found, *card, store.content());
        CHECK(wrong == "");
        start_again();
    }
    /// A card that has something to finish first: power that goes at this commit, too, must not lose it.
    void fail_to_start() {
        const euicc::CardContent content = store.content();
        store.plan(Fault::cut_before, 0);
        CHECK_FALSE(try_start());
        CHECK(store.content() == content);
        store.power_on();
    }
    void start_again() {
        const euicc::CardContent content = store.content();
        store.plan(Fault::cut_before, 0); // nothing may be written
        REQUIRE(try_start());
        CHECK(store.content() == content);
        store.power_on();
    }
    void put_back(const Course::Stage& stage) {
        store.restore(stage.content);
        life.book = stage.book;
        watch.forget();
        REQUIRE(try_start());
        look();
    }
    void take(size_t step) { (life.*Life::steps()[step].take)(); }
};

Course uncut(CutDevice& d) {
    Course course;
    for (size_t i = 0; i < Life::steps().size(); ++i) {
        INFO(std::string(Life::steps()[i].name));
        auto& stage = course.stages.emplace_back();
        stage.content = d.store.content();
        stage.book = d.life.book;
        d.put_back(stage);
        stage.summaries.push_back(summary(d.store.content()));
        d.store.written = [&] { stage.summaries.push_back(summary(d.store.content())); };
        d.take(i);
        d.store.written = nullptr;
        d.look();
        stage.apdus = d.port->apdus;
        // Whole or not at all: one commit a command. Only a PIN that is right takes two, see ADR 0009.
        const size_t allowed = Life::steps()[i].name == std::string("use A") ? 2 : 1;
        CHECK(d.port->most_commits <= allowed);
    }
    auto& end = course.stages.emplace_back();
    end.content = d.store.content();
    end.book = d.life.book;
    end.summaries.push_back(summary(d.store.content()));
    return course;
}

/// One life with one fault in it.
class Accident {
  public:
    Accident(CutDevice& device, const Course& course, size_t step)
        : d_(device), course_(course), step_(step) {
        d_.put_back(course.stages[step]);
    }
    /// Takes the step, into the fault that was planned, and goes on to the end. False: the step was done
    /// before the fault came.
    bool run() {
        bool met = false;
        try {
            d_.take(step_);
        } catch (const CardGone&) {
            met = true;
            d_.card.reset(); // nothing says good-bye
        } catch (const CardRefused& refused) {
            met = true;
            CHECK(refused.status_word == 0x6581);
            d_.look();
        }
        if (!met) return false;
        // As many commits as are on the disk have happened, and nothing else.
        const auto& summaries = course_.stages[step_].summaries;
        REQUIRE(d_.store.commits() < summaries.size());
        CHECK(summary(d_.store.content()) == summaries[d_.store.commits()]);
        if (d_.card)
            reset();
        else
            d_.start();
        go_on();
        return true;
    }

  private:
    void reset() {
        const euicc::CardContent found = d_.store.content();
        REQUIRE(d_.card->reset());
        d_.life.reconnect();
        const std::string wrong = d_.watch.look_after_start(found, *d_.card, d_.store.content());
        CHECK(wrong == "");
        d_.start_again();
    }
    void go_on() {
        for (size_t i = step_; i < Life::steps().size(); ++i) {
            INFO(std::string(Life::steps()[i].name));
            d_.take(i);
            d_.look();
        }
        const Course::Stage& end = course_.stages.back();
        const auto& book = d_.life.book;
        // Each interrupted download has taken a number for its result, and is the only thing told beside the
        // rest.
        CHECK(summary(d_.store.content(), book.interrupted) == end.summaries.front());
        CHECK(book.interrupted <= 1);
        std::multiset<std::string> events = book.events;
        std::erase_if(events, [](const std::string& e) { return e.starts_with("interrupted"); });
        CHECK(events == end.book.events);
        CHECK(book.counter == end.book.counter);
    }
    CutDevice& d_;
    const Course& course_;
    size_t step_;
};

struct Cut {
    CutDevice device;
    Course course = uncut(device);

    /// `plan` makes the n-th fault of a step; as many as the step has.
    size_t everywhere(const std::function<void(CutDevice&, size_t)>& plan) {
        size_t accidents = 0;
        for (size_t step = 0; step < Life::steps().size(); ++step)
            for (size_t n = 0;; ++n) {
                INFO("step " << std::string(Life::steps()[step].name) << ", fault " << n);
                Accident accident(device, course, step);
                plan(device, n);
                if (!accident.run()) break;
                ++accidents;
            }
        return accidents;
    }
    size_t all(size_t Course::Stage::*count) const {
        size_t sum = 0;
        for (const auto& stage : course.stages) sum += stage.*count;
        return sum;
    }
    size_t commits() const {
        size_t sum = 0;
        for (const auto& stage : course.stages) sum += stage.summaries.size() - 1;
        return sum;
    }
};
} // namespace

TEST_CASE("when nothing fails, a life ends with one profile, its memory, and everything told once") {
    CutDevice d;
    const Course course = uncut(d);
    const euicc::State& end = d.card->isdr().state();
    REQUIRE(end.profiles.size() == 2);
    CHECK_FALSE(end.profiles[0].enabled); // the bootstrap profile
    CHECK(end.profiles[1].iccid == Life::profile_b());
    CHECK(end.profiles[1].enabled);
    CHECK(end.profiles[1].number == 0x12); // bootstrap 10, A 11
    REQUIRE(end.eims.size() == 2);
    CHECK(end.eims[0].counter == 10); // began with 5, five packages
    CHECK(end.next_token == 3);
    // Two downloads with two numbers each; enable A 2, enable B 3, rollback 1, enable B 3, delete 2, addEim 1
    CHECK(end.next_seq == 16);
    CHECK(end.notifications.empty());
    CHECK(end.results.empty());
    // Of those 16, the rollback took back the three of the first enabling of B. Event masks: 1 install, 2
    // enable, 4 disable, 8 delete.
    const std::string a = iccid_text(1), b = iccid_text(2);
    CHECK(d.life.book.events == std::multiset<std::string>{"installed " + a,
                                                           "1 " + a,
                                                           "6 830100",
                                                           "2 " + a, // A comes
                                                           "installed " + b,
                                                           "1 " + b,   // B comes
                                                           "7 8C0100", // and goes back
                                                           "8 830100",
                                                           "4 " + a,
                                                           "2 " + b, // and stays
                                                           "9 850100",
                                                           "8 " + a,          // A goes
                                                           "10 A803840102"}); // token 2
}

TEST_CASE("when power goes before any APDU of a life, the card comes back as it was and the life goes on") {
    Cut cut;
    const size_t cuts = cut.everywhere([](CutDevice& d, size_t n) { d.port->before = n; });
    CHECK(cuts == cut.all(&Course::Stage::apdus));
    CHECK(cuts > 150);
}

TEST_CASE("when power goes after any APDU of a life, what the APDU did has happened and the life goes on") {
    Cut cut;
    const size_t cuts = cut.everywhere([](CutDevice& d, size_t n) { d.port->after = n; });
    CHECK(cuts == cut.all(&Course::Stage::apdus));
}

TEST_CASE("when power goes instead of any commit of a life, the command has never happened") {
    Cut cut;
    const size_t cuts = cut.everywhere([](CutDevice& d, size_t n) { d.store.plan(Fault::cut_before, n); });
    CHECK(cuts == cut.commits());
    // eIM 1, downloads 4, packages 5, rollback 1, use 5, deliveries 13
    CHECK(cuts == 29);
}

TEST_CASE("when power goes just after any commit of a life, the command has happened whole") {
    Cut cut;
    CHECK(cut.everywhere([](CutDevice& d, size_t n) { d.store.plan(Fault::cut_after, n); }) == cut.commits());
}

TEST_CASE("when the storage refuses any commit of a life, the card says 6581 and is as before") {
    Cut cut;
    CHECK(cut.everywhere([](CutDevice& d, size_t n) { d.store.plan(Fault::refuse, n); }) == cut.commits());
}
