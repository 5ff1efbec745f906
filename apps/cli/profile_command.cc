#include "apps/cli/commands.h"
#include "apps/cli/profile_batch.h"
#include "apps/cli/profile_commands.h"
#include "apps/common/files.h"
#include "crypto/hash.h"
#include "profile/image.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {

Result<OwnedBytes> read_package(const std::string& path) {
    OwnedBytes content = TRY(app::read_file(path));
    if (!content.empty() && content[0] == 0xA0) return content;
    if (auto octets = from_hex(text_of(content), "profile")) return *octets;
    return content;
}

const char* kind_name(profile::FileKind kind) {
    switch (kind) {
    case profile::FileKind::transparent: return "transparent";
    case profile::FileKind::linear: return "linear";
    case profile::FileKind::cyclic: return "cyclic";
    case profile::FileKind::ber_tlv: return "BER-TLV";
    case profile::FileKind::directory: return "DF";
    case profile::FileKind::application: return "ADF";
    }
    return "";
}

namespace {
using nlohmann::ordered_json;

// "001/01" of 00F110. 3GPP TS 24.008 §10.5.1.13
std::string network(const std::array<uint8_t, 3>& b) {
    const uint8_t digits[] = {uint8_t(b[0] & 15),
                              uint8_t(b[0] >> 4),
                              uint8_t(b[1] & 15),
                              uint8_t(b[2] & 15),
                              uint8_t(b[2] >> 4),
                              uint8_t(b[1] >> 4)};
    std::string out;
    for (size_t i = 0; i < 6; ++i) {
        if (i == 3) out += '/';
        if (digits[i] < 10) out += static_cast<char>('0' + digits[i]);
    }
    return out;
}

ordered_json describe(const profile::Facts& f) {
    ordered_json out{{"type", f.type},
                     {"version", std::to_string(f.major_version) + "." + std::to_string(f.minor_version)},
                     {"iccid", to_text(f.iccid)},
                     {"imsi", f.imsi},
                     {"service_provider", f.service_provider}};
    if (f.has_mcc_mnc) out["network"] = network(f.mcc_mnc);
    out["mandatory_services"] = f.mandatory_services;
    return out;
}

ordered_json describe(const std::vector<profile::Element>& elements) {
    ordered_json list = ordered_json::array();
    for (const auto& e : elements) {
        ordered_json one{{"name", e.name}, {"offset", e.offset}, {"octets", e.der.size()}};
        if (e.header) {
            one["identification"] = e.header->identification;
            one["mandated"] = e.header->mandated.has_value();
        }
        list.push_back(one);
    }
    return list;
}

ordered_json describe(const profile::Image& image, bool content) {
    ordered_json list = ordered_json::array();
    for (const auto& n : image.nodes) {
        std::string at;
        for (const profile::Node* p = &n; p != &image.nodes[0]; p = &image.nodes[p->parent]) {
            char fid[8];
            std::snprintf(fid, sizeof fid, "/%04X", p->fid);
            at.insert(0, fid);
        }
        ordered_json one{{"path", "3F00" + at}, {"kind", kind_name(n.kind)}};
        if (!n.is_directory()) one["octets"] = n.content.size();
        if (n.record_size) one["records"] = n.records();
        if (!n.aid.empty()) one["aid"] = hex(n.aid);
        if (content && !n.is_directory()) one["content"] = hex(n.content);
        list.push_back(one);
    }
    return list;
}

void print(const ordered_json& all) {
    for (const char* key : {"type", "version", "iccid", "imsi", "network", "service_provider"})
        if (const std::string value = all.value(key, std::string()); !value.empty())
            std::printf("%-17s %s\n", key, value.c_str());
    std::string services;
    for (const auto& name : all["mandatory_services"])
        services += (services.empty() ? "" : ", ") + name.get<std::string>();
    std::printf("%-17s %s\n\nelements\n", "must support", services.c_str());
    for (const auto& e : all["elements"])
        std::printf("  %6u  %5zu octets  %s%s\n",
                    e["offset"].get<unsigned>(),
                    e["octets"].get<size_t>(),
                    e["name"].get<std::string>().c_str(),
                    e.value("mandated", false) ? " (mandated)" : "");
    if (all.contains("refused")) {
        std::printf("\na card would refuse this package with PEStatus %u\n", all["refused"].get<unsigned>());
        return;
    }
    std::printf("\nfiles, %zu octets on a card\n", all["memory"].get<size_t>());
    for (const auto& f : all["files"])
        std::printf("  %-28s %-11s %6s  %s\n",
                    f["path"].get<std::string>().c_str(),
                    f["kind"].get<std::string>().c_str(),
                    f.contains("octets") ? f["octets"].dump().c_str() : "",
                    f.value("content", f.value("aid", std::string())).c_str());
}

Ok show(const std::string& path, bool json, bool content) {
    const OwnedBytes package = TRY(read_package(path));
    const auto elements = TRY(profile::parse(package));
    ordered_json out = describe(TRY(profile::facts(package)));
    out["elements"] = describe(elements);
    // The file system as a card makes it; a package no card takes can still be looked at.
    if (const auto image = profile::install(package)) {
        out["files"] = describe(*image, content);
        out["memory"] = image->memory();
        out["pins"] = image->pins.size();
        out["authentication"] = image->akas.size(); // values stay inside: K and OPc are nobody's to print
    } else {
        out["refused"] = image.error().detail;
    }
    // A profileType may be any text; what is no UTF-8 must not end the program.
    if (json)
        std::printf("%s\n", out.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    else
        print(out);
    return {};
}

struct PersonalArguments {
    std::string file, out, iccid, imsi, spn, secrets, kind = "operational";
    bool json = false;
};

Result<std::optional<Secret<16>>> key(const std::string& text, const char* where) {
    if (text.empty()) return std::optional<Secret<16>>{};
    OwnedBytes octets = TRY(from_hex(text, where));
    if (octets.size() != 16) return fail(Errc::bad_length, where, static_cast<uint32_t>(octets.size()));
    std::optional<Secret<16>> out{Secret<16>(std::span<const uint8_t, 16>(octets.data(), 16))};
    wipe(octets);
    return out;
}

// {"k": …, "opc": …, "pin1": …, "puk1": …, "adm1": …}, each optional: a file, because a command line is
// everybody's to read (SR-43).
Ok read_secrets(const std::string& path, profile::Personal& p) {
    const SecretBytes file = TRY(app::read_secret(path, 1u << 16, "secrets"));
    const auto json = nlohmann::json::parse(text_of(file.reveal()), nullptr, false);
    if (!json.is_object()) return fail(Errc::bad_value, "secrets");
    for (const auto& [name, value] : json.items()) {
        if (!value.is_string()) return fail(Errc::bad_value, "secrets");
        const std::string text = value;
        if (name == "k")
            p.k = TRY(key(text, "k"));
        else if (name == "opc")
            p.opc = TRY(key(text, "opc"));
        else if (name == "pin1")
            p.pin1 = text;
        else if (name == "puk1")
            p.puk1 = text;
        else if (name == "adm1")
            p.adm1 = text;
        else
            return fail(Errc::unsupported, "secrets: unknown member");
    }
    return {};
}

Ok personalise(const PersonalArguments& a) {
    const OwnedBytes package = TRY(read_package(a.file));
    profile::Personal p;
    if (!a.iccid.empty()) p.iccid = TRY(iccid_from_text(a.iccid));
    if (!a.imsi.empty()) p.imsi = a.imsi;
    if (!a.secrets.empty()) TRY(read_secrets(a.secrets, p));
    if (p.k) p.algorithm = profile::AkaAlgorithm::milenage;
    if (!a.spn.empty()) p.service_provider = a.spn;
    return app::write_secret(a.out, TRY(profile::personalise(package, p)).reveal());
}

Ok sample(const PersonalArguments& a) {
    profile::SampleParameters p;
    p.iccid = TRY(iccid_from_text(a.iccid));
    if (!a.imsi.empty()) p.imsi = a.imsi;
    if (!a.spn.empty()) p.service_provider = a.spn;
    if (a.kind == "bootstrap") p.type = "Halyard bootstrap";
    crypto::SystemRandom random;
    TRY(profile::draw_secrets(p, random));
    const auto package =
        TRY(a.kind == "bootstrap" ? profile::sample_bootstrap(p) : profile::sample_operational(p));
    return app::write_secret(a.out, package.reveal());
}

void add_personalize(CLI::App& top, int& exit_code) {
    auto a = std::make_shared<PersonalArguments>();
    auto b = std::make_shared<BatchArguments>();
    CLI::App* personal = top.add_subcommand(
        "personalize", "Put one subscriber's data into a package, or many from a CSV file");
    personal->add_option("file", a->file, "Package, DER or hex")->required();
    personal->add_option("-o,--out", a->out, "Result, mode 0600; with --csv the directory of ICCID.der files")
        ->required();
    CLI::Option* csv = personal->add_option("--csv",
                                            b->csv,
                                            "Rows under a header row: iccid, imsi, ki, opc or op, acc, "
                                            "msisdn, spn, pin1, puk1, adm1, smsp, file:PATH");
    const auto single = [&](const char* flag, std::string& value, const char* what) {
        personal->add_option(flag, value, what)->excludes(csv);
    };
    single("--iccid", a->iccid, "18 to 20 digits");
    single("--imsi", a->imsi, "6 to 15 digits");
    single("--secrets",
           a->secrets,
           "JSON file with any of k, opc (32 hex digits, Milenage), pin1, adm1 (4 to 8 digits), puk1 (8 "
           "digits)");
    single("--spn", a->spn, "Service provider name, up to 16 octets");
    personal
        ->add_option(
            "--report", b->report, "With --csv: the rows that failed as JSON; otherwise DIR/report.json")
        ->needs(csv);
    const auto many = [&](const char* flag, bool& value, const char* what) {
        personal->add_flag(flag, value, what)->needs(csv);
    };
    many("--strict", b->strict, "With --csv: all rows, or none when one is wrong");
    many("--overwrite", b->overwrite, "With --csv: replace packages that are there already");
    many("--any-check-digit", b->any_check_digit, "With --csv: take ICCIDs whose check digit is wrong");
    many("--quiet", b->quiet, "With --csv: no progress");
    personal->add_flag("--json", a->json, "Errors, and with --csv the report, as one JSON object");
    personal->callback([a, b, &exit_code] {
        if (!b->csv.empty()) {
            b->file = a->file;
            b->out = a->out;
            b->json = a->json;
            exit_code = personalise_batch(*b);
        } else if (const auto ok = personalise(*a); !ok) {
            exit_code = report(ok.error(), a->file, a->json);
        }
    });
}
} // namespace

void add_profile_commands(CLI::App& app, int& exit_code) {
    CLI::App* top =
        app.add_subcommand("profile", "Profile packages (SAIP): look at, check, compare, build, personalise");
    top->require_subcommand(1);
    auto path = std::make_shared<std::string>();
    auto text_out = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false), content = std::make_shared<bool>(false),
         text = std::make_shared<bool>(false);
    CLI::App* show_command =
        top->add_subcommand("show", "Elements, facts and the file system a card makes of it");
    show_command->add_option("file", *path, "Package, DER or hex")->required();
    show_command->add_flag("--json", *json, "Print one JSON object");
    show_command->add_flag("--content", *content, "Also file contents (never keys or PINs)");
    CLI::Option* as_text =
        show_command->add_flag("--text", *text, "ASN.1 value notation for `build`, with all keys and codes");
    show_command->add_option("--out", *text_out, "The text goes to this file, mode 0600")->needs(as_text);
    show_command->callback([=, &exit_code] {
        const auto ok = *text ? show_text(*path, *text_out) : show(*path, *json, *content);
        if (!ok) exit_code = report(ok.error(), *path, *json);
    });
    add_profile_lint(*top, exit_code);
    add_profile_diff(*top, exit_code);
    add_profile_build(*top, exit_code);

    add_personalize(*top, exit_code);
    auto s = std::make_shared<PersonalArguments>();
    CLI::App* make =
        top->add_subcommand("sample", "A package of our own making: test network 001/01, Milenage");
    make->add_option("--kind", s->kind, "operational or bootstrap")
        ->check(CLI::IsMember({"operational", "bootstrap"}));
    make->add_option("--out", s->out, "Result, mode 0600")->required();
    make->add_option("--iccid", s->iccid, "18 to 20 digits")->required();
    make->add_option("--imsi", s->imsi, "6 to 15 digits");
    make->add_option("--spn", s->spn, "Service provider name");
    make->add_flag("--json", s->json, "Errors as one JSON object");
    make->callback([s, &exit_code] {
        if (const auto ok = sample(*s); !ok) exit_code = report(ok.error(), "profile sample", s->json);
    });
}

} // namespace halyard::cli
