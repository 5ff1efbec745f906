// `halyard smdp type …` and `halyard smdp load`
#include "apps/cli/commands.h"
#include "apps/cli/smdp_parts.h"
#include "apps/common/signals.h"
#include "apps/smdp/load.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json, smdp_app::Site;

struct Arguments {
    SiteArguments site;
    smdp_app::TypeRequest type;
    smdp_app::LoadRequest load;
    smdp_app::Generate generate;
    std::string operator_id, type_name, only; // only: one operator's, in lists
    bool json = false;
};

ordered_json describe(const smdp::Template& t) {
    return {{"operator", t.operator_id},
            {"type", t.type},
            {"version", t.version},
            {"current", t.current},
            {"name", t.name},
            {"class", t.profile_class},
            {"octets", t.size},
            {"created", app::text_from_seconds(t.created.count() / 1000)}};
}
void print(const smdp::Template& t, bool json) {
    if (json)
        std::printf("%s\n", describe(t).dump().c_str());
    else
        std::printf("%-16s %-16s version %u%s  %s, %s, template of %llu octets\n",
                    t.operator_id.c_str(),
                    t.type.c_str(),
                    t.version,
                    t.current ? "" : " (former)",
                    t.name.c_str(),
                    t.profile_class.c_str(),
                    static_cast<unsigned long long>(t.size));
}

Ok add_type(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    print(TRY(smdp_app::add_type(*site, a.type)), a.json);
    return {};
}

// All versions, or those of one type.
Ok list_types(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    size_t shown = 0;
    for (const smdp::Template& t : TRY(site->store->templates())) {
        const std::string& whose = a.type_name.empty() ? a.only : a.operator_id;
        if (!whose.empty() && t.operator_id != whose) continue;
        if (!a.type_name.empty() && t.type != a.type_name) continue;
        print(t, a.json);
        ++shown;
    }
    if (!a.type_name.empty() && !shown) return fail(Errc::not_found, "type");
    return {};
}

Ok remove_type(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    return site->store->remove_type(a.operator_id, a.type_name);
}

Ok mark(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    return site->store->set_low_water(a.operator_id, a.type_name, a.type.low_water);
}

void print_failed(const std::string& file, const app::RowError& e) {
    std::fprintf(stderr,
                 "%s line %zu%s%s: %s\n",
                 file.c_str(),
                 e.line,
                 e.column.empty() ? "" : ", column ",
                 e.column.c_str(),
                 e.reason.c_str());
}

