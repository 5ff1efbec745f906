#pragma once
// Revocation lists and the list of who is denied, kept up to date while a server runs. SR-09, SR-23
#include "apps/ops/metrics.h"
#include "apps/ops/settings.h"
#include "net/fetch.h"
#include "rsp/chain.h"
#include "rsp/deny_list.h"
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace halyard::ops {

struct ListOptions {
    std::string deny_file;
    std::vector<std::string> files;   // revocation lists, DER or PEM
    std::vector<std::string> urls;    // http:// or https://
    bool points = false;              // also the distribution points of our own certificates
    std::vector<std::string> issuers; // certificates of who signs them, beside the CIs: EUMs
    bool required = false;            // a certificate whose issuer has no list is refused
    unsigned grace_days = 7;          // how long a list counts after its nextUpdate
    unsigned refresh_minutes = 360;
    bool allow_private = false;
    std::string ca; // PEM: what https servers of lists are judged by
};
void add_list_settings(Settings&, ListOptions&);

/// One revocation list, for people.
struct ListState {
    std::string source; // file or URL
    Time this_update{}, next_update{};
    size_t entries = 0;
    std::string problem; // why the newest attempt to read or fetch it failed; empty: it did not
    bool held = false;   // there is one
};

/// Holds the lists and replaces them: files when they change, within two seconds; URLs by fetching. What is
/// wrong never takes the place of what is held. Thread-safe.
class ListKeeper : public rsp::LiveLists {
  public:
    /// `directory`: where fetched lists are kept; empty: in memory only. `anchors`: the CIs. `resolve` as
    /// HttpsClient's connect_to.
    ListKeeper(ListOptions options,
               std::filesystem::path directory,
               std::vector<rsp::TrustAnchor> anchors,
               std::map<std::string, std::string> resolve);
    ~ListKeeper() override { stop(); }

    /// Reads everything once. Errors of the deny list and of files: `what` says which and where. What was
    /// fetched before is taken from the disk; a damaged copy is fetched again.
    Ok load(std::string& what);
    /// From now on, from threads of its own: a server that does not answer holds up no file.
    void start();
    /// No fetch begins any more; stop() waits for one that is under way, half a minute at most.
    void begin_stop();
    void stop();
    /// Looks at all files and URLs at once.
    void refresh();

    std::shared_ptr<const rsp::Lists> now() const override;
    void refused(const char* kind, const std::string& who) override;

    std::vector<ListState> states() const;
    /// "" while all is well: no list that is held is beyond its grace, and there is one if one must be.
    std::string condition(Time now) const;
    void collect(Metrics&, Time now) const;

  private:
    struct Stamp { // of a file, to see that it changed
        int64_t seconds = 0, nanoseconds = 0;
        uint64_t size = 0, inode = 0;
        bool operator==(const Stamp&) const = default;
    };
    struct Source {
        std::string name;
        bool is_url = false;
        std::vector<rsp::Crl> lists;
        Stamp stamp;
        std::string problem;
        Time next{0}; // of a URL: when to fetch
        unsigned failures = 0;
    };
    static Stamp stamp_of(const std::string& file);
    std::filesystem::path stored(const std::string& url) const;
    Result<std::vector<rsp::Crl>> judged(Bytes content) const;
    Ok keep(Source&, Bytes content, bool to_disk);
    Ok fetch_one(Source&);
    /// True when something changed.
    bool look_at_files();
    void look_at_urls(bool at_once);
    void publish();
    void watch_files();
    void watch_urls();
    bool wait(bool& woken);

    const ListOptions options_;
    const std::filesystem::path directory_;
    std::vector<rsp::TrustAnchor> issuers_;
    const std::map<std::string, std::string> resolve_;

    mutable std::mutex work_; // of what follows; held by whoever reads files, not while fetching
    std::vector<Source> sources_;
    rsp::DenyList denied_;
    Stamp deny_stamp_;
    std::string deny_problem_;

    mutable std::mutex mutex_; // of what follows; never held for long
    std::shared_ptr<const rsp::Lists> lists_ = std::make_shared<rsp::Lists>();
    std::map<std::string, uint64_t> refused_;
    uint64_t failures_ = 0;
    bool stopping_ = false, files_woken_ = false, urls_woken_ = false;
    std::condition_variable changed_;
    std::vector<std::thread> threads_;
};

} // namespace halyard::ops
