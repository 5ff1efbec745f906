#include "base/secret.h"
#include "store/postgres_link.h"
#include <libpq-fe.h>

namespace halyard::store {
namespace {
// Of pg_type.
constexpr unsigned kBytea = 17, kInt8 = 20, kText = 25;

OwnedBytes big_endian(int64_t value) {
    OwnedBytes out(8);
    for (size_t i = 0; i < 8; ++i)
        out[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (56 - 8 * i));
    return out;
}

// No NUL, and UTF-8 as PostgreSQL has it: shortest forms, no surrogates.
bool is_text(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto at = [&](size_t n) { return i + n < text.size() ? static_cast<uint8_t>(text[i + n]) : 0; };
        const unsigned first = at(0);
        if (first == 0) return false;
        if (first < 0x80) {
            ++i;
            continue;
        }
        const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
        if (first < 0xC2 || first > 0xF4) return false;
        for (size_t n = 1; n <= more; ++n)
            if ((at(n) & 0xC0) != 0x80) return false;
        const unsigned second = at(1);
        if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
            return false;
        i += more + 1;
    }
    return true;
}
} // namespace

PostgresStatement::~PostgresStatement() { PQclear(result_); }

void PostgresStatement::put(int at, unsigned type, Bytes octets) {
    const auto i = static_cast<size_t>(at - 1);
    if (i >= types_.size() || types_[i] != type) {
        wrong_ = "postgresql: parameter of another type";
        return;
    }
    values_[i].octets.assign(octets.begin(), octets.end());
    values_[i].null = false;
}
void PostgresStatement::bind(int at, int64_t value) { put(at, kInt8, big_endian(value)); }
void PostgresStatement::bind(int at, std::string_view text) {
    put(at, kText, bytes_of(text));
    if (!wrong_ && !is_text(text)) wrong_ = "text that is no UTF-8, or has a NUL";
}
void PostgresStatement::bind(int at, Bytes octets) { put(at, kBytea, octets); }
void PostgresStatement::bind_null(int at) {
    const auto i = static_cast<size_t>(at - 1);
    if (i < values_.size()) values_[i].null = true;
}

void PostgresStatement::reset() {
    PQclear(result_);
    result_ = nullptr;
    row_ = -1;
    wrong_ = nullptr;
    for (Value& v : values_) {
        wipe(v.octets); // no copy of a secret stays behind in the cache
        v.octets.clear();
        v.null = true;
    }
}

Ok PostgresStatement::execute() {
    if (wrong_) return fail(Errc::bad_value, wrong_);
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const Value& v : values_) {
        const char* octets = v.octets.empty() ? "" : reinterpret_cast<const char*>(v.octets.data());
        values.push_back(v.null ? nullptr : octets);
        lengths.push_back(static_cast<int>(v.octets.size()));
    }
    const std::vector<int> binary(values_.size(), 1);
    result_ = TRY(connection_.judge(PQexecPrepared(connection_.link_,
                                                   name_.c_str(),
                                                   static_cast<int>(values_.size()),
                                                   values.data(),
                                                   lengths.data(),
                                                   binary.data(),
                                                   1)));
    return {};
}

Result<bool> PostgresStatement::step() {
    if (!result_) TRY(execute());
    return ++row_ < PQntuples(result_);
}

Bytes PostgresStatement::cell(int column) const {
    if (!result_ || row_ < 0 || row_ >= PQntuples(result_) || column >= PQnfields(result_)) return {};
    return {reinterpret_cast<const uint8_t*>(PQgetvalue(result_, row_, column)),
            static_cast<size_t>(PQgetlength(result_, row_, column))};
}
// BIGINT; INTEGER of a literal, BOOLEAN of a condition.
int64_t PostgresStatement::integer(int column) const {
    const Bytes octets = cell(column);
    if (octets.empty() || octets.size() > 8) return 0;
    uint64_t value = octets[0] & 0x80 ? ~uint64_t{0} : 0;
    for (const uint8_t octet : octets) value = value << 8 | octet;
    return static_cast<int64_t>(value);
}
std::string PostgresStatement::text(int column) const { return std::string(text_of(cell(column))); }
OwnedBytes PostgresStatement::octets(int column) const { return owned(cell(column)); }
bool PostgresStatement::is_null(int column) const {
    return !result_ || PQgetisnull(result_, row_, column) != 0;
}

} // namespace halyard::store
