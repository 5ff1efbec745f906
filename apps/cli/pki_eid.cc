#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include "pki/eid.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
using nlohmann::ordered_json;

ordered_json describe_eid(const Eid& eid) {
    const pki::EidFacts facts = pki::describe(eid);
    ordered_json out{{"eid", to_text(eid)}, {"scheme", facts.itu_e118 ? "ITU-T E.118" : "GSMA SGP.29"}};
    if (facts.itu_e118) {
        out["country"] = facts.country;
        out["issuer"] = facts.issuer;
    }
    out["check_digits"] = facts.check_digits;
    out["valid"] = facts.valid();
    if (!facts.valid()) out["check_digits_should_be"] = facts.right_digits;
    return out;
}

namespace {
struct Arguments {
    std::string eid, prefix;
    std::vector<std::string> eins;
    uint64_t number = 1;
    uint32_t count = 1;
    bool json = false;
};

// 0 as exit status only for an EID that is right in every way that was asked.
Ok check(const Arguments& a, int& exit_code) {
    const Eid eid = TRY(eid_from_text(a.eid));
    ordered_json out = describe_eid(eid);
    if (!out["valid"]) exit_code = 1;
    if (!a.eins.empty()) {
        out["ein"] = nullptr;
        for (const std::string& ein : a.eins)
            if (!ein.empty() && a.eid.starts_with(ein)) out["ein"] = ein;
        if (out["ein"].is_null()) exit_code = 1;
    }
    if (a.json) {
        std::printf("%s\n", out.dump().c_str());
        return {};
    }
    print_fields(a.eid, out);
    if (!out["valid"])
        std::printf("  The 32 digits modulo 97 must be 1: with check digits %s they would be.\n",
                    out["check_digits_should_be"].get<std::string>().c_str());
    if (out.contains("ein") && out["ein"].is_null())
        std::printf("  It starts with none of the given EINs.\n");
    return {};
}

Ok make(const Arguments& a) {
    ordered_json all = ordered_json::array();
    for (uint64_t i = 0; i < a.count; ++i) {
        if (a.number > UINT64_MAX - i) return fail(Errc::limit, "number");
        const std::string eid = to_text(TRY(pki::make_eid(a.prefix, a.number + i)));
        if (a.json)
            all.push_back(eid);
        else
            std::printf("%s\n", eid.c_str());
    }
    if (a.json) std::printf("%s\n", all.dump().c_str());
    return {};
}
} // namespace

void add_pki_eid(CLI::App& pki, int& exit_code) {
    CLI::App* eid = pki.add_subcommand("eid", "EIDs: judge and explain one, or make some (SGP.29)");
    eid->require_subcommand(1);
    auto a = std::make_shared<Arguments>();
    CLI::App* c = eid->add_subcommand("check", "Check digits and prefix; exit 1 when they are wrong");
    c->add_option("eid", a->eid, "32 digits")->required();
    c->add_option("--ein", a->eins, "An EIN it may start with; may be repeated");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([a, &exit_code] {
        if (const auto ok = check(*a, exit_code); !ok)
            exit_code = report(ok.error(), "pki eid check", a->json);
    });
    CLI::App* m = eid->add_subcommand("make", "Prefix, number and check digits");
    m->add_option("prefix", a->prefix, "EIN, or any leading digits up to the first 30")->required();
    m->add_option("--number", a->number, "Of the first one");
    m->add_option("--count", a->count, "How many")->check(CLI::Range(1u, 1000000u));
    m->add_flag("--json", a->json, "Print a JSON array");
    m->callback([a, &exit_code] {
        if (const auto ok = make(*a); !ok) exit_code = report(ok.error(), "pki eid make", a->json);
    });
}

} // namespace halyard::cli
