// Runs the benchmarks and sets each beside its reference in a table. Google Benchmark's own options work:
// --benchmark_filter=…, --benchmark_format=json, --benchmark_out=….
#include "bench/bench.h"
#include <cstdio>
#include <map>
#include <memory>

namespace halyard::bench {
namespace {

constexpr Comparison kComparisons[] = {
    {"decode an eUICC package", "der/package/decode", "der/package/walk:openssl", "bare TLV walk by OpenSSL"},
    {"encode an eUICC package",
     "der/package/encode",
     "der/package/put:openssl",
     "ASN1_put_object, lengths known"},
    {"decode a result", "der/result/decode", "der/result/walk:openssl", "bare TLV walk by OpenSSL"},
    {"encode a result", "der/result/encode", "der/result/put:openssl", "ASN1_put_object, lengths known"},
    {"sign a package", "package/sign", "openssl/sign", "EVP_DigestSign"},
    {"verify a result", "result/verify", "openssl/verify", "EVP_DigestVerify"},
    {"bind the sample profile", "bind/sample", "bind/sample:aes+cmac", "AES-CBC and CMAC alone"},
    {"  with its curve operations",
     "bind/sample",
     "bind/sample:aes+cmac+openssl/generate+openssl/derive+openssl/sign",
     "and one key, one agreement, one signature"},
    {"decode a profile of 100 kB",
     "profile/100kB/decode",
     "profile/100kB/walk:openssl",
     "bare TLV walk by OpenSSL"},
    {"encode it again", "profile/100kB/encode", "profile/100kB/walk:openssl", "bare TLV walk by OpenSSL"},
    {"AUTHENTICATE, MILENAGE", "aka/milenage", "aka/aes:openssl", "five blocks of AES"},
    {"AUTHENTICATE, TUAK", "aka/tuak", "aka/sha3:openssl", "two digests SHA3-256"},
    {"install TS.48 v7", "install/TS.48", "install/TS.48/walk:openssl", "bare TLV walk by OpenSSL"},
    {"bind 256 KiB", "bind/256KiB", "bind/256KiB:aes+cmac", "AES-CBC and CMAC alone"},
};

using Run = benchmark::BenchmarkReporter::Run;

/// Hands everything on to the usual reporter and keeps what the table needs.
class Table : public benchmark::BenchmarkReporter {
  public:
    explicit Table(std::FILE* out) : inner_(benchmark::CreateDefaultDisplayReporter()), out_(out) {}
    bool ReportContext(const Context& context) override { return inner_->ReportContext(context); }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& r : runs)
            if (r.run_type == Run::RT_Iteration && !r.error_occurred) runs_[r.run_name.function_name] = r;
        inner_->ReportRuns(runs);
    }
    void Finalize() override { inner_->Finalize(); }
    void print() const;

  private:
    // Of the processor: what else the machine does must not count.
    std::optional<double> nanoseconds(const std::string& name) const {
        const auto it = runs_.find(name);
        if (it == runs_.end() || !it->second.iterations) return std::nullopt;
        return it->second.cpu_accumulated_time * 1e9 / static_cast<double>(it->second.iterations);
    }
    std::optional<double> sum(std::string names) const;
    void row(const char* title,
             std::optional<double> ours,
             std::optional<double> reference,
             const char* note) const;
    void orders() const;
    void families() const;
    double counter(const Run& r, const char* name) const {
        const auto it = r.counters.find(name);
        return it == r.counters.end() ? 0 : it->second.value;
    }

    std::unique_ptr<benchmark::BenchmarkReporter> inner_;
    std::FILE* out_;
    std::map<std::string, Run> runs_;
};

// A '+' is also part of one name, so the longest name that is known counts.
std::optional<double> Table::sum(std::string names) const {
    double total = 0;
    while (!names.empty()) {
        size_t end = names.size();
        while (end != std::string::npos && !nanoseconds(names.substr(0, end)))
            end = end ? names.rfind('+', end - 1) : std::string::npos;
        if (end == std::string::npos) return std::nullopt;
        total += *nanoseconds(names.substr(0, end));
        names.erase(0, std::min(names.size(), end + 1));
    }
    return total;
}

