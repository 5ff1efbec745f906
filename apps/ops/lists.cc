#include "apps/ops/lists.h"
#include "apps/common/files.h"
#include "apps/ops/families.h"
#include "apps/ops/log_sink.h"
#include "crypto/hash.h"
#include <sys/stat.h>

namespace halyard::ops {
namespace {
constexpr Time kMinute{60'000}, kHour{3'600'000}, kDay{86'400'000};

std::string told(const Error& e) {
    std::string out = std::string(name(e.code)) + " at " + e.where;
    if (e.detail) out += " (" + std::to_string(e.detail) + ")";
    return out;
}

// RFC 5280: a list without the number that another has tells less about its age than its date does.
bool is_older(const rsp::Crl& a, const rsp::Crl& b) { return a.this_update < b.this_update; }

std::string date(Time t) { return app::text_from_seconds(t.count() / 1000); }
} // namespace

void add_list_settings(Settings& s, ListOptions& o) {
    s.paths(
        "crl.files", "--crl", o.files, "Revocation list for EUMs and eUICCs, DER or PEM; may be repeated");
    s.texts("crl.urls", "--crl-url", o.urls, "Where to fetch one, http or https; may be repeated");
    s.flag(
        "crl.points", "", o.points, "Also fetch from the distribution points in this server's certificates");
    s.paths("crl.issuers", "", o.issuers, "Certificates of EUMs that sign lists; CIs are known");
    s.flag("crl.required", "", o.required, "Refuse certificates whose issuer has no list here");
    s.number("crl.grace_days", "", o.grace_days, 0, 3650, "How long a list counts after its nextUpdate");
    s.number("crl.refresh_minutes", "", o.refresh_minutes, 1, 43'200, "Between two fetches, at most");
    s.flag("crl.allow_private", "", o.allow_private, "Fetch from loopback and private addresses too");
    s.path("crl.ca", "", o.ca, "PEM: what https servers of lists are judged by");
    s.path(
        "deny.file", "--deny", o.deny_file, "List of EIDs, EUMs, certificates and OIDs that are not served");
}

ListKeeper::ListKeeper(ListOptions options,
                       std::filesystem::path directory,
                       std::vector<rsp::TrustAnchor> anchors,
                       std::map<std::string, std::string> resolve)
    : options_(std::move(options)), directory_(std::move(directory)), issuers_(std::move(anchors)),
      resolve_(std::move(resolve)) {
    for (const std::string& file : options_.files) sources_.push_back({.name = file});
    for (const std::string& url : options_.urls) sources_.push_back({.name = url, .is_url = true});
}

ListKeeper::Stamp ListKeeper::stamp_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return {};
    return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, static_cast<uint64_t>(info.st_size), info.st_ino};
}

std::filesystem::path ListKeeper::stored(const std::string& url) const {
    return directory_ / (hex(Bytes(crypto::sha256({bytes_of(url)})).first(16)) + ".crl");
}

// What comes over a network counts only when one of the issuers that are known has signed it.
Result<std::vector<rsp::Crl>> ListKeeper::judged(Bytes content) const {
    auto lists = TRY(rsp::Crl::parse_file(content));
    if (lists.empty()) return fail(Errc::bad_value, "CRL");
    for (const rsp::Crl& crl : lists) {
        const auto signs = [&](const rsp::TrustAnchor& issuer) {
            return (crl.authority_key_id().empty() || same(crl.authority_key_id(), issuer.key_id)) &&
                   same(crl.issuer(), issuer.subject) && crl.ecdsa_sha256 &&
                   crypto::verify_der(issuer.key, crl.tbs(), crl.signature());
        };
        if (std::ranges::none_of(issuers_, signs)) return fail(Errc::unverified, "CRL issuer");
        if (crl.this_update > Time(app::now_ms())) return fail(Errc::bad_value, "thisUpdate");
    }
    return lists;
}

// A list from a URL never gives way to an older one, whoever replays it.
Ok ListKeeper::keep(Source& source, Bytes content, bool to_disk) {
    auto lists = TRY(source.is_url ? judged(content) : rsp::Crl::parse_file(content));
    if (source.is_url)
        for (const rsp::Crl& held : source.lists)
            for (const rsp::Crl& fresh : lists)
                if (same(held.issuer(), fresh.issuer()) && is_older(fresh, held))
                    return fail(Errc::conflict, "older than the one held");
    if (to_disk && !directory_.empty()) {
        TRY(app::make_directory(directory_));
        TRY(app::write_file(stored(source.name), content));
    }
    source.lists = std::move(lists);
    return {};
}

Ok ListKeeper::load(std::string& what) {
    const std::lock_guard lock(work_);
    for (const std::string& file : options_.issuers) {
        what = file;
        const OwnedBytes content = TRY(app::read_file(file, 1u << 20, "issuers"));
        for (const auto& certificate : TRY(crypto::Certificate::parse_file(content)))
            issuers_.push_back(TRY(rsp::TrustAnchor::from(certificate)));
    }
    for (Source& s : sources_) {
        what = s.name;
        const auto content =
            app::read_file(s.is_url ? stored(s.name).string() : s.name, rsp::Crl::kMaxSize * 3 / 2, "crl");
        if (s.is_url) {
            if (content) (void)keep(s, *content, false);
            continue;
        }
        s.stamp = stamp_of(s.name);
        TRY(keep(s, TRY(Result<OwnedBytes>(content)), false));
    }
    if (!options_.deny_file.empty()) {
        what = options_.deny_file;
        deny_stamp_ = stamp_of(options_.deny_file);
        const OwnedBytes text = TRY(app::read_file(options_.deny_file, 64u << 20, "deny"));
        denied_ = TRY(rsp::DenyList::parse(text_of(text)));
    }
    what.clear();
    publish();
    return {};
}

void ListKeeper::publish() {
    auto fresh = std::make_shared<rsp::Lists>();
    fresh->revocation.required = options_.required;
    fresh->revocation.grace = kDay * options_.grace_days;
    fresh->denied = denied_;
    for (const Source& s : sources_)
        fresh->revocation.crls.insert(fresh->revocation.crls.end(), s.lists.begin(), s.lists.end());
    const std::lock_guard lock(mutex_);
    lists_ = std::move(fresh);
}

bool ListKeeper::look_at_files() {
    bool changed = false;
    const auto tell = [&](const std::string& file, const Ok& done, std::string& problem) {
        changed = changed || done;
        problem = done ? "" : told(done.error());
        const auto level = done ? LogLevel::info : LogLevel::error;
        log_event(
            level, "list", {{"file", file}, {"result", done ? "loaded" : problem + "; the old one stays"}});
        const std::lock_guard lock(mutex_);
        if (!done) ++failures_;
    };
    for (Source& s : sources_) {
        if (s.is_url || stamp_of(s.name) == s.stamp) continue;
        s.stamp = stamp_of(s.name);
        const auto content = app::read_file(s.name, rsp::Crl::kMaxSize * 3 / 2, "crl");
        tell(s.name, content ? keep(s, *content, false) : Ok(fail(content.error().code, "crl")), s.problem);
    }
    if (options_.deny_file.empty() || stamp_of(options_.deny_file) == deny_stamp_) return changed;
    deny_stamp_ = stamp_of(options_.deny_file);
    const auto text = app::read_file(options_.deny_file, 64u << 20, "deny");
    auto read = text ? rsp::DenyList::parse(text_of(*text)) : fail(text.error().code, "deny");
    if (read) denied_ = std::move(*read);
    tell(options_.deny_file, read ? Ok() : Ok(tl::unexpected<Error>(read.error())), deny_problem_);
    return changed;
}

Ok ListKeeper::fetch_one(Source& source) {
    const net::FetchOptions how{.max_body = rsp::Crl::kMaxSize,
                                .allow_private = options_.allow_private,
                                .ca_file = options_.ca,
                                .connect_to = resolve_};
    const OwnedBytes content = TRY(net::fetch(source.name, how));
    const std::lock_guard lock(work_);
    return keep(source, content, true);
}

void ListKeeper::look_at_urls(bool at_once) {
    for (Source& s : sources_) { // their number does not change; only this thread fetches
        const Time now(app::now_ms());
        if (!s.is_url || (now < s.next && !at_once)) continue;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
        }
        const Ok done = fetch_one(s);
        const auto level = done ? LogLevel::info : LogLevel::warning;
        log_event(level, "list", {{"url", s.name}, {"result", done ? "fetched" : told(done.error())}});
        const std::lock_guard lock(work_);
        s.problem = done ? "" : told(done.error());
        s.failures = done ? 0 : s.failures + 1;
        // A minute, two, four …, an hour after failures; otherwise before the next one is due.
        Time wait = kMinute * options_.refresh_minutes;
        if (!done) wait = std::min({wait, kHour, kMinute * (1 << std::min(s.failures - 1, 6u))});
        s.next = now + wait;
        if (done) {
            publish();
            continue;
        }
        const std::lock_guard count(mutex_);
        ++failures_;
    }
}

