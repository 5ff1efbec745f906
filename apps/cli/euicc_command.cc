#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/message_input.h"
#include "apps/common/soft_card.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
struct Options {
    std::string dir, eid, bootstrap, rat, dialect = "v1.2", root_smds = "lpa.ds.gsma.com";
    std::vector<std::string> pki, certificates, keys, eums, cis;
    uint32_t memory = 1024 * 1024, max_eims = 8;
    bool json = false;
};

Result<app::SoftCardOptions> card_options(const Options& o) {
    app::SoftCardOptions out{
        .memory = o.memory, .max_eims = o.max_eims, .edition = TRY(rsp::edition_from(o.dialect))};
    out.root_smds = o.root_smds;
    if (!o.bootstrap.empty()) out.bootstrap = TRY(app::read_file(o.bootstrap, 16u << 20, "bootstrap"));
    if (!o.rat.empty()) out.rat = TRY(app::der_of(TRY(app::read_argument(o.rat))));
    return out;
}

int wrong(const char* what) {
    (void)std::fprintf(stderr, "euicc create: %s\n", what);
    return 2;
}

// Keys of PKI directories first, then those of files; `eid` is set when only the files know it.
int collect_keys(const Options& o, std::optional<Eid>& eid, std::vector<app::CardKeys>& out) {
    for (const std::string& dir : o.pki) {
        auto keys = app::card_keys_of({dir}, *eid);
        if (!keys) return report(keys.error(), dir, o.json);
        out.push_back(std::move(*keys));
    }
    std::vector<app::CardKeyFiles> files;
    for (size_t i = 0; i < o.certificates.size(); ++i)
        files.push_back({o.certificates[i], o.keys[i], o.eums[i], o.cis[i]});
    auto sets = app::read_card_identity(files, eid, Time(app::now_ms()));
    if (!sets) return report(sets.error().error, sets.error().file, o.json);
    for (app::CardKeys& keys : *sets) out.push_back(std::move(keys));
    for (size_t i = 0; i < out.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            if (out[i].ci.subject_key_id == out[j].ci.subject_key_id)
                return report(Error{Errc::conflict, "ci"}, o.dir, o.json);
    if (!eid) eid = *rsp::eid_of(out.front().euicc.certificate); // judged when it was read
    return 0;
}

int create(const Options& o) {
    const size_t sets = o.certificates.size();
    if (o.pki.empty() && sets == 0) return wrong("--pki, or --certificate with --key, --eum and --ci");
    if (o.keys.size() != sets || o.eums.size() != sets || o.cis.size() != sets)
        return wrong("each --certificate needs one --key, one --eum and one --ci");
    if (o.eid.empty() && !o.pki.empty()) return wrong("--pki needs --eid");
    std::optional<Eid> eid;
    if (!o.eid.empty()) {
        const auto given = eid_from_text(o.eid);
        if (!given) return report(given.error(), o.eid, o.json);
        eid = *given;
    }
    const auto options = card_options(o);
    if (!options) return report(options.error(), o.dir, o.json);
    std::vector<app::CardKeys> keys;
    if (const int refused = collect_keys(o, eid, keys)) return refused;
    const Ok done = app::SoftCard::create(o.dir, keys, *eid, *options);
    return done ? 0 : report(done.error(), o.dir, o.json);
}

void add_euicc_create(CLI::App& top, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* make = top.add_subcommand(
        "create", "A new card with an identity of `halyard pki init`, or one out of files");
    make->add_option("dir", o->dir, "Directory of the card")->required();
    make->add_option(
            "--pki", o->pki, "Directory of `halyard pki init`; repeated: further CIs, the preferred first")
        ->allow_extra_args(false);
    make->add_option("--eid", o->eid, "32 digits; default: that of the first --certificate");
    make->add_option("--certificate",
                     o->certificates,
                     "CERT.EUICC, DER or PEM; repeated with its --key, --eum and --ci: further CIs, the "
                     "preferred first")
        ->allow_extra_args(false);
    make->add_option("--key", o->keys, "Its private key, PEM")->allow_extra_args(false);
    make->add_option("--eum", o->eums, "CERT.EUM that issued it")->allow_extra_args(false);
    make->add_option("--ci", o->cis, "The CI above")->allow_extra_args(false);
    make->add_option("--bootstrap", o->bootstrap, "Profile package to ship enabled");
    make->add_option(
        "--rat",
        o->rat,
        "Rules authorisation table: a GetRatResponse as file, hex or base64 (`halyard asn1 encode`); "
        "default: no policy rule is allowed");
    make->add_option("--memory", o->memory, "Octets for profiles, default 1048576")
        ->check(CLI::Range(1u, 1u << 30));
    make->add_option("--max-eims", o->max_eims, "eIMs that may be associated at a time, default 8")
        ->check(CLI::Range(1u, 1000u));
    make->add_option("--root-smds", o->root_smds, "Root SM-DS that it knows, default lpa.ds.gsma.com");
    make->add_option("--dialect", o->dialect, "Edition of SGP.32 the card is built to, default v1.2")
        ->check(CLI::IsMember({"v1.0", "v1.1", "v1.2", "v1.3"}));
    make->add_flag("--json", o->json, "Errors as one JSON object");
    make->callback([o, &exit_code] { exit_code = create(*o); });
}
} // namespace

void add_euicc_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("euicc", "Software eUICCs: make one, look into it, talk to it");
    top->require_subcommand(1);
    add_euicc_create(*top, exit_code);
    add_euicc_show(*top, exit_code);
    add_euicc_apdu(*top, exit_code);
    add_euicc_serve(*top, exit_code);
    add_euicc_trace(*top, exit_code);
    add_euicc_fs(*top, exit_code);
}

} // namespace halyard::cli
