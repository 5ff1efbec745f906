#include "apps/common/subscriber_columns.h"
#include "base/luhn.h"
#include "crypto/aes.h"
#include <algorithm>
#include <set>

namespace halyard::app {
namespace {
using profile::Personal;

constexpr const char* kColumns[] = {"iccid",
                                    "imsi",
                                    "ki",
                                    "opc",
                                    "op",
                                    "acc",
                                    "msisdn",
                                    "spn",
                                    "pin1",
                                    "puk1",
                                    "pin2",
                                    "puk2",
                                    "adm1",
                                    "adm2",
                                    "smsp"};

struct Code {
    const char* name;
    size_t least; // digits
    std::optional<std::string> Personal::*value;
};
constexpr Code kCodes[] = {{"pin1", 4, &Personal::pin1},
                           {"puk1", 8, &Personal::puk1},
                           {"pin2", 4, &Personal::pin2},
                           {"puk2", 8, &Personal::puk2},
                           {"adm1", 4, &Personal::adm1},
                           {"adm2", 4, &Personal::adm2}};

bool refuse(RowError& e, const std::string& column, std::string reason) {
    e.column = column;
    e.reason = std::move(reason);
    return false;
}

bool digits_only(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool iccid(std::string value, bool any_check_digit, Personal& p, RowError& e) {
    while (!value.empty() && (value.back() == 'F' || value.back() == 'f')) value.pop_back();
    if (!digits_only(value) || value.size() < 18 || value.size() > 20)
        return refuse(e, "iccid", "18 to 20 digits expected");
    if (value.size() == 18)
        value += luhn_digit(value);
    else if (const char check = luhn_digit(std::string_view(value).substr(0, value.size() - 1));
             !any_check_digit && value.back() != check)
        return refuse(e, "iccid", std::string("the check digit should be ") + check);
    p.iccid = *iccid_from_text(value);
    return true;
}

bool key(const std::string& column, const std::string& value, std::optional<Secret<16>>& out, RowError& e) {
    auto octets = from_hex(value, "key");
    const bool good = octets && octets->size() == 16;
    if (good) out.emplace(std::span<const uint8_t, 16>(octets->data(), 16));
    if (octets) wipe(*octets);
    return good || refuse(e, column, "32 hex digits expected");
}

// OPc = AES_K(OP) xor OP. 3GPP TS 35.206 §4.1
bool derive(const Secret<16>& op, Personal& p, RowError& e) {
    crypto::Block block;
    std::copy(op.reveal().begin(), op.reveal().end(), block.begin());
    auto cipher = crypto::aes128_encrypt_block(*p.k, block);
    if (cipher) {
        for (size_t i = 0; i < 16; ++i) (*cipher)[i] = static_cast<uint8_t>((*cipher)[i] ^ block[i]);
        p.opc.emplace(std::span<const uint8_t, 16>(*cipher));
        wipe(*cipher);
    }
    wipe(block);
    return cipher.has_value() || refuse(e, "op", "cannot be used");
}

bool code(const std::string& column,
          const std::string& value,
          size_t least,
          std::optional<std::string>& out,
          RowError& e) {
    if (!digits_only(value) || value.size() < least || value.size() > 8)
        return refuse(e, column, least == 8 ? "eight digits expected" : "4 to 8 digits expected");
    out = value;
    return true;
}

bool number(const std::string& column,
            const std::string& value,
            std::optional<std::string>& out,
            RowError& e) {
    const std::string digits = value.starts_with('+') ? value.substr(1) : value;
    if (!digits_only(digits) || digits.size() > 20)
        return refuse(
            e, column, "a telephone number of up to 20 digits expected, + in front when it is international");
    out = value;
    return true;
}
} // namespace

Ok Columns::read(const std::vector<std::string>& header, Bytes package, std::string& problem) {
    std::set<std::string> seen;
    for (const std::string& written : header) {
        const std::string name = written == "k" ? "ki" : written;
        problem = "column '" + written + "'";
        if (!seen.insert(name).second) return fail(Errc::conflict, "column");
        if (name.starts_with("file:"))
            files_[name] = TRY(profile::place_of(package, std::string_view(name).substr(5)));
        else if (std::find(std::begin(kColumns), std::end(kColumns), name) == std::end(kColumns))
            return fail(Errc::unsupported, "column");
        names_.push_back(name);
    }
    problem = "the header row";
    if (!seen.count("iccid")) return fail(Errc::missing_field, "iccid");
    if (seen.count("op") && seen.count("opc")) return fail(Errc::conflict, "op and opc");
    if (seen.count("ki") != seen.count("op") + seen.count("opc"))
        return fail(Errc::missing_field, seen.count("ki") ? "opc or op" : "ki");
    return {};
}

bool Columns::has(std::string_view column) const {
    return std::find(names_.begin(), names_.end(), column) != names_.end();
}

bool Columns::put(const std::string& column, const std::string& value, Personal& p, RowError& e) const {
    if (column == "imsi") {
        if (!digits_only(value) || value.size() < 6 || value.size() > 15)
            return refuse(e, column, "6 to 15 digits expected");
        p.imsi = value;
    } else if (column == "acc") {
        const auto octets = from_hex(value);
        if (!octets || octets->size() != 2) return refuse(e, column, "4 hex digits expected");
        p.acc = {(*octets)[0], (*octets)[1]};
    } else if (column == "spn") {
        const bool plain =
            std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
        if (!plain || value.size() > 16) return refuse(e, column, "up to 16 ASCII characters expected");
        p.service_provider = value;
    } else if (column == "msisdn") {
        return number(column, value, p.msisdn, e);
    } else if (column == "smsp") {
        return number(column, value, p.service_centre, e);
    } else if (const auto known = std::find_if(
                   std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return column == c.name; });
               known != std::end(kCodes)) {
        return code(column, value, known->least, p.*known->value, e);
    } else if (const auto file = files_.find(column); file != files_.end()) {
        auto octets = from_hex(value);
        if (!octets || octets->empty()) return refuse(e, column, "hex digits expected");
        const size_t size = file->second.size;
        if (size && octets->size() > size)
            return refuse(
                e, column, std::to_string(octets->size()) + " octets for a file of " + std::to_string(size));
        p.files.emplace_back(file->second, std::move(*octets));
    }
    return true;
}

std::optional<Personal>
Columns::row(const std::vector<std::string>& fields, bool any_check_digit, RowError& error) const {
    if (fields.size() != names_.size()) {
        error.reason =
            std::to_string(fields.size()) + " fields where the header has " + std::to_string(names_.size());
        return std::nullopt;
    }
    Personal p;
    std::optional<Secret<16>> op;
    for (size_t i = 0; i < fields.size(); ++i) {
        const std::string& column = names_[i];
        const std::string& value = fields[i];
        bool good = true;
        if (column == "iccid")
            good = iccid(value, any_check_digit, p, error);
        else if (value.empty()) // the template's value stays
            continue;
        else if (column == "ki")
            good = key(column, value, p.k, error);
        else if (column == "opc")
            good = key(column, value, p.opc, error);
        else if (column == "op")
            good = key(column, value, op, error);
        else
            good = put(column, value, p, error);
        if (!good) return std::nullopt;
    }
    if (op && p.k && !derive(*op, p, error)) return std::nullopt;
    if (p.k.has_value() != (p.opc.has_value() || op.has_value())) {
        error.column = p.k ? "opc" : "ki";
        error.reason = "missing: a key and its OPc come together";
        return std::nullopt;
    }
    if (p.k) p.algorithm = profile::AkaAlgorithm::milenage;
    return p;
}

RowError row_error(RowError at, const Error& why) {
    at.column = why.where;
    for (const auto& [where, name] : {std::pair("ef-imsi", "imsi"),
                                      std::pair("akaParameter", "ki"),
                                      std::pair("ef-spn", "spn"),
                                      std::pair("serviceProviderName", "spn")})
        if (at.column == where) at.column = name;
    at.reason = why.code == Errc::missing_field ? "the template has no place for it" : name(why.code);
    return at;
}

} // namespace halyard::app
