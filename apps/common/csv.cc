#include "apps/common/csv.h"

namespace halyard::app {
namespace {

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}
    bool done() const { return at_ >= text_.size(); }
    Result<CsvRecord> record() {
        CsvRecord out{.line = line_};
        for (;;) {
            out.fields.push_back(TRY(field()));
            if (!done() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            end_of_line();
            return out;
        }
    }

  private:
    void end_of_line() {
        if (!done() && text_[at_] == '\r') ++at_;
        if (!done() && text_[at_] == '\n') ++at_;
        ++line_;
    }
    bool at_end_of_field() const {
        return done() || text_[at_] == ',' || text_[at_] == '\n' ||
               (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
    }
    Result<std::string> field() {
        std::string out;
        if (done() || text_[at_] != '"') {
            while (!at_end_of_field()) {
                if (text_[at_] == '"') return quotes(line_);
                out += text_[at_++];
            }
            return out;
        }
        const size_t begin = line_;
        for (++at_;; ++at_) {
            if (done()) return quotes(begin);
            if (text_[at_] == '"') {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
                ++at_; // doubled
            }
            if (text_[at_] == '\n') ++line_;
            out += text_[at_];
        }
        ++at_;
        if (!at_end_of_field()) return quotes(line_);
        return out;
    }
    static Result<std::string> quotes(size_t line) {
        return fail(Errc::bad_value, "quotes", static_cast<uint32_t>(line));
    }

    std::string_view text_;
    size_t at_ = 0, line_ = 1;
};
} // namespace

Result<std::vector<CsvRecord>> read_csv(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<CsvRecord> out;
    for (Reader reader(text); !reader.done();) {
        CsvRecord record = TRY(reader.record());
        if (record.fields.size() > 1 || !record.fields[0].empty()) out.push_back(std::move(record));
    }
    return out;
}

} // namespace halyard::app
