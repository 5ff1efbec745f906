#include "apps/smdp/load.h"
#include "apps/common/csv.h"
#include "apps/common/signals.h"
#include "apps/common/soft_card.h"
#include "smdp/maker.h"
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

namespace halyard::smdp_app {
namespace {
using app::Columns, app::RowError, smdp::Maker;

// One row of the file: its fields and what they mean.
struct Row {
    const Columns* columns = nullptr;
    std::vector<std::string> fields;
    size_t line = 0;
    std::string problem; // of the row as a whole
    ~Row() {
        for (std::string& f : fields) wipe({reinterpret_cast<uint8_t*>(f.data()), f.size()});
    }
    Row() = default;
    Row(Row&&) = default;
    Row& operator=(Row&&) = default;
};

struct Rows {
    virtual ~Rows() = default;
    /// nullopt at the end.
    virtual Result<std::optional<Row>> next() = 0;
};

class CsvRows : public Rows {
  public:
    static Result<std::unique_ptr<Rows>> open(std::string_view text, Bytes package, std::string& problem) {
        auto out = std::make_unique<CsvRows>(text);
        const auto header = TRY(out->reader_.next());
        if (!header) return fail(Errc::missing_field, "header row");
        TRY(out->columns_.read(header->fields, package, problem));
        return std::unique_ptr<Rows>(std::move(out));
    }
    explicit CsvRows(std::string_view text) : reader_(text) {}
    Result<std::optional<Row>> next() override {
        auto record = TRY(reader_.next());
        if (!record) return std::optional<Row>();
        Row row;
        row.columns = &columns_;
        row.fields = std::move(record->fields);
        row.line = record->line;
        return std::optional<Row>(std::move(row));
    }

  private:
    app::CsvReader reader_;
    Columns columns_;
};

class JsonRows : public Rows {
  public:
    JsonRows(std::string_view text, Bytes package) : text_(text), package_(package) {}
    Result<std::optional<Row>> next() override {
        for (;;) {
            if (text_.empty()) return std::optional<Row>();
            const std::string_view line = text_.substr(0, text_.find('\n'));
            text_.remove_prefix(std::min(text_.size(), line.size() + 1));
            ++line_;
            if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
            return std::optional<Row>(row(line));
        }
    }

  private:
    Row row(std::string_view line) {
        Row out;
        out.line = line_;
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object()) {
            out.problem = "no JSON object";
            return out;
        }
        std::vector<std::string> names;
        std::string all;
        for (const auto& [name, value] : json.items()) {
            if (!value.is_string()) out.problem = "member '" + name + "' is no string";
            names.push_back(name);
            all.append(name).push_back('\n');
            out.fields.push_back(value.is_string() ? value.get<std::string>() : std::string());
        }
        const auto [known, added] = columns_.try_emplace(all);
        if (added && out.problem.empty()) {
            std::string where;
            if (const Ok ok = known->second.read(names, package_, where); !ok) {
                out.problem = where + ": " + name(ok.error().code) + " at " + ok.error().where;
                columns_.erase(known);
                return out;
            }
        }
        out.columns = &known->second;
        return out;
    }
    std::string_view text_;
    Bytes package_;
    size_t line_ = 0;
    std::map<std::string, Columns> columns_; // by the members of a line
};

class Load {
  public:
    Load(Site& site, const LoadRequest& request, const Maker& maker, rsp::ProfileClass profile_class)
        : site_(site), request_(request), maker_(maker), class_(profile_class) {}

    Ok run(Rows& rows, const std::function<void(const LoadReport&)>& progress) {
        while (!app::stop_requested()) {
            const auto row = TRY(rows.next());
            if (!row) break;
            RowError error{.row = ++report.rows, .line = row->line, .reason = row->problem};
            if (!row->problem.empty() || !TRY(take(*row, error))) report.failed.push_back(std::move(error));
            if (waiting_.size() >= kBatch) TRY(flush());
            if (report.rows % 256 == 0) progress(report);
        }
        report.interrupted = app::stop_requested();
        return flush();
    }
    LoadReport report;

  private:
    static constexpr size_t kBatch = 500; // rows a commit

    static bool refuse(RowError& error, std::string column, std::string reason) {
        error.column = std::move(column);
        error.reason = std::move(reason);
        return false;
    }

    // Errors are the store's; false: `error` says what is wrong with the row.
    Result<bool> take(const Row& row, RowError& error) {
        const auto p = row.columns->row(row.fields, request_.any_check_digit, error);
        if (!p) return false;
        const std::string iccid(reinterpret_cast<const char*>(p->iccid->data()), p->iccid->size());
        if (!iccids_.insert(iccid).second) return refuse(error, "iccid", "an earlier row has the same");
        if (p->imsi && !imsis_.insert(*p->imsi).second)
            return refuse(error, "imsi", "an earlier row has the same");
        if (!safe(*p, error)) return false;
        const auto made = maker_.make(*p);
        if (!made) {
            error = app::row_error(error, made.error());
            return false;
        }
        if (!judged(*p, made->reveal())) return refuse(error, "", "its package is refused, see above");
        auto metadata = app::metadata_for(made->reveal(), class_, maker_.kind().name, site_.config.address);
        if (!metadata) return refuse(error, metadata.error().where, name(metadata.error().code));
        waiting_.push_back(
            TRY(maker_.stocked(*site_.vault, *p, made->size(), std::move(*metadata), Time(app::now_ms()))));
        places_.push_back({error.row, error.line, "", ""});
        return true;
    }

