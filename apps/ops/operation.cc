#include "apps/ops/operation.h"
#include "apps/common/signals.h"
#include "apps/ops/families.h"
#include "base/tolerated.h"
#include <cstdio>
#include <unistd.h>

namespace halyard::ops {
namespace {
constexpr std::chrono::seconds kStorePatience{15};
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

double resident_octets() {
    long total = 0, resident = 0;
    FILE* f = std::fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (std::fscanf(f, "%ld %ld", &total, &resident) != 2) resident = 0;
    std::fclose(f);
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string url_of(const std::string& bind, uint16_t port) {
    const bool v6 = bind.find(':') != bind.npos;
    return "http://" + (v6 ? "[" + bind + "]" : bind) + ":" + std::to_string(port);
}

void collect_server(Metrics& m, const char* interface, const net::ServerStats& s) {
    const auto value = [](const auto& counter) { return static_cast<double>(counter.load()); };
    m.set(family::kAccepted, {{"interface", interface}}, value(s.accepted));
    m.set(family::kOpen, {{"interface", interface}}, value(s.open));
    const auto refused = [&](const char* why, const auto& counter) {
        m.set(family::kConnectionsRefused, {{"interface", interface}, {"reason", why}}, value(counter));
    };
    refused("too_many", s.refused_crowded);
    refused("handshakes", s.refused_handshakes);
    refused("rate", s.refused_rate);
    m.set(family::kHandshakes, {{"interface", interface}, {"result", "done"}}, value(s.handshakes));
    m.set(family::kHandshakes, {{"interface", interface}, {"result", "failed"}}, value(s.handshakes_failed));
    m.set(family::kShaking, {{"interface", interface}}, value(s.shaking));
    m.set(family::kTimeouts, {{"interface", interface}}, value(s.timeouts));
    m.set(family::kMalformed, {{"interface", interface}}, value(s.refused_requests));
    m.set(family::kBusy, {{"interface", interface}}, value(s.refused_busy));
    m.set(family::kWaiting, {{"interface", interface}}, value(s.waiting));
}
} // namespace

Operation::Operation(const ServeOptions& options, const char* service)
    : options_(options), limiter_(options.limits) {
    metrics_.set(family::kBuild, {{"service", service}, {"version", HALYARD_VERSION}}, 1);
    metrics_.set(family::kStart, {}, static_cast<double>(app::now_ms() / 1000));
}
Operation::~Operation() { http_.stop(); }

Ok Operation::start() {
    set_log(options_.log);
    if (options_.metrics.empty()) return {};
    const MetricsAddress at = TRY(metrics_address(options_.metrics));
    bind_ = at.bind;
    const auto started =
        http_.start({.bind = at.bind, .port = at.port}, [this](const net::Request& r) { return answer(r); });
    if (!started) return fail(started.error().code, "metrics", started.error().detail);
    return {};
}

void Operation::serving(const std::string& members) {
    serving_ = true;
    app::catch_hangup();
    if (lists_) lists_->start();
    std::string line = "{" + members;
    if (http_.port()) line += ",\"metrics\":\"" + url_of(bind_, http_.port()) + "\"";
    std::printf("%s}\n", line.c_str());
    std::fflush(stdout);
}

net::HttpsServer::Options Operation::listening(const std::string& certificate, uint16_t port) const {
    net::HttpsServer::Options o;
    o.bind = options_.bind;
    o.port = port;
    o.certificate_file = options_.pki.pem(certificate).string();
    o.key_file = options_.pki.key(certificate).string();
    set_limits(o, options_.limits);
    o.drain_timeout = options_.drain;
    return o;
}

net::Response Operation::refused(const char* interface, const char* limit, const net::Request& request) {
    metrics_.add(family::kLimited, {{"interface", interface}, {"limit", limit}});
    log_event(
        LogLevel::warning, "limited", {{"interface", interface}, {"limit", limit}, {"peer", request.peer}});
    return limiter_.refusal(limit);
}

net::Handler Operation::front(const char* interface, net::Handler inner) {
    return [this, interface, inner = std::move(inner)](const net::Request& request) {
        const auto began = std::chrono::steady_clock::now();
        const char* limit = limiter_.arrives(request.peer, began);
        app::RequestScope scope([&](const app::RequestScope& asked) -> std::optional<net::Response> {
            limit = limiter_.begins(request.peer, asked.function(), began);
            return limit ? std::optional(refused(asked.interface(), limit, request)) : std::nullopt;
        });
        net::Response response = limit ? refused(interface, limit, request) : inner(request);
        limiter_.ends(request.peer, scope.function(), scope.outcome(), began);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        done(interface, scope, request, response.status, took.count());
        return response;
    };
}

void Operation::done(const char* interface,
                     const app::RequestScope& scope,
                     const net::Request& request,
                     int status,
                     double seconds) {
    const char* on = *scope.interface() ? scope.interface() : interface;
    const char* function = *scope.function() ? scope.function() : "none";
    const std::string code = scope.outcome().empty() ? "http " + std::to_string(status) : scope.outcome();
    metrics_.add(family::kRequests, {{"interface", on}, {"function", function}, {"code", code}});
    metrics_.observe(family::kLatency, {{"interface", on}, {"function", function}}, seconds);
    if (!options_.log_requests) return;
    log_event(LogLevel::info,
              "request",
              {{"interface", on},
               {"function", function},
               {"code", code},
               {"peer", request.peer},
               {"ms", std::to_string(static_cast<int64_t>(seconds * 1000))}});
}

void Operation::watch(const char* interface, net::HttpsServer& server) {
    const std::lock_guard lock(mutex_);
    watched_.push_back({interface, &server});
}
void Operation::add_condition(std::string name, std::function<std::string()> condition) {
    const std::lock_guard lock(mutex_);
    conditions_.emplace_back(std::move(name), std::move(condition));
}
void Operation::add_collector(std::function<void(Metrics&)> collector) {
    const std::lock_guard lock(mutex_);
    collectors_.push_back(std::move(collector));
}
void Operation::keep(ListKeeper& lists) {
    add_condition("revocation lists", [&lists] { return lists.condition(Time(app::now_ms())); });
    add_collector([&lists](Metrics& m) { lists.collect(m, Time(app::now_ms())); });
    lists_ = &lists;
}
void Operation::watch_certificate(const std::string& name, Time not_after) {
    const std::lock_guard lock(mutex_);
    certificates_[name] = not_after;
}
void Operation::add_census(std::function<std::string(Metrics&)> census) {
    censuses_.push_back(std::move(census));
}

void Operation::hang_up() {
    const auto tell = [](const std::string& what, const Ok& done) {
        const std::string result =
            done ? "loaded" : std::string(name(done.error().code)) + " at " + done.error().where;
        log_event(done ? LogLevel::info : LogLevel::error, "reload", {{"what", what}, {"result", result}});
    };
    std::vector<Watched> watched;
    {
        const std::lock_guard lock(mutex_);
        watched = watched_;
    }
    for (const Watched& w : watched)
        tell(std::string("TLS of ") + w.interface, w.server->reload_certificates());
    for (const auto& job : hangup_) tell("certificates", job());
    if (lists_) lists_->refresh();
}

void Operation::tick(const std::string& store) {
    if (app::take_hangup()) hang_up();
    {
        const std::lock_guard lock(mutex_);
        store_ = store;
        store_asked_ = std::chrono::steady_clock::now();
    }
    const auto began = std::chrono::steady_clock::now();
    if (began < next_census_ || options_.metrics.empty()) return;
    for (const auto& census : censuses_)
        if (const std::string wrong = census(metrics_); !wrong.empty())
            log(LogLevel::warning, "metrics: " + wrong);
    // Counting never takes more than a hundredth of the time.
    const auto now = std::chrono::steady_clock::now();
    next_census_ =
        now + std::max<std::chrono::steady_clock::duration>(std::chrono::seconds(10), (now - began) * 100);
}

void Operation::begin_drain() {
    {
        const std::lock_guard lock(mutex_); // no scrape looks at a server that ends
        draining_ = true;
    }
    if (lists_) lists_->begin_stop();
    log_event(LogLevel::info, "draining", {{"seconds", std::to_string(options_.drain.count() / 1000)}});
}

net::Response Operation::answer(const net::Request& request) {
    const std::string_view path = request.path();
    if (path != "/metrics" && path != "/healthz" && path != "/readyz")
        return net::plain(404, "no such page\n");
    if (request.method != "GET" && request.method != "HEAD") {
        net::Response refused = net::plain(405, "GET only\n");
        refused.headers.add("Allow", "GET, HEAD");
        return refused;
    }
    if (path == "/healthz") return net::plain(200, "ok\n");
    if (path == "/readyz") return ready();
    collect();
    net::Response response = net::plain(200, metrics_.text());
    response.content_type = kMetricsType;
    return response;
}

net::Response Operation::ready() {
    std::string text;
    bool is_ready = true;
    const auto add = [&](const std::string& name, const std::string& wrong) {
        text += name + ": " + (wrong.empty() ? "ok" : wrong) + "\n";
        is_ready = is_ready && wrong.empty();
    };
    add("server", draining_ ? "draining" : serving_ ? "" : "starting");
    const std::lock_guard lock(mutex_);
    // Whoever asks it is asking still: it hangs.
    const bool late = std::chrono::steady_clock::now() - store_asked_ > kStorePatience && store_.empty();
    add("store", late ? "does not answer" : store_);
    const Time now(app::now_ms());
    for (const auto& [name, end] : certificates_) add("certificate " + name, now > end ? "expired" : "");
    if (serving_) // before, and after a start that failed, what they look at may not be there
        for (const auto& [name, condition] : conditions_) add(name, condition());
    return net::plain(is_ready ? 200 : 503, text);
}

void Operation::collect() {
    const std::lock_guard lock(mutex_);
    metrics_.set(family::kMemory, {}, resident_octets());
    metrics_.set(family::kDraining, {}, draining_ ? 1 : 0);
    if (serving_ && !draining_)
        for (const Watched& w : watched_) collect_server(metrics_, w.interface, w.server->stats());
    for (const Tolerated& t : tolerated())
        metrics_.set(
            family::kDeviations, {{"what", t.what}, {"where", t.where}}, static_cast<double>(t.count));
    const Time now(app::now_ms());
    for (const auto& [name, end] : certificates_) {
        const auto left = end - now;
        metrics_.set(family::kCertificate, {{"certificate", name}}, static_cast<double>(end.count() / 1000));
        metrics_.set(family::kCertificateDays,
                     {{"certificate", name}},
                     static_cast<double>(std::chrono::floor<std::chrono::days>(left).count()));
    }
    if (!serving_) return;
    for (const auto& collector : collectors_) collector(metrics_);
}

} // namespace halyard::ops