void ListKeeper::start() {
    threads_.emplace_back([this] { watch_files(); });
    threads_.emplace_back([this] { watch_urls(); });
}
void ListKeeper::begin_stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
}
void ListKeeper::stop() {
    begin_stop();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
}
void ListKeeper::refresh() {
    {
        const std::lock_guard lock(mutex_);
        files_woken_ = urls_woken_ = true;
    }
    changed_.notify_all();
}

// A second at most; false at the end.
bool ListKeeper::wait(bool& woken) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_ || woken; });
    return !stopping_;
}

void ListKeeper::watch_files() {
    do {
        {
            const std::lock_guard lock(mutex_);
            files_woken_ = false;
        }
        const std::lock_guard lock(work_);
        if (look_at_files()) publish();
    } while (wait(files_woken_));
}

void ListKeeper::watch_urls() {
    bool at_once = false;
    do {
        {
            const std::lock_guard lock(mutex_);
            at_once = std::exchange(urls_woken_, false);
        }
        look_at_urls(at_once);
    } while (wait(urls_woken_));
}

std::shared_ptr<const rsp::Lists> ListKeeper::now() const {
    const std::lock_guard lock(mutex_);
    return lists_;
}

void ListKeeper::refused(const char* kind, const std::string& who) {
    {
        const std::lock_guard lock(mutex_);
        ++refused_[kind];
    }
    log_event(LogLevel::warning, "denied", {{"kind", kind}, {"who", who}});
}