void Table::row(const char* title,
                std::optional<double> ours,
                std::optional<double> reference,
                const char* note) const {
    if (!ours || !reference) return;
    std::fprintf(out_,
                 "%-30s %12.2f %12.2f %8.2f  %s\n",
                 title,
                 *ours / 1e3,
                 *reference / 1e3,
                 *reference / *ours,
                 note);
}

void Table::orders() const {
    const auto sign = nanoseconds("openssl/sign"), verify = nanoseconds("openssl/verify"),
               derive = nanoseconds("openssl/derive"), generate = nanoseconds("openssl/generate");
    if (!sign || !verify || !derive || !generate) return;
    for (const char* name : {"order/direct", "order/indirect", "download/sample", "download/TS.48"}) {
        const auto it = runs_.find(name);
        if (it == runs_.end()) continue;
        const double s = counter(it->second, "sign"), v = counter(it->second, "verify"),
                     d = counter(it->second, "derive"), g = counter(it->second, "generate");
        char note[160];
        std::snprintf(note, sizeof note, "%g sign, %g verify, %g ECDH, %g one-time keys", s, v, d, g);
        row(name, nanoseconds(name), s * *sign + v * *verify + d * *derive + g * *generate, note);
    }
}

// All distinct messages of an interface once: family_bench.cc.
void Table::families() const {
    const std::string prefix = "family/", decode = "/decode";
    for (const auto& [name, run] : runs_) {
        if (!name.starts_with(prefix) || !name.ends_with(decode)) continue;
        const std::string family = name.substr(0, name.size() - decode.size());
        const std::string title = family.substr(prefix.size());
        row(("decode " + title).c_str(),
            nanoseconds(name),
            nanoseconds(family + "/walk:openssl"),
            "bare TLV walk by OpenSSL");
        const auto encode = runs_.find(family + "/encode");
        if (encode == runs_.end()) continue;
        std::fprintf(out_,
                     "  %.2f million messages a second decoded, %.2f encoded\n",
                     counter(run, "items_per_second") / 1e6,
                     counter(encode->second, "items_per_second") / 1e6);
    }
}

void Table::print() const {
    std::fprintf(out_, "\n%-30s %12s %12s %8s\n", "", "ours [us]", "ref. [us]", "ref/ours");
    for (const Comparison& c : kComparisons) row(c.title, nanoseconds(c.ours), sum(c.reference), c.note);
    families();
    orders();
    if (const auto it = runs_.find("bind/sample"); it != runs_.end())
        std::fprintf(
            out_, "%-30s %12.0f\n", "profiles bound per second", counter(it->second, "items_per_second"));
    for (const auto& [name, title] : {std::pair{"memory/awake", "a card awake, sample profile"},
                                      std::pair{"memory/awake TS.48", "a card awake, TS.48 profile"},
                                      std::pair{"memory/parked", "a card parked, of 100,000"}})
        if (const auto it = runs_.find(name); it != runs_.end())
            std::fprintf(out_, "%-30s %12.0f octets\n", title, counter(it->second, "octets_per_card"));
    if (const auto it = runs_.find("memory/parked"); it != runs_.end())
        std::fprintf(out_,
                     "%-30s %12.1f s\n",
                     "starting 100,000 cards",
                     it->second.cpu_accumulated_time / static_cast<double>(it->second.iterations));
}
} // namespace
} // namespace halyard::bench

int main(int argc, char** argv) {
    bool json = false;
    for (int i = 1; i < argc; ++i) json |= std::string_view(argv[i]).starts_with("--benchmark_format=");
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    halyard::bench::Table table(json ? stderr : stdout);
    benchmark::RunSpecifiedBenchmarks(&table);
    table.print();
    benchmark::Shutdown();
    return 0;
}
