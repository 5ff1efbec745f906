#include "ipa/engine.h"
#include "ipa/agenda.h"
#include "ipa/dialect.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
bool inside(Bytes part, Bytes whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}
/// The larger piece of `whole` before or behind `part`; all of it when that is elsewhere.
Buffer beside(Bytes part, Buffer whole) {
    if (!inside(part, whole)) return whole;
    const auto before = static_cast<size_t>(part.data() - whole.data());
    const size_t behind = whole.size() - before - part.size();
    return before > behind ? whole.first(before) : whole.last(behind);
}
/// Not a unit of a bound profile package, which is alike in all editions.
bool is_command(Bytes message) { return message.size() > 1 && message[0] == 0xBF && message[1] != 0x36; }
constexpr Time kMaxTick{600'000};
} // namespace

Engine::Engine(const Config& config, StateStore& store, Listener& listener, Memory memory)
    : context_(config, store, listener, memory), channel_(config.apdu_block) {}

Ok Engine::load() {
    const Bytes blob = TRY(context_.store.load());
    if (blob.empty()) return {};
    auto state = decode_state(blob);
    if (state)
        context_.state = *state;
    else
        context_.note_error("state damaged", "load", state.error());
    return {};
}

void Engine::poll_now() {
    for (size_t i = 0; i < context_.eim_count; ++i) context_.eims[i].poll = context_.eims[i].blocked = {};
}

// Elapsed time is summed in small pieces, so that neither a clock set to another year nor a power cut
// decides.
void Engine::tick(Time now) {
    if (ticked_ && context_.state.rollback.phase == RollbackDuty::Phase::armed)
        context_.state.rollback.elapsed_ms += std::clamp(now - context_.now, Time{0}, kMaxTick).count();
    context_.now = now;
    ticked_ = true;
}

Peer Engine::peer() const {
    const Peer peer = procedure_->steps[at_].peer;
    return peer == Peer::server ? context_.server : peer;
}

Action Engine::next(Time now) {
    tick(now);
    return act();
}

