#include "apps/common/csv.h"

namespace halyard::app {
namespace {

class Reader {
  public:
    Reader(std::string_view text, size_t& at, size_t& line) : text_(text), at_(at), line_(line) {}
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
    size_t &at_, &line_;
};
} // namespace

CsvReader::CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
}

Result<std::optional<CsvRecord>> CsvReader::next() {
    for (Reader reader(text_, at_, line_); !reader.done();) {
        CsvRecord record = TRY(reader.record());
        if (record.fields.size() > 1 || !record.fields[0].empty())
            return std::optional<CsvRecord>(std::move(record));
    }
    return std::optional<CsvRecord>();
}

Result<std::vector<CsvRecord>> read_csv(std::string_view text) {
    std::vector<CsvRecord> out;
    CsvReader reader(text);
    while (auto record = TRY(reader.next())) out.push_back(std::move(*record));
    return out;
}

} // namespace halyard::app