int load(const Arguments& a) {
    constexpr size_t kShown = 50;
    auto site = open_site(a.site);
    if (!site) return report(site.error(), "smdp load", a.json);
    app::catch_signals();
    smdp_app::LoadRequest request = a.load;
    if (a.generate.count) {
        if (const Ok ok = smdp_app::generate(a.generate, (*site)->random); !ok)
            return report(ok.error(), a.generate.out, a.json);
        request.file = a.generate.out;
    }
    std::string problem;
    int64_t last = app::now_ms();
    const auto done = smdp_app::load(**site, request, problem, [&](const smdp_app::LoadReport& r) {
        if (const int64_t now = app::now_ms(); now - last >= 1000) {
            last = now;
            std::fprintf(stderr, "%zu rows, %zu refused\n", r.rows, r.failed.size());
        }
    });
    if (!done) return report(done.error(), problem, a.json);
    if (a.json) {
        ordered_json failed = ordered_json::array();
        for (const app::RowError& e : done->failed) {
            ordered_json one{{"row", e.row}, {"line", e.line}};
            if (!e.column.empty()) one["column"] = e.column;
            one["reason"] = e.reason;
            failed.push_back(std::move(one));
        }
        const ordered_json all{{"rows", done->rows},
                               {a.load.check ? "loadable" : "loaded", done->loaded},
                               {"there_before", done->known},
                               {"interrupted", done->interrupted},
                               {"sealed_octets", done->octets},
                               {"failed", failed}};
        std::printf("%s\n", all.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    } else {
        for (size_t i = 0; i < done->failed.size() && i < kShown; ++i)
            print_failed(request.file, done->failed[i]);
        if (done->failed.size() > kShown)
            std::fprintf(stderr, "and %zu more: --json lists them\n", done->failed.size() - kShown);
        std::printf("%zu of %zu rows %s, %zu there before, %zu refused%s\n",
                    done->loaded,
                    done->rows,
                    a.load.check ? "can be loaded" : "loaded",
                    done->known,
                    done->failed.size(),
                    done->interrupted ? ", then interrupted" : "");
    }
    return done->failed.empty() && !done->interrupted ? 0 : 1;
}

using Shared = std::shared_ptr<Arguments>;

CLI::App* type_command(CLI::App* type,
                       const Shared& a,
                       const char* name,
                       const char* what,
                       Ok (*run)(const Arguments&),
                       int& exit_code) {
    CLI::App* c = type->add_subcommand(name, what);
    add_site_options(c, a->site);
    c->add_flag("--json", a->json, "JSON, one object a line");
    c->callback([=, &exit_code] {
        if (const auto ok = run(*a); !ok)
            exit_code = report(ok.error(), std::string("smdp type ") + name, a->json);
    });
    return c;
}

void add_type_commands(CLI::App& top, int& exit_code) {
    CLI::App* type = top.add_subcommand("type", "Types of profile: a template, kept once");
    type->require_subcommand(1);
    auto a = std::make_shared<Arguments>();
    CLI::App* add = type_command(type,
                                 a,
                                 "add",
                                 "A type, or a new version of it: from now on profiles are loaded for it",
                                 add_type,
                                 exit_code);
    add->add_option("--operator", a->type.operator_id, "Whose it is");
    add->add_option("--type", a->type.type, "Its name, ES2+ profileType")->required();
    add->add_option("--template", a->type.file, "Package, DER or hex")->required();
    add->add_option("--name", a->type.name, "Profile name the device shows");
    add->add_option("--spn", a->type.spn, "Service provider name, put into the template");
    add->add_option("--class", a->type.profile_class, "operational, provisioning or test")
        ->check(CLI::IsMember({"operational", "provisioning", "test"}));
    add->add_option("--low-water", a->type.low_water, "Available profiles below which it is said aloud");
    add_gate_options(add, a->site);
    CLI::App* list = type_command(type, a, "list", "All versions of all types", list_types, exit_code);
    list->add_option("--operator", a->only, "Only this operator's");
    const auto one = [&](CLI::App* c) {
        c->add_option("--operator", a->operator_id, "Whose it is")->default_val(smdp::kDefaultOperator);
        c->add_option("--type", a->type_name, "Which one")->required();
    };
    one(type_command(type, a, "show", "One type, with its former versions", list_types, exit_code));
    one(type_command(type,
                     a,
                     "remove",
                     "Nothing more is loaded for it; profiles in stock stay, with their template",
                     remove_type,
                     exit_code));
    CLI::App* low = type_command(type, a, "mark", "Change a type's low-water mark", mark, exit_code);
    one(low);
    low->add_option("--low-water", a->type.low_water, "Available profiles; 0: none")->required();
}
} // namespace

void add_smdp_factory_commands(CLI::App& top, int& exit_code) {
    add_type_commands(top, exit_code);
    auto a = std::make_shared<Arguments>();
    CLI::App* c =
        top.add_subcommand("load", "Subscriber data for the stock of a type: CSV, or one JSON a line");
    add_site_options(c, a->site);
    add_gate_options(c, a->site);
    c->add_option("--operator", a->load.operator_id, "Whose type it is");
    c->add_option("--type", a->load.type, "The type")->required();
    CLI::Option* file = c->add_option(
        "file",
        a->load.file,
        "columns iccid imsi k opc (or op) pin1 puk1 pin2 puk2 adm1 adm2 acc msisdn smsp spn file:PATH");
    CLI::Option* generate =
        c->add_option("--generate", a->generate.count, "No file: so many profiles with secrets drawn here");
    CLI::Option* from = c->add_option("--iccid-from", a->generate.iccid_from, "18 digits of the first one");
    CLI::Option* out =
        c->add_option("--out-keys", a->generate.out, "Their data for the HSS or AuC: CSV, mode 0600");
    c->add_option("--imsi-from", a->generate.imsi_from, "IMSI of the first one")->needs(generate);
    generate->excludes(file)->needs(from)->needs(out);
    from->needs(generate);
    out->needs(generate);
    c->add_flag("--check", a->load.check, "Write nothing, say what would be refused");
    c->add_flag("--any-check-digit", a->load.any_check_digit, "Take ICCIDs with a wrong check digit");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([=, &exit_code] {
        if (a->load.file.empty() && !a->generate.count) throw CLI::RequiredError("file or --generate");
        exit_code = load(*a);
    });
}

} // namespace halyard::cli