std::vector<ListState> ListKeeper::states() const {
    const std::lock_guard lock(work_);
    std::vector<ListState> out;
    for (const Source& s : sources_) {
        if (s.lists.empty()) out.push_back({.source = s.name, .problem = s.problem});
        for (const rsp::Crl& crl : s.lists)
            out.push_back({s.name, crl.this_update, crl.next_update, crl.size(), s.problem, true});
    }
    return out;
}

std::string ListKeeper::condition(Time now) const {
    const auto lists = this->now();
    if (options_.required && lists->revocation.crls.empty()) return "required, and there is none";
    for (const ListState& s : states())
        if (s.held && now > s.next_update + lists->revocation.grace)
            return s.source + " out of date since " + date(s.next_update);
    return "";
}

void ListKeeper::collect(Metrics& m, Time now) const {
    const auto seconds = [](Time t) { return static_cast<double>(t.count()) / 1000; };
    for (const Family* f : {&family::kCrlAge, &family::kCrlNext, &family::kCrlEntries}) m.clear(*f);
    for (const ListState& s : states()) {
        if (!s.held) continue;
        m.set(family::kCrlAge, {{"source", s.source}}, seconds(now - s.this_update));
        m.set(family::kCrlNext, {{"source", s.source}}, seconds(s.next_update));
        m.set(family::kCrlEntries, {{"source", s.source}}, static_cast<double>(s.entries));
    }
    const std::lock_guard lock(mutex_);
    m.set(family::kDenyEntries, {}, static_cast<double>(lists_->denied.size()));
    m.set(family::kListFailures, {}, static_cast<double>(failures_));
    for (const auto& [kind, count] : refused_)
        m.set(family::kDenied, {{"kind", kind}}, static_cast<double>(count));
}

} // namespace halyard::ops
