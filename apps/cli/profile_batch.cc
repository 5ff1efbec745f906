// `halyard profile personalize TEMPLATE --csv DATA -o DIRECTORY`
#include "apps/cli/profile_batch.h"
#include "apps/cli/commands.h"
#include "apps/cli/profile_commands.h"
#include "apps/common/csv.h"
#include "apps/common/files.h"
#include "apps/common/signals.h"
#include "apps/common/subscriber_columns.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

namespace halyard::cli {
namespace {
using app::Columns, app::RowError, nlohmann::ordered_json;

// The records hold keys: wiped when they are done with.
struct Rows {
    std::vector<app::CsvRecord> all;
    ~Rows() {
        for (app::CsvRecord& r : all)
            for (std::string& f : r.fields) wipe({reinterpret_cast<uint8_t*>(f.data()), f.size()});
    }
};

// Complete or not there. What is synced is the file system, once, at the end: ten thousand times would take
// minutes.
Ok write_package(const std::filesystem::path& path, Bytes package) {
    const std::string temporary = path.string() + ".new";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fail(Errc::storage, "file", static_cast<uint32_t>(errno));
    bool good = true;
    for (size_t done = 0; good && done < package.size();) {
        const ssize_t n = ::write(fd, package.data() + done, package.size() - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        if (good) done += static_cast<size_t>(n);
    }
    good &= ::close(fd) == 0;
    if (good && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const auto why = static_cast<uint32_t>(errno);
    ::unlink(temporary.c_str());
    return fail(Errc::storage, "file", why);
}

class Batch {
  public:
    Batch(const BatchArguments& a, Bytes package, const Columns& columns, const Rows& rows)
        : a_(a), package_(package), columns_(columns), rows_(rows) {}
    void run() {
        // All or nothing: first everything is tried, then it is written.
        if (a_.strict) {
            pass(false);
            if (!errors_.empty() || app::stop_requested()) return;
            iccids_.clear();
            imsis_.clear();
        }
        pass(true);
        if (a_.strict && !errors_.empty()) { // the disk is full, or somebody was faster
            for (const auto& path : written_) ::unlink(path.c_str());
            written_.clear();
        }
        const int directory = ::open(a_.out.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory >= 0) {
            ::syncfs(directory);
            ::close(directory);
        }
    }
    size_t total() const { return rows_.all.size() - 1; }
    size_t written() const { return written_.size(); }
    const std::vector<RowError>& errors() const { return errors_; }
    ordered_json report() const {
        ordered_json failed = ordered_json::array();
        for (const RowError& e : errors_) {
            ordered_json one{{"row", e.row}, {"line", e.line}};
            if (!e.column.empty()) one["column"] = e.column;
            one["reason"] = e.reason;
            failed.push_back(one);
        }
        return {{"rows", total()},
                {"written", written()},
                {"interrupted", app::stop_requested()},
                {"failed", failed}};
    }

  private:
    void pass(bool write) {
        int64_t last = app::now_ms();
        const bool all = write && a_.strict; // quick now that it is known to be good: no half of it
        for (size_t i = 1; i < rows_.all.size() && (all || !app::stop_requested()); ++i) {
            RowError error{.row = i, .line = rows_.all[i].line};
            if (!row(rows_.all[i].fields, write, error)) errors_.push_back(std::move(error));
            if (const int64_t now = app::now_ms(); !a_.quiet && now - last >= 1000) {
                last = now;
                std::fprintf(stderr, "%s %zu of %zu rows\n", write ? "written" : "checked", i, total());
            }
        }
    }
    bool row(const std::vector<std::string>& fields, bool write, RowError& error) {
        const auto p = columns_.row(fields, a_.any_check_digit, error);
        if (!p) return false;
        const std::string iccid = to_text(*p->iccid);
        if (!iccids_.insert(iccid).second) return refuse(error, "iccid", "an earlier row has the same");
        if (p->imsi && !imsis_.insert(*p->imsi).second)
            return refuse(error, "imsi", "an earlier row has the same");
        const auto made = profile::personalise(package_, *p);
        if (!made) {
            error = app::row_error(error, made.error());
            return false;
        }
        const std::filesystem::path path = std::filesystem::path(a_.out) / (iccid + ".der");
        std::error_code none;
        if (!a_.overwrite && std::filesystem::exists(path, none))
            return refuse(
                error, "iccid", path.filename().string() + " is there already; --overwrite replaces it");
        if (!write) return true;
        if (const Ok ok = write_package(path, made->reveal()); !ok)
            return refuse(error,
                          "",
                          std::string("the file cannot be written: ") +
                              std::strerror(static_cast<int>(ok.error().detail)));
        written_.push_back(path);
        return true;
    }
    static bool refuse(RowError& error, std::string column, std::string reason) {
        error.column = std::move(column);
        error.reason = std::move(reason);
        return false;
    }

    const BatchArguments& a_;
    Bytes package_;
    const Columns& columns_;
    const Rows& rows_;
    std::set<std::string> iccids_, imsis_;
    std::vector<std::filesystem::path> written_;
    std::vector<RowError> errors_;
};

void print(const Batch& batch, const std::string& report_file) {
    constexpr size_t kShown = 20;
    for (size_t i = 0; i < batch.errors().size() && i < kShown; ++i) {
        const RowError& e = batch.errors()[i];
        std::fprintf(stderr,
                     "row %zu (line %zu)%s%s: %s\n",
                     e.row,
                     e.line,
                     e.column.empty() ? "" : ", column ",
                     e.column.c_str(),
                     e.reason.c_str());
    }
    if (batch.errors().size() > kShown)
        std::fprintf(stderr, "and %zu more, see %s\n", batch.errors().size() - kShown, report_file.c_str());
    std::printf("%zu of %zu packages written%s\n",
                batch.written(),
                batch.total(),
                app::stop_requested() ? ", then interrupted" : "");
}
} // namespace

int personalise_batch(const BatchArguments& a) {
    constexpr size_t kMaxCsv = 64u << 20;
    const auto package = read_package(a.file);
    if (!package) return report(package.error(), a.file, a.json);
    if (const auto elements = profile::parse(*package); !elements)
        return report(elements.error(), a.file, a.json);
    const auto text = app::read_secret(a.csv, kMaxCsv, "csv");
    if (!text) return report(text.error(), a.csv, a.json);
    auto records = app::read_csv(text_of(text->reveal()));
    if (!records) return report(records.error(), a.csv, a.json);
    const Rows rows{std::move(*records)};
    if (rows.all.empty()) return report(Error{Errc::missing_field, "header row"}, a.csv, a.json);
    Columns columns;
    std::string problem;
    if (const Ok ok = columns.read(rows.all[0].fields, *package, problem); !ok)
        return report(ok.error(), a.csv + ": " + problem, a.json);
    if (const Ok ok = app::make_directory(a.out); !ok) return report(ok.error(), a.out, a.json);
    app::catch_signals();
    Batch batch(a, *package, columns, rows);
    batch.run();
    const std::string report_file =
        a.report.empty() ? (std::filesystem::path(a.out) / "report.json").string() : a.report;
    const std::string summary = batch.report().dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    if (const Ok ok = app::write_file(report_file, bytes_of(summary + "\n")); !ok)
        return report(ok.error(), report_file, a.json);
    if (a.json)
        std::printf("%s\n", summary.c_str());
    else
        print(batch, report_file);
    return batch.errors().empty() && batch.written() == batch.total() ? 0 : 1;
}

} // namespace halyard::cli
