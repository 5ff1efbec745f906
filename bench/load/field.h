#pragma once
// A real SM-DP+ over TLS, with orders to be had, and eUICCs that speak by hand.
#include "apps/common/es9_client.h"
#include "apps/common/pki_files.h"
#include "apps/common/process.h"
#include "tests/loop/handset.h"

namespace halyard::bench {

/// Ends the program: a measurement whose preparation fails measures nothing.
template <class T> T need(Result<T> r, const char* what) {
    if (!r) {
        std::fprintf(
            stderr, "%s: %s at %s (%u)\n", what, name(r.error().code), r.error().where, r.error().detail);
        std::exit(1);
    }
    return std::move(*r);
}

struct FieldOptions {
    unsigned orders = 0, clients = 16;
    std::string profile;                   // package file; empty: our sample
    std::vector<std::string> serve, store; // further words for `smdp serve`, and for every smdp command
};

/// Everything in a directory of its own, gone at the end.
class Field {
  public:
    explicit Field(const FieldOptions&);
    ~Field();
    Field(const Field&) = delete;

    /// A client with a connection of its own; `at`: "address:port" in place of the server's.
    app::Es9Client client(binding::Es9Form, const std::string& at = {}) const;
    /// An eUICC whose messages go through `client`, which must outlive it.
    std::unique_ptr<loop::Handset> handset(app::Es9Client& client, size_t number, Random&) const;
    const std::string& endpoint() const { return endpoint_; }
    int server() const { return smdp_.pid(); }
    size_t package_octets() const { return package_octets_; }
    static std::string matching_id(size_t n) { return "LOAD-" + std::to_string(n); }

  private:
    std::string run(std::vector<std::string> words) const;
    std::string path(const std::string& name) const { return (directory_ / name).string(); }
    void place(const FieldOptions&);

    std::filesystem::path directory_;
    std::vector<Eid> eids_;
    OwnedBytes oid_;
    app::Process smdp_;
    std::string endpoint_;
    size_t package_octets_ = 0;
};

/// Processor time of a process so far, seconds; -1: of this one.
double cpu_seconds(int pid);
/// Resident octets of a process.
double resident(int pid);

} // namespace halyard::bench
