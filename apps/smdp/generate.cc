// Subscriber data of our own drawing: an operator takes the file into its HSS or AuC.
#include "apps/smdp/load.h"
#include "base/luhn.h"
#include <filesystem>

namespace halyard::smdp_app {
namespace {
bool digits_only(const std::string& text) {
    return text.find_first_not_of("0123456789") == std::string::npos;
}

// Adds one to a number in digits; false: there is no next one of that length.
bool count_up(std::string& digits) {
    for (size_t i = digits.size(); i-- > 0;) {
        if (digits[i] != '9') {
            ++digits[i];
            return true;
        }
        digits[i] = '0';
    }
    return false;
}

// Digits that are equally likely each: octets from 250 on are drawn again.
Ok put_code(SecretBytes& out, Random& random) {
    std::array<uint8_t, 8> code{};
    for (uint8_t& digit : code) {
        do digit = TRY(random.draw<1>())[0];
        while (digit >= 250);
        digit = static_cast<uint8_t>('0' + digit % 10);
    }
    out.append(code);
    wipe(code);
    return {};
}

// As Milenage wants it: K and OPc have nothing to do with each other, so OPc is drawn, too. 3GPP TS 35.206
Ok put_key(SecretBytes& out, Random& random) {
    Secret<16> key;
    TRY(random.fill(key.writable()));
    std::string text = hex(key.reveal());
    out.append(bytes_of(text));
    wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return {};
}
} // namespace

Ok generate(const Generate& g, Random& random) {
    std::string iccid = g.iccid_from, imsi = g.imsi_from;
    if (!digits_only(iccid) || iccid.size() != 18) return fail(Errc::bad_value, "iccid-from");
    if (!digits_only(imsi) || (!imsi.empty() && (imsi.size() < 6 || imsi.size() > 15)))
        return fail(Errc::bad_value, "imsi-from");
    if (!g.count || g.count > 1'000'000) return fail(Errc::limit, "generate");
    if (std::filesystem::exists(g.out)) return fail(Errc::conflict, "out-keys");
    const auto put = [](SecretBytes& out, std::string_view text) { out.append(bytes_of(text)); };
    SecretBytes out;
    put(out, "iccid,imsi,ki,opc,puk1,adm1\n");
    for (uint64_t n = 0; n < g.count; ++n) {
        if (n && (!count_up(iccid) || (!imsi.empty() && !count_up(imsi))))
            return fail(Errc::limit, "numbers");
        put(out, iccid + luhn_digit(iccid) + "," + imsi + ",");
        TRY(put_key(out, random));
        put(out, ",");
        TRY(put_key(out, random));
        put(out, ",");
        TRY(put_code(out, random));
        put(out, ",");
        TRY(put_code(out, random));
        put(out, "\n");
    }
    return app::write_secret(g.out, out.reveal());
}

} // namespace halyard::smdp_app