Action Engine::act() {
    // Every turn either returns, ends a procedure or begins one; a duty that keeps failing blocks itself.
    for (int turns = 0; turns < 1000; ++turns) {
        if (context_.transfer.ready)
            return {.kind = Action::Kind::answer,
                    .message = context_.transfer.answer,
                    .step = "ESipa.TransferEimPackage"};
        if (context_.reset_card && !procedure_ && context_.card_blocked.is_due(context_.now)) {
            resetting_ = true;
            return {.kind = Action::Kind::reset_card, .step = "reset"};
        }
        if (auto action = procedure_ ? step_action() : choose()) return *action;
    }
    context_.note("engine stalled");
    return {.kind = Action::Kind::wait, .until = context_.now + Time{60'000}};
}

std::optional<Action> Engine::choose() {
    const Agenda agenda = plan(context_);
    if (agenda.duty == Duty::none)
        return Action{.kind = Action::Kind::wait, .until = agenda.until, .idle = agenda.idle};
    context_.keep.clear();
    begin(agenda.duty);
    return std::nullopt;
}

void Engine::begin(Duty duty) {
    procedure_ = &procedure_of(duty);
    context_.follow = Duty::none;
    at_ = 0;
    tries_ = 0;
    asked_ = begun_ = false;
    other_.reset();
}

std::optional<Action> Engine::step_action() {
    if (at_ == procedure_->steps.size()) {
        finish();
        return std::nullopt;
    }
    const Step& step = procedure_->steps[at_];
    if (!asked_) {
        const auto message = step.ask(context_, context_.memory.out);
        if (!message) {
            fail_step(message.error());
            return std::nullopt;
        }
        if (message->empty()) {
            ++at_;
            return std::nullopt;
        }
        message_ = *message;
        asked_ = true;
        begun_ = false;
        other_.reset();
    }
    if (!retry_.is_due(context_.now)) return Action{.kind = Action::Kind::wait, .until = retry_.at()};
    if (peer() != Peer::card) {
        const auto message = written(message_);
        if (!message) {
            fail_step(message.error());
            return std::nullopt;
        }
        const Bytes address =
            peer() == Peer::eim ? context_.serving().address.bytes() : context_.smdp.bytes();
        return Action{.kind = Action::Kind::send,
                      .to = peer(),
                      .address = text_of(address),
                      .eim_id =
                          peer() == Peer::eim ? text_of(context_.serving().id.bytes()) : std::string_view{},
                      .message = *message,
                      .step = step.name};
    }
    if (!channel_.is_open() && !channel_.is_busy()) channel_.open();
    if (channel_.is_open() && !begun_) {
        // A command sent out of `in` (a package, a segment) must not be overwritten by its answer.
        const Buffer answer = inside(message_, context_.memory.in) ? context_.memory.out : context_.memory.in;
        if (auto begun = begin_command(answer); !begun) {
            fail_step(begun.error());
            return std::nullopt;
        }
        begun_ = true;
    }
    return Action{
        .kind = Action::Kind::send, .to = Peer::card, .message = channel_.next(), .step = step.name};
}

Ok Engine::begin_command(Buffer answer) { return channel_.begin(TRY(written(message_)), answer); }

rsp::Edition Engine::edition_towards_eim() const { return other_.value_or(edition_of_eim(context_)); }

// The message in the edition of its receiver. To an eIM it goes from `in`, which is free until the answer
// comes; to the card from what is left of `out`, since a command and its answer exist at the same time.
Result<Bytes> Engine::written(Bytes message) {
    if (peer() == Peer::eim)
        return rsp::from_v12(
            rsp::Path::esipa_request, message, edition_towards_eim(), beside(message, context_.memory.in));
    if (peer() == Peer::card && context_.card_edition != rsp::Edition::v1_2 && is_command(message))
        return rsp::from_v12(
            rsp::Path::es10_command, message, context_.card_edition, beside(message, context_.memory.out));
    return message;
}

// An answer in its v1.2 form, beside the original in the same memory. What cannot be read so is judged by the
// step.
Bytes Engine::read(Bytes answer) {
    if (answer.empty() || (peer() != Peer::card && peer() != Peer::eim)) return answer;
    const Buffer memory = inside(answer, context_.memory.out) ? context_.memory.out : context_.memory.in;
    const Buffer buffer = beside(answer, memory);
    if (peer() == Peer::card) {
        if (context_.card_edition == rsp::Edition::v1_2) return answer;
        const auto reading = rsp::to_v12(rsp::Path::es10_answer, answer, context_.card_edition, buffer);
        return reading ? reading->message : answer;
    }
    const rsp::Edition used = edition_towards_eim();
    const auto reading = rsp::to_v12(rsp::Path::esipa_answer, answer, used, buffer);
    // It took what it had refused in another form, or writes as no later eIM does.
    const bool old = reading && reading->seen == rsp::Edition::v1_0;
    if (other_)
        learn_edition(context_, *other_);
    else if (old && used != rsp::Edition::v1_0)
        learn_edition(context_, rsp::Edition::v1_0);
    other_.reset();
    return reading ? reading->message : answer;
}

// HTTP 400 may mean that the eIM cannot read this edition: the other known one is tried once. After that the
// step fails like any other, which keeps results where they are; somebody should look at such an eIM.
bool Engine::try_other_edition(const Error& error) {
    const bool unread =
        error.code == Errc::rejected && std::string_view(error.where) == "http status" && error.detail == 400;
    if (!unread || peer() != Peer::eim) return false;
    const auto other = other_
                           ? std::nullopt
                           : other_edition(context_, edition_of_eim(context_), message_, context_.memory.in);
    if (!other) {
        context_.note_error("refused in every dialect", procedure_->steps[at_].name, error);
        return false;
    }
    other_ = other;
    context_.note("other dialect tried", 0, rsp::name(*other));
    return true;
}

void Engine::finish() {
    const Procedure* done = procedure_;
    procedure_ = nullptr;
    done->done(context_);
    follow();
}

void Engine::follow() {
    if (context_.follow != Duty::none) return begin(context_.follow);
    if (context_.transfer.active) end_transfer(context_);
}

Ok Engine::transfer(std::string_view eim_id, Bytes message, Time now) {
    tick(now);
    if (procedure_ || resetting_ || context_.reset_card || !context_.started || context_.transfer.active ||
        !context_.card_blocked.is_due(context_.now))
        return fail(Errc::conflict, "busy");
    if (!context_.serve(bytes_of(eim_id)) || context_.serving().ghost) return fail(Errc::not_found, "eimId");
    const Buffer in = context_.memory.in;
    if (message.size() > in.size())
        return fail(Errc::no_space, "transferEimPackageRequest", static_cast<uint32_t>(message.size()));
    if (!message.empty()) std::memmove(in.data(), message.data(), message.size());
    context_.keep.clear();
    context_.follow = Duty::none;
    begin_transfer(context_, Bytes(in).first(message.size()));
    follow();
    return {};
}

void Engine::fail_step(const Error& error) {
    const Procedure* failed = procedure_;
    const Step& step = failed->steps[at_];
    procedure_ = nullptr;
    retry_ = {};
    failed->failed(context_, step, error);
    follow();
}

void Engine::card_failed(const Error& error) {
    // The link is in an unknown state: start over with the card, and what it keeps.
    channel_.forget();
    ++context_.card_failures;
    context_.card_blocked.after(context_.now, context_.backoff(context_.card_failures));
    context_.reset_card = true;
    context_.started = false;
    if (procedure_) fail_step(error);
}

void Engine::take(Bytes message) {
    const auto next = procedure_->steps[at_].answer(context_, read(message));
    asked_ = false;
    tries_ = 0;
    retry_ = {};
    if (!next) return fail_step(next.error());
    if (*next == Next::advance) ++at_;
    if (*next == Next::finish) at_ = procedure_->steps.size();
}

void Engine::reply(Bytes message, Time now) {
    tick(now);
    if (context_.transfer.ready) { // handed over, as far as anybody can tell
        context_.transfer.active = context_.transfer.ready = false;
        return;
    }
    if (resetting_) {
        resetting_ = context_.reset_card = false;
        channel_.forget();
        context_.note("card reset");
        return;
    }
    if (!procedure_ || !asked_) return; // nothing was asked: a duplicate
    if (peer() == Peer::card) {
        if (!channel_.is_busy()) return;
        const bool opening = !channel_.is_open();
        const auto complete = channel_.reply(message);
        if (!complete && opening) return card_failed(complete.error());
        if (!complete) return fail_step(complete.error());
        if (!*complete) return;
        if (opening) return context_.note("card opened", channel_.channel());
        context_.card_failures = 0;
        return take(channel_.answer());
    }
    if (!inside(message, context_.memory.in)) {
        if (message.size() > context_.memory.in.size())
            return fail_step({Errc::no_space, "answer", static_cast<uint32_t>(message.size())});
        if (!message.empty()) std::memcpy(context_.memory.in.data(), message.data(), message.size());
        message = Bytes(context_.memory.in).first(message.size());
    }
    take(message);
}

void Engine::reply(const Error& error, Time now) {
    if (context_.transfer.ready) return reply(Bytes{}, now); // what the card keeps is delivered later
    tick(now);
    if (resetting_) { // try again later
        resetting_ = false;
        ++context_.card_failures;
        context_.card_blocked.after(now, context_.backoff(context_.card_failures));
        return;
    }
    if (!procedure_ || !asked_) return;
    if (peer() == Peer::card) return card_failed(error);
    if (error.code == Errc::unreachable && ++tries_ < procedure_->steps[at_].tries) {
        context_.note_error("repeated", procedure_->steps[at_].name, error);
        retry_.after(now, context_.config.step_retry * tries_);
        return;
    }
    if (try_other_edition(error)) return;
    fail_step(error);
}

} // namespace halyard::ipa