    // What every subscriber needs for himself.
    bool safe(const profile::Personal& p, RowError& error) {
        const Gate& gate = site_.gate;
        const bool k = p.k && profile::is_public_key(p.k->reveal());
        const bool opc = p.opc && profile::is_public_key(p.opc->reveal());
        lab_ |= k || opc;
        if (gate.lab) return true;
        if (k) return refuse(error, "ki", "published or trivial: only with --lab");
        if (opc) return refuse(error, "opc", "published or trivial: only with --lab");
        if (!gate.refuse) return true;
        if (!p.k)
            return refuse(error, "ki", "missing: all would have the template's key; --lint warn takes it");
        for (const auto& [name, code] : {std::pair("puk1", &p.puk1),
                                         std::pair("puk2", &p.puk2),
                                         std::pair("adm1", &p.adm1),
                                         std::pair("adm2", &p.adm2)})
            if (*code && profile::is_weak_code(**code))
                return refuse(error, name, "can be guessed; --lint warn takes it");
        return true;
    }

    // Packages with the same values of the template's own look alike to the linter: one of each is enough.
    bool judged(const profile::Personal& p, Bytes package) {
        unsigned given = p.k ? 1 : 0;
        for (const auto* code : {&p.pin1, &p.puk1, &p.pin2, &p.puk2, &p.adm1, &p.adm2})
            given = given << 1 | (code->has_value() ? 1u : 0u);
        if (const auto known = looks_.find(given); known != looks_.end()) return known->second;
        const auto judged = site_.gate.judge(package);
        lab_ |= judged && *judged;
        return looks_[given] = judged.has_value();
    }

    // Another process may load the same at this moment: then it is looked at again.
    Result<std::vector<bool>> put_in_stock() {
        for (int i = 0;; ++i) {
            auto put = site_.store->put_in_stock(waiting_);
            if (put || put.error().code != Errc::conflict || i == 5) return put;
        }
    }

    Ok flush() {
        std::vector<bool> put;
        if (request_.check) {
            for (const smdp::Stocked& s : waiting_)
                put.push_back(!TRY(site_.store->order(s.order.iccid)).has_value());
        } else if (!waiting_.empty()) {
            if (lab_ && site_.gate.lab) TRY(site_.mark_lab());
            put = TRY(put_in_stock());
        }
        for (size_t i = 0; i < put.size(); ++i) {
            if (put[i]) {
                ++report.loaded;
                report.octets += waiting_[i].sealed.octets.size();
                continue;
            }
            const auto there = TRY(site_.store->order(waiting_[i].order.iccid));
            if (there && there->operator_id == request_.operator_id && there->type == request_.type) {
                ++report.known;
                continue;
            }
            (void)refuse(places_[i], "iccid", "a profile of another operator or type has it");
            report.failed.push_back(places_[i]);
        }
        waiting_.clear();
        places_.clear();
        return {};
    }

    Site& site_;
    const LoadRequest& request_;
    const Maker& maker_;
    rsp::ProfileClass class_;
    std::unordered_set<std::string> iccids_, imsis_;
    std::map<unsigned, bool> looks_;
    bool lab_ = false; // something published is among the rows
    std::vector<smdp::Stocked> waiting_;
    std::vector<RowError> places_; // of those that wait
};
} // namespace

Result<smdp::Template> add_type(Site& site, const TypeRequest& r) {
    OwnedBytes raw = TRY(read_package(r.file, "template"));
    SecretBytes package{Bytes(raw)};
    wipe(raw);
    if (!r.spn.empty()) package = TRY(profile::personalise(package.reveal(), {.service_provider = r.spn}));
    TRY(class_of(r.profile_class));
    if (TRY(site.gate.judge(package.reveal(), kPersonalRules))) TRY(site.mark_lab());
    return smdp::add_type(*site.vault,
                          *site.store,
                          {.operator_id = r.operator_id,
                           .type = r.type,
                           .package = package.reveal(),
                           .name = r.name.empty() ? "Halyard profile" : r.name,
                           .profile_class = r.profile_class,
                           .low_water = r.low_water},
                          Time(app::now_ms()));
}

Result<LoadReport> load(Site& site,
                        const LoadRequest& r,
                        std::string& problem,
                        const std::function<void(const LoadReport&)>& progress) {
    constexpr size_t kMaxFile = 1u << 30;
    problem = "type " + r.type + " of operator " + r.operator_id;
    const auto maker = TRY(Maker::open(*site.vault, *site.store, r.operator_id, r.type));
    problem = r.file;
    const SecretBytes text = TRY(app::read_secret(r.file, kMaxFile, "file"));
    const std::string_view view = text_of(text.reveal());
    const size_t first = view.find_first_not_of(" \t\r\n");
    std::unique_ptr<Rows> rows;
    if (first != std::string_view::npos && view[first] == '{')
        rows = std::make_unique<JsonRows>(view, maker.package());
    else
        rows = TRY(CsvRows::open(view, maker.package(), problem));
    Load work(site, r, maker, TRY(class_of(maker.kind().profile_class)));
    TRY(work.run(*rows, progress));
    return std::move(work.report);
}

} // namespace halyard::smdp_app
